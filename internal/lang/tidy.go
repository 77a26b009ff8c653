package lang

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Tidy returns text with each letter in its composed form and one space for
// all white space between words: what two people who wrote the same have in
// common, whatever they wrote it with. Unlike Fold it changes no meaning: 2²
// and 22 stay two things, and so do US and us.
func Tidy(text string) string {
	return strings.Join(strings.Fields(norm.NFC.String(text)), " ")
}
