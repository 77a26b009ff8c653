package personal

import (
	"unicode"
	"unicode/utf8"

	"tilgate/internal/lang"
)

// folded is a text as rules read it: digits, spaces, dashes, brackets and plus
// signs are ASCII, and characters without width are gone.
type folded struct {
	text   string
	digits int
	at     []int32 // where each byte's character begins in the original; nil if all are where they were
	raw    string

	lower   string                     // text in lower case, byte for byte as long; empty until a rule asks
	spotted map[*contextWords][]placed // where words stand that rules have asked for
}

// original returns the place in the original text of the piece [start, end).
func (t *folded) original(start, end int) (int, int) {
	if t.at == nil {
		return start, end
	}
	last := int(t.at[end-1])
	_, size := utf8.DecodeRuneInString(t.raw[last:])
	return int(t.at[start]), last + size
}

func fold(text string) *folded {
	t := &folded{text: text, raw: text}
	ascii := true
	for i := range len(text) {
		if c := text[i]; c >= 0x80 {
			ascii = false
		} else if digit(c) {
			t.digits++
		}
	}
	if ascii || t.digits == 0 && !localDigits(text) {
		return t
	}
	return foldRunes(text)
}

func localDigits(text string) bool {
	for _, r := range text {
		if r >= 0x80 && unicode.Is(unicode.Nd, r) {
			return true
		}
	}
	return false
}

func foldRunes(text string) *folded {
	t := &folded{raw: text, at: make([]int32, 0, len(text))}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		n := len(out)
		switch f := foldRune(r); {
		case f == dropped:
		case f != 0:
			out = append(out, f)
		default:
			out = append(out, text[i:i+size]...)
		}
		for range len(out) - n {
			t.at = append(t.at, int32(i))
		}
		if len(out) == n+1 && digit(out[n]) {
			t.digits++
		}
		i += size
	}
	t.text = string(out)
	return t
}

const dropped = 0xFF // no folded character

// foldRune returns what r is to the rules, 0 if it is itself.
func foldRune(r rune) byte {
	switch {
	case r < 0x80:
		return 0
	case r == 0xA0 || r == 0x202F || r >= 0x2000 && r <= 0x200A || r == 0x3000:
		return ' '
	case r >= 0x2010 && r <= 0x2015 || r == 0x2212 || r == 0xFF0D:
		return '-'
	case r == '＋':
		return '+'
	case r == '（':
		return '('
	case r == '）':
		return ')'
	case r == '／':
		return '/'
	case r == 0xAD || unicode.Is(unicode.Cf, r) && r != 0x0600:
		return dropped
	case unicode.Is(unicode.Nd, r):
		return lang.ASCIIDigits(string(r))[0]
	}
	return 0
}

func digit(c byte) bool  { return '0' <= c && c <= '9' }
func letter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func alnum(c byte) bool  { return digit(c) || letter(c) }
