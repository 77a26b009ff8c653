package quality

import (
	"fmt"
	"strings"

	"tilgate/internal/lang"
	"tilgate/rag/read"
)

// A section is a part of a report as it is shown, on a terminal and on a page.
type section struct {
	ID, Title string
	Table     *table // may be nil
	Lists     []list
}

// A table has text in its first columns and numbers in the others.
type table struct {
	Head   []string
	Texts  int // columns of text
	Rows   [][]string
	Shares []float64 // of each row, drawn as a bar; nil for none
}

// A list has examples.
type list struct {
	Title string
	Items []item
	More  int // that are not among them
}

// An item is a document, or two that are alike, with what is the matter.
type item struct {
	Documents []Document
	Text      string
}

// sections are those that have something to show.
func sections(r Report) []section {
	all := []section{
		{"languages", "Languages", languageTable(r), nil},
		{"declared", "Languages, declared and found", declaredTable(r), declaredLists(r)},
		{"formats", "Files", formatTable(r), nil},
		{"notes", "What could not be read as it should", notesTable(r), notesLists(r)},
		{"faults", "What was not read at all", nil, faultLists(r)},
		{"duplicates", "Documents that are there twice", nil, pairLists(r)},
		{"superseded", "Documents that others have replaced", nil, successionLists(r.Superseded)},
		{"personal", "Personal data", dataTable(r), dataLists(r)},
	}
	shown := all[:0]
	for _, s := range all {
		if s.Table != nil || len(s.Lists) > 0 {
			shown = append(shown, s)
		}
	}
	return shown
}

func languageTable(r Report) *table {
	t := &table{Head: []string{"Language", "Script", "Documents", "Passages", "Characters"}, Texts: 2}
	for _, l := range r.Languages {
		t.add(share(l.Characters, r.Characters), tagged(l.Tag), scriptName(l.Script), number(l.Documents), number(l.Passages), number(l.Characters))
	}
	return t.orNil()
}

func declaredTable(r Report) *table {
	t := &table{Head: []string{"Declared", "Found", "", "Documents"}, Texts: 3}
	known := false
	for _, d := range r.Declared {
		declared, found, mark := "not declared", "not looked for", ""
		if d.Declared != "" {
			declared, known = tagged(d.Declared), true
		}
		if d.Detected != "" {
			found, known = tagged(d.Detected), true
		}
		if d.Differs {
			mark = "differs"
		}
		t.add(share(d.Documents, r.Documents), declared, found, mark, number(d.Documents))
	}
	if !known {
		return nil
	}
	return t.orNil()
}

func declaredLists(r Report) []list {
	var lists []list
	for _, d := range r.Declared {
		if d.Differs {
			title := fmt.Sprintf("Declared %s, looks like %s", languageName(d.Declared), languageName(d.Detected))
			lists = append(lists, d.list(title, func(e Example) string { return fmt.Sprintf("%.0f %% sure", 100*e.Confidence) }))
		}
	}
	return lists
}

func formatTable(r Report) *table {
	t := &table{Head: []string{"Ending", "Documents", "Pages", "Characters"}, Texts: 1}
	for _, f := range r.Formats {
		ending, pages := f.Ending, number(f.Pages)
		if ending == "" {
			ending = "other"
		}
		if f.Pages == 0 {
			pages = "–"
		}
		t.add(share(f.Documents, r.Documents), ending, number(f.Documents), pages, number(f.Characters))
	}
	return t.orNil()
}

func notesTable(r Report) *table {
	t := &table{Head: []string{"Kind", "Notes", "Documents"}, Texts: 1}
	for _, n := range r.Notes {
		t.add(share(n.Documents, r.Documents), capital(noteName(n.Kind)), number(n.Count), number(n.Documents))
	}
	return t.orNil()
}

