package lang

import (
	"bufio"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// burmeseText is in Unicode, as people in an office might ask.
var burmeseText = []string{
	"မွေးစာရင်း ဘယ်မှာ လျှောက်ရမလဲ။", "ကလေးရဲ့ မွေးစာရင်းကို ဘယ်လို ယူရမလဲ။", "ပင်စင်ငွေ ဘယ်တော့ ရမှာလဲ။",
	"နိုင်ငံကူးလက်မှတ် လျှောက်ဖို့ ဘာတွေ လိုသလဲ။", "မှတ်ပုံတင် ပျောက်သွားပါပြီ။", "ဆေးရုံက ဘယ်အချိန် ဖွင့်သလဲ။",
	"ကျောင်းအပ်ဖို့ စာရွက်စာတမ်း ဘာလိုသလဲ။", "အခွန်ရုံးကို ဘယ်လို သွားရမလဲ။", "ကျေးဇူးတင်ပါတယ်။", "မင်္ဂလာပါ။",
	"အင်္ဂလိပ်စာ သင်တန်း ရှိပါသလား။", "သတ္တုတွင်း လုပ်ငန်း လိုင်စင်", "ပညာရေးဝန်ကြီးဌာန", "ကျန်းမာရေးဝန်ကြီးဌာန",
	"ရန်ကုန်မြို့တော် စည်ပင်သာယာရေး ကော်မတီ", "လက်ထပ်စာချုပ် မှတ်ပုံတင်ခြင်း", "မိခင်နှင့် ကလေး ကာကွယ်ဆေး",
	"ဧပြီလ ၁၅ ရက်နေ့တွင် ရုံးပိတ်ပါသည်။", "ယောက်ျားနှင့် မိန်းမ တန်းတူ အခွင့်အရေး", "ဥပဒေအရ အလုပ်သမား အခွင့်အရေး",
	"ဩဂုတ်လတွင် ဈေးနှုန်းများ တက်သည်။", "ဦးလေးက လယ်သမား ဖြစ်ပါတယ်။", "ဉာဏ်ရည်တုအကြောင်း ရှင်းပြပါ။", "ကမ္ဘာ့ကျန်းမာရေးအဖွဲ့",
	"ပုဂ္ဂလိက ဘဏ်များ", "မိုးရွာသွန်းမှု များပြားသည်။", "ရေကြီးရေလျှံမှု ဖြစ်ပွားခဲ့သည်။", "သူတို့က ကျွန်တော်တို့ကို ကူညီခဲ့တယ်။",
	"မြေယာ အငြင်းပွားမှုကို ဖြေရှင်းပေးပါ။", "ဖုန်းနံပါတ် ပြောပြပေးပါ။", "ဒီနေ့ အပူချိန် ဘယ်လောက်လဲ။", "အိမ်ထောင်စု စာရင်းကို ပြင်ချင်ပါတယ်။",
	"ဝန်ထမ်းများအတွက် သင်တန်း", "ခွင့်ပြုချက် ၂ ခု လိုပါသည်။",
}

// others share the block, and none of it is Zawgyi.
var otherMyanmar = []string{
	"မိူဝ်ႈၼႆႉ တေၵႃႇ ဝဵင်း", "ၵူၼ်းတႆး ယူႇဢၼ်လႂ်", // Shan
	"ဘာသာမန် ဍုၚ်သေံ", "ညးမန် တြုဟ်ဗြဴ", // Mon
	"ကညီကျိာ် လံာ်", "ပှၤကညီ", // Sgaw Karen
	"hello 123", "", "ကလေး", "လ",
}

// TestZawgyi: each sentence written in Zawgyi is known to be, and comes back
// as it was.
func TestZawgyi(t *testing.T) {
	known := 0
	for _, want := range burmeseText {
		if IsZawgyi(want) || isBurmeseZawgyi(want) {
			t.Errorf("%q is taken for Zawgyi", want)
		}
		z := toZawgyi(want)
		if !isBurmeseZawgyi(z) {
			t.Errorf("%q is not taken for Zawgyi", z)
		}
		if IsZawgyi(z) {
			known++
		}
		if got := FromZawgyi(z); got != norm.NFC.String(want) {
			t.Errorf("FromZawgyi(%q) = %q, want %q", z, got, want)
		}
		if a, b := Fold("my", z), Fold("my", want); a != b {
			t.Errorf("%q and its Zawgyi fold to %q and %q", want, b, a)
		}
	}
	if known < len(burmeseText)-4 {
		t.Errorf("%d of %d sentences are taken for Zawgyi without knowing the language", known, len(burmeseText))
	}
	for _, s := range otherMyanmar {
		if IsZawgyi(s) {
			t.Errorf("%q is taken for Zawgyi", s)
		}
	}
}

// TestFromZawgyi has what people type, which is not always tidy.
func TestFromZawgyi(t *testing.T) {
	for _, tt := range []struct{ zawgyi, want string }{
		{"ျမန္မာ", "မြန်မာ"}, {"ၾကီးသည္", "ကြီးသည်"}, {"ေက်ာင္း", "ကျောင်း"}, {"ကၽြန္ေတာ္", "ကျွန်တော်"},
		{"သံုုး", "သုံး"},             // a sign typed twice shows once
		{"၀န္ေဆာင္မႈ", "ဝန်ဆောင်မှု"}, // a zero for the letter wa
		{"၁၀ ရက္", "၁၀ ရက်"},          // but not here
		{"အဂၤလိပ္", "အင်္ဂလိပ်"}, {"ေစ်း", "ဈေး"}, {"ၾသဂုတ္", "ဩဂုတ်"}, {"ေယာက္်ား", "ယောက်ျား"}, {"ဦးေလး", "ဦးလေး"}, {"ဥာဏ္", "ဉာဏ်"},
		{"Brexit နဲ႔ EU", "Brexit နဲ့ EU"}, {"", ""}, {"ေ", "ေ"}, {"a္", "a်"},
	} {
		if got := FromZawgyi(tt.zawgyi); got != tt.want {
			t.Errorf("FromZawgyi(%q) = %q, want %q", tt.zawgyi, got, tt.want)
		}
	}
}

// toZawgyi writes Unicode Burmese in Zawgyi, with one shape for each letter.
func toZawgyi(text string) string {
	stack := map[rune]rune{}
	for z, u := range zawgyiStacked {
		if have, ok := stack[u]; !ok || z < have {
			stack[u] = z
		}
	}
	var out strings.Builder
	rs := []rune(text)
	for i := 0; i < len(rs); {
		kinzi := i+3 < len(rs) && rs[i] == 0x1004 && rs[i+1] == 0x103A && rs[i+2] == 0x1039
		if kinzi {
			i += 3
		}
		base := rs[i]
		i++
		if !consonantMy(base) {
			out.WriteRune(base)
			continue
		}
		var before, after []rune
		for ; i < len(rs) && (rs[i] >= 0x102B && rs[i] <= 0x103E); i++ {
			switch r := rs[i]; r {
			case 0x1031:
				before = append([]rune{r}, before...)
			case 0x103C:
				before = append(before, 0x103B)
			case 0x1039:
				i++
				after = append(after, stack[rs[i]])
			case 0x103A:
				after = append(after, 0x1039)
			case 0x103B:
				after = append(after, 0x103A)
			case 0x103D, 0x103E:
				after = append(after, r-1)
			default:
				after = append(after, r)
			}
		}
		if kinzi {
			after = append([]rune{0x1064}, after...)
		}
		out.WriteString(string(before) + string(base) + string(after))
	}
	return out.String()
}

func FuzzFromZawgyi(f *testing.F) {
	for _, s := range burmeseText[:8] {
		f.Add(toZawgyi(s))
	}
	f.Add("\u1031\u1031\u103B\u1040\u108B\u1039 \xff \u1005\u1039\u103A\u102D")
	f.Fuzz(func(t *testing.T, text string) {
		got := FromZawgyi(text)
		if !utf8.ValidString(got) || len(got) > 4*len(text) {
			t.Errorf("FromZawgyi(%q) = %q", text, got)
		}
		if signs, _ := zawgyiSigns(got, false); signs > 0 {
			t.Errorf("FromZawgyi(%q) = %q, which has %d signs of Zawgyi", text, got, signs)
		}
	})
}

// TestZawgyiShared measures on real text: one source has its Burmese in
// Zawgyi, the others do not, and some of the languages share the block.
func TestZawgyiShared(t *testing.T) {
	dir := os.Getenv("TILGATE_SHARED")
	if dir == "" {
		t.Skip("TILGATE_SHARED names no folder of training text")
	}
	for _, tt := range []struct {
		source string
		labels string
		floor  float64 // of sentences that are taken for Zawgyi
		most   float64
	}{
		{"ntrex", " mya ", 0.99, 1}, {"sib200_train", " my shn ", 0, 0}, {"udhr", " my shn mnw ", 0, 0}, {"nllb_seed", " shn ", 0, 0},
		{"wikipedia_app", " my shn mnw rki blk ", 0, 0}, {"common_voice", " my ", 0, 0},
	} {
		file, err := os.Open(filepath.Join(dir, "data", "lid", tt.source+".tsv.gz"))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		unzipped, err := gzip.NewReader(file)
		if err != nil {
			t.Fatal(err)
		}
		all, zawgyi, burmese, right := 0, 0, 0, 0
		for lines := bufio.NewScanner(unzipped); lines.Scan(); {
			label, text, _ := strings.Cut(lines.Text(), "\t")
			if !strings.Contains(tt.labels, " "+label+" ") || ScriptOf(text) != "Mymr" {
				continue
			}
			all++
			if label == "my" || label == "mya" {
				burmese++
				if isBurmeseZawgyi(text) == (tt.source == "ntrex") {
					right++
				}
			}
			if !IsZawgyi(text) {
				continue
			}
			zawgyi++
			if signs, _ := zawgyiSigns(FromZawgyi(text), false); signs > 0 {
				t.Errorf("FromZawgyi(%q) = %q", text, FromZawgyi(text))
			}
		}
		rate := float64(zawgyi) / float64(all)
		t.Logf("%-14s%-24s %d of %d sentences are in Zawgyi, %.2f %%; known to be Burmese, %d of %d right", tt.source, tt.labels, zawgyi, all, 100*rate, right, burmese)
		if burmese > 0 && float64(right)/float64(burmese) < 0.995 {
			t.Errorf("%s: known to be Burmese, %d of %d right", tt.source, right, burmese)
		}
		if rate < tt.floor || rate > tt.most {
			t.Errorf("%s: %.2f %% are taken for Zawgyi, not %.0f to %.0f %%", tt.source, 100*rate, 100*tt.floor, 100*tt.most)
		}
	}
}
