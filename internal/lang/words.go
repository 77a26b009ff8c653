package lang

import (
	"iter"
	"sync"
	"unicode"
)

// Words yields the words of a text in its match form: the longest runs of
// letters, marks and digits. Where a script puts no spaces between words
// (Thai, Khmer, Chinese), a run is a phrase: match those by character n-grams.
func Words(folded string) iter.Seq[string] {
	return func(yield func(string) bool) {
		bits, start := wordBits(), -1
		for i, r := range folded {
			if r < 1<<16 && bits[r>>6]&(1<<(r&63)) != 0 || r >= 1<<16 && isWordRune(r) {
				if start < 0 {
					start = i
				}
				continue
			}
			if start >= 0 && !yield(folded[start:i]) {
				return
			}
			start = -1
		}
		if start >= 0 {
			yield(folded[start:])
		}
	}
}

// wordBits has a bit for each code point of the basic plane, for speed.
var wordBits = sync.OnceValue(func() *[1 << 10]uint64 {
	bits := new([1 << 10]uint64)
	for r := range rune(1 << 16) {
		if isWordRune(r) {
			bits[r>>6] |= 1 << (r & 63)
		}
	}
	return bits
})

func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) }
