package lang

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// TestFoldSame: two ways to type the same words.
func TestFoldSame(t *testing.T) {
	for _, tt := range []struct {
		tag  Tag
		a, b string
	}{
		// Turkic and Tajik letters that a Russian keyboard lacks
		{"ky", "Өкмөттүн жөлөкпулун кантип алам?", "окмоттун жолокпулун кантип алам?"},
		{"ky", "Жаңы төрөлгөн балам", "ЖАНЫ ТОРОЛГОН БАЛАМ"},
		{"kk", "Қазақстанның әлеуметтік көмегі", "казакстаннын алеуметтик комеги"},
		{"kk", "һәм ұлттық", "хам улттык"},
		{"tt", "Балаларга җәйге ял", "балаларга жайге ял"},
		{"ba", "Ҡатын-ҡыҙҙар", "катын-кыззар"},
		{"tg", "Ҳуҷҷатҳои ҷавонӣ", "хуччатхои чавони"},
		{"uz-Cyrl", "Ўзбекистон ҳукумати", "узбекистон хукумати"},
		{"mn", "Өвчтөн эмнэлэгт", "овчтон эмнэлэгт"},
		{"ru", "Ещё учёт", "еще учет"},
		{"ru", "\u0438\u0306од", "йод"},          // й in two code points
		{"kjh", "ӛ", "ә"},                        // marks first, then the letter
		{"uk", "їжа", "ижа"},                     // typed on a Russian keyboard
		{"az", "Şəhər məktəbi", "seher mektebi"}, // ə
		{"tr", "IĞDIR'da İŞSİZLİK", "ığdır'da işsizlik"},
		{"tr", "ISPARTA", "ısparta"},
		{"tr", "İSTANBUL", "istanbul"},
		{"tk", "Ýaşuly", "yasuly"},
		{"pl", "Łódź", "lodz"},
		// apostrophes
		{"uz", "Oʻzbekiston fuqaroligi toʻgʻrisida", "O'zbekiston fuqaroligi to'g'risida"},
		{"uz", "oʻzbek", "o‘zbek"}, {"uz", "oʻzbek", "o’zbek"}, {"uz", "oʻzbek", "o`zbek"}, {"uz", "oʻzbek", "o´zbek"}, {"uz", "oʻzbek", "ozbek"},
		{"uz", "sanʼat", "san'at"},
		{"uk", "п’ять", "п'ять"},
		{"sw", "ng’ombe", "ng'ombe"},
		{"ha", "’yan ƙasa", "'yan kasa"},
		{"tr", "İstanbul’da", "İstanbul'da"},
		{"en", "don’t", "don't"},
		// Arabic script
		{"ar", "مُحَمَّدٌ", "محمد"},
		{"ar", "شهـــادة", "شهادة"},
		{"ar", "أحمد إلى آخر", "احمد الي اخر"},
		{"ar", "مدرسة مستشفى", "مدرسه مستشفي"},
		{"ar", "مسؤول", "مسوول"},
		{"ar", "ﻻ ﺇﻟﻪ", "لا اله"}, // presentation forms, as PDFs have them
		{"fa", "كتابي", "کتابی"},  // Arabic and Persian keyboards
		{"fa", "می\u200Cشود", "میشود"},
		{"fa", "خانۀ", "خانه"},
		{"ur", "ہے", "هے"}, {"ur", "کیا ہے", "كيا هي"},
		{"ur", "پنشن کیلئے", "پنشن کیلیے"},
		{"ckb", "کوردستان ێ ۆ", "كوردستان ي و"},
		{"ckb", "گەڵ ڕۆژ", "گهل روژ"}, // گ and ژ are letters that every keyboard has
		{"ps", "ښوونځی", "ښوونځي"},
		{"sd", "هڪ ڪم", "هک کم"},
		{"ug", "مۇئەللىم", "مويهلليم"},
		// Indic
		{"hi", "ज़मीन के काग़ज़", "जमीन के कागज"},
		{"hi", "\u095Bमीन", "ज\u093Cमीन"}, // ज़ in one code point
		{"mr", "तुमच्याऱ", "तुमच्यार"},    // ऱ, which NFKC composes
		{"hi", "माँ", "मां"},
		{"bn", "বাড়ি", "বাড\u09BCি"}, {"bn", "উৎসব", "উতসব"},
		{"pa", "ਪੰਜਾਬ", "ਪਂਜਾਬ"},                           // tippi and bindi, the nasal signs
		{"bn", "\u0995\u09C7\u200C\u09BE", "\u0995\u09CB"}, // কো in three
		{"ta", "க\u0BC6\u0BBE", "கொ"},
		// Ethiopic: one sound, several letters, in Amharic
		{"am", "ሐኪም", "ሀኪም"}, {"am", "ኃይል", "ሀይል"}, {"am", "ሥራ", "ስራ"}, {"am", "ዓመት", "አመት"}, {"am", "ፀሐይ", "ጸሀይ"}, {"am", "ኣዲስ", "አዲስ"}, {"am", "ሃገር", "ሀገር"},
		{"am-Ethi-ET", "ሠላም", "ሰላም"},
		// digits
		{"ar", "١٢٣٤٥٦٧٨٩٠", "1234567890"}, {"ur", "۱۲۳۴۵۶۷۸۹۰", "1234567890"}, {"hi", "२०२६", "2026"}, {"bn", "২০২৬", "2026"},
		{"km", "១២៦ ថ្ងៃ", "126 ថ្ងៃ"}, {"my", "၁၂၆", "126"}, {"th", "๑๒๖", "126"}, {"lo", "໑໒໖", "126"}, {"zh", "１２６", "126"},
		// Khmer, Thai
		{"km", "ការ\u200Bចុះ\u200Bឈ្មោះ", "ការចុះឈ្មោះ"},
		{"th", "น\u0e4d\u0e32", "นำ"},
		// width, ligatures, composition
		{"en", "ﬁle ＡＢＣ", "file abc"},
		{"fr", "cafe\u0301", "CAFÉ"},
		{"de", "Straße", "strase"},
		{"el", "ΣΟΦΟΣ", "σοφος"}, {"el", "ᾼδης", "αδησ"},
		{"vi", "tie\u0302\u0301ng Vie\u0323\u0302t", "TIẾNG VIỆT"},
		{"yo", "o\u0323mo\u0323", "ỌMỌ"},
	} {
		if a, b := Fold(tt.tag, tt.a), Fold(tt.tag, tt.b); a != b {
			t.Errorf("in %s, %q and %q fold to %q and %q", tt.tag, tt.a, tt.b, a, b)
		}
	}
}

