package charset

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// TestMojibakeLeavesTextAlone: in no language is there text that is taken for
// mojibake. The shared data has some that is: SÃ£o, 3.850 kmÂ², â€“.
func TestMojibakeLeavesTextAlone(t *testing.T) {
	for _, measure := range []bool{false, true} {
		texts := sentences(t, measure)
		n, repairs := 0, 0
		for _, label := range slices.Sorted(maps.Keys(texts)) {
			all := texts[label]
			whole := strings.Join(all[:min(len(all), 60)], "\n")
			for i := 0; i <= len(all); i += 4 {
				text := whole
				if i < len(all) {
					text = all[i]
				}
				n++
				if repaired, ok := Mojibake(text); ok {
					repairs++
					if !strings.ContainsAny(text, "ÃÂâ") {
						t.Errorf("%s: %q was made %q", label, text, repaired)
					}
				}
			}
		}
		t.Logf("%d of %d repaired", repairs, n)
		if repairs > 12 {
			t.Errorf("%d of %d texts were repaired, too many to be believed", repairs, n)
		}
	}
}

// TestMojibakeRepairs: text of every language that was read wrongly comes back.
func TestMojibakeRepairs(t *testing.T) {
	texts := sentences(t, true)
	check := func(wrong *charmap.Charmap, what string, data func(string) []byte, labels ...string) {
		n, good := 0, 0
		for _, label := range labels {
			for _, text := range texts[label][:30] {
				if right := data(text); !ascii(right) {
					n++
					want := text
					if what != utf8Name {
						want = candidates[0].decode(right)
					}
					if repaired, ok := Mojibake(misread(wrong, right)); ok && repaired == want {
						good++
					}
				}
			}
		}
		t.Logf("%s read as %s: %d of %d repaired", what, wrong, good, n)
		if good*100 < n*95 {
			t.Errorf("%s read as %s: %d of %d repaired, want 95 of 100", what, wrong, good, n)
		}
	}
	all := slices.Sorted(maps.Keys(texts))
	asIs := func(text string) []byte { return []byte(text) }
	check(charmap.Windows1252, utf8Name, asIs, all...)
	check(charmap.Windows1251, utf8Name, asIs, all...)
	check(charmap.Windows1252, "windows-1251", func(text string) []byte { return encodeAs(candidates[0], text) }, "rus", "ukr", "bel", "bul", "mkd")
}

// misread decodes text as programs do that give a byte without a meaning back
// as a control character.
func misread(wrong *charmap.Charmap, data []byte) string {
	var b strings.Builder
	for _, c := range data {
		r := wrong.DecodeByte(c)
		if r == utf8.RuneError {
			r = rune(c)
		}
		b.WriteRune(r)
	}
	return b.String()
}
