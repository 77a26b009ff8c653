package personal

import "strings"

// An atom is a run of ASCII letters and digits in a folded text.
type atom struct {
	start, end, digits int
}

const (
	maxAtoms = 9  // of one number: an IBAN in fours
	maxLen   = 48 // of one number, with its marks
)

// atoms cuts a text into its runs of ASCII letters and digits. Those longer
// than any number are as good as a mark that joins nothing.
func atoms(text string) []atom {
	var list []atom
	for i := 0; i < len(text); i++ {
		if !alnum(text[i]) {
			continue
		}
		a := atom{start: i}
		for i < len(text) && alnum(text[i]) {
			if digit(text[i]) {
				a.digits++
			}
			i++
		}
		a.end = i
		list = append(list, a)
	}
	return list
}

// joins reports whether two atoms may be of one number, by what is between
// them: one mark, or a bracket with a space or dash.
func joins(between string) bool {
	if between == "" || len(between) > 3 {
		return false
	}
	for i := range len(between) {
		if strings.IndexByte(" -./()", between[i]) < 0 {
			return false
		}
	}
	return true
}

// A candidate is some neighbouring atoms.
type candidate struct {
	text       string // "700) 12-34-56"
	compact    string // its letters and digits, "700123456"
	start, end int    // in the folded text
	digits     int
	atoms      []atom
}

// numbers appends the numbers among the candidates of t, and those that rules
// find anywhere.
func (f *Finder) numbers(t *folded, found []Match) []Match {
	list, all := atoms(t.text), compact(t.text)
	from := 0 // of list[i] in all
	for i := range list {
		digits, to := 0, from
		for j := i; j < len(list) && j < i+maxAtoms && list[j].end-list[i].start <= maxLen; j++ {
			if j > i && !joins(t.text[list[j-1].end:list[j].start]) {
				break
			}
			to += list[j].end - list[j].start
			if digits += list[j].digits; digits > 0 {
				c := candidate{t.text[list[i].start:list[j].end], all[from:to], list[i].start, list[j].end, digits, list[i : j+1]}
				found = f.tryAll(t, c, found)
			}
		}
		from += list[i].end - list[i].start
	}
	for _, r := range f.anywhere {
		found = r.findAnywhere(t, found)
	}
	return found
}

func (f *Finder) tryAll(t *folded, c candidate, found []Match) []Match {
	rules := f.shapes[shape{len(c.text), c.digits}]
	if len(rules) == 0 && c.digits < minPhone && len(c.text) < minIBAN || partOfMore(t.text, c.start, c.end) {
		return found
	}
	for _, r := range rules {
		if m, ok := r.match(t, c); ok {
			found = append(found, m)
		}
	}
	if m, ok := f.phone(t, c); ok {
		found = append(found, m)
	}
	if m, ok := f.card(t, c); ok {
		found = append(found, m)
	}
	if m, ok := f.iban(t, c); ok {
		found = append(found, m)
	}
	return found
}

// partOfMore reports whether text[start:end] is a piece of a longer number, a
// sum, a time or a word: 1.234.567,89 or 12-0700123456.
func partOfMore(text string, start, end int) bool {
	joint := func(c byte) bool { return strings.IndexByte(".,-/:_'", c) >= 0 }
	if start >= 2 && joint(text[start-1]) && digit(text[start-2]) {
		return true
	}
	return end+1 < len(text) && joint(text[end]) && digit(text[end+1])
}

// compact returns the letters and digits of a text.
func compact(text string) string {
	b := make([]byte, 0, len(text))
	for i := range len(text) {
		if alnum(text[i]) {
			b = append(b, text[i])
		}
	}
	return string(b)
}
