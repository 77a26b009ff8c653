package pdf

import (
	"math"
	"slices"
	"strings"
)

// A table is one that lines are drawn around.
type table struct {
	box
	rows [][]string
}

// finishTables adds the tables that begin above y.
func (l *layouter) finishTables(y float64) {
	for len(l.tables) > 0 && l.tables[0].y1 > y {
		t := l.tables[0]
		l.tables = l.tables[1:]
		l.count++
		for i, row := range t.rows {
			at := t.y1 - (t.y1-t.y0)*float64(i)/float64(len(t.rows))
			l.out = append(l.out, piece{line: line{y: at}, cells: l.inOrder(row), table: l.count})
		}
	}
}

func (l *layouter) inOrder(row []string) []string {
	row = slices.Clone(row)
	if l.rtl {
		slices.Reverse(row)
	}
	return row
}

// isTable reports whether rows that share gutters are a table without lines: at
// least three rows with most cells filled, each column aligned, and cells that
// are shorter than running text would be.
func (l *layouter) isTable(rows [][]line, gutters []span) bool {
	full, short := 0, false
	columns := len(gutters) + 1
	for _, row := range rows {
		some := 0
		for _, c := range cells(row, gutters) {
			if len(c) > 0 {
				some++
			}
		}
		if some*2 > columns {
			full++
		}
	}
	for i := range columns {
		if !aligned(rows, gutters, i) {
			return false
		}
		share, wide := fill(rows, gutters, i)
		short = short || share < 0.7 || !wide
	}
	return short && full >= 3 && full*10 >= len(rows)*6 && !l.listed(rows, gutters) && !paintedDown(rows, gutters[0])
}

// listed reports whether one of two columns has nothing but the marks of a list.
func (l *layouter) listed(rows [][]line, gutters []span) bool {
	if len(gutters) != 1 {
		return false
	}
	first := 0
	if l.rtl {
		first = 1
	}
	for _, row := range rows {
		for _, c := range cells(row, gutters)[first] {
			if mark, rest := listMark(c.text + " x"); mark == "" || rest != "x" {
				return false
			}
		}
	}
	return true
}

// aligned reports whether the cells of a column begin, end or have their middle
// at the same place.
func aligned(rows [][]line, gutters []span, i int) bool {
	var lefts, middles, rights []float64
	size := 1.0
	for _, row := range rows {
		if part := cells(row, gutters)[i]; len(part) > 0 {
			left, right := part[0].x0, part[len(part)-1].x1
			lefts, middles, rights = append(lefts, left), append(middles, (left+right)/2), append(rights, right)
			size = max(size, part[0].size)
		}
	}
	return steady(lefts, size) || steady(middles, size) || steady(rights, size)
}

// steady reports whether most of xs are near each other.
func steady(xs []float64, size float64) bool {
	if len(xs) < 2 {
		return false
	}
	slices.Sort(xs)
	near, middle := 0, xs[len(xs)/2]
	for _, x := range xs {
		if math.Abs(x-middle) < 0.6*size {
			near++
		}
	}
	return near*10 >= len(xs)*8
}

// addTable adds rows of a table without lines. A row with few cells, close below
// another, goes on with the cells above it.
func (l *layouter) addTable(rows [][]line, gutters []span) {
	l.count++
	start := len(l.out)
	for i, row := range rows {
		parts := cells(row, gutters)
		texts := make([]string, len(parts))
		filled := 0
		for j, part := range parts {
			if len(part) > 0 {
				texts[j] = l.whole(part).text
				filled++
			}
		}
		texts = l.inOrder(texts)
		if len(l.out) > start && filled*2 <= len(parts) && texts[0] == "" && continues(rows[:i+1]) {
			last := l.out[len(l.out)-1].cells
			for j, text := range texts {
				last[j] = strings.TrimSpace(last[j] + " " + text)
			}
			continue
		}
		l.out = append(l.out, piece{line: line{y: row[0].y}, cells: texts, table: l.count})
	}
}

