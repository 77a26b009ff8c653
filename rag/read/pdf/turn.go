package pdf

// finish joins what was drawn as one letter, or is one by ActualText, and turns
// the page.
func (c *collector) finish() []sheet {
	if len(c.sheet.fonts) == 0 {
		c.sheet.fonts = []font{{}} // blanks have none
	}
	most := 0
	for q, n := range c.turns {
		if n > c.turns[most] {
			most = q
		}
	}
	var sheets []sheet
	for i := range 4 {
		q := (most + i) % 4
		if i > 0 && c.turns[q] == 0 {
			continue
		}
		s := sheet{fonts: c.sheet.fonts, glyphs: painted(c.joined(q))}
		if i == 0 {
			s.pictures = c.sheet.pictures
			for _, r := range c.sheet.rules {
				s.rules = append(s.rules, turn(r, q))
			}
		}
		b := turn(c.bounds, q)
		s.width, s.height = b.x1-b.x0, b.y1-b.y0
		s.move(-b.x0, -b.y0)
		sheets = append(sheets, s)
	}
	return sheets
}

func (c *collector) joined(q int) []glyph {
	var out []glyph
	var last *letter
	for i := range c.letters {
		l := &c.letters[i]
		if l.turned != q {
			continue
		}
		b := turn(box{l.x0, l.y, l.x1, l.y1}, q)
		g := l.glyph
		g.x0, g.x1, g.y = b.x0, b.x1, b.y0
		switch {
		case last != nil && l.span != 0 && l.span == last.span:
			top := &out[len(out)-1]
			top.x0, top.x1 = min(top.x0, g.x0), max(top.x1, g.x1)
		case last != nil && l.painter == last.painter && len(out[len(out)-1].text) < 64 && l.x0 == last.x0 && l.x1 == last.x1 && l.y == last.y && l.index == last.index+1:
			out[len(out)-1].text += g.text
			out[len(out)-1].several = true
		default:
			if l.span != 0 {
				g.text, g.strange = c.actual[l.span], false
			}
			out = append(out, g)
		}
		last = l
	}
	return out
}

// turn turns a box clockwise by quarters.
func turn(b box, quarters int) box {
	for range quarters {
		b = box{b.y0, -b.x1, b.y1, -b.x0}
	}
	return b
}

func (s *sheet) move(dx, dy float64) {
	for i := range s.glyphs {
		g := &s.glyphs[i]
		g.x0, g.x1, g.y = g.x0+dx, g.x1+dx, g.y+dy
	}
	for i, r := range s.rules {
		s.rules[i] = box{r.x0 + dx, r.y0 + dy, r.x1 + dx, r.y1 + dy}
	}
}

// A matrix maps (x, y) to (ax+cy+e, bx+dy+f).
type matrix struct{ a, b, c, d, e, f float64 }

var identity = matrix{a: 1, d: 1}

func (m matrix) apply(x, y float64) (float64, float64) {
	return m.a*x + m.c*y + m.e, m.b*x + m.d*y + m.f
}

func (m matrix) then(n matrix) matrix {
	return matrix{
		m.a*n.a + m.b*n.c, m.a*n.b + m.b*n.d,
		m.c*n.a + m.d*n.c, m.c*n.b + m.d*n.d,
		m.e*n.a + m.f*n.c + n.e, m.e*n.b + m.f*n.d + n.f,
	}
}

func (c *collector) matrix(object uint64) matrix {
	if !c.ok("FPDFPageObj_GetMatrix", object, c.scratch) {
		return identity
	}
	return c.matrixOut()
}

func (c *collector) matrixOut() matrix {
	f := c.floats(6)
	return matrix{f[0], f[1], f[2], f[3], f[4], f[5]}
}
