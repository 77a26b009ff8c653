package pdf

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
)

// A unit is a letter with its marks, or a number, at its place on a line.
type unit struct {
	text  string
	x0    float64
	x1    float64
	class class
	by    int // object that painted it
}

// A class says in which direction a unit is read.
type class uint8

const (
	neutral class = iota
	rightToLeft
	leftToRight
	number
)

// readRTL reads glyphs of a line that has right-to-left letters. Where they
// stand is what people see, whether the file has them in the order of reading
// or not, so that alone counts.
func readRTL(glyphs []glyph, size float64) string {
	units := visual(glyphs, size)
	classes := map[class]int{}
	for _, u := range units {
		classes[u.class]++
	}
	if classes[rightToLeft] >= classes[leftToRight] {
		units = logicalRTL(units)
	} else {
		units = logicalLTR(units)
	}
	var out strings.Builder
	for _, u := range units {
		out.WriteString(u.text)
	}
	return brackets(strings.Join(strings.Fields(out.String()), " "))
}

// visual returns the units of a line from left to right, with spaces between
// words.
func visual(glyphs []glyph, size float64) []unit {
	var units []unit
	var marks []glyph
	for _, g := range glyphs {
		r := firstRune(g.text)
		switch {
		case unicode.Is(unicode.Mn, r):
			marks = append(marks, g)
		case strings.ContainsFunc(g.text, strange):
			// A bar that stretches a line has no meaning, and often no name.
			units = append(units, unit{"", g.x0, g.x1, neutral, g.object})
		default:
			units = append(units, unit{unpresent(g.text), g.x0, g.x1, classOf(r), g.object})
		}
	}
	units = lamAlef(fromLeft(units, size))
	dropBars(units, size)
	attach(units, marks)
	return numbers(spaced(units, size))
}

func firstRune(s string) rune {
	for _, r := range s {
		return r
	}
	return 0
}

// spaced puts spaces where there are gaps.
func spaced(units []unit, size float64) []unit {
	glyphs := make([]glyph, len(units))
	for i, u := range units {
		glyphs[i] = glyph{text: cmp.Or(u.text, "ـ"), x0: u.x0, x1: u.x1}
	}
	least := leastSpace(glyphs, size, 0.5)
	var out []unit
	end := math.Inf(-1)
	for i, u := range units {
		if i > 0 && u.x0-end > least && !blank(glyphs[i]) && !blank(glyphs[i-1]) {
			out = append(out, unit{text: " ", x0: end, x1: u.x0})
		}
		out = append(out, u)
		end = max(end, u.x1)
	}
	return out
}

func classOf(r rune) class {
	switch {
	case isRTL(r):
		return rightToLeft
	case unicode.Is(unicode.Nd, r):
		return number
	case unicode.IsLetter(r):
		return leftToRight
	}
	return neutral
}

// numbers makes one unit of the digits of a number and what parts them.
func numbers(units []unit) []unit {
	var out []unit
	for i := 0; i < len(units); i++ {
		u := units[i]
		for u.class == number {
			if i+1 < len(units) && units[i+1].class == number {
				u.text += units[i+1].text
				i++
			} else if i+2 < len(units) && units[i+2].class == number && strings.Contains(".,:/٫٬،\u00A0", units[i+1].text) {
				u.text += units[i+1].text + units[i+2].text
				i += 2
			} else {
				break
			}
		}
		out = append(out, u)
	}
	return out
}

// logicalRTL turns a line of right-to-left text around, but for what in it is
// read from left to right.
func logicalRTL(units []unit) []unit {
	var out []unit
	for end := len(units); end > 0; {
		start := end - 1
		if units[start].class == leftToRight || units[start].class == number {
			start = runStart(units, start, leftToRight)
		}
		out = append(out, units[start:end]...)
		end = start
	}
	return out
}

// logicalLTR turns the right-to-left parts of a line around.
func logicalLTR(units []unit) []unit {
	out := slices.Clone(units)
	for end := len(out); end > 0; {
		start := end - 1
		if out[start].class == rightToLeft {
			start = runStart(out, start, rightToLeft)
			slices.Reverse(out[start:end])
		}
		end = start
	}
	return out
}

// runStart returns where the run begins that ends at the unit at, which is of
// the class or a number: it goes on over neutral units if one of the class lies
// beyond them.
func runStart(units []unit, at int, of class) int {
	start := at
	some := units[at].class == of
	for i := at - 1; i >= 0; i-- {
		switch units[i].class {
		case of:
			start, some = i, true
		case number:
			if some && of == rightToLeft || i == start-1 && some {
				start = i
			}
		case neutral:
		default:
			return start
		}
	}
	return start
}

// brackets gives each bracket of right-to-left text the direction that it has
// in its place: some files name the shape, and some the meaning, which differ
// there, and pdfium turns some of them around.
func brackets(s string) string {
	rs := []rune(s)
	for i, r := range rs {
		open, closed, ok := bracket(r)
		if !ok {
			continue
		}
		before := i == 0 || unicode.IsSpace(rs[i-1]) || opens(rs[i-1])
		after := i == len(rs)-1 || unicode.IsSpace(rs[i+1]) || strings.ContainsRune(".,:;!?،؛؟۔)]}»", rs[i+1])
		switch {
		case before && !after:
			rs[i] = open
		case after && !before:
			rs[i] = closed
		}
	}
	return string(rs)
}

const pairs = "()[]{}«»"

func bracket(r rune) (open, closed rune, ok bool) {
	ps := []rune(pairs)
	if i := slices.Index(ps, r); i >= 0 {
		return ps[i&^1], ps[i|1], true
	}
	return 0, 0, false
}

func opens(r rune) bool { return strings.ContainsRune("([{«", r) }
