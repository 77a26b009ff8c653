package office

// table reads a table. One of a single column is no table but a frame around
// text.
func (d *odt) table(to target) error {
	t := &table{to: to}
	columns := 0
	var do func(e element, head bool) error
	do = func(e element, head bool) error {
		switch e.tag {
		case "table:table-column":
			columns += e.number("number-columns-repeated", 1, maxColumns)
		case "table:table-row":
			if columns == 1 {
				return d.frame(to)
			}
			return d.row(t, head)
		case "table:table-header-rows":
			return d.each(func(e element) error { return do(e, true) })
		case "table:table-rows", "table:table-row-group", "table:table-columns", "table:table-header-columns", "table:table-column-group":
			return d.each(func(e element) error { return do(e, head) })
		}
		return nil
	}
	if err := d.each(func(e element) error { return do(e, false) }); err != nil {
		return err
	}
	return t.close()
}

// frame reads a row whose only cell holds paragraphs of the text around it.
func (d *odt) frame(to target) error {
	return d.each(func(e element) error {
		if e.tag != "table:table-cell" {
			return nil
		}
		return d.each(d.blocks(to))
	})
}

// row reads a row. One that is repeated says the same.
func (d *odt) row(t *table, head bool) error {
	r := t.row()
	r.head = head
	err := d.each(func(e element) error {
		n := e.number("number-columns-repeated", 1, maxColumns)
		switch e.tag {
		case "table:covered-table-cell":
			for range n {
				r.below(1)
			}
		case "table:table-cell":
			c := &cell{paper: d.paper}
			if err := d.each(d.blocks(c)); err != nil {
				return err
			}
			for range n {
				r.add(c, 1, e.number("number-rows-spanned", 1, manyRows))
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return t.end(r)
}
