package pdf

import (
	"cmp"
	"math"
	"slices"

	"tilgate/internal/fault"
)

// A painter is an object of the page that paints text.
type painter struct {
	order  int
	span   uint64 // pdfium's handle of the mark with ActualText; 0 if none
	font   int
	size   float64
	turned int // quarters, counterclockwise; -1 means askew
	at     matrix
	known  bool // it has letters
}

// A letter is a glyph before its page was turned.
type letter struct {
	glyph
	*painter
	index int
	y1    float64
}

// read reads the letters, and puts them back into the order that they are
// painted in: pdfium turns around what it takes for right-to-left text, also
// where it is not the wrong way round.
func (c *collector) read() error {
	n := c.int("FPDFText_CountChars", c.text)
	if n > maxLetters {
		return fault.TooLarge.Errorf("it has over %d letters", maxLetters)
	}
	for i := range n {
		object := c.call("FPDFText_GetTextObject", c.text, uint64(i))
		if object == 0 {
			continue // pdfium put it between others
		}
		p := c.painter(object, i)
		if c.err != nil {
			return c.err
		}
		if p.turned < 0 {
			continue
		}
		if l := c.letter(p, i); l.glyph.text != " " || !c.ok("FPDFText_IsGenerated", c.text, uint64(i)) {
			c.letters = append(c.letters, l)
			c.turns[p.turned]++
		}
	}
	c.blanks()
	slices.SortStableFunc(c.letters, func(a, b letter) int {
		return cmp.Or(cmp.Compare(a.order, b.order), cmp.Compare(a.index, b.index))
	})
	return c.err
}

// blanks adds a space for each object that paints nothing: pdfium leaves them
// out, and where words overlap, as they do in Nastaliq, nothing else parts
// them.
func (c *collector) blanks() {
	for object, p := range c.painters {
		if p.known || p.span != 0 {
			continue
		}
		for _, b := range c.box(object, identity) {
			if b.x1-b.x0 > 0.1 && b.y1-b.y0 > 0.1 {
				continue // it repeats another, to look bold
			}
			if p.turned = quarters(p.at); p.turned >= 0 {
				x, y := p.at.apply(0, 0)
				c.letters = append(c.letters, letter{glyph{text: " ", x0: x, x1: x, y: y, size: 1, object: p.order}, p, 0, y})
			}
		}
	}
}

// quarters is how a matrix turns what is upright, or -1 if it is askew then.
func quarters(m matrix) int {
	angle := math.Atan2(m.b, m.a) / (math.Pi / 2)
	if math.Abs(angle-math.Round(angle)) > 0.1 {
		return -1
	}
	return int(math.Round(angle)+4) % 4
}

func (c *collector) letter(p *painter, i int) letter {
	at := uint64(i)
	l := letter{painter: p, index: i}
	r := rune(c.int("FPDFText_GetUnicode", c.text, at))
	switch {
	case (r == 0x02 || r == 0xFFFE) && c.int("FPDFText_IsHyphen", c.text, at) > 0: // at the end of a line
		r = '-'
	case !strange(r) && !c.isNamed(p.font, r, at):
		r = unnamedRune + r&0xFFFF
	}
	l.strange = strange(r)
	l.glyph.text, l.glyph.font, l.glyph.size, l.object = string(r), p.font, p.size, p.order
	c.call("FPDFText_GetCharOrigin", c.text, at, c.scratch, c.scratch+8)
	origin := c.doubles(2)
	c.call("FPDFText_GetLooseCharBox", c.text, at, c.scratch)
	b := c.floats(4)
	l.x0, l.x1, l.y, l.y1 = b[0], b[2], b[3], b[1]
	if p.turned%2 == 0 {
		l.y, l.y1 = origin[1], origin[1]
	} else {
		l.x0, l.x1 = origin[0], origin[0]
	}
	return l
}

// isNamed reports whether the file says that a glyph is the letter r, and not
// pdfium for want of anything better. It asks once for each font and letter.
func (c *collector) isNamed(font int, r rune, at uint64) bool {
	key := fontLetter{font, r}
	named, ok := c.named[key]
	if !ok {
		named = c.int("FPDFText_HasUnicodeMapError", c.text, at) <= 0
		c.named[key] = named
	}
	return named
}

type fontLetter struct {
	font int
	r    rune
}

// painter returns what the letters of an object have in common, asking the i-th
// letter.
func (c *collector) painter(object uint64, i int) *painter {
	p := c.painters[object]
	if p == nil {
		p = &painter{order: maxObjects}
		c.painters[object] = p
	}
	if p.known {
		return p
	}
	p.known = true
	p.font = c.font(c.call("FPDFTextObj_GetFont", object))
	c.call("FPDFTextObj_GetFontSize", object, c.scratch)
	size := c.floats(1)[0]
	m := identity
	if c.ok("FPDFText_GetMatrix", c.text, uint64(i), c.scratch) {
		m = c.matrixOut()
	}
	p.size = max(size*math.Hypot(m.c, m.d), 1)
	p.turned = quarters(m)
	return p
}
