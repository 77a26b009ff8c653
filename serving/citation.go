package serving

import (
	"regexp"
	"unicode/utf8"

	"tilgate/internal/lang"
	"tilgate/rag"
)

// mark is a citation in an answer. Models write the number in the digits of
// the language at times.
var mark = regexp.MustCompile(`\[(\p{Nd}{1,3})\]`)

// citations finds the marks in an answer that name a passage. A mark with a
// number that is not there gives none: it is text, and nothing vouches for it.
func citations(answer string, passages []rag.Passage) []Citation {
	var out []Citation
	at, letters := 0, 0
	for _, m := range mark.FindAllStringSubmatchIndex(answer, -1) {
		n := 0
		for _, digit := range lang.Fold(lang.Und, answer[m[2]:m[3]]) {
			n = n*10 + int(digit-'0')
		}
		if n < 1 || n > len(passages) {
			continue
		}
		letters += utf8.RuneCountInString(answer[at:m[0]])
		at = m[0]
		out = append(out, Citation{N: n, Start: letters, End: letters + utf8.RuneCountInString(answer[m[0]:m[1]]), Passage: passages[n-1]})
	}
	return out
}
