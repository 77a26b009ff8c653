package pdf

import "unicode"

// unnamedRune and what follows stand for glyphs that have no meaning but a code
// in their font.
const unnamedRune = 0xF0000

// strange reports what is no letter: what stands for a glyph of which a file
// does not say what it means.
func strange(r rune) bool {
	switch {
	case r == ' ', r == '\t', r == '\n', r == '\r':
		return false
	case r < 0x20, r >= 0x7F && r < 0xA0, r == 0xFFFD, r >= 0xFFFE && r <= 0xFFFF:
		return true
	}
	return unicode.Is(unicode.Co, r)
}
