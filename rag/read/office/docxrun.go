package office

import (
	"cmp"
	"slices"
	"strings"
)

// A field is text that a program fills in: a page number, a date, a table of
// contents. First stands its code, then what it came to.
type field struct {
	result   bool // its code is read
	contents bool // it is a table of contents
}

const maxFields = 100

// seen reports whether text is shown: whether it is in no field's code.
func (d *docx) seen() bool {
	return !slices.ContainsFunc(d.fields, func(f field) bool { return !f.result })
}

// inContents reports whether this is a table of contents.
func (d *docx) inContents() bool {
	return slices.ContainsFunc(d.fields, func(f field) bool { return f.contents })
}

func (d *docx) fieldChar(kind string) {
	last := len(d.fields) - 1
	switch {
	case kind == "begin" && last < maxFields:
		d.fields = append(d.fields, field{})
	case kind == "separate" && last >= 0:
		d.fields[last].result = true
	case kind == "end" && last >= 0:
		d.fields = d.fields[:last]
	}
}

// code notes the beginning of a field's code.
func (d *docx) code(text string) {
	if last := len(d.fields) - 1; last >= 0 && strings.HasPrefix(strings.TrimSpace(text), "TOC") {
		d.fields[last].contents = true
	}
}

// endCodes closes fields of which a paragraph has the code and no result, so
// that one without an end does not hide the rest of the document.
func (d *docx) endCodes() {
	if i := slices.IndexFunc(d.fields, func(f field) bool { return !f.result }); i >= 0 {
		d.fields = d.fields[:i]
	}
}

// run reads a piece of a paragraph that has one look.
func (d *docx) run(p *paragraph) error {
	l := d.styles.defaults.with(p.style.look)
	noteMark := false // what follows is the mark of a note
	write := func(text string) {
		if l.hidden != on && d.seen() {
			p.write(text, l)
		}
	}
	var do func(e element) error
	do = func(e element) error {
		switch e.tag {
		case "w:rPr":
			own, err := d.look()
			l = l.with(own)
			return err
		case "w:t":
			text, err := d.all()
			if noteMark {
				p.unmark(text)
			} else {
				write(text)
			}
			return err
		case "w:instrText":
			text, err := d.all()
			d.code(text)
			return err
		case "w:fldChar":
			d.fieldChar(e.attr("fldCharType"))
		case "w:tab", "w:ptab":
			write("\t")
		case "w:br", "w:cr":
			write("\n")
		case "w:noBreakHyphen":
			write("-")
		case "w:sym":
			write(symbolOf(e))
		case "w:footnoteReference", "w:endnoteReference":
			noteMark = e.attr("customMarkFollows") != "" && e.attr("customMarkFollows") != "0"
			if l.hidden != on && d.seen() {
				p.note(d.notes[e.tag+" "+e.attr("id")])
			}
		case "w:ruby", "w:rubyBase": // its reading, w:rt, is small print above it
			return d.each(do)
		case "w:r": // of a ruby
			return d.run(p)
		case "mc:AlternateContent":
			return d.alternative(do)
		case "w:drawing", "w:pict", "w:object":
			return d.drawing(p)
		}
		return nil
	}
	return d.each(do)
}

// drawing looks for text boxes and pictures.
func (d *docx) drawing(p *paragraph) error {
	var do func(e element) error
	do = func(e element) error {
		switch e.tag {
		case "w:txbxContent":
			return d.box(p)
		case "mc:AlternateContent":
			return d.alternative(do)
		case "a:blip", "v:imagedata":
			d.paper.pictures++
		}
		return d.each(do)
	}
	return d.each(do)
}

// look reads the properties of a run.
func (d *docx) look() (look, error) {
	var l, style look
	err := d.each(func(e element) error {
		switch e.tag {
		case "w:rStyle":
			style = d.styles.character(e.attr("val")).look
		case "w:rFonts":
			l.font, l.complex = cmp.Or(e.attr("ascii"), e.attr("hAnsi")), e.attr("cs")
			if e.attr("asciiTheme") != "" {
				l.font = "theme"
			}
			if e.attr("cstheme") != "" {
				l.complex = "theme"
			}
		case "w:lang":
			l.langs = langs{e.attr("val"), e.attr("bidi"), e.attr("eastAsia")}
		case "w:vanish":
			l.hidden = toggleOf(e)
		case "w:b", "w:bCs": // Latin letters and others
			if l.bold != on {
				l.bold = toggleOf(e)
			}
		case "w:vertAlign":
			l.raised = map[string]rune{"superscript": '^', "subscript": '_'}[e.attr("val")]
			if l.raised == 0 {
				l.raised = '='
			}
		}
		return nil
	})
	return style.with(l), err
}

func isOn(e element) bool { return toggleOf(e) == on }

// toggleOf reads a property that is on unless it says otherwise.
func toggleOf(e element) toggle {
	switch e.attr("val") {
	case "0", "false", "off", "none":
		return off
	}
	return on
}
