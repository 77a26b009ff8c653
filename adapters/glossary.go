package adapters

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
	"unicode/utf8"
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
