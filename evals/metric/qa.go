package metric

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// A Profile says how an answer is written before it is compared with the gold
// ones. Scores can be compared only within one.
type Profile string

// The profiles. Those that carry a program's name agree with it in every
// digit, its mistakes included.
const (
	// SQuAD drops ASCII punctuation and the English articles (SQuAD 1.1), in
	// whatever language.
	SQuAD Profile = "squad"
	// MLQA drops all punctuation and the articles of the language; "ال" of
	// Arabic wherever it stands, in the middle of words too (Lewis et al. 2020).
	MLQA Profile = "mlqa"
	// MLQAHarness is MLQA as lm-evaluation-harness has it: "ال" goes from the
	// beginning of words only.
	MLQAHarness Profile = "mlqa-lmeval"
	// Chars drops all punctuation and compares characters: for languages that
	// do not part their words, such as Thai, Lao, Khmer and Burmese.
	Chars Profile = "chars"
)

// mlqaArticles are those of the languages of MLQA.
var mlqaArticles = map[string]map[string]bool{
	"en": articles("a an the"),
	"es": articles("un una unos unas el la los las"),
	"vi": articles("của là cái chiếc những"),
	"de": articles("ein eine einen einem eines einer der die das den dem des"),
	"hi": nil, "ar": nil, "zh": nil,
}

func articles(list string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(list) {
		set[w] = true
	}
	return set
}

// Knows reports whether a profile has rules for a language, such as "vi".
func (p Profile) Knows(lang string) bool {
	switch p {
	case SQuAD, Chars:
		return true
	case MLQA, MLQAHarness:
		_, ok := mlqaArticles[lang]
		return ok
	}
	return false
}

var (
	arabicAnywhere = regexp.MustCompile(`ال`)
	arabicAtStart  = regexp.MustCompile(`(?:^|[\s\x1c-\x1f\x85\p{Z}])ال`)
)

// Normalize writes an answer as the profile compares it.
func (p Profile) Normalize(answer, lang string) string {
	s := lower(answer)
	switch p {
	case SQuAD:
		s = without(s, func(r rune) bool { return r < 128 && isPunct(byte(r)) })
		return strings.Join(words(dropWords(s, mlqaArticles["en"])), " ")
	case Chars:
		s = without(s, isAnyPunct)
		return strings.Join(strings.Split(strings.Join(words(s), ""), ""), " ")
	}
	s = dropWords(without(s, isAnyPunct), mlqaArticles[lang])
	switch {
	case lang == "ar" && p == MLQA:
		s = arabicAnywhere.ReplaceAllString(s, " ")
	case lang == "ar":
		s = arabicAtStart.ReplaceAllString(s, " ")
	case lang == "zh":
		s = hanApart(s)
	}
	return strings.Join(words(s), " ")
}

func without(s string, drop func(rune) bool) string {
	return strings.Map(func(r rune) rune {
		if drop(r) {
			return -1
		}
		return r
	}, s)
}

func isAnyPunct(r rune) bool {
	return unicode.IsPunct(r) || r < 128 && isPunct(byte(r))
}

// isWord reports whether Python's \w matches: marks are not part of words
// there.
func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) || r == '_' }

// dropWords puts a space in the place of each of the words in set.
func dropWords(s string, set map[string]bool) string {
	if len(set) == 0 {
		return s
	}
	var out strings.Builder
	for s != "" {
		n := strings.IndexFunc(s, func(r rune) bool { return !isWord(r) })
		if n < 0 {
			n = len(s)
		}
		if set[s[:n]] {
			out.WriteByte(' ')
		} else {
			out.WriteString(s[:n])
		}
		s = s[n:]
		gap := strings.IndexFunc(s, isWord)
		if gap < 0 {
			gap = len(s)
		}
		out.WriteString(s[:gap])
		s = s[gap:]
	}
	return out.String()
}

// hanApart makes each Chinese character a word.
func hanApart(s string) string {
	var out strings.Builder
	for _, r := range s {
		if r >= 0x4e00 && r <= 0x9fa5 {
			out.WriteString(" " + string(r) + " ")
		} else {
			out.WriteRune(r)
		}
	}
	return out.String()
}

// ExactMatch is 1 if an answer equals any gold one under the profile, else 0.
func (p Profile) ExactMatch(answer string, golds []string, lang string) float64 {
	got := p.Normalize(answer, lang)
	for _, gold := range golds {
		if got == p.Normalize(gold, lang) {
			return 1
		}
	}
	return 0
}

// F1 is the best F-score of the answer's words against those of a gold answer,
// from 0 to 1.
func (p Profile) F1(answer string, golds []string, lang string) float64 {
	got := words(p.Normalize(answer, lang))
	best := 0.0
	for _, gold := range golds {
		best = max(best, overlapF1(got, words(p.Normalize(gold, lang))))
	}
	return best
}

func overlapF1(got, want []string) float64 {
	same := float64(common(got, want))
	if same == 0 {
		return 0
	}
	precision, recall := same/float64(len(got)), same/float64(len(want))
	return (2 * precision * recall) / (precision + recall)
}

// common counts the words that two lists have in common, each as often as
// both have it.
func common(a, b []string) int {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	n := 0
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			n++
			i++
			j++
		case a[i] < b[j]:
			i++
		default:
			j++
		}
	}
	return n
}
