package pdf

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// painted puts right-to-left glyphs into the order that a pen goes over them
// from left to right, as far as a file tells: in Nastaliq letters reach over and
// under each other, so that their places alone do not say which comes first.
// pdfium turns around what one object paints, and some files paint in the order
// of reading.
func painted(glyphs []glyph) []glyph {
	inside, between := 0, 0 // how often the pen goes right, less how often left
	for i := 1; i < len(glyphs); i++ {
		a, b := glyphs[i-1], glyphs[i]
		if !follows(a, b) || !isRTL(firstRune(a.text)) || !isRTL(firstRune(b.text)) {
			continue
		}
		step := 1
		if b.x0 < a.x0 {
			step = -1
		}
		if a.object == b.object {
			inside += step
		} else {
			between += step
		}
	}
	var objects [][]glyph
	for i, g := range glyphs {
		if i == 0 || glyphs[i-1].object != g.object {
			objects = append(objects, nil)
		}
		objects[len(objects)-1] = append(objects[len(objects)-1], g)
	}
	var out []glyph
	for _, o := range objects {
		if inside < 0 {
			turnSeveral(o)
		}
		switch classes := classesOf(o); {
		case !classes[rightToLeft] && !classes[leftToRight] && !slices.ContainsFunc(o, hasMark), classes[rightToLeft] && (classes[leftToRight] || classes[number]):
			slices.SortStableFunc(o, func(a, b glyph) int { return cmp.Compare(a.x0, b.x0) })
		case classes[rightToLeft] && inside < 0:
			slices.Reverse(o)
		}
		out = append(out, o...)
	}
	if between < 0 {
		turnRuns(out)
	}
	return out
}

// turnSeveral turns the letters of a glyph that is more than one back: pdfium
// turned them around with the rest of its object, but not those that it made of
// a ligature itself.
func turnSeveral(glyphs []glyph) {
	for i, g := range glyphs {
		rs := []rune(g.text)
		if !g.several || !isRTL(rs[0]) {
			continue
		}
		slices.Reverse(rs)
		if turned := string(rs); !ligatures()[g.text] || ligatures()[turned] {
			glyphs[i].text = turned
		}
	}
}

// ligatures are the texts of Unicode's Arabic ligatures.
var ligatures = sync.OnceValue(func() map[string]bool {
	all := map[string]bool{}
	for r := rune(0xFB50); r <= 0xFEFC; r++ {
		if text := norm.NFKC.String(string(r)); presented(r) && utf8.RuneCountInString(text) > 1 {
			all[text] = true
		}
	}
	return all
})

func classesOf(glyphs []glyph) (classes [4]bool) {
	for _, g := range glyphs {
		classes[classOf(firstRune(g.text))] = true
	}
	return classes
}

// turnRuns turns around the order of objects where they are painted in the
// order of reading, and keeps the order of glyphs within them.
func turnRuns(glyphs []glyph) {
	for start := 0; start < len(glyphs); {
		end := start + 1
		for end < len(glyphs) && follows(glyphs[end-1], glyphs[end]) && glyphs[end].x0 <= glyphs[end-1].x0 || end < len(glyphs) && glyphs[end].object == glyphs[end-1].object {
			end++
		}
		run := glyphs[start:end]
		slices.Reverse(run)
		for from := 0; from < len(run); {
			to := from + 1
			for to < len(run) && run[to].object == run[from].object {
				to++
			}
			slices.Reverse(run[from:to])
			from = to
		}
		start = end
	}
}

// fromLeft puts the units of a line from left to right. Those that the pen went
// over in this order stay in it.
func fromLeft(units []unit, size float64) []unit {
	var runs [][]unit
	for i, u := range units {
		if i == 0 || u.x0 < units[i-1].x0-1.2*size || u.x0 > units[i-1].x1+size {
			runs = append(runs, nil)
		}
		runs[len(runs)-1] = append(runs[len(runs)-1], u)
	}
	slices.SortStableFunc(runs, func(a, b []unit) int { return cmp.Compare(middle(a), middle(b)) })
	for i := 1; i < len(runs); i++ {
		if runs[i][0].x0 < runs[i-1][len(runs[i-1])-1].x0-1.2*size { // one lies within another
			units = slices.Clone(units)
			slices.SortStableFunc(units, func(a, b unit) int { return cmp.Compare(a.x0, b.x0) })
			return units
		}
	}
	return slices.Concat(runs...)
}

func middle(run []unit) float64 {
	sum := 0.0
	for _, u := range run {
		sum += u.x0 + u.x1
	}
	return sum / float64(len(run))
}

// unpresent gives letters that are written as the shapes they have in a word,
// or as ligatures, back their names. Nothing else is changed.
func unpresent(s string) string {
	if !strings.ContainsFunc(s, presented) {
		return s
	}
	var out strings.Builder
	for _, r := range s {
		if presented(r) {
			out.WriteString(norm.NFKC.String(string(r)))
		} else {
			out.WriteRune(r)
		}
	}
	return strings.TrimSpace(out.String()) // a mark alone comes with a space
}

func presented(r rune) bool { return r >= 0xFB50 && r <= 0xFDFF || r >= 0xFE70 && r <= 0xFEFC }

// dropBars takes the meaning from what is named as an ASCII letter and painted by
// itself right between two letters of a word: bars that stretch the line, whose
// number in the font has been taken for a letter.
func dropBars(units []unit, size float64) {
	for i := 1; i+1 < len(units); i++ {
		end := i
		for end < len(units) && units[end].text == units[i].text {
			end++
		}
		u, before := units[i], units[i-1]
		if len(u.text) != 1 || strings.ContainsAny(u.text, " -/.:()[]_") || end == len(units) {
			continue
		}
		after := units[end]
		if before.class == rightToLeft && after.class == rightToLeft && before.by != u.by && after.by != u.by &&
			u.x0-before.x1 < 0.1*size && after.x0-units[end-1].x1 < 0.1*size {
			for k := i; k < end; k++ {
				units[k].text, units[k].class = "", neutral
			}
		}
	}
}

// lamAlef makes one unit of a ل and an ا that are drawn as one and named apart.
func lamAlef(units []unit) []unit {
	out := units[:0]
	for _, u := range units {
		if n := len(out) - 1; n >= 0 && math.Abs(out[n].x0-u.x0) < 0.2 {
			switch a, b := out[n].text, u.text; {
			case a == "ل" && isAlef(b):
				out[n].text = a + b
				continue
			case isAlef(a) && b == "ل":
				out[n].text = b + a
				continue
			}
		}
		out = append(out, u)
	}
	return out
}

func isAlef(s string) bool { return s == "ا" || s == "أ" || s == "إ" || s == "آ" }

// attach gives each mark to the letter that it stands above or below.
func attach(units []unit, marks []glyph) {
	for _, m := range marks {
		best, least := -1, math.Inf(1)
		for i, u := range units {
			if d := math.Abs(m.x0 + m.x1 - u.x0 - u.x1); d < least && u.class != neutral {
				best, least = i, d
			}
		}
		if best >= 0 {
			units[best].text += unpresent(m.text)
		}
	}
}
