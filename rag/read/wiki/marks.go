package wiki

import (
	"slices"
	"strings"
)

// Bytes below a space that strip gives blocks. No page has them: XML does not
// allow them, and strip leaves them out.
const (
	linkBegins = 0x02 // the text of an external link
	linkEnds   = 0x03
	lineBreak  = 0x04 // of <br>, which ends no paragraph, item or cell
	firstAsIs  = 0x0e // the characters of asIs, where the author meant themselves
)

// asIs are the characters that mark something up in what strip gives blocks.
const asIs = "*#:;=|!{}-+[]"

// literal appends a byte that is text, whatever it looks like.
func literal(out []byte, c byte) []byte {
	if i := strings.IndexByte(asIs, c); i >= 0 {
		return append(out, firstAsIs+byte(i))
	}
	if c < ' ' && c != '\n' && c != '\t' {
		return append(out, ' ')
	}
	return append(out, c)
}

// literals appends text that is nothing else.
func literals(out []byte, text string) []byte {
	for i := range len(text) {
		out = literal(out, text[i])
	}
	return out
}

// plain returns text as readers see it.
func plain(text []byte) string {
	if !slices.ContainsFunc(text, func(c byte) bool { return c < ' ' }) {
		return string(text)
	}
	var b strings.Builder
	b.Grow(len(text))
	for _, c := range text {
		switch {
		case c == lineBreak:
			b.WriteByte('\n')
		case c == linkBegins || c == linkEnds:
		case c >= firstAsIs && c < firstAsIs+byte(len(asIs)):
			b.WriteByte(asIs[c-firstAsIs])
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
