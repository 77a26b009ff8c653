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
// mojibake.
func TestMojibakeLeavesTextAlone(t *testing.T) {
	for _, measure := range []bool{false, true} {
		texts := sentences(t, measure)
		n := 0
		for _, label := range slices.Sorted(maps.Keys(texts)) {
			all := texts[label]
			for i := 0; i < len(all); i += 4 {
				n++
				if repaired, ok := Mojibake(all[i]); ok {
					t.Errorf("%s: %q was made %q", label, all[i], repaired)
				}
			}
			if whole := strings.Join(all[:min(len(all), 60)], "\n"); true {
				if repaired, ok := Mojibake(whole); ok {
					t.Errorf("%s: %q was made %q", label, whole[:100], repaired[:100])
				}
			}
		}
		t.Log(n, "sentences")
	}
}

// TestMojibakeRepairs: text of every language that was read wrongly comes back.
func TestMojibakeRepairs(t *testing.T) {
	texts := sentences(t, true)
	for _, wrong := range []*charmap.Charmap{charmap.Windows1252, charmap.Windows1251} {
		n, good := 0, 0
		for _, label := range slices.Sorted(maps.Keys(texts)) {
			bad := ""
			for _, text := range texts[label][:10] {
				if ascii([]byte(text)) {
					continue
				}
				n++
				misread := misread(wrong, []byte(text))
				if repaired, ok := Mojibake(misread); ok && repaired == text {
					good++
				} else if bad == "" {
					bad = text
				}
			}
			if bad != "" {
				t.Logf("%s %s %q", wrong, label, bad)
			}
		}
		t.Logf("%s: %d of %d repaired", wrong, good, n)
	}
	n, good := 0, 0
	for _, label := range []string{"rus", "ukr", "bul", "bel", "mkd"} {
		for _, text := range texts[label][:200] {
			n++
			misread := misread(charmap.Windows1252, encodeAs(candidates[0], text))
			want, _ := charmap.Windows1251.NewDecoder().Bytes(encodeAs(candidates[0], text))
			if repaired, ok := Mojibake(string(misread)); ok && repaired == string(want) {
				good++
			} else if n-good < 9 {
				t.Logf("%q is %q", misread, repaired)
			}
		}
	}
	t.Logf("windows-1251 as 1252: %d of %d", good, n)
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
