package rag

import (
	"cmp"
	"strings"

	"github.com/zeebo/xxh3"

	"tilgate/internal/lang"
)

// A unit is what a passage is made of and what is not cut: a sentence, a
// heading, a table or a list.
type unit struct {
	start, end int // in the document's text
	letters    int
	kind       MarkKind // 0 is a sentence
	gap        gap      // before it
	hash       uint64
	path       []Mark // headings that it stands under
	top        Mark   // rows that head the table of which it is a row
}

// A gap is how good a place is to begin a passage.
type gap int

const (
	sentenceGap  gap = iota
	paragraphGap     // or a table, or a list
	headingGap       // and more by the level of the heading
)

// better reports whether a passage had better begin with u than with o.
func (u unit) better(o unit) bool {
	return cmp.Or(cmp.Compare(u.gap, o.gap), cmp.Compare(o.hash, u.hash)) > 0
}

// unitsOf lists the units of a document.
func unitsOf(d Document, limit int) []unit {
	l := listing{d: d, limit: limit}
	at := 0
	for _, m := range d.Marks {
		if m.At < at || m.End <= m.At || m.End > len(d.Text) {
			continue // marks of another text
		}
		l.sentences(at, m.At)
		l.marked(m)
		at = m.End
	}
	l.sentences(at, len(d.Text))
	return l.units
}

type listing struct {
	d     Document
	limit int
	path  []Mark
	units []unit
}

func (l *listing) add(start, end int, kind MarkKind, g gap) {
	text := l.d.Text[start:end]
	if strings.TrimSpace(text) == "" {
		return
	}
	l.units = append(l.units, unit{start: start, end: end, letters: letters(text), kind: kind, gap: g,
		hash: xxh3.HashString(strings.TrimSpace(text)), path: l.path})
}

// sentences adds those of plain text. One that is too long is cut: it has no
// end that we know, as in a table that nobody marked.
func (l *listing) sentences(from, to int) {
	at := from
	for s := range lang.Sentences(l.d.Lang, l.d.Text[from:to]) {
		start := at + strings.Index(l.d.Text[at:to], s)
		g := sentenceGap
		if at == from || strings.Count(l.d.Text[at:start], "\n") > 1 {
			g = paragraphGap
		}
		at = start + len(s)
		l.pieces(start, at, g)
	}
}

// pieces adds a sentence, or what it is cut into.
func (l *listing) pieces(start, end int, g gap) {
	for rest := letters(l.d.Text[start:end]); rest > 2*l.limit; {
		next := start + softCut(l.d.Text[start:end], l.limit)
		rest -= letters(l.d.Text[start:next])
		l.add(start, next, 0, g)
		start, g = next, sentenceGap
	}
	l.add(start, end, 0, g)
}

func (l *listing) marked(m Mark) {
	switch {
	case m.Kind == Heading:
		l.add(m.At, m.End, Heading, headingGap+gap(6-m.Level))
		l.enter(m)
	case letters(l.d.Text[m.At:m.End]) <= 2*l.limit:
		l.add(m.At, m.End, m.Kind, paragraphGap)
	default:
		l.lines(m)
	}
}

// enter makes what follows stand under a heading. The paths of units before
// stay as they are.
func (l *listing) enter(m Mark) {
	n := 0
	for n < len(l.path) && l.path[n].Level < m.Level {
		n++
	}
	l.path = append(l.path[:n:n], m)
}

// lines adds a table or list that is too long by its lines. The rows that head
// a table stay with the first of the others.
func (l *listing) lines(m Mark) {
	at, g := m.At, paragraphGap
	top := Mark{At: m.At, End: m.At}
	n := 0
	for line := range strings.Lines(l.d.Text[m.At:m.End]) {
		first := len(l.units)
		if end := at + len(line); letters(line) > 2*l.limit {
			l.pieces(at, end, g)
		} else {
			l.add(at, end, m.Kind, g)
		}
		at, g = at+len(line), sentenceGap
		if n++; m.Kind == Table && n <= m.Level && at-m.At <= maxHead {
			top.End = at
			for i := first; i < len(l.units); i++ {
				l.units[i].kind = Heading // no passage ends with it
			}
			continue
		}
		for i := first; i < len(l.units); i++ {
			l.units[i].top = top
		}
	}
}

// maxHead is how many bytes the context of a passage has at most, about.
const maxHead = 400

// headOf says what the passage that begins with u stands under: headings, from
// the outermost on, and the head of the table that it goes on with.
func (d Document) headOf(u unit) string {
	var names []string
	size := 0
	for i := len(u.path) - 1; i >= 0; i-- { // the nearest matter most
		name := d.Text[u.path[i].At:u.path[i].End]
		if size += len(name); size > maxHead {
			break
		}
		if name != d.Title {
			names = append([]string{name}, names...)
		}
	}
	head := strings.Join(names, " › ")
	if top := strings.TrimSpace(d.Text[u.top.At:u.top.End]); top != "" {
		head = strings.TrimSpace(head + "\n" + top)
	}
	return head
}
