package lang

import (
	"slices"
	"strings"
	"testing"
)

func TestSentences(t *testing.T) {
	for _, tt := range []struct {
		tag  Tag
		text string
		want []string
	}{
		{"am", "ሰላም። እንዴት ነህ?", []string{"ሰላም።", "እንዴት ነህ?"}},
		{"am", "ውሃ አፍሉ፡፡ ከዚያ ጠጡ፡፡", []string{"ውሃ አፍሉ፡፡", "ከዚያ ጠጡ፡፡"}},
		{"kk", "Т. Рысқұлов көшесі қайда?", []string{"Т. Рысқұлов көшесі қайда?"}}, // an initial ends nothing
		{"ky", "Салам. Кандайсыз? Жакшы!", []string{"Салам.", "Кандайсыз?", "Жакшы!"}},
		{"ky", "Бишкек ш., Манас көч. 12. Келиңиз.", []string{"Бишкек ш., Манас көч. 12.", "Келиңиз."}},
		{"bn", "নিবন্ধন বিনামূল্যে। কাগজ আনুন।", []string{"নিবন্ধন বিনামূল্যে।", "কাগজ আনুন।"}},
		{"ur", "اندراج مفت ہے۔ کیا آپ آئیں گے؟", []string{"اندراج مفت ہے۔", "کیا آپ آئیں گے؟"}},
		{"km", "ការចុះឈ្មោះឥតគិតថ្លៃ។ សូមយកឯកសារមក។", []string{"ការចុះឈ្មោះឥតគិតថ្លៃ។", "សូមយកឯកសារមក។"}},
		{"my", "အခမဲ့ဖြစ်သည်။ လာပါ။", []string{"အခမဲ့ဖြစ်သည်။", "လာပါ။"}},
		{"en", "It costs 3.50 tanga. Dr. Osmonova said: \"Come!\" Then go.", []string{"It costs 3.50 tanga.", `Dr. Osmonova said: "Come!"`, "Then go."}},
		{"en", "See example.org for more", []string{"See example.org for more"}},
		{"en", "Bring:\n- a card\n- a photo\n\nThen wait", []string{"Bring:", "- a card", "- a photo", "Then wait"}},
		{"zh", "免费登记。请带证件。", []string{"免费登记。", "请带证件。"}},
		{"en", "  \n ", nil},
	} {
		got := slices.Collect(Sentences(tt.tag, tt.text))
		if !slices.Equal(got, tt.want) {
			t.Errorf("Sentences(%s, %q) = %q, want %q", tt.tag, tt.text, got, tt.want)
		}
	}
}

// TestEachSentenceEnd: the marks that the table names end sentences.
func TestEachSentenceEnd(t *testing.T) {
	for tag := range ends {
		for _, mark := range strings.Fields(SentenceEnds(tag)) {
			if got := slices.Collect(Sentences(tag, "ሰላም"+mark+" ሰላም")); len(got) != 2 {
				t.Errorf("in %s, %s does not end a sentence: %q", tag, mark, got)
			}
		}
	}
}

func TestSentencesThai(t *testing.T) {
	phrase := "จดทะเบียนเกิดภายในสามสิบวันโดยไม่เสียค่าธรรมเนียม" // 49 letters
	for phrases, want := range map[int]int{1: 1, 4: 1, 8: 2, 12: 3} {
		got := slices.Collect(Sentences("th", strings.Repeat(phrase+" ", phrases)))
		if len(got) != want {
			t.Errorf("%d phrases of 49 letters became %d sentences, want %d: %q", phrases, len(got), want, got)
		}
	}
}

func FuzzSentences(f *testing.F) {
	f.Add("th", "จดทะเบียน เกิด. Mr. X! \xff")
	f.Fuzz(func(t *testing.T, tag, text string) {
		at := 0
		for s := range Sentences(Tag(tag), text) {
			i := strings.Index(text[at:], s)
			if i < 0 || s == "" {
				t.Fatalf("%q is not the next piece of %q", s, text)
			}
			at += i + len(s)
		}
	})
}

// TestSentencesLinear: text that is all marks takes no longer than prose. At
// the square of its length, each row would take minutes.
func TestSentencesLinear(t *testing.T) {
	for _, s := range []string{
		strings.Repeat("!", 1<<17) + "a", strings.Repeat(".", 1<<17) + "a", strings.Repeat("!.?…", 1<<15) + "a",
		strings.Repeat("12 ", 1<<15), "ก" + strings.Repeat(" ", 1<<17) + "ก", strings.Repeat("г. Ош ", 1<<14),
		strings.Repeat("а", 1<<17), strings.Repeat("\n- ", 1<<15), strings.Repeat("a\"", 1<<16) + ". B",
	} {
		n := 0
		for range Sentences("th", s) {
			n++
		}
		if n > 1<<15 {
			t.Errorf("%d sentences in 128 kB of %.12q", n, s)
		}
	}
}
