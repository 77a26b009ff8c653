package score

import (
	"testing"

	"tilgate/evals"
	"tilgate/internal/lang"
)

// What models write instead of a bare letter, and what is meant by it.
func TestLetter(t *testing.T) {
	pension := []string{"55 жаш", "58 жаш", "63 жаш", "65 жаш"}
	for _, tt := range []struct {
		answer string
		tag    lang.Tag
		want   string // empty: nobody can tell
	}{
		{"B", "ky", "B"},
		{" (b) ", "ky", ""},
		{"**B**", "ky", "B"},
		{"B. 58 жаш", "ky", "B"},
		{"В", "ky", "B"},       // the Cyrillic letter
		{"Жооп: С", "ky", "C"}, // and that
		{"B) деп ойлойм, анткени A туура эмес", "ky", "B"},
		{"58 жаш", "ky", "B"},
		{"Туура жооп 58 жаш болот.", "ky", "B"},
		{"\\boxed{D}", "ky", "D"},
		{"The answer is C.", "en", "C"},
		{"A dog is an animal.", "en", ""},
		{"A. dog", "en", "A"},
		{"A же B", "ky", ""},
		{"55 жаш же 58 жаш", "ky", ""},
		{"E", "ky", ""}, // no such choice
		{"Билбейм", "ky", ""},
		{"", "ky", ""},
		{"الإجابة: B", "ar", "B"},
		{"ຄຳຕອບ: B", "lo", "B"},
	} {
		got, ok := Letter(tt.answer, pension, tt.tag)
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("%q: %q, %v, want %q", tt.answer, got, ok, tt.want)
		}
	}
	if got, ok := Letter("Бул бейшемби күнү болот", []string{"шемби", "бейшемби"}, "ky"); got != "B" || !ok {
		t.Errorf("a choice inside another: %q, %v", got, ok)
	}
	if got, ok := Letter("ចម្លើយគឺភ្នំពេញ", []string{"បាត់ដំបង", "ភ្នំពេញ"}, "km"); got != "B" || !ok {
		t.Errorf("without spaces: %q, %v", got, ok)
	}
}

func TestLabel(t *testing.T) {
	labels := []evals.Label{{Name: "health", Text: "саламаттык"}, {Name: "sports", Text: "спорт"}, {Name: "science/technology", Text: "илим"}}
	for answer, want := range map[string]string{
		"спорт": "sports", "Бул текст саламаттык жөнүндө.": "health", "science/technology": "science/technology",
		"Sports": "sports", "спорт жана илим": "", "саясат": "", "": "",
	} {
		if got, ok := Label(answer, labels, "ky"); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v, want %q", answer, got, ok, want)
		}
	}
}

func TestLastNumber(t *testing.T) {
	for answer, want := range map[string]string{
		"Жооп: 18": "18", "3 + 4 = 7.": "7", "1,234": "1234", "1 234 567 сом": "1234567", "1.234.567": "1234567", "0,5": "0.5", "0.125": "0.125",
		"2,50": "2.50", "18.00": "18", "1,234.5": "1234.5", "1.234,5": "1234.5", "-7": "-7", "১৮ টাকা": "18", "१,२३४": "1234", "۴۲": "42", "жок": "",
	} {
		if got, ok := LastNumber(answer); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v, want %q", answer, got, ok, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("Жооп: С")
	f.Add("1.234,5")
	f.Fuzz(func(t *testing.T, answer string) {
		choices := []string{"бир", "эки", "үч"}
		if l, ok := Letter(answer, choices, "ky"); ok && !isChoice(l, choices) {
			t.Errorf("%q is no choice", l)
		}
		LastNumber(answer)
		Bare(answer)
		Label(answer, []evals.Label{{Name: "a"}, {Name: "b"}}, "km")
	})
}
