package html

import (
	"strings"

	"golang.org/x/net/html/atom"
)

const (
	maxColumns = 256
	maxRepeat  = 200  // bytes of a cell that stands in each row that it spans
	maxCell    = 1200 // letters of a cell in a table of data; more is a layout
)

// table writes the rows of a table, or the text of its cells if it is only
// there to lay them out.
func (w *writer) table(table *node) {
	w.flush()
	if !isData(table) {
		w.children(table)
		w.flush()
		return
	}
	w.out.EndTable()
	var spans spans
	heads := true
	w.rows(table, &spans, &heads)
	w.out.EndTable()
}

// isData tells a table of data from one that lays a page out: its cells hold
// a line or two each, and there are several in a row.
func isData(table *node) bool {
	rows, cells, heads, layout := 0, 0, 0, false
	for c := table.first; c != nil; c = c.next {
		c.all(func(n *node) bool {
			switch {
			case n.tag == atom.Tr:
				rows++
			case isCell(n.tag):
				cells++
				if n.tag == atom.Th {
					heads++
				}
				layout = layout || n.chars > maxCell && heads == 0 || n.chars > 4*maxCell || n.chars > fewLetters && n.is(parted)
			case n.tag == atom.Table, isHeading(n.tag):
				layout = layout || heads == 0
			}
			return !layout
		})
	}
	return !layout && cells > rows && (rows > 1 || heads > 0)
}

// rows writes the rows in a table or a part of it. The first ones head it as
// long as all their cells do.
func (w *writer) rows(n *node, spans *spans, heads *bool) {
	for c := n.first; c != nil && !w.full(); c = c.next {
		switch {
		case c.is(hidden | dropped):
		case c.tag == atom.Tr:
			w.row(c, spans, heads)
		case isRows(c.tag):
			w.rows(c, spans, heads)
		case c.chars > 0: // a caption, or text that a browser would show above
			w.out.Paragraph(w.text(c))
		}
	}
}

func (w *writer) row(tr *node, spans *spans, heads *bool) {
	row := spans.next()
	allHeads := tr.parent.tag == atom.Thead
	onlyHeads := true
	for c := tr.first; c != nil && len(row) < maxColumns; c = c.next {
		if !isCell(c.tag) || c.is(hidden|dropped) {
			continue
		}
		onlyHeads = onlyHeads && c.tag == atom.Th
		row = spans.put(row, strings.Join(strings.Fields(w.text(c)), " "), c, &w.spare)
	}
	row = spans.rest(row)
	for len(row) > 0 && row[len(row)-1] == "" {
		row = row[:len(row)-1]
	}
	if *heads = *heads && (allHeads || onlyHeads); *heads {
		w.out.HeadRow(row...)
	} else {
		w.out.Row(row...)
	}
}

// spans are the cells that reach down into the rows below.
type spans []span

type span struct {
	text string
	rows int32 // that it still stands in
}

// next begins a row.
func (s *spans) next() []string { return s.fill(nil) }

// fill adds the cells from above that come next in a row.
func (s *spans) fill(row []string) []string {
	for len(row) < len(*s) && (*s)[len(row)].rows > 0 {
		above := &(*s)[len(row)]
		above.rows--
		row = append(row, above.text)
	}
	return row
}

// put adds a cell to a row, and then those from above. What spans columns
// stands in the first of them; what spans rows is said in each, so that each
// can be read alone, as long as spare lasts.
func (s *spans) put(row []string, text string, cell *node, spare *int) []string {
	for i := range min(max(cell.num, 1), maxColumns) {
		if i > 0 {
			text = ""
		}
		if cell.rows > 1 {
			s.reach(len(row), text, min(cell.rows-1, 1000), spare)
		}
		row = append(row, text)
		if len(row) >= maxColumns {
			return row
		}
	}
	return s.fill(row)
}

func (s *spans) reach(column int, text string, rows int32, spare *int) {
	if cost := int(rows) * len(text); len(text) > maxRepeat || cost > *spare {
		text = ""
	} else {
		*spare -= cost
	}
	for len(*s) <= column {
		*s = append(*s, span{})
	}
	(*s)[column] = span{text, rows}
}

// rest ends a row: cells from above may follow after a gap.
func (s *spans) rest(row []string) []string {
	for len(row) < len(*s) {
		if above := &(*s)[len(row)]; above.rows > 0 {
			above.rows--
			row = append(row, above.text)
		} else {
			row = append(row, "")
		}
	}
	return row
}
