package sheet

import (
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"
)

// A merge is a rectangle of cells that are one, with the value in its first.
type merge struct{ left, top, right, bottom int } // from 1, inclusive

func mergeOf(ref string) (m merge, ok bool) {
	from, to, _ := strings.Cut(ref, ":")
	var err1, err2 error
	m.left, m.top, err1 = excelize.CellNameToCoordinates(from)
	m.right, m.bottom, err2 = excelize.CellNameToCoordinates(to)
	return m, err1 == nil && err2 == nil && m.left <= m.right && m.top <= m.bottom
}

// A spread repeats the values of merged cells where a reader would see them:
// further down in each row, because a row may be quoted alone; and to the right
// only in the header, because each column needs its heading.
type spread struct {
	merges []merge // by top
	open   []filling
}

type filling struct {
	merge
	value string
}

func newSpread(merges []merge) *spread {
	s := &spread{merges: slices.Clone(merges)}
	slices.SortStableFunc(s.merges, func(a, b merge) int { return a.top - b.top })
	return s
}

// row fills the cells of row n. Rows come in order.
func (s *spread) row(n int, cells []string, header bool) []string {
	s.open = slices.DeleteFunc(s.open, func(f filling) bool { return f.bottom < n })
	for len(s.merges) > 0 && s.merges[0].top <= n {
		m := s.merges[0]
		s.merges = s.merges[1:]
		if m.top == n && m.left <= len(cells) && cells[m.left-1] != "" && len(s.open) < maxColumns {
			s.open = append(s.open, filling{m, cells[m.left-1]})
		}
	}
	for _, f := range s.open {
		right := f.left
		if header {
			right = min(f.right, maxColumns)
		}
		for len(cells) < right {
			cells = append(cells, "")
		}
		for c := f.left; c <= right; c++ {
			if cells[c-1] == "" {
				cells[c-1] = f.value
			}
		}
	}
	return cells
}

// levels returns how many rows head a table whose header begins at row: those
// that its merged cells span, and the one below a heading of several columns.
func levels(merges []merge, row int) int {
	const most = 4
	last := row
	for range most {
		for _, m := range merges {
			switch {
			case m.top < row || m.top > last:
			case m.bottom > m.top:
				last = max(last, m.bottom)
			case m.right > m.left && m.left > 0:
				last = max(last, m.bottom+1)
			}
		}
	}
	return min(last-row+1, most)
}
