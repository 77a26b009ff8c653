package office

import "strings"

// blocks returns what is to be done with the elements of a text, a cell or
// anything else that paragraphs stand in. Indexes only repeat the text.
func (d *odt) blocks(to target) func(element) error {
	var do func(e element) error
	do = func(e element) error {
		switch e.tag {
		case "text:p", "text:h":
			return d.paragraph(e, to, nil)
		case "text:list":
			return d.list(e, to, nil)
		case "table:table":
			return d.table(to)
		case "text:section":
			if e.attr("display") == "none" {
				return nil
			}
			return d.each(do)
		case "text:numbered-paragraph", "text:bibliography", "text:index-body":
			return d.each(do)
		}
		if strings.HasPrefix(e.tag, "draw:") {
			b := d.paper.newBlock()
			if err := d.drawing(e, b); err != nil {
				return err
			}
			return to.block(b)
		}
		return nil
	}
	return do
}

// paragraph reads a paragraph or a heading. The item is nil outside of lists.
func (d *odt) paragraph(e element, to target, in *listItem) error {
	b := d.paper.newBlock()
	s := d.styles.find("paragraph", e.attr("style-name"))
	b.title = s.title
	switch {
	case e.tag == "text:h":
		b.level = max(e.number("outline-level", 1, levels-1), 1)
	case s.level > 0:
		b.level = s.level
	case s.title:
		b.level = 1
	}
	if s.look.hidden != on {
		d.mark(e, b, in)
	}
	inline, text := d.inline(b, s.look)
	if err := d.mixed(inline, text); err != nil {
		return err
	}
	if s.contents {
		return nil
	}
	return to.block(b)
}

// inline returns what is to be done with the elements and the text of a
// paragraph that is seen in a look.
func (d *odt) inline(b *block, l look) (do func(element) error, text func([]byte) error) {
	write := func(text string) {
		if l.hidden != on {
			b.write(text, l)
		}
	}
	text = func(t []byte) error {
		write(blanks.Replace(string(t)))
		return d.paper.fit()
	}
	do = func(e element) error {
		switch e.tag {
		case "text:span":
			return d.mixed(d.inline(b, l.with(d.styles.span(e.attr("style-name")))))
		case "text:s":
			write(" ")
		case "text:tab":
			write("\t")
		case "text:line-break":
			write("\n")
		case "text:note":
			return d.each(func(e element) error { return d.note(e, b, l) })
		case "text:hidden-text", "text:hidden-paragraph":
			if e.attr("is-hidden") != "true" {
				write(e.attr("string-value"))
			}
		case "text:ruby-text", "text:script", "text:tracked-changes":
		default:
			switch {
			case strings.HasPrefix(e.tag, "draw:"):
				return d.drawing(e, b)
			case strings.HasPrefix(e.tag, "text:"): // fields, links, marks
				return d.mixed(do, text)
			}
		}
		return nil
	}
	return do, text
}

// blanks of XML mean a space, however its lines are broken.
var blanks = strings.NewReplacer("\n", " ", "\t", " ", "\r", " ")

// note reads a footnote or an endnote.
func (d *odt) note(e element, b *block, l look) error {
	if e.tag != "text:note-body" {
		return nil
	}
	c := &cell{paper: d.paper}
	err := d.each(d.blocks(c))
	if l.hidden != on {
		b.note(strings.TrimSpace(c.text()))
	}
	return err
}

// drawing looks for text, pictures and formulas in a frame or shape.
func (d *odt) drawing(e element, b *block) error {
	c := &cell{paper: d.paper}
	blocks := d.blocks(c)
	var do func(e element) error
	do = func(e element) error {
		switch e.tag {
		case "draw:image":
			d.paper.pictures++
		case "draw:object":
			if err := d.object(e, b); err != nil {
				return err
			}
		case "office:binary-data":
			d.skipBinary()
			return nil
		case "math:math":
			return d.math(d.stream, b)
		case "text:p", "text:h", "text:list", "table:table":
			return blocks(e)
		}
		return d.each(do)
	}
	if err := do(e); err != nil {
		return err
	}
	if text := c.text(); strings.TrimSpace(text) != "" {
		b.boxes = append(b.boxes, text)
	}
	return nil
}

// object reads a formula that stands in a file of its own.
func (d *odt) object(e element, b *block) error {
	name := resolve("", e.attr("href")) + "/content.xml"
	if d.zip == nil || !d.zip.Has(name) {
		return nil
	}
	return parse(d.ctx, d.zip, name, func(s *stream, e element) error {
		if e.tag != "math:math" {
			return nil
		}
		return d.math(s, b)
	})
}

// math writes a formula in a line. Only what would say something else without
// a sign gets one.
func (d *odt) math(s *stream, b *block) error {
	var within func(between string) func(element) error
	within = func(between string) func(element) error {
		n := 0
		return func(e element) error {
			if n++; n == 2 {
				b.write(between, look{})
			}
			switch e.tag {
			case "math:mi", "math:mn", "math:mo", "math:mtext":
				text, err := s.all()
				b.write(text, look{})
				return err
			case "math:mfrac":
				return s.each(within("/"))
			case "math:msup":
				return s.each(within("^"))
			case "math:annotation":
				return nil
			}
			return s.each(within(""))
		}
	}
	return s.each(within(""))
}
