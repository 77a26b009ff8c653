package pdf

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
)

// A line is what stands beside each other on a page without a gap that could
// be a gutter: a line of a paragraph, or of a cell.
type line struct {
	text   string
	x0, x1 float64
	y      float64
	size   float64
	bold   bool
	rtl    bool
	letter int // how many letters it has
	glyphs []glyph
}

// wideGap is the least gap that parts a line for now, in sizes of its letters.
// If the rows around it have no gap there, it is only a wide space.
const wideGap = 0.5

// lines puts the glyphs of a sheet into lines, from top to bottom and from left
// to right.
func (s *sheet) lines() []line {
	var lines []line
	for _, row := range rows(chains(s.glyphs)) {
		for _, glyphs := range split(row) {
			if l, ok := s.line(glyphs); ok {
				lines = append(lines, l)
			}
		}
	}
	return lines
}

// A chain is glyphs that were painted after each other and stand beside each
// other. Their order says more than their places: a vowel sign may stand before
// the consonant that it follows.
type chain struct {
	glyphs []glyph
	x0, x1 float64
	y      float64 // of the widest glyphs
	size   float64
}

func chains(glyphs []glyph) []chain {
	var chains []chain
	var open []glyph
	for _, g := range glyphs {
		if len(open) == maxLine || len(open) > 0 && !follows(open[len(open)-1], g) {
			chains = append(chains, newChain(open))
			open = nil
		}
		open = append(open, g)
	}
	if open != nil {
		chains = append(chains, newChain(open))
	}
	return chains
}

// follows reports whether b may stand in the chain that ends with a.
func follows(a, b glyph) bool {
	size := max(a.size, b.size)
	rise, gap := math.Abs(a.y-b.y)/size, max(b.x0-a.x1, a.x0-b.x1)/size
	// Words in Nastaliq come down from the right.
	return rise < 0.7 && gap < 1 || rise < 1.1 && gap < 0.3 && isRTL(firstRune(a.text)) && isRTL(firstRune(b.text))
}

func newChain(glyphs []glyph) chain {
	c := chain{glyphs: glyphs, x0: math.Inf(1), x1: math.Inf(-1)}
	bases := map[float64]float64{}
	for _, g := range glyphs {
		c.x0, c.x1, c.size = min(c.x0, g.x0), max(c.x1, g.x1), max(c.size, g.size)
		bases[math.Round(g.y)] += g.x1 - g.x0 + 0.01
	}
	most := 0.0
	for y, width := range bases {
		if width > most || width == most && y < c.y {
			most, c.y = width, y
		}
	}
	return c
}

// rows puts chains that stand on the same height together, from top to bottom.
func rows(chains []chain) [][]chain {
	slices.SortStableFunc(chains, func(a, b chain) int { return cmp.Compare(b.y, a.y) })
	var rows [][]chain
	for _, c := range chains {
		if n := len(rows); n > 0 {
			top := rows[n-1][0]
			if top.y-c.y < 0.4*max(min(top.size, c.size), 0.5*max(top.size, c.size)) {
				rows[n-1] = append(rows[n-1], c)
				continue
			}
		}
		rows = append(rows, []chain{c})
	}
	return rows
}

// split parts a row where there are gutters.
func split(row []chain) [][]glyph {
	slices.SortStableFunc(row, func(a, b chain) int { return cmp.Compare(a.x0, b.x0) })
	var parts [][]glyph
	end := math.Inf(-1)
	for _, c := range row {
		if n := len(parts); n > 0 && c.x0-end < wideGap*c.size && len(parts[n-1])+len(c.glyphs) <= maxLine {
			parts[n-1] = append(parts[n-1], c.glyphs...)
		} else {
			parts = append(parts, slices.Clone(c.glyphs))
		}
		end = max(end, c.x1)
	}
	return parts
}

