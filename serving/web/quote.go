package web

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"tilgate/internal/lang"
)

// A Quote is where a passage says what an answer cites it for: from one place
// in its text to another, in UTF-16 units, which is how a script counts.
type Quote [2]int

var anyMark = regexp.MustCompile(`\[(\p{Nd}{1,3})\]`)

const (
	likeEnough = 0.35 // of the words of the citing sentence are in the passage's
	mostMarks  = 200  // that are looked at
	mostQuoted = 10   // sentences of a quotation
	mostBefore = 1500 // bytes before a mark, in which its sentence is looked for
)

// Quotes finds, for each mark [n] of an answer, the sentence of passage n that
// is most like the sentence that cites it. Where none is, as between two
// languages, there is no quote.
func Quotes(answer string, tag lang.Tag, sources []Source) map[int][]Quote {
	found := map[int][]Quote{}
	for _, m := range limited(anyMark.FindAllStringSubmatchIndex(answer, -1), mostMarks) {
		n, _ := strconv.Atoi(lang.ASCIIDigits(answer[m[2]:m[3]]))
		if n < 1 || n > len(sources) {
			continue
		}
		for _, said := range citing(tag, answer[:m[0]]) {
			if q, ok := nearest(stems(tag, said), sources[n-1]); ok && !slices.Contains(found[n], q) {
				found[n] = append(found[n], q)
			}
		}
	}
	for _, list := range found {
		slices.SortFunc(list, func(a, b Quote) int { return a[0] - b[0] })
	}
	return found
}

func limited[T any](list []T, most int) []T { return list[:min(len(list), most)] }

// citing returns what the mark behind a text is about: its last sentence, or all
// of them in a quotation. Marks at its end are not of it.
func citing(tag lang.Tag, before string) []string {
	for {
		before = strings.TrimSpace(before)
		i := strings.LastIndexByte(before, '[')
		if i < 0 || anyMark.FindString(before[i:]) != before[i:] {
			break
		}
		before = before[:i]
	}
	if len(before) > mostBefore {
		before = before[len(before)-mostBefore:]
		for len(before) > 0 && !utf8.RuneStart(before[0]) {
			before = before[1:]
		}
	}
	quoted, isQuote := strings.CutSuffix(before, "”")
	if from := strings.LastIndex(quoted, "“"); isQuote && from >= 0 {
		return limited(slices.Collect(lang.Sentences(tag, quoted[from+len("“"):])), mostQuoted)
	}
	list := slices.Collect(lang.Sentences(tag, before))
	return list[max(0, len(list)-1):]
}

// stems returns what sentences are compared by: the beginnings of words, for
// most of our languages put much at their ends; pairs of characters, where
// words are not parted.
func stems(tag lang.Tag, text string) map[string]bool {
	const letters = 5
	set := map[string]bool{}
	units := lang.Units(tag, anyMark.ReplaceAllString(text, " "))
	for i, u := range units {
		if lang.Parted(tag) {
			runes := []rune(u)
			set[string(runes[:min(len(runes), letters)])] = true
		} else if i > 0 {
			set[units[i-1]+u] = true
		}
	}
	return set
}

// nearest returns where the sentence most like the one said stands.
func nearest(said map[string]bool, s Source) (Quote, bool) {
	best, where, at := 0.0, Quote{}, 0
	for sentence := range lang.Sentences(s.Lang, s.Text) {
		from := strings.Index(s.Text[at:], sentence)
		if from < 0 {
			continue // it was tidied, and stands nowhere as it is
		}
		from += at
		at = from + len(sentence)
		if share := shared(said, stems(s.Lang, sentence)); share > best {
			best, where = share, Quote{from, at}
		}
	}
	if best < likeEnough {
		return Quote{}, false
	}
	return Quote{units16(s.Text[:where[0]]), units16(s.Text[:where[1]])}, true
}

func shared(said, there map[string]bool) float64 {
	n := 0
	for w := range said {
		if there[w] {
			n++
		}
	}
	return float64(n) / float64(max(len(said), 1))
}

func units16(text string) int {
	n := 0
	for _, r := range text {
		n += utf16.RuneLen(r)
	}
	return n
}