// ruled returns the tables that lines are drawn around, from top to bottom, and
// the glyphs that are in none.
func (s *sheet) ruled() ([]table, []glyph) {
	grids := grids(s.rules)
	if len(grids) == 0 {
		return nil, s.glyphs
	}
	inside := make([]map[[2]int][]glyph, len(grids))
	var rest []glyph
	for _, g := range s.glyphs {
		at := slices.IndexFunc(grids, func(r grid) bool { return r.has(g) })
		if at < 0 {
			rest = append(rest, g)
			continue
		}
		if inside[at] == nil {
			inside[at] = map[[2]int][]glyph{}
		}
		cell := grids[at].cell(g)
		inside[at][cell] = append(inside[at][cell], g)
	}
	var tables []table
	for i, r := range grids {
		if len(inside[i]) < 3 {
			for _, glyphs := range inside[i] { // a frame around text
				rest = append(rest, glyphs...)
			}
			continue
		}
		tables = append(tables, table{r.box(), s.cellTexts(r, inside[i])})
	}
	return tables, rest
}

func (s *sheet) cellTexts(r grid, inside map[[2]int][]glyph) [][]string {
	rows := make([][]string, len(r.ys)-1)
	for i := range rows {
		rows[i] = make([]string, len(r.xs)-1)
		for j := range rows[i] {
			part := sheet{fonts: s.fonts, rtl: s.rtl, glyphs: inside[[2]int{i, j}]}
			var texts []string
			for _, l := range part.lines() {
				texts = append(texts, l.text)
			}
			rows[i][j] = joinLines(texts, never)
		}
	}
	return rows
}

// A grid is the lines of a table: xs from the left, ys from the top.
type grid struct{ xs, ys []float64 }

func (r grid) box() box { return box{r.xs[0], r.ys[len(r.ys)-1], r.xs[len(r.xs)-1], r.ys[0]} }

func (r grid) has(g glyph) bool {
	x, y, b := (g.x0+g.x1)/2, g.y+g.size/4, r.box()
	return x > b.x0 && x < b.x1 && y > b.y0 && y < b.y1
}

func (r grid) cell(g glyph) [2]int {
	x, y := (g.x0+g.x1)/2, g.y+g.size/4
	var at [2]int
	for at[0] < len(r.ys)-2 && y < r.ys[at[0]+1] {
		at[0]++
	}
	for at[1] < len(r.xs)-2 && x > r.xs[at[1]+1] {
		at[1]++
	}
	return at
}

// maxCells is how many cells one table may have.
const maxCells = 20_000

// grids finds the grids that lines make: lines that touch, at least three of
// each direction.
func grids(rules []box) []grid {
	var parts [][]box
	for _, r := range edges(rules) {
		joined := []box{r}
		rest := parts[:0]
		for _, p := range parts {
			if slices.ContainsFunc(p, r.touches) {
				joined = append(joined, p...)
			} else {
				rest = append(rest, p)
			}
		}
		parts = append(rest, joined)
	}
	var out []grid
	for _, p := range parts {
		var g grid
		for _, r := range p {
			if r.y1-r.y0 > r.x1-r.x0 {
				g.xs = append(g.xs, (r.x0+r.x1)/2)
			} else {
				g.ys = append(g.ys, (r.y0+r.y1)/2)
			}
		}
		g.xs, g.ys = distinct(g.xs), distinct(g.ys)
		slices.Reverse(g.ys)
		if len(g.xs) >= 3 && len(g.ys) >= 3 && len(g.xs)*len(g.ys) <= maxCells {
			out = append(out, g)
		}
	}
	slices.SortFunc(out, func(a, b grid) int { return compare(b.ys[0], a.ys[0]) })
	return out
}

// edges returns the lines among rules, and the four sides of the boxes.
func edges(rules []box) []box {
	const thin, long = 2.5, 6
	var out []box
	for _, r := range rules {
		w, h := r.x1-r.x0, r.y1-r.y0
		switch {
		case w < thin && h < long, h < thin && w < long:
		case w < thin || h < thin:
			out = append(out, r)
		case h > long && w > long:
			out = append(out, box{r.x0, r.y0, r.x1, r.y0}, box{r.x0, r.y1, r.x1, r.y1},
				box{r.x0, r.y0, r.x0, r.y1}, box{r.x1, r.y0, r.x1, r.y1})
		}
	}
	return out[:min(len(out), maxRules)]
}

func (b box) touches(c box) bool {
	const near = 2.5
	return b.x0 < c.x1+near && c.x0 < b.x1+near && b.y0 < c.y1+near && c.y0 < b.y1+near
}

// distinct returns xs without those that are near another, sorted.
func distinct(xs []float64) []float64 {
	slices.Sort(xs)
	return slices.CompactFunc(xs, func(a, b float64) bool { return math.Abs(a-b) < 4 })
}
