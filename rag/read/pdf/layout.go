package pdf

import (
	"math"
	"slices"
	"strings"
)

// A piece is what stands below each other on a page, in the order of reading: a
// line, or a row of a table.
type piece struct {
	line
	cells  []string // of a row
	table  int      // which table of the page a row belongs to, from 1
	column box      // that the line stands in, as far as its lines reach
	height float64  // where it stands, from 0 at the foot of the page to 1
}

// layout returns the pieces of a sheet in the order of reading.
func (s *sheet) layout() []piece {
	s.rtl = s.rightToLeft()
	tables, rest := s.ruled()
	flow := sheet{fonts: s.fonts, glyphs: rest, rtl: s.rtl}
	l := layouter{sheet: s, rtl: s.rtl, tables: tables}
	l.arrange(group(flow.lines()))
	l.finishTables(math.Inf(-1))
	l.settle()
	for i := range l.out {
		l.out[i].height = l.out[i].y / max(s.height, 1)
		l.out[i].glyphs = nil
	}
	return l.out
}

// rightToLeft reports whether most letters of the sheet are read so.
func (s *sheet) rightToLeft() bool {
	n := 0
	for _, g := range s.glyphs {
		switch classOf(firstRune(g.text)) {
		case rightToLeft:
			n++
		case leftToRight:
			n--
		}
	}
	return n > 0
}

// group puts lines that stand beside each other into rows.
func group(lines []line) [][]line {
	var rows [][]line
	for _, l := range lines {
		if n := len(rows); n > 0 && math.Abs(rows[n-1][0].y-l.y) < 0.4*max(l.size, rows[n-1][0].size) {
			rows[n-1] = append(rows[n-1], l)
			continue
		}
		rows = append(rows, []line{l})
	}
	for _, row := range rows {
		slices.SortStableFunc(row, func(a, b line) int { return compare(a.x0, b.x0) })
	}
	return rows
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

type layouter struct {
	sheet  *sheet
	rtl    bool
	tables []table
	out    []piece
	count  int   // of tables
	across []int // pieces that stand in no column
}

// arrange adds rows. Rows that have the same gutters are columns or a table.
func (l *layouter) arrange(rows [][]line) {
	for i := 0; i < len(rows); {
		end, gutters := band(rows, i)
		first := i // that has cells
		for first < end-1 && len(rows[first]) == 1 {
			first++
		}
		switch {
		case gutters == nil:
			l.add(rows[i], nil)
		case l.isTable(rows[first:end], gutters):
			for _, row := range rows[i:first] {
				l.add(row, nil)
			}
			l.addTable(rows[first:end], gutters)
		case columnar(rows[i:end], gutters):
			for ; len(rows[i]) == 1 && rows[i][0].size > 1.1*rows[i+1][0].size; i++ { // a heading
				l.add(rows[i], nil)
			}
			l.addColumns(rows[i:end], gutters)
		default:
			for _, row := range rows[i:end] {
				l.add(row, nil)
			}
		}
		i = end
	}
}

// whole makes one line of a row: its gaps are no gutters, but wide spaces.
func (l *layouter) whole(row []line) line {
	whole := row[0]
	for _, part := range row[1:] {
		if len(whole.glyphs)+len(part.glyphs) >= maxLine {
			whole.text += " " + part.text
			continue
		}
		space := glyph{text: " ", x0: whole.x1, x1: part.x0, y: part.y, size: part.size, object: -1}
		whole.glyphs = slices.Concat(whole.glyphs, []glyph{space}, part.glyphs)
		whole.x1 = part.x1
	}
	if len(whole.glyphs) > len(row[0].glyphs) {
		whole, _ = l.sheet.line(whole.glyphs)
	}
	return whole
}

// add adds a row of running text, which stands in a column of the page or, if
// that is nil, across it.
func (l *layouter) add(row []line, column *box) {
	l.finishTables(row[0].y)
	one := l.whole(row)
	if l.rtl && !one.rtl {
		one.text = endLast(one.text)
	}
	p := piece{line: one}
	if column != nil {
		p.column = *column
	} else {
		l.across = append(l.across, len(l.out))
	}
	l.out = append(l.out, p)
}

// settle gives what stands across the page the width that all of it takes.
func (l *layouter) settle() {
	page, all := around, around
	for _, i := range l.across {
		p := l.out[i]
		all.x0, all.x1 = min(all.x0, p.x0), max(all.x1, p.x1)
		if p.y > edge*l.sheet.height && p.y < (1-edge)*l.sheet.height {
			page.x0, page.x1 = min(page.x0, p.x0), max(page.x1, p.x1)
		}
	}
	if page == around {
		page = all
	}
	for _, i := range l.across {
		l.out[i].column = page
	}
}

// around is a box that nothing is in yet.
var around = box{x0: math.Inf(1), x1: math.Inf(-1)}

// endLast moves what ends a sentence, and stands on the left because the
// paragraph is read from right to left, behind the words.
func endLast(text string) string {
	if rest := strings.TrimLeft(text, ".:!،؛؟۔"); rest != "" && len(rest) < len(text) {
		return strings.TrimSpace(rest) + text[:len(text)-len(rest)]
	}
	return text
}
