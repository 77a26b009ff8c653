package serving

import (
	"regexp"

	"tilgate/internal/lang"
)

// SentenceEnd returns where the first sentence of an answer's text ends, in
// bytes, together with the citations that stand behind its full stop. It is
// the whole length where no end is seen, or where more of a citation may come.
func SentenceEnd(tag lang.Tag, text string) int {
	n := lang.SentenceEnd(tag, text)
	if n == len(text) {
		return n
	}
	n += len(marksBehind.FindString(text[n:]))
	if markBegun.MatchString(text[n:]) {
		return len(text)
	}
	return n
}

var (
	marksBehind = regexp.MustCompile(`^(?:\s*\[\p{Nd}{1,3}\])+`)
	markBegun   = regexp.MustCompile(`^\s*(?:\[\p{Nd}{0,3})?$`)
)
