package wiki

import (
	"bytes"
	"strings"
)

// maxTables is how deep tables may stand in cells of each other. A table in a
// cell becomes text of the cell.
const maxTables = 8

// A table is one that is being read.
type table struct {
	row    []cellText
	spans  []span // of each column
	bodied bool   // a row has come that is no head
}

type cellText struct {
	text       []byte
	head       bool
	cols, rows int
}

// A span is a cell that reaches into the rows to come.
type span struct {
	rows int
	text string
}

func (s *blocks) openTable() {
	s.endParagraph()
	if len(s.tables) == maxTables {
		s.deeper++
		return
	}
	s.tables = append(s.tables, &table{})
}

func (s *blocks) tableLine(t []byte) {
	if len(t) == 0 {
		return
	}
	switch {
	case bytes.HasPrefix(bytes.TrimLeft(t, ": "), []byte("{|")):
		s.openTable()
	case bytes.HasPrefix(t, []byte("|}")):
		if s.deeper > 0 {
			s.deeper--
			return
		}
		s.closeTable(t[2:])
	case bytes.HasPrefix(t, []byte("|-")):
		s.endRow()
	case bytes.HasPrefix(t, []byte("|+")):
		_, caption := attributes(t[2:])
		s.loose(caption)
	case t[0] == '|' || t[0] == '!':
		s.cells(t)
	case isListMark(t[0]):
		s.continued("• ", bytes.TrimLeft(t, "*#:; "))
	default:
		s.continued("", bytes.Trim(t, "="))
	}
}

// cells reads a line of cells: "| а || б", "! а !! б".
func (s *blocks) cells(t []byte) {
	open := s.tables[len(s.tables)-1]
	head := t[0] == '!'
	rest := t[1:]
	for more := true; more; {
		var cell []byte
		cell, rest, more = cutCell(rest, head)
		attrs, text := attributes(cell)
		open.row = append(open.row, cellText{bytes.TrimSpace(text), head, spanOf(attrs, "colspan"), spanOf(attrs, "rowspan")})
	}
}

// cutCell cuts a line of cells at the first "||", or "!!" between heads.
func cutCell(line []byte, head bool) (cell, rest []byte, more bool) {
	for i := 1; i < len(line); i++ {
		if c := line[i]; c == line[i-1] && (c == '|' || c == '!' && head) {
			return line[: i-1 : i-1], line[i+1:], true
		}
	}
	return line[:len(line):len(line)], nil, false
}

// attributes parts a cell's attributes from its text.
func attributes(cell []byte) (attrs, text []byte) {
	if attrs, text, ok := bytes.Cut(cell, []byte("|")); ok {
		return attrs, text
	}
	return nil, cell
}

// continued adds a line to the cell before it.
func (s *blocks) continued(mark string, text []byte) {
	open := s.tables[len(s.tables)-1]
	if len(open.row) == 0 {
		s.loose(text)
		return
	}
	cell := &open.row[len(open.row)-1]
	if len(cell.text) > 0 {
		cell.text = append(cell.text, ' ')
	}
	cell.text = append(append(cell.text, mark...), text...)
}

// loose puts out text of a table that stands in no cell, such as its caption.
func (s *blocks) loose(text []byte) {
	if len(s.tables) > 1 {
		s.outer(plain(text))
		return
	}
	s.para = append(s.para, text...)
	s.endParagraph()
}

// outer adds text of a table inside a cell to that cell.
func (s *blocks) outer(text string) {
	around := s.tables[len(s.tables)-2]
	if len(around.row) == 0 {
		around.row = append(around.row, cellText{cols: 1, rows: 1})
	}
	cell := &around.row[len(around.row)-1]
	if len(cell.text) > 0 && text != "" {
		cell.text = append(cell.text, "; "...)
	}
	cell.text = append(cell.text, text...)
}

func (s *blocks) closeTable(rest []byte) {
	s.endRow()
	inner := len(s.tables) > 1
	s.tables = s.tables[:len(s.tables)-1]
	switch {
	case inner && len(rest) > 0:
		s.continued("", rest)
	case !inner:
		s.b.EndTable()
		s.text([]byte{'\n'}, bytes.TrimSpace(rest))
	}
}

// endRow puts out the row so far.
func (s *blocks) endRow() {
	open := s.tables[len(s.tables)-1]
	if len(open.row) == 0 {
		return
	}
	head := !open.bodied
	for _, c := range open.row {
		head = head && c.head
	}
	open.bodied = !head
	row := s.spread(open)
	open.row = open.row[:0]
	switch {
	case len(s.tables) > 1:
		s.outer(strings.Join(filled(row), ", "))
	case len(filled(row)) == 0:
	case head:
		s.flush()
		s.b.HeadRow(row...)
	default:
		s.flush()
		s.b.Row(row...)
	}
}

func filled(row []string) (some []string) {
	for _, cell := range row {
		if strings.TrimSpace(cell) != "" {
			some = append(some, cell)
		}
	}
	return some
}

// spread lays the cells of a row out in columns. A cell that reaches over
// rows is said again in each, so that a row can be understood alone; one that
// reaches over columns leaves those after its first empty.
func (s *blocks) spread(t *table) (row []string) {
	for _, c := range t.row {
		row = s.fromAbove(t, row)
		text := plain(c.text)
		for i := range c.cols {
			if i > 0 {
				text = ""
			}
			if i > 0 && !s.afford(3) {
				break
			}
			row = append(row, text)
			if len(row) > len(t.spans) {
				t.spans = append(t.spans, span{})
			}
			t.spans[len(row)-1] = span{c.rows - 1, text}
		}
	}
	return s.fromAbove(t, row)
}

// fromAbove adds the cells that reach into the row at its next columns.
func (s *blocks) fromAbove(t *table, row []string) []string {
	for len(row) < len(t.spans) && t.spans[len(row)].rows > 0 {
		above := &t.spans[len(row)]
		above.rows--
		if !s.afford(len(above.text) + 3) {
			above.rows = 0
			continue
		}
		row = append(row, above.text)
	}
	return row
}

// afford reports whether spans may add n bytes more to the page.
func (s *blocks) afford(n int) bool {
	s.spare -= n
	return s.spare >= 0
}
