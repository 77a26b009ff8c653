package office

import (
	"cmp"
	"strconv"
	"strings"
	"unicode/utf8"

	"tilgate/internal/fault"
	"tilgate/rag/read"
)

func (d *docx) root(e element) error {
	if e.tag != "w:document" {
		return fault.Invalid.Errorf("it is no Word document; spreadsheets and slides have other readers")
	}
	return d.each(func(e element) error {
		if e.tag != "w:body" {
			return nil
		}
		return d.fill(d.paper)
	})
}

// fill reads all that stands in a body, a cell or a text box.
func (d *docx) fill(to target) error {
	if err := d.each(d.blocks(to)); err != nil {
		return err
	}
	return d.rest(to)
}

// rest gives away a paragraph that should have gone on, and could not.
func (d *docx) rest(to target) error {
	last := d.carry
	if last == nil {
		return nil
	}
	d.carry = nil
	return to.block(last)
}

// blocks returns what is to be done with the elements that paragraphs stand
// between.
func (d *docx) blocks(to target) func(element) error {
	var do func(e element) error
	do = func(e element) error {
		switch e.tag {
		case "w:p":
			return d.paragraph(to)
		case "w:tbl":
			return d.table(to)
		case "w:sdt":
			return d.control(do)
		case "w:customXml", "w:ins", "w:moveTo":
			return d.each(do)
		case "mc:AlternateContent":
			return d.alternative(do)
		case "w:altChunk", "w:subDoc":
			d.paper.note(read.LeftOut, "paragraph "+strconv.Itoa(d.paper.n), "a document within the document is left out; paste its text into it")
		}
		return nil
	}
	return do
}

// control reads a content control. One that only says what to fill in has no
// text of its own.
func (d *docx) control(do func(element) error) error {
	empty := false
	return d.each(func(e element) error {
		switch {
		case e.tag == "w:sdtPr":
			return d.each(func(e element) error {
				empty = empty || e.tag == "w:showingPlcHdr" && isOn(e)
				return nil
			})
		case e.tag == "w:sdtContent" && !empty:
			return d.each(do)
		}
		return nil
	})
}

// alternative reads the first of several elements that say the same.
func (d *docx) alternative(do func(element) error) error {
	read := false
	return d.each(func(e element) error {
		if read || e.tag != "mc:Choice" && e.tag != "mc:Fallback" {
			return nil
		}
		read = true
		return d.each(do)
	})
}

// A paragraph is one being read.
type paragraph struct {
	*block
	style  *style
	own    style // what it says itself: level, list and indent
	joined bool  // with the next: its end was deleted, or it is a large first letter
	ghost  bool  // its mark is hidden, so that it has no number
}

func (d *docx) paragraph(to target) error {
	p := &paragraph{block: d.carry, style: d.styles.paragraph(""), own: *newStyle()}
	if d.carry = nil; p.block == nil {
		p.block = d.paper.newBlock()
	}
	inline := d.inline(p)
	err := d.each(func(e element) error {
		if e.tag == "w:pPr" {
			return d.paragraphProperties(p)
		}
		return inline(e)
	})
	if err != nil {
		return err
	}
	d.endCodes()
	return d.finish(p, to)
}

func (d *docx) paragraphProperties(p *paragraph) error {
	return d.each(func(e element) error {
		switch e.tag {
		case "w:pStyle":
			p.style = d.styles.paragraph(e.attr("val"))
		case "w:framePr":
			p.joined = p.joined || e.attr("dropCap") == "drop" || e.attr("dropCap") == "margin"
		case "w:rPr":
			return d.each(func(e element) error {
				p.joined = p.joined || e.tag == "w:del" || e.tag == "w:moveFrom"
				p.ghost = p.ghost || e.tag == "w:vanish" && isOn(e)
				return nil
			})
		}
		return d.place(&p.own, e)
	})
}

// finish gives a paragraph its level or number, and gives it away.
func (d *docx) finish(p *paragraph, to target) error {
	if p.joined {
		d.carry = p.block
		return d.paper.fit()
	}
	p.block.title = p.style.title
	switch p.level = cmp.Or(p.own.level, p.style.level); {
	case p.level == 0 && p.style.title:
		p.level = 1
	case p.level == body:
		p.level = 0
	}
	if p.style.contents || d.inContents() && p.level == 0 {
		return nil // it only repeats the headings
	}
	if p.level > 0 && d.inContents() {
		d.fields = nil // its end is missing
	}
	if !p.ghost {
		d.number(p)
	}
	return to.block(p.block)
}

func (d *docx) number(p *paragraph) {
	list, level := cmp.Or(p.own.list, p.style.list), p.own.indent
	if level < 0 {
		level = d.levelOf(p.style)
	}
	mark, bullet, ok := d.mark(list, level)
	if ok {
		p.mark, p.depth, p.item = mark, level, bullet || mark != ""
	}
}

// inline returns what is to be done with the elements of a paragraph.
func (d *docx) inline(p *paragraph) func(element) error {
	var do func(e element) error
	do = func(e element) error {
		switch e.tag {
		case "w:r":
			return d.run(p)
		case "w:hyperlink", "w:fldSimple", "w:ins", "w:moveTo", "w:smartTag", "w:customXml", "w:dir", "w:bdo":
			return d.each(do)
		case "w:sdt":
			return d.control(do)
		case "mc:AlternateContent":
			return d.alternative(do)
		case "m:oMath", "m:oMathPara":
			return d.math(p)
		}
		return nil
	}
	return do
}

// math writes a formula in a line. Only what would say something else without
// a sign gets one.
func (d *docx) math(p *paragraph) error {
	var do func(e element) error
	do = func(e element) error {
		switch e.tag {
		case "m:t":
			text, err := d.all()
			p.write(text, look{})
			return err
		case "m:den":
			p.write("/", look{})
		case "m:sup":
			p.write("^", look{})
		}
		return d.each(do)
	}
	return d.each(do)
}

// box reads a text box that hangs on the paragraph.
func (d *docx) box(p *paragraph) error {
	c := &cell{paper: d.paper}
	fields, carry := d.fields, d.carry
	d.fields, d.carry = nil, nil
	err := d.fill(c)
	d.fields, d.carry = fields, carry
	if text := c.text(); strings.TrimSpace(text) != "" {
		p.boxes = append(p.boxes, text)
	}
	return err
}

// symbolOf returns the character of w:sym.
func symbolOf(e element) string {
	code, err := strconv.ParseUint(e.attr("char"), 16, 32)
	if err != nil || !utf8.ValidRune(rune(code)) {
		return ""
	}
	return symbol(e.attr("font"), rune(code))
}
