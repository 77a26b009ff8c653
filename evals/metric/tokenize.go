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

// tercomMarks are what TER leaves out as punctuation.
var tercomMarks = strings.NewReplacer(".", "", ",", "", "?", "", ":", "", ";", "", "!", "", `"`, "", "(", "", ")", "")

// What Tercom takes for Asian, as sacreBLEU has it, whose range from U+3200 was
// meant to end at U+32FF. Its rules for kana match only a text that is nothing
// else, and that never comes to them without spaces around it.
const asian = `\x{3001}\x{3002}\x{3008}-\x{3011}\x{3014}-\x{301f}\x{ff61}-\x{ff65}\x{30fb}` + // its own marks
	`\x{ff0e}\x{ff0c}\x{ff1f}\x{ff1a}\x{ff1b}\x{ff01}\x{ff02}\x{ff08}\x{ff09}` // and ours at full width

var (
	asianMarks = regexp.MustCompile(`[` + asian + `]`)
	asianApart = regexp.MustCompile(`[\x{2e80}-\x{2eff}\x{31c0}-\x{31ef}\x{3200}-\x{4dbf}\x{4e00}-\x{9fff}\x{f900}-\x{faff}\x{fe30}-\x{fe4f}` + asian + `]`)
)

// tercom is the normalisation of Tercom's Normalizer.java: that of mteval-v13a,
// and the English possessive is a word.
func tercom(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\n-", ""), "\n", " ")
	s = replace(" "+unescape13a(s)+" ", rules13a[:1])
	return replace(strings.ReplaceAll(s, "'s ", " 's "), rules13a[1:])
}