// TestFoldApart: words that stay different.
func TestFoldApart(t *testing.T) {
	for _, tt := range []struct {
		tag  Tag
		a, b string
	}{
		{"vi", "ma", "má"}, {"vi", "mà", "mã"}, {"vi", "dưa", "dua"}, {"vi", "đa", "da"},
		{"yo", "ọkọ", "oko"}, {"ig", "ákwà", "àkwá"}, {"ha", "bàbá", "baba"},
		{"ti", "ሐኪም", "ሀኪም"}, {"ti", "ዓይኒ", "አይኒ"}, {"ti", "ፀሓይ", "ጸሀይ"}, // Tigrinya says them differently
		{"gez", "ሠ", "ሰ"},
		{"ru", "мой", "мои"}, {"ky", "ай", "аи"},
		{"ar", "حال", "خال"}, {"ur", "ٹھ", "تھ"},
		{"hi", "कम", "काम"}, {"bn", "কাল", "খাল"}, {"pa", "ਸੱਦਾ", "ਸੰਦਾ"},
		{"km", "កា", "ការ"},
		{"tr", "İstanbul'da", "İstanbulda"}, // a name ends at its apostrophe
		{"fr", "l’eau", "leau"},
	} {
		if a, b := Fold(tt.tag, tt.a), Fold(tt.tag, tt.b); a == b {
			t.Errorf("in %s, %q and %q both fold to %q", tt.tag, tt.a, tt.b, a)
		}
	}
}