func notesLists(r Report) []list {
	var lists []list
	if r.WithoutText.Documents > 0 {
		lists = append(lists, r.WithoutText.list("Documents without text", func(Example) string { return "" }))
	}
	for _, n := range r.Notes {
		lists = append(lists, n.list(capital(noteName(n.Kind)), func(e Example) string {
			text := read.Note{Where: e.Place, Text: e.Text}.String()
			if e.Count > 1 {
				text += fmt.Sprintf(" (and %s more)", number(e.Count-1))
			}
			return text
		}))
	}
	return lists
}

func faultLists(r Report) []list {
	if r.Faults.Count == 0 {
		return nil
	}
	l := list{Title: "Files and documents", More: r.Faults.Count - len(r.Faults.Examples)}
	for _, f := range r.Faults.Examples {
		l.Items = append(l.Items, item{[]Document{{ID: f.Where, Where: f.Where}}, f.Text})
	}
	return []list{l}
}

func pairLists(r Report) []list {
	var lists []list
	for _, of := range []struct {
		title string
		Pairs
	}{{"The same text", r.Duplicates.Same}, {"Nearly the same", r.Duplicates.Near}} {
		l := list{Title: of.title, More: of.Documents - len(of.Examples)}
		for _, p := range of.Examples {
			text := ""
			if p.Similarity < 1 {
				text = fmt.Sprintf("%.0f %% alike", 100*p.Similarity)
			}
			l.Items = append(l.Items, item{[]Document{p.A, p.B}, text})
		}
		if of.Documents > 0 {
			lists = append(lists, l)
		}
	}
	return lists
}

func dataTable(r Report) *table {
	t := &table{Head: []string{"Kind", "Found", "Documents"}, Texts: 1}
	if r.Personal != nil {
		for _, f := range r.Personal.Kinds {
			t.add(share(f.Documents, r.Documents), capital(dataName(f.Kind)), number(f.Count), number(f.Documents))
		}
	}
	return t.orNil()
}

func dataLists(r Report) []list {
	var lists []list
	if r.Personal != nil {
		for _, f := range r.Personal.Kinds {
			lists = append(lists, f.list(capital(dataName(f.Kind)), func(e Example) string { return number(e.Count) + " found" }))
		}
	}
	return lists
}

func (l Listed) list(title string, text func(Example) string) list {
	shown := list{Title: title, More: l.Documents - len(l.Examples)}
	for _, e := range l.Examples {
		shown.Items = append(shown.Items, item{[]Document{e.Document}, text(e)})
	}
	return shown
}

func (t *table) add(share float64, cells ...string) {
	t.Rows, t.Shares = append(t.Rows, cells), append(t.Shares, share)
}

func (t *table) orNil() *table {
	if len(t.Rows) == 0 {
		return nil
	}
	return t
}

func share(n, of int) float64 { return float64(n) / float64(max(of, 1)) }

// tagged is a language's name with its tag.
func tagged(tag lang.Tag) string {
	if name := languageName(tag); tag != "" && tag != lang.Und && name != string(tag) {
		return name + " · " + string(tag)
	}
	return languageName(tag)
}

// summary are the sentences that a report begins with.
func summary(r Report) []string {
	size := []string{documents(r.Documents), count(r.Passages, "passage", "passages"), count(r.Characters, "character", "characters")}
	if r.Pages > 0 {
		size = append(size, count(r.Pages, "page", "pages"))
	}
	lines := []string{
		strings.Join(size, ", ") + ".",
		fmt.Sprintf("%s added, %s changed, %s as before, %s removed.", number(r.Changes.Added), number(r.Changes.Changed), number(r.Changes.Unchanged), number(r.Changes.Removed)),
	}
	if r.Passages > 0 {
		lines = append(lines, fmt.Sprintf("Half of the passages have at most %s; 5 %% have at most %s, and 5 %% more than %s.",
			count(r.Lengths.Median, "character", "characters"), number(r.Lengths.P5), number(r.Lengths.P95)))
	}
	return lines
}
