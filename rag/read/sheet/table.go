package sheet

import (
	"fmt"
	"strings"
	"unicode"

	"tilgate/rag"
	"tilgate/rag/read"
)

// A table makes documents of the rows that it is given. Rows that are empty are
// not given.
type table struct {
	o      Options
	item   func() read.Item // to begin with
	name   string           // of the sheet; empty if it goes without one
	place  string           // what a row's number counts: "row" or "line"
	yield  func(read.Item, error) bool
	levels func(row int) int // rows that head a table whose header begins at row
	fill   func(row int, cells []string, header bool) []string

	early   []row // the first ones, until it is known what the table is
	decided bool
	asked   *header // of a table of questions
	head    [][]string
	heading int  // rows of the header that are still to come
	body    bool // rows under it have come
	title   string

	text    rag.Builder
	rows    int // in the text
	from    int // number of the first of them
	last    int
	parts   int
	given   int // documents
	wide    bool
	stopped bool // no more rows are wanted
	left    bool // because whoever wanted documents has left
	silent  int  // questions without an answer
	notes   []read.Note
}

type row struct {
	n     int
	cells []string
}

// add takes a row; cells are the caller's. It reports whether more are wanted.
func (t *table) add(n int, cells []string) bool {
	if len(cells) > maxColumns {
		cells, t.wide = cells[:maxColumns], true
	}
	for len(cells) > 0 && strings.TrimSpace(cells[len(cells)-1]) == "" {
		cells = cells[:len(cells)-1]
	}
	switch {
	case len(cells) == 0:
	case t.decided:
		t.take(row{n, cells})
	default:
		r := row{n, append([]string(nil), cells...)}
		if h, ok := headerOf(r.cells, t.o); ok {
			t.asked, t.decided, t.early = &h, true, nil
			return true
		}
		if t.early = append(t.early, r); len(t.early) == lookahead {
			t.decide()
		}
	}
	return !t.stopped
}

// decide makes the table one of rows under a header.
func (t *table) decide() {
	t.decided = true
	if len(t.early) > 0 && (t.o.Question != "" || t.o.Answer != "") {
		t.note("", fmt.Sprintf("it has no header with the columns %q and %q, and was left out", t.o.Question, t.o.Answer))
		t.stopped = true
	}
	for _, r := range t.early {
		t.take(r)
	}
	t.early = nil
}

// end gives what is left.
func (t *table) end() {
	if !t.decided {
		t.decide()
	}
	if t.wide {
		t.note("", fmt.Sprintf("columns after the first %d were left out", maxColumns))
	}
	if t.silent > 0 {
		t.note("", fmt.Sprintf("%d questions have no answer, and were left out", t.silent))
	}
	if t.rows > 0 && !t.stopped {
		t.give(t.parts > 0)
	}
}

func (t *table) note(where, text string) {
	if where == "" {
		where = t.name
	}
	t.notes = append(t.notes, read.Note{Kind: read.LeftOut, Where: where, Text: text})
}

func (t *table) take(r row) {
	switch {
	case t.stopped:
	case t.asked != nil:
		t.ask(r)
	default:
		t.put(r)
	}
}

// put writes a row into the document.
func (t *table) put(r row) {
	if t.rows >= t.o.rows() || t.text.Len() >= maxPart {
		t.give(true)
		t.again()
	}
	if t.rows == 0 {
		t.from = r.n
	}
	t.last = r.n
	header := t.heading > 0 || t.head == nil && !t.body && heads(r.cells)
	r.cells = t.fill(r.n, r.cells, header)
	switch {
	case header:
		if t.head == nil {
			t.heading = t.levels(r.n)
		}
		t.heading--
		t.head = append(t.head, append([]string(nil), r.cells...))
		t.text.HeadRow(r.cells...)
	case t.head == nil && !t.body && filled(r.cells) == 1:
		t.above(r)
	default:
		t.body = true
		t.text.Row(r.cells...)
	}
	t.rows++
}

// above writes what stands above the table: its title, and remarks.
func (t *table) above(r row) {
	text := strings.TrimSpace(strings.Join(r.cells, ""))
	if t.title == "" && t.rows == 0 && len(text) < 300 {
		t.title = strings.Join(strings.Fields(text), " ")
		return
	}
	t.text.Paragraph(text)
}

// again begins the next part, under the same header.
func (t *table) again() {
	t.text, t.rows = rag.Builder{}, 0
	for _, cells := range t.head {
		t.text.HeadRow(cells...)
	}
}

// give yields the document that was written so far.
func (t *table) give(part bool) {
	item := t.item()
	item.ID += t.suffix()
	item.Title = t.titled(item)
	if part {
		item.ID += fmt.Sprintf("!%d", t.from)
		item.Title += fmt.Sprintf(", %ss %d–%d", t.place, t.from, t.last)
	}
	item.Where += fmt.Sprintf(":%d", t.from)
	if t.text.Len() == 0 {
		t.text.Paragraph(t.title) // there is nothing else
	}
	t.text.Put(&item.Document)
	t.parts++
	t.out(item, nil)
}

func (t *table) out(item read.Item, err error) {
	item.Notes = append(item.Notes, t.notes...)
	t.notes = nil
	t.given++
	if err != nil {
		err = fmt.Errorf("%s: %w", item.Where, err)
	}
	if !t.yield(item, err) {
		t.stopped, t.left = true, true
	}
}

// suffix tells the documents of a workbook apart.
func (t *table) suffix() string {
	if t.name == "" {
		return ""
	}
	return "#" + t.name
}

// unnamed are names that programs give to sheets, with a number behind.
const unnamed = "sheet|лист|барак|парақ|бит|varaq|list|feuille|tabelle|hoja|planilha|foglio|sayfa|səhifə|аркуш|ورقة|برگه|शीट|পত্রক|ชีต|trang tính|工作表|시트"

// titled returns the title of the document: what stands above the table, the
// name of the sheet where it says something, or that of the file.
func (t *table) titled(item read.Item) string {
	if t.title != "" {
		return t.title
	}
	name := strings.ToLower(strings.TrimRightFunc(t.name, func(r rune) bool { return unicode.IsDigit(r) || unicode.IsSpace(r) || unicode.IsPunct(r) }))
	for known := range strings.SplitSeq("|"+unnamed, "|") {
		if name == known {
			return item.Title
		}
	}
	return t.name
}

// filled returns how many cells have something in them.
func filled(cells []string) (n int) {
	for _, c := range cells {
		if strings.TrimSpace(c) != "" {
			n++
		}
	}
	return n
}

// heads reports whether a row may head a table: it has several cells, and most
// of them are words.
func heads(cells []string) bool {
	words := 0
	for _, c := range cells {
		if strings.ContainsFunc(c, unicode.IsLetter) {
			words++
		}
	}
	n := filled(cells)
	return n > 1 && words*2 > n
}
