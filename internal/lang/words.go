package lang

import (
	"iter"
	"unicode"
)

// Words yields the words of a text in its match form: the longest runs of
// letters, marks and digits. Where a script puts no spaces between words
// (Thai, Khmer, Chinese), a run is a phrase: match those by character n-grams.
func Words(folded string) iter.Seq[string] {
	return func(yield func(string) bool) {
		start := -1
		for i, r := range folded {
			if wordRune(r) {
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

func wordRune(r rune) bool {
	if r < 0x80 {
		return 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z'
	}
	return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r)
}