func TestFold(t *testing.T) {
	for _, tt := range []struct {
		tag        Tag
		text, want string
	}{
		{"ky", "Өкмөт №5, 2026-жыл.", "окмот no5, 2026-жыл."},
		{"ar", "الرَّقْمُ القَوْمِيّ", "الرقم القومي"},
		{"en", "", ""},
		{"en", "a\xffb", "a\uFFFDb"}, // not UTF-8
		{"en", "👩\u200D🌾 FARM", "👩🌾 farm"},
		{"vi", "Tiếng Việt", "tiếng việt"},
		{"am", "ዓ.ም.", "አ.ም."},
		{"ff", "𞤆𞤵𞤤𞤢𞤪", "𞤨𞤵𞤤𞤢𞤪"}, // Adlam has case, and stands outside the basic plane
		{"ff", "𞥐𞥑𞥒𞥙", "0129"},
	} {
		if got := Fold(tt.tag, tt.text); got != tt.want {
			t.Errorf("Fold(%s, %q) = %q, want %q", tt.tag, tt.text, got, tt.want)
		}
	}
}

// The tags that Fold treats differently.
var foldTags = []Tag{"ky", "vi", "am", "ti", "tr", "my"}

func TestFoldEveryRune(t *testing.T) {
	for _, tag := range foldTags {
		for r := rune(1); r < 0x20000; r++ {
			if !unicode.IsGraphic(r) && !unicode.Is(unicode.Cf, r) || unicode.In(r, unicode.Han, unicode.Hangul, unicode.Tangut) {
				continue // unassigned, or one of many that are alike
			}
			once := Fold(tag, string(r))
			if twice := Fold(tag, once); twice != once {
				t.Errorf("in %s, %U folds to %q, and that to %q", tag, r, once, twice)
			}
		}
	}
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"Өкмөт", "oʻzbek o´", "مُحَمَّدٌ", "J\u030C", "e\u200D\u0301", "\u09C7\u09BC\u09BE", "ᾼ", "\u1100\u200B\u1161", "\xff\xc0\x80", "ሐኪም", "か\u200b\u3099", "ျမန္မာ ေက်ာင္း", "\u1031\u200b\u1000\u1039", "\u1000\u0301\u1088\u1040"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, tag := range foldTags {
			once := Fold(tag, text)
			if twice := Fold(tag, once); twice != once {
				t.Errorf("in %s, %q folds to %q, and that to %q", tag, text, once, twice)
			}
			if !utf8.ValidString(once) {
				t.Errorf("in %s, %q folds to %q, which is not UTF-8", tag, text, once)
			}
			for w := range Words(once) {
				if w == "" || strings.ContainsFunc(w, func(r rune) bool { return !isWordRune(r) }) {
					t.Errorf("Words(%q) yields %q", once, w)
				}
			}
		}
	})
}

// TestDigitValue: every set of ten digits, by its zero and its nine, and the
// fact that the function rests on.
func TestDigitValue(t *testing.T) {
	zeroes := "0٠۰߀०০੦૦୦௦౦೦൦෦๐໐༠၀႐០᠐᥆᧐᪀᪐᭐᮰᱀᱐꘠꣐꤀꧐꧰꩐꯰０𐒠𐴰𑁦𑃰𑄶𑇐𑋰𑑐𑓐𑙐𑛀𑜰𑣠𑥐𑱐𑵐𑶠𖩠𖫀𖭐𝟎𝟘𝟢𝟬𝟶𞅀𞋰𞥐🯰"
	n := 0
	for _, zero := range zeroes {
		for d := range rune(10) {
			if r := zero + d; !unicode.Is(unicode.Nd, r) || digitValue(r) != d {
				t.Errorf("digitValue(%U %c) = %d, want %d", r, r, digitValue(r), d)
			}
			n++
		}
	}
	all := 0
	for r := range unicode.MaxRune {
		if !unicode.Is(unicode.Nd, r) {
			continue
		}
		all++
		if p := norm.NFKC.String(string(r)); len(p) == 1 && rune(p[0]-'0') != digitValue(r) {
			t.Errorf("digitValue(%U %c) = %d, but Unicode says that it stands for %s", r, r, digitValue(r), p)
		}
	}
	for _, rg := range unicode.Nd.R16 {
		if rg.Stride != 1 || (rg.Hi-rg.Lo+1)%10 != 0 {
			t.Errorf("the digits from %U to %U are not in sets of ten", rg.Lo, rg.Hi)
		}
	}
	for _, rg := range unicode.Nd.R32 {
		if rg.Stride != 1 || (rg.Hi-rg.Lo+1)%10 != 0 {
			t.Errorf("the digits from %U to %U are not in sets of ten", rg.Lo, rg.Hi)
		}
	}
	if n > all {
		t.Errorf("%d digits listed, Unicode has %d", n, all)
	}
}

