package adapters

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"tilgate/internal/lang"
)

// A Term is a row of a glossary: what people say, and what an answer must
// call it.
type Term struct {
	Source string // in the words of a question, in any language
	Target string // in the adapter's language
}

// Limits of a glossary: it is searched for every question.
const (
	maxTerms     = 20_000
	maxTermRunes = 200
)

// readGlossary reads TAG/glossary.tsv: lines of source, tab, target; what
// follows a further tab is a note. Empty lines and those that begin with # say
// nothing. A folder without one has no terms.
func readGlossary(dir fs.FS, tag string) ([]Term, []error) {
	name := path.Join(tag, "glossary.tsv")
	data, err := fs.ReadFile(dir, name)
	if err != nil {
		if isNotThere(err) {
			return nil, nil
		}
		return nil, []error{err}
	}
	var terms []Term
	var faults []error
	for i, line := range strings.Split(strings.TrimPrefix(string(data), "\uFEFF"), "\n") {
		line = strings.TrimRight(line, "\r")
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
			continue
		}
		t, err := parseTerm(line)
		if err == nil && len(terms) == maxTerms {
			return nil, append(faults, fmt.Errorf("%s: more than %d terms", name, maxTerms))
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: line %d: %w", name, i+1, err))
			continue
		}
		terms = append(terms, t)
	}
	return terms, faults
}

func parseTerm(line string) (Term, error) {
	fields := strings.Split(line, "\t")
	if len(fields) < 2 {
		return Term{}, fmt.Errorf("%q has no tab between the term and what to call it", line)
	}
	t := Term{Source: strings.TrimSpace(fields[0]), Target: strings.TrimSpace(fields[1])}
	switch {
	case t.Source == "" || t.Target == "":
		return Term{}, fmt.Errorf("one side of the tab is empty")
	case !utf8.ValidString(line):
		return Term{}, fmt.Errorf("this is not UTF-8")
	case utf8.RuneCountInString(t.Source) > maxTermRunes || utf8.RuneCountInString(t.Target) > maxTermRunes:
		return Term{}, fmt.Errorf("a term is longer than %d letters", maxTermRunes)
	}
	return t, nil
}

// A Glossary is terms in the order in which they were written, ready to be
// looked up in questions. The zero value has none.
type Glossary struct {
	Terms []Term

	tag    lang.Tag
	folded []string         // the sources, in their match form
	heads  map[string][]int // places of terms, by the head of their match form
}

// NewGlossary returns the glossary of terms for a language.
func NewGlossary(tag lang.Tag, terms []Term) Glossary {
	if len(terms) == 0 {
		return Glossary{}
	}
	g := Glossary{Terms: terms, tag: tag, heads: map[string][]int{}}
	for i, t := range terms {
		f := lang.Fold(tag, t.Source)
		g.folded = append(g.folded, f)
		g.heads[head(f)] = append(g.heads[head(f)], i)
	}
	return g
}

// headRunes is how many letters of a term lead to it; shorter ones are found
// by all they have.
const headRunes = 3

func head(s string) string {
	n := 0
	for i := range s {
		if n == headRunes {
			return s[:i]
		}
		n++
	}
	return s
}

// inWords is how long a term must be to be found inside a word and not only at
// its beginning, as Swahili and Arabic put particles before words. Endings, as
// Turkic languages put them after, are no hindrance at any length.
const inWords = 5

// maxMatches is how many terms a prompt is given.
const maxMatches = 20

// In returns the terms that stand in a text, in order of their place there.
func (g Glossary) In(text string) []Term {
	if len(g.Terms) == 0 {
		return nil
	}
	folded := lang.Fold(g.tag, text)
	var found []int
	before := ' '
	for i, r := range folded {
		for _, n := range g.candidates(folded[i:]) {
			f := g.folded[n]
			starts := !isLetter(before) || !lang.ScriptOfRune(r).Spaced() || utf8.RuneCountInString(f) >= inWords
			if starts && strings.HasPrefix(folded[i:], f) && !slices.Contains(found, n) && len(found) < maxMatches {
				found = append(found, n)
			}
		}
		before = r
	}
	terms := make([]Term, len(found))
	for i, n := range found {
		terms[i] = g.Terms[n]
	}
	return terms
}

// candidates returns the places of the terms that text may begin with.
func (g Glossary) candidates(text string) []int {
	var places []int
	full := head(text)
	for i := range full {
		if i > 0 {
			places = append(places, g.heads[full[:i]]...)
		}
	}
	return append(places, g.heads[full]...)
}

func isLetter(r rune) bool {
	for range lang.Words(string(r)) {
		return true
	}
	return false
}

// Missing returns those of terms that a text should use and does not.
func (g Glossary) Missing(terms []Term, text string) []Term {
	if len(terms) == 0 {
		return nil
	}
	folded := lang.Fold(g.tag, text)
	var missing []Term
	for _, t := range terms {
		if !strings.Contains(folded, lang.Fold(g.tag, t.Target)) {
			missing = append(missing, t)
		}
	}
	return missing
}
