package rag

import "strings"

// A MarkKind is what a part of a document's text is.
type MarkKind uint8

// The kinds of marks. Text without one is plain sentences.
const (
	Heading MarkKind = iota + 1
	Table            // rows, one a line, cells apart by " | "
	List             // items, one a line
)

// A Mark says what stands at [At, End) of a document's text, in bytes. Marks
// are ascending and apart.
type Mark struct {
	Kind    MarkKind
	Level   int // of a heading, from 1; of a table, the rows at its top that head it
	At, End int
}

// A Builder puts the text of a document together out of its parts, as readers
// find them. The zero Builder is ready.
type Builder struct {
	text  strings.Builder
	marks []Mark
	open  bool // the last mark can grow
}

// cell is what stands between the cells of a row.
const cell = " | "

// Heading adds a heading of a level from 1 to 6.
func (b *Builder) Heading(level int, text string) {
	if text = oneLine(text); text == "" {
		return
	}
	at := b.begin()
	b.text.WriteString(text)
	b.marks = append(b.marks, Mark{Heading, min(max(level, 1), 6), at, b.text.Len()})
}

// Paragraph adds a paragraph. Line breaks in it are kept, empty lines are not.
func (b *Builder) Paragraph(text string) {
	if text = dense(text); text == "" {
		return
	}
	b.begin()
	b.text.WriteString(text)
}

// Row adds a row of a table. Rows that follow each other are one table, until
// EndTable.
func (b *Builder) Row(cells ...string) {
	clean := make([]string, len(cells))
	some := false
	for i, c := range cells {
		clean[i] = oneLine(c)
		some = some || clean[i] != ""
	}
	if some {
		b.line(Table, 0, strings.Join(clean, cell))
	}
}

// HeadRow adds a row that heads the table which begins with it.
func (b *Builder) HeadRow(cells ...string) {
	before := len(b.marks)
	b.Row(cells...)
	if n := len(b.marks); n > 0 && b.open && b.marks[n-1].Kind == Table && (n > before || b.marks[n-1].Level > 0) {
		b.marks[n-1].Level++
	}
}

// EndTable makes the next row begin another table, and the next item another
// list.
func (b *Builder) EndTable() { b.open = false }

// Item adds an item of a list, at a depth from 0, with the mark that stands
// before it, such as "1." or "а)"; none means a bullet. Items that follow each
// other are one list.
func (b *Builder) Item(depth int, mark, text string) {
	if text = oneLine(text); text == "" {
		return
	}
	if mark == "" {
		mark = "•"
	}
	b.line(List, 0, strings.Repeat("  ", min(max(depth, 0), 8))+mark+" "+text)
}

func (b *Builder) line(kind MarkKind, level int, text string) {
	if n := len(b.marks); b.open && n > 0 && b.marks[n-1].Kind == kind {
		b.text.WriteByte('\n')
		b.text.WriteString(text)
		b.marks[n-1].End = b.text.Len()
		return
	}
	at := b.begin()
	b.text.WriteString(text)
	b.marks = append(b.marks, Mark{kind, level, at, b.text.Len()})
	b.open = true
}

// begin starts a part, and returns where.
func (b *Builder) begin() int {
	b.open = false
	if b.text.Len() > 0 {
		b.text.WriteString("\n\n")
	}
	return b.text.Len()
}

// Len returns the bytes of text so far.
func (b *Builder) Len() int { return b.text.Len() }

// Put gives a document the text and its marks.
func (b *Builder) Put(d *Document) { d.Text, d.Marks = b.text.String(), b.marks }

// oneLine makes each run of white space one space. Joiners of letters are
// none.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// dense makes each line of a text one line as oneLine does, and leaves out
// those that are empty.
func dense(text string) string {
	if !strings.Contains(text, "\n") {
		return oneLine(text)
	}
	var lines []string
	for line := range strings.Lines(text) {
		if line = oneLine(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}
