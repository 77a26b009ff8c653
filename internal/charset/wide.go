package charset

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// wide reports whether a character has two or four bytes throughout.
func (c candidate) wide() bool {
	switch c.name {
	case utf16leName, utf16beName, utf32leName, utf32beName:
		return true
	}
	return false
}

// wide returns UTF-16 or UTF-32 for text with zero bytes, which no other
// encoding has. Even text of ideographs has line ends, and most has spaces.
func wide(data []byte, said candidate) (candidate, error) {
	part := data[:min(len(data), sampleBytes)] // which is whole characters
	names := []string{utf32leName, utf32beName, utf16leName, utf16beName}
	if said.wide() {
		names = append([]string{said.name}, names...)
	}
	var best candidate
	most := 0
	for _, name := range names {
		c, _ := named(name)
		if n := commonplace(c.decode(part)); n > most {
			best, most = c, n
		}
	}
	if most == 0 {
		return best, errZero
	}
	return best, nil
}

// commonplace returns how many characters of a text are ASCII or of a script
// that ASCII characters stand beside; 0 if it has what no text has.
func commonplace(text string) (n int) {
	broken, all := 0, 0
	for _, r := range text {
		all++
		switch {
		case r == utf8.RuneError, r < ' ' && !bytes.ContainsRune([]byte("\t\n\v\f\r"), r), !unicode.IsGraphic(r) && !unicode.In(r, unicode.Cf, unicode.Cc):
			broken++
		case r < utf8.RuneSelf:
			n += 4
		case r < 0x2000: // alphabets
			n += 2
		default:
			n++
		}
	}
	if broken > all/100 {
		return 0
	}
	return n
}
