package metric

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Text metric compares a text with one or more references. What it counts
// of a pair are numbers that may be added up over a corpus; the score is made
// of the sums, and is not the mean of the sentences' scores.
//
// Scores are those of sacreBLEU 2.6.0 to the last digits that floating point
// leaves (Post 2018, "A Call for Clarity in Reporting BLEU Scores").
type Text interface {
	// Count returns what is added up, always the same number of values. A pair
	// has at least one reference.
	Count(hyp string, refs []string) []float64
	// Score returns the score of sums, from 0 to 100; TER may be more.
	Score(sums []float64) float64
	// Signature says how the score was made, as sacreBLEU writes it. refs is
	// the number of references of each text, 0 if it differs.
	Signature(refs int) string
	// Name is what the score is called: "chrF2++".
	Name() string
}

// sacreBLEU is the version whose scores these are.
const sacreBLEU = "2.6.0"

// Sentence scores one pair.
func Sentence(m Text, hyp string, refs []string) float64 { return m.Score(m.Count(hyp, refs)) }

// Corpus scores many pairs together.
func Corpus(m Text, hyps []string, refs [][]string) float64 {
	return m.Score(Sum(Counts(m, hyps, refs)))
}

// Counts counts many pairs.
func Counts(m Text, hyps []string, refs [][]string) [][]float64 {
	counts := make([][]float64, len(hyps))
	inParallel(len(hyps), func(i int) { counts[i] = m.Count(hyps[i], refs[i]) })
	return counts
}

// Sum adds up the counts of many pairs.
func Sum(counts [][]float64) []float64 {
	var sums []float64
	for _, c := range counts {
		if sums == nil {
			sums = make([]float64, len(c))
		}
		for i, v := range c {
			sums[i] += v
		}
	}
	return sums
}

// signature writes "nrefs:1|case:mixed|…|version:2.6.0".
func signature(refs int, parts ...string) string {
	return "nrefs:" + number(refs) + "|" + strings.Join(parts, "|") + "|version:" + sacreBLEU
}

// number writes a number of references; 0 is one that differs.
func number(refs int) string {
	if refs == 0 {
		return "var"
	}
	return strconv.Itoa(refs)
}

func caseOf(lower bool) string {
	if lower {
		return "case:lc"
	}
	return "case:mixed"
}

// The metrics were written in Python, whose words and small letters differ
// from Go's in a few characters.

// isSpace reports whether Python's str.split cuts at r.
func isSpace(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }

func words(s string) []string { return strings.FieldsFunc(s, isSpace) }

func rstrip(s string) string { return strings.TrimRightFunc(s, isSpace) }

// lower is str.lower: İ becomes two characters, and Σ at the end of a word
// becomes ς.
func lower(s string) string {
	if !strings.ContainsAny(s, "İΣ") {
		return strings.ToLower(s)
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == 'İ':
			b.WriteString("i\u0307")
		case r == 'Σ' && endsWord(s[:i], s[i+len("Σ"):]):
			b.WriteRune('ς')
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// endsWord reports whether letters of a word stand before, and none after
// (Final_Sigma of the Unicode Standard, 3.13). x/text/cases does it too, but
// not where its buffer of 128 bytes ends.
func endsWord(before, after string) bool {
	r, _ := utf8.DecodeLastRuneInString(strings.TrimRightFunc(before, caseIgnorable))
	next, _ := utf8.DecodeRuneInString(strings.TrimLeftFunc(after, caseIgnorable))
	return cased(r) && !cased(next)
}

func cased(r rune) bool {
	return unicode.In(r, unicode.Lu, unicode.Ll, unicode.Lt, unicode.Other_Lowercase, unicode.Other_Uppercase)
}

func caseIgnorable(r rune) bool {
	return unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Lm, unicode.Sk) || strings.ContainsRune("'.:·\u0387՟״‘’․‧︓﹒﹕＇．：", r)
}