func (s *sheet) line(glyphs []glyph) (line, bool) {
	l := line{x0: math.Inf(1), x1: math.Inf(-1), glyphs: glyphs}
	sizes, bases := map[float64]int{}, map[float64]int{}
	bold := 0
	for _, g := range glyphs {
		if strings.TrimSpace(g.text) == "" {
			continue
		}
		l.letter++
		l.x0, l.x1 = min(l.x0, g.x0), max(l.x1, g.x1)
		sizes[math.Round(2*g.size)/2]++
		bases[g.y]++
		if s.fonts[g.font].bold {
			bold++
		}
	}
	if l.letter == 0 {
		return l, false
	}
	l.size, l.y, l.bold = commonest(sizes), commonest(bases), bold*10 > l.letter*9
	l.text, l.rtl = textOf(glyphs, l.size, s.rtl)
	return l, strings.TrimSpace(l.text) != ""
}

// commonest returns the key with the highest count; of two, the larger.
func commonest(counts map[float64]int) float64 {
	best, most := 0.0, 0
	for key, n := range counts {
		if n > most || n == most && key > best {
			best, most = key, n
		}
	}
	return best
}

// textOf returns the text of glyphs that stand on one line. On a page that is
// read from the right, so are lines of nothing but numbers.
func textOf(glyphs []glyph, size float64, rtlPage bool) (text string, rtl bool) {
	var classes [4]bool
	for _, g := range glyphs {
		for _, r := range g.text {
			classes[classOf(r)] = true
		}
	}
	if classes[rightToLeft] || rtlPage && !classes[leftToRight] {
		return readRTL(glyphs, size), true
	}
	return readLTR(glyphs, size), false
}

// readLTR reads glyphs in the order that they were painted in, if they have
// signs that may stand before the letter that they follow, and else from left
// to right.
func readLTR(glyphs []glyph, size float64) string {
	var out strings.Builder
	if !slices.ContainsFunc(glyphs, hasMark) {
		slices.SortStableFunc(glyphs, func(a, b glyph) int { return cmp.Compare(a.x0, b.x0) })
	}
	least := leastSpace(glyphs, size, 0.25)
	end := math.Inf(-1)
	for i, g := range glyphs {
		if i > 0 && g.x0-end > least && !blank(g) && !blank(glyphs[i-1]) {
			out.WriteByte(' ')
		}
		if unicode.IsMark(firstRune(g.text)) { // it may end before its letter
			end = max(end, g.x1)
		} else {
			end = g.x1
		}
		out.WriteString(g.text)
	}
	return strings.Join(strings.Fields(out.String()), " ")
}

func hasMark(g glyph) bool {
	return strings.ContainsFunc(g.text, unicode.IsMark) || g.x1-g.x0 < 0.01 && !blank(g)
}

func blank(g glyph) bool { return strings.TrimSpace(g.text) == "" }

// leastSpace is the gap from which on glyphs are of two words. Where the file
// has spaces, it takes more of one, as many sizes as spaced says; where letters
// are spaced out, too.
func leastSpace(glyphs []glyph, size, spaced float64) float64 {
	var gaps []float64
	blanks := 0
	for i, g := range glyphs {
		if blank(g) {
			blanks++
		} else if i > 0 && !blank(glyphs[i-1]) {
			gaps = append(gaps, g.x0-glyphs[i-1].x1)
		}
	}
	spacing := 0.0
	if len(gaps) > 0 {
		slices.Sort(gaps)
		spacing = max(gaps[len(gaps)/2], 0)
	}
	least := 0.15 * size
	if blanks*12 > len(glyphs) {
		least = spaced * size
	}
	return least + 1.5*spacing
}

func isRTL(r rune) bool {
	return r >= 0x0590 && r <= 0x08FF && !unicode.Is(unicode.Nd, r) && (unicode.IsLetter(r)) ||
		r >= 0xFB1D && r <= 0xFDFF && unicode.IsLetter(r) || r >= 0xFE70 && r <= 0xFEFC ||
		r >= 0x10800 && r <= 0x10FFF && unicode.IsLetter(r) || r >= 0x1E900 && r <= 0x1E943
}
