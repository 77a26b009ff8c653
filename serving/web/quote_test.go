package web

import (
	"testing"
	"unicode/utf16"

	"tilgate/internal/lang"
)

func TestQuotes(t *testing.T) {
	for _, tt := range []struct {
		name   string
		tag    lang.Tag
		answer string
		from   lang.Tag // language of the passage
		text   string
		want   []string
	}{
		{"in other words", "ky", "Аялдар 58 жашында пенсияга чыгат [1].", "ky",
			"Пенсия акча. Жаш курагы боюнча пенсияга эркектер 63 жашында, аялдар 58 жашында кайрыла алышат. Пенсия ар айда төлөнөт.",
			[]string{"Жаш курагы боюнча пенсияга эркектер 63 жашында, аялдар 58 жашында кайрыла алышат."}},
		{"the mark after the full stop", "ur", "اندراج مفت ہے۔ [1]", "ur", "اندراج 30 دن میں کریں۔ پیدائش کا اندراج مفت ہے۔", []string{"پیدائش کا اندراج مفت ہے۔"}},
		{"two marks, two sentences", "ky", "Арыз акысыз [1]. Паспорт керек [1][1].", "ky", "Арыз акысыз. Паспорт керек.", []string{"Арыз акысыз.", "Паспорт керек."}},
		{"no spaces between words", "km", "ការចុះបញ្ជីកំណើតគឺឥតគិតថ្លៃ។ [1]", "km", "អ្នកត្រូវមកក្នុងរយៈពេល៣០ថ្ងៃ។ ការចុះបញ្ជីកំណើតឥតគិតថ្លៃ។", []string{"ការចុះបញ្ជីកំណើតឥតគិតថ្លៃ។"}},
		{"a quotation of two sentences", "ky", "Паспорт жок. “Арыз акысыз. Каттоо 30 күн ичинде.” [1]", "ky", "Арыз акысыз.\n\nКаттоо 30 күн ичинде. Паспорт жок.", []string{"Арыз акысыз.", "Каттоо 30 күн ичинде."}},
		{"beyond the basic plane", "en", "The office opens at nine 😀 [1].", "en", "😀😀 Welcome. The office opens at nine.", []string{"The office opens at nine."}},
		{"in another language", "ky", "Пенсия 58 жаштан [1].", "en", "Women may retire early.", nil},
		{"a mark of nothing", "ky", "Арыз акысыз [2] [0].", "ky", "Арыз акысыз.", nil},
		{"nothing said", "ky", "[1]", "ky", "Арыз акысыз.", nil},
	} {
		units := utf16.Encode([]rune(tt.text))
		var got []string
		for _, q := range Quotes(tt.answer, tt.tag, []Source{{N: 1, Text: tt.text, Lang: tt.from}})[1] {
			got = append(got, string(utf16.Decode(units[q[0]:q[1]])))
		}
		if len(got) != len(tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
			continue
		}
		for i := range got {
			if got[i] != tt.want[i] {
				t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
			}
		}
	}
}

// FuzzQuotes checks that quotes lie in the passage, in order, and that the
// parts of the passage are all of it.
func FuzzQuotes(f *testing.F) {
	f.Add("Арыз акысыз [1]. [1]", "Арыз акысыз. 😀 Паспорт.", "ky")
	f.Add("ការ [1]", "ការ។", "km")
	f.Fuzz(func(t *testing.T, answer, text, tag string) {
		a := Answer{Text: answer, Sources: []Source{{N: 1, Text: text, Lang: lang.Tag(tag)}}}
		a.Quotes = Quotes(answer, lang.Tag(tag), a.Sources)
		all := ""
		for _, p := range a.Parts(a.Sources[0]) {
			all += p.Text
		}
		if want := string([]rune(text)); all != want {
			t.Errorf("%q, want %q", all, want)
		}
	})
}
