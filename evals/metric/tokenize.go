package metric

import (
	"regexp"
	"strings"
)

// A Tokenizer cuts text into words for BLEU. They are sacreBLEU's, by its
// names.
type Tokenizer string

// The tokenizers.
const (
	Tok13a  Tokenizer = "13a"  // as mteval-v13a did; ASCII punctuation
	TokIntl Tokenizer = "intl" // as mteval-v14 did; Unicode punctuation and symbols
	TokChar Tokenizer = "char" // each character is a word
	TokNone Tokenizer = "none" // words are apart already
)

// A rule replaces what an expression matches.
type rule struct {
	match *regexp.Regexp
	with  string
}

var (
	rules13a = []rule{
		{regexp.MustCompile(`([{-~\[-` + "`" + ` -&(-+:-@/])`), " ${1} "},
		{regexp.MustCompile(`([^0-9])([.,])`), "${1} ${2} "},
		{regexp.MustCompile(`([.,])([^0-9])`), " ${1} ${2}"},
		{regexp.MustCompile(`([0-9])(-)`), "${1} ${2} "},
	}
	rulesIntl = []rule{
		{regexp.MustCompile(`(\PN)(\pP)`), "${1} ${2} "},
		{regexp.MustCompile(`(\pP)(\PN)`), " ${1} ${2}"},
		{regexp.MustCompile(`(\pS)`), " ${1} "},
	}
)

// Words returns the words of a text.
func (t Tokenizer) Words(s string) []string {
	switch t {
	case TokChar:
		return strings.Split(strings.Join(words(s), ""), "")
	case TokIntl:
		return words(replace(s, rulesIntl))
	case TokNone:
		return words(s)
	}
	s = strings.ReplaceAll(strings.ReplaceAll(s, "<skipped>", ""), "-\n", "")
	s = strings.ReplaceAll(s, "\n", " ")
	if strings.Contains(s, "&") {
		s = unescape13a(s)
	}
	return words(replace(" "+s+" ", rules13a))
}

// unescape13a replaces one entity after the other, so that &amp;lt; becomes <.
func unescape13a(s string) string {
	for _, e := range [][2]string{{"&quot;", `"`}, {"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}} {
		s = strings.ReplaceAll(s, e[0], e[1])
	}
	return s
}

func replace(s string, rules []rule) string {
	for _, r := range rules {
		s = r.match.ReplaceAllString(s, r.with)
	}
	return s
}