func TestWords(t *testing.T) {
	for _, tt := range []struct {
		text string
		want []string
	}{
		{"жаны торолгон балам 3 жашта", []string{"жаны", "торолгон", "балам", "3", "жашта"}},
		{"sms-код, covid19!", []string{"sms", "код", "covid19"}},
		{"हिन्दी में लिखें।", []string{"हिन्दी", "में", "लिखें"}}, // \w would break it at each vowel sign
		{"ক্ষমা", []string{"ক্ষমা"}},
		{"ការចុះឈ្មោះ ឥតគិតថ្លៃ។", []string{"ការចុះឈ្មោះ", "ឥតគិតថ្លៃ"}},
		{"ሰላም፣ እንዴት፡ነህ።", []string{"ሰላም", "እንዴት", "ነህ"}},
		{"کیا؟ ہاں، جی۔", []string{"کیا", "ہاں", "جی"}},
		{"免费登记。", []string{"免费登记"}},
		{"", nil}, {" .,!? ", nil}, {"\xff\xfe", nil},
	} {
		if got := slices.Collect(Words(tt.text)); !slices.Equal(got, tt.want) {
			t.Errorf("Words(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
	for w := range Words("бир эки үч") {
		if w != "бир" {
			t.Errorf("Words went on to %q after it was stopped", w)
		}
		break
	}
}

// Half a page of ordinary text, by script.
var pages = map[Tag]string{
	"ky": "Баланын төрөлүшүн отуз күндүн ичинде каттатыңыз. Төрөлүштү каттоо акысыз, ал эми күбөлүктү райондук бөлүм ошол эле күнү берет. ",
	"ar": "سجِّل ولادة الطفل خلال ثلاثين يوماً. التسجيل مجاني، ويصدر مكتب الأحوال المدنية شهادة الميلاد في اليوم نفسه. ",
	"hi": "बच्चे के जन्म का पंजीकरण तीस दिनों के भीतर कराएँ। पंजीकरण निःशुल्क है और ज़िला कार्यालय उसी दिन प्रमाणपत्र देता है। ",
	"my": "ကလေးမွေးဖွားခြင်းကို ရက်သုံးဆယ်အတွင်း မှတ်ပုံတင်ပါ။ မှတ်ပုံတင်ခြင်းသည် အခမဲ့ဖြစ်ပြီး မြို့နယ်ရုံးက ထိုနေ့တွင်ပင် မွေးစာရင်း ထုတ်ပေးသည်။ ",
	"km": "សូមចុះឈ្មោះកំណើតកូនក្នុងរយៈពេលសាមសិបថ្ងៃ។ ការចុះឈ្មោះមិនគិតថ្លៃទេ ហើយការិយាល័យស្រុកចេញសំបុត្រកំណើតនៅថ្ងៃដដែល។ ",
}

func BenchmarkFold(b *testing.B) {
	for _, tag := range []Tag{"ky", "ar", "hi", "km", "my"} {
		b.Run(string(tag), func(b *testing.B) {
			text := strings.Repeat(pages[tag], 5)
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				Fold(tag, text)
			}
		})
	}
}
