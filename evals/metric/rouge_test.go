package metric

import (
	"math"
	"testing"
)

func near(a, b, tolerance float64) bool { return math.Abs(a-b) <= tolerance }

func TestRouge(t *testing.T) {
	for _, tt := range []struct {
		words          RougeWords
		hyp, ref       string
		one, two, long float64
	}{
		{UnicodeWords, "Бала мектепке барды.", "Бала мектепке барды", 1, 1, 1},
		{UnicodeWords, "мектепке бала барды", "бала мектепке барды", 1, 0, 2.0 / 3},
		{UnicodeWords, "бала бала", "бала мектепке барды", 2 * (1.0 / 2) * (1.0 / 3) / (1.0/2 + 1.0/3), 0, 2 * (1.0 / 2) * (1.0 / 3) / (1.0/2 + 1.0/3)},
		{Google, "ကလေး ကျောင်း", "ကလေး ကျောင်း", 0, 0, 0},
		{UnicodeWords, "ကလေး ကျောင်း", "ကလေး ကျောင်း", 1, 1, 1},
		{UnicodeChars, "บ้าน", "บาน", 6.0 / 7, 2.0 / 5, 6.0 / 7},
		{Google, "The 2 cats", "the cats", 0.8, 0, 0.8},
		{UnicodeWords, "", "бала", 0, 0, 0},
	} {
		one, two, long := tt.words.RougeN(1, tt.hyp, tt.ref), tt.words.RougeN(2, tt.hyp, tt.ref), tt.words.RougeL(tt.hyp, tt.ref)
		if !near(one, tt.one, 1e-12) || !near(two, tt.two, 1e-12) || !near(long, tt.long, 1e-12) {
			t.Errorf("%q for %q in %ss: %v, %v, %v, want %v, %v, %v", tt.hyp, tt.ref, tt.words, one, two, long, tt.one, tt.two, tt.long)
		}
	}
}
