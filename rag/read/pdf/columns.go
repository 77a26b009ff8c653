package pdf

import (
	"math"
	"slices"
)

// A span is a stretch across a page.
type span struct{ x0, x1 float64 }

func (s span) width() float64 { return s.x1 - s.x0 }

// band returns the end of the rows from i on that share gutters, and these. No
// gutters means that row i stands alone.
func band(rows [][]line, i int) (end int, gutters []span) {
	const (
		ahead  = 12  // rows to look for the next that has a gutter
		most   = 400 // rows of a page
		across = 24  // columns
	)
	end = i + 1
	var all []span
	for j := i; j < len(rows) && j < min(end+ahead, i+most) && len(rows[j]) <= across; j++ {
		if j > i && rows[j-1][0].y-rows[j][0].y > 4.5*max(rows[j][0].size, rows[j-1][0].size) {
			break
		}
		next := narrow(all, rows[j], j == i)
		if len(inner(all)) > 0 && len(inner(next)) == 0 || len(next) == 0 {
			break
		}
		all = next
		if found := inner(all); len(found) > 0 && (len(rows[j]) > 1 || side(rows[j], found[0]) != side(rows[j-1], found[0]) || continues(rows[:j+1])) {
			end, gutters = j+1, found
		}
	}
	gutters = slices.DeleteFunc(gutters, func(g span) bool { return !parts(rows[i:end], g) })
	if len(gutters) == 0 {
		return i + 1, nil
	}
	return end, gutters
}

// inner returns the gutters that have something on both sides.
func inner(gutters []span) []span {
	var out []span
	for _, g := range gutters {
		if !math.IsInf(g.x0, 0) && !math.IsInf(g.x1, 0) {
			out = append(out, g)
		}
	}
	return out
}

// side is 1 for a row that begins on the left of a gutter, and 2 for one on its
// right.
func side(row []line, g span) int {
	if row[0].x0 < g.x0 {
		return 1
	}
	return 2
}

// parts reports whether a gutter has something on each side in at least three
// rows. If it is narrow, it must be five, painted one side after the other.
func parts(rows [][]line, g span) bool {
	left, right := 0, 0
	for _, row := range rows {
		if row[0].x0 < g.x0 {
			left++
		}
		if row[len(row)-1].x1 > g.x1 {
			right++
		}
	}
	const narrow = 1.2 // sizes of letters
	if g.width() < narrow*rows[0][0].size {
		return min(left, right) >= 5 && paintedDown(rows, g)
	}
	return min(left, right) >= 3
}

// continues reports whether the last row follows the row before as closely as
// lines of one paragraph do.
func continues(rows [][]line) bool {
	n := len(rows)
	last := rows[n-1][0]
	most := 1.7
	if last.rtl {
		most = 2.7 // Nastaliq takes much room
	}
	return rows[n-2][0].y-last.y < most*last.size
}

// narrow returns what a row leaves of gutters. The first row has the gaps of
// its own.
func narrow(gutters []span, row []line, first bool) []span {
	size := row[0].size
	gaps := []span{{math.Inf(-1), row[0].x0}}
	for i := 1; i < len(row); i++ {
		gaps = append(gaps, span{row[i-1].x1, row[i].x0})
	}
	gaps = append(gaps, span{row[len(row)-1].x1, math.Inf(1)})
	if first {
		return gaps
	}
	var out []span
	for _, g := range gutters {
		for _, gap := range gaps {
			if both := (span{max(g.x0, gap.x0), min(g.x1, gap.x1)}); both.width() > 0.8*wideGap*size {
				out = append(out, both)
			}
		}
	}
	return out
}

// cells parts a row at gutters.
func cells(row []line, gutters []span) [][]line {
	out := make([][]line, len(gutters)+1)
	for _, l := range row {
		at := 0
		for at < len(gutters) && (l.x0+l.x1)/2 > (gutters[at].x0+gutters[at].x1)/2 {
			at++
		}
		out[at] = append(out[at], l)
	}
	return out
}

// columnar reports whether rows are columns of running text: their lines are
// about as wide as the columns, or each column was painted before the next.
func columnar(rows [][]line, gutters []span) bool {
	least := 0.7
	if paintedDown(rows, gutters[0]) {
		least = 0.35
	}
	for i := range len(gutters) + 1 {
		if share, wide := fill(rows, gutters, i); share < least || !wide && least == 0.7 {
			return false
		}
	}
	return true
}

// paintedDown reports whether what stands on the two sides of a gutter was
// painted one side after the other, and not row by row.
func paintedDown(rows [][]line, g span) bool {
	var down, all [2]int // painted from the left, from the right
	for i := 1; i < len(rows); i++ {
		left, right := painters(rows[i-1], g)
		nextLeft, nextRight := painters(rows[i], g)
		for k, pair := range [2][2]int{{right, nextLeft}, {left, nextRight}} {
			if pair[0] > 0 && pair[1] > 0 {
				all[k]++
				if pair[0] > pair[1] {
					down[k]++
				}
			}
		}
	}
	return down[0]*2 > all[0] || down[1]*2 > all[1]
}

// painters are the objects that painted what is nearest to a gutter on its
// sides; 0 if there is nothing.
func painters(row []line, g span) (left, right int) {
	for _, l := range row {
		if l.x1 < g.x1 {
			left = l.glyphs[0].object
		} else if right == 0 {
			right = l.glyphs[0].object
		}
	}
	return left, right
}

// fill is how much of a column its usual line takes, and whether that line is
// as wide as one of running text.
func fill(rows [][]line, gutters []span, i int) (share float64, wide bool) {
	var widths []float64
	column, size := around, 0.0
	for _, row := range rows {
		if part := cells(row, gutters)[i]; len(part) > 0 {
			left, right := part[0].x0, part[len(part)-1].x1
			widths = append(widths, right-left)
			column.x0, column.x1 = min(column.x0, left), max(column.x1, right)
			size = max(size, part[0].size)
		}
	}
	if len(widths) < 3 {
		return 0, false
	}
	slices.Sort(widths)
	usual := widths[len(widths)/2]
	return usual / max(column.x1-column.x0, 1), usual > 10*size
}

// addColumns adds columns one after the other. What is in a column may have
// columns itself.
func (l *layouter) addColumns(rows [][]line, gutters []span) {
	columns := make([][][]line, len(gutters)+1)
	for _, row := range rows {
		for i, part := range cells(row, gutters) {
			if len(part) > 0 {
				columns[i] = append(columns[i], part)
			}
		}
	}
	if l.rtl {
		slices.Reverse(columns)
	}
	for _, c := range columns {
		column := around
		for _, row := range c {
			column.x0, column.x1 = min(column.x0, row[0].x0), max(column.x1, row[len(row)-1].x1)
		}
		for _, row := range c {
			l.add(row, &column)
		}
	}
}
