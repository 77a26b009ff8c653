package lang

import (
	"iter"

	"github.com/rivo/uniseg"
)

// Graphemes yields what readers take for characters: a letter with its marks, a
// family of emoji (UAX #29, extended grapheme clusters).
func Graphemes(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for rest, state := text, -1; rest != ""; {
			var cluster string
			cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
			if !yield(cluster) {
				return
			}
		}
	}
}

// Columns is how wide a terminal draws a text.
func Columns(text string) int { return uniseg.StringWidth(text) }
