package lang

import "testing"

func TestTidy(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		same bool
	}{
		{"Кайда\u0438\u0306?", "Кайда\u0439?", true},
		{" Аялдар  канча\nжаштан? ", "Аялдар канча жаштан?", true},
		{"2² канча?", "22 канча?", false},
		{"US", "us", false},
		{"қала", "кала", false},
		{"كتاب", "كُتّاب", false},
	} {
		if got := Tidy(tt.a) == Tidy(tt.b); got != tt.same {
			t.Errorf("%q and %q: %v", tt.a, tt.b, got)
		}
		if Tidy(Tidy(tt.a)) != Tidy(tt.a) {
			t.Errorf("%q changes twice", tt.a)
		}
	}
}
