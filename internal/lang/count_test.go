package lang

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzRunes(f *testing.F) {
	for _, s := range []string{"", "a", "Бишкек", "ሰላም ዓለም, ሰላም", "😀x", strings.Repeat("ក", 40) + "z"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if s = strings.ToValidUTF8(s, ""); Runes([]byte(s)) != utf8.RuneCountInString(s) {
			t.Errorf("%q: %d", s, Runes([]byte(s)))
		}
	})
}
