package pdf

import (
	"math"
	"slices"
	"strings"
	"unicode"

	"tilgate/internal/lang"
)

// edge is how much of a page its head and its foot take, as a share of it.
const edge = 0.12

// strip takes off what is repeated at the head or the foot of most pages, and
// page numbers.
func strip(pages []page) {
	counts := map[string]int{}
	for _, p := range pages {
		for _, i := range p.margins() {
			counts[p.pieces[i].repeated()]++
		}
	}
	for n := range pages {
		p := &pages[n]
		drop := map[int]bool{}
		for _, i := range p.margins() {
			l := p.pieces[i]
			count := counts[l.repeated()]
			drop[i] = count >= 3 && count*5 >= 2*len(pages) || l.isNumber(p.number)
		}
		var kept []piece
		for i, l := range p.pieces {
			if !drop[i] {
				kept = append(kept, l)
			}
		}
		p.pieces = kept
	}
}

// margins returns which pieces stand at the head or the foot of a page: the two
// highest and the two lowest lines, unless they are far within it.
func (p page) margins() []int {
	var heights []float64
	for _, l := range p.pieces {
		heights = append(heights, l.height)
	}
	slices.Sort(heights)
	heights = slices.CompactFunc(heights, func(a, b float64) bool { return math.Abs(a-b) < 0.004 })
	if len(heights) == 0 {
		return nil
	}
	low, high := heights[min(1, len(heights)-1)], heights[max(len(heights)-2, 0)]
	var out []int
	for i, l := range p.pieces {
		if l.cells == nil && (l.height <= min(low+0.004, edge) || l.height >= max(high-0.004, 1-edge)) {
			out = append(out, i)
		}
	}
	return out
}

// repeated is what is the same on all pages that a line is repeated on: not the
// numbers in it.
func (p piece) repeated() string {
	zone := "foot "
	if p.height > 0.5 {
		zone = "head "
	}
	return zone + strings.Join(strings.FieldsFunc(p.text, func(r rune) bool { return unicode.Is(unicode.Nd, r) }), "0")
}

// isNumber reports whether a line has nothing but the number of its page.
func (p piece) isNumber(page int) bool {
	digits := strings.Trim(lang.ASCIIDigits(p.text), "-–— ./|[]()")
	n := 0
	for _, r := range digits {
		if r < '0' || r > '9' || n > 1e6 {
			return false
		}
		n = 10*n + int(r-'0')
	}
	return digits != "" && n == page
}
