package office

type styles struct {
	byID     map[string]*style
	normal   string // the style of paragraphs that name none
	defaults look
}

func newStyles() *styles { return &styles{byID: map[string]*style{}} }

func (d *docx) readStyles(element) error {
	return d.each(func(e element) error {
		switch e.tag {
		case "w:docDefaults":
			return d.each(d.defaults)
		case "w:style":
			return d.readStyle(e)
		}
		return nil
	})
}

func (d *docx) defaults(e element) error {
	switch e.tag {
	case "w:rPrDefault":
		return d.each(d.defaults)
	case "w:rPr":
		l, err := d.look()
		d.styles.defaults = l
		return err
	}
	return nil
}

func (d *docx) readStyle(e element) error {
	s := newStyle()
	s.id = e.attr("styleId")
	if e.attr("type") == "paragraph" && e.attr("default") != "" && e.attr("default") != "0" && e.attr("default") != "false" {
		d.styles.normal = s.id
	}
	if err := keep(d.styles.byID, s.id, s); err != nil {
		return err
	}
	return d.each(func(e element) (err error) {
		switch e.tag {
		case "w:name":
			s.name = e.attr("val")
		case "w:basedOn":
			s.based = e.attr("val")
		case "w:rPr":
			s.look, err = d.look()
		case "w:pPr":
			return d.each(func(e element) error { return d.place(s, e) })
		}
		return err
	})
}

// place reads the properties that say what a paragraph is in the document: a
// heading, an item of a list.
func (d *docx) place(s *style, e element) error {
	switch e.tag {
	case "w:outlineLvl":
		s.level = e.number("val", body-1, body-1) + 1
	case "w:numPr":
		return d.each(func(e element) error {
			switch e.tag {
			case "w:numId":
				s.list = e.attr("val")
			case "w:ilvl":
				s.indent = e.number("val", 0, levels-1)
			}
			return nil
		})
	}
	return nil
}

// paragraph returns the style of an id, or that of paragraphs that name none.
func (s *styles) paragraph(id string) *style {
	if s.byID[id] == nil {
		id = s.normal
	}
	return s.character(id)
}

// character returns the style of an id, which is empty if there is none.
func (s *styles) character(id string) *style {
	found := s.byID[id]
	if found == nil {
		return newStyle()
	}
	found.resolve(func(own *style) *style { return s.byID[own.based] }, 0)
	return found
}
