package office

// table reads a table. One of a single column is no table but a frame around
// text, as letters and whole documents have it.
func (d *docx) table(to target) error {
	t := &table{to: to}
	columns := 0
	var do func(e element) error
	do = func(e element) error {
		switch e.tag {
		case "w:tblGrid":
			return d.each(func(e element) error {
				if e.tag == "w:gridCol" {
					columns++
				}
				return nil
			})
		case "w:tr":
			if columns == 1 {
				return d.frame(to)
			}
			return d.row(t)
		case "w:sdt":
			return d.control(do)
		case "w:customXml", "w:ins", "w:moveTo":
			return d.each(do)
		}
		return nil
	}
	if err := d.each(do); err != nil {
		return err
	}
	return t.close()
}

// frame reads a row whose only cell holds paragraphs of the text around it.
func (d *docx) frame(to target) error {
	var do func(e element) error
	do = func(e element) error {
		switch e.tag {
		case "w:tc":
			return d.fill(to)
		case "w:sdt":
			return d.control(do)
		}
		return nil
	}
	return d.each(do)
}

func (d *docx) row(t *table) error {
	r := t.row()
	deleted := false
	var do func(e element) error
	do = func(e element) error {
		switch e.tag {
		case "w:trPr":
			return d.each(func(e element) error {
				switch e.tag {
				case "w:tblHeader":
					r.head = isOn(e)
				case "w:del":
					deleted = true
				case "w:gridBefore":
					r.skip(e.number("val", 0, maxColumns))
				}
				return nil
			})
		case "w:tc":
			return d.cell(r)
		case "w:sdt":
			return d.control(do)
		case "w:customXml":
			return d.each(do)
		}
		return nil
	}
	if err := d.each(do); err != nil || deleted {
		return err
	}
	return t.end(r)
}

func (d *docx) cell(r *row) error {
	c := &cell{paper: d.paper}
	width, merged, below := 1, false, false
	blocks := d.blocks(c)
	err := d.each(func(e element) error {
		if e.tag != "w:tcPr" {
			return blocks(e)
		}
		return d.each(func(e element) error {
			switch e.tag {
			case "w:gridSpan":
				width = e.number("val", 1, maxColumns)
			case "w:vMerge":
				merged, below = true, e.attr("val") != "restart"
			case "w:hMerge": // of Word 97, instead of gridSpan
				below = below || e.attr("val") != "restart"
			}
			return nil
		})
	})
	if err == nil {
		err = d.rest(c)
	}
	switch {
	case below:
		r.below(width)
	case merged:
		r.add(c, width, manyRows)
	default:
		r.add(c, width, 1)
	}
	return err
}
