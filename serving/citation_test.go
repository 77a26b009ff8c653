package serving

import (
	"fmt"
	"strings"
	"testing"

	"tilgate/rag"
)

func TestCitations(t *testing.T) {
	three := make([]rag.Passage, 3)
	for _, tt := range []struct {
		answer string
		want   string // number and place of each mark
	}{
		{"58 жаштан [1].", "1@10-13"},
		{"Бир [1], эки [3].", "1@4-7 3@13-16"},
		{"[2]", "2@0-3"},
		{"ឥតគិតថ្លៃ [១]។ ពីរ [២]", "1@10-13 2@19-22"}, // Khmer digits
		{"مفت [۱] اور [۳]", "1@4-7 3@12-15"},          // Urdu
		{"বিনামূল্যে [২]", "2@11-14"},                 // Bengali
		{"၁ [၁] ๒ [๒]", "1@2-5 2@8-11"},               // Burmese, Thai
		{"👩‍👩‍👧 [1] 🏆[2]", "1@6-9 2@11-14"},           // code points, not what is seen as one
		{"И\u0306 [1]", "1@3-6"},                      // letter and mark are two
		{"[0] [4] [12] [999] [1234]", ""},             // nothing vouches for these
		{"[-1] [1.5] [a] [] [ 1 ]", ""},
		{"[[1]] [1][2]", "1@1-4 1@6-9 2@9-12"},
		{"[1", ""},
		{"[01] [٠٠٢]", "1@0-4 2@5-10"},
		{"[1²] [①]", ""},
		{"", ""},
	} {
		var got []string
		for _, c := range citations(tt.answer, three) {
			got = append(got, fmt.Sprintf("%d@%d-%d", c.N, c.Start, c.End))
			if mark := []rune(tt.answer)[c.Start:c.End]; mark[0] != '[' || mark[len(mark)-1] != ']' {
				t.Errorf("%q: the mark is %q", tt.answer, string(mark))
			}
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("citations(%q) = %q, want %q", tt.answer, got, tt.want)
		}
	}
	if got := citations("[1]", nil); got != nil {
		t.Errorf("without passages: %v", got)
	}
}

func FuzzCitations(f *testing.F) {
	f.Add("Бир [1], эки [๓].")
	f.Add("[\xff][1]🏆[2]")
	f.Fuzz(func(t *testing.T, answer string) {
		letters, end := []rune(answer), 0
		for _, c := range citations(answer, make([]rag.Passage, 5)) {
			if c.N < 1 || c.N > 5 || c.Start < end || c.End > len(letters) || letters[c.Start] != '[' || letters[c.End-1] != ']' {
				t.Errorf("%q: %d at %d-%d", answer, c.N, c.Start, c.End)
			}
			end = c.End
		}
	})
}
