package office

const (
	maxColumns = 1024 // Word allows 63, LibreOffice this many
	maxAbove   = 200  // bytes of a cell that are said again in the rows that it reaches down to
	manyRows   = 1 << 30
)

// A table gives rows to a target, and finds out which of them head it.
type table struct {
	to    target
	n     int  // rows so far
	heads bool // all of them were heads
	first *row // the first one, until the next shows whether it is a head
	above []tall
}

// A tall cell reaches over rows below its own.
type tall struct {
	text string
	left int // rows that it reaches over yet
}

// A row is one being read.
type row struct {
	table       *table
	cells       []string
	blank       int // cells at its end that only a wide one stands in
	head        bool
	bold, plain bool // whether it has letters that are
}

func (t *table) row() *row { return &row{table: t} }

// add adds a cell which reaches over columns to the right and over rows below.
func (r *row) add(c *cell, columns, rows int) {
	r.bold, r.plain = r.bold || c.bold, r.plain || c.plain
	at, text := len(r.cells), c.text()
	if at >= maxColumns {
		return
	}
	r.put(text, false)
	for at >= len(r.table.above) {
		r.table.above = append(r.table.above, tall{})
	}
	r.table.above[at] = tall{text, rows - 1}
	r.skip(columns - 1)
}

// skip leaves columns empty.
func (r *row) skip(columns int) {
	for range columns {
		r.put("", true)
	}
}

// below adds a cell that one further up reaches down to, or one further left
// reaches over to. A row can then be understood without the others.
func (r *row) below(columns int) {
	at := len(r.cells)
	if at < len(r.table.above) && r.table.above[at].left > 0 {
		r.table.above[at].left--
		if text := r.table.above[at].text; len(text) <= maxAbove {
			r.put(text, false)
		} else {
			r.put("", false)
		}
		columns--
	}
	r.skip(columns)
}

func (r *row) put(text string, blank bool) {
	if len(r.cells) >= maxColumns {
		return
	}
	r.cells = append(r.cells, text)
	if r.blank++; !blank {
		r.blank = 0
	}
}

// end gives the row to the target, or the one before it.
func (t *table) end(r *row) error {
	t.n++
	r.cells = r.cells[:len(r.cells)-r.blank]
	switch {
	case t.n == 1 && !r.head:
		t.first = r
		return nil
	case t.n == 1 || t.heads && r.head:
		t.heads = true
		return t.to.row(r.cells, true)
	}
	t.heads = false
	if err := t.flush(r.plain); err != nil {
		return err
	}
	return t.to.row(r.cells, false)
}

// flush gives the first row away. It heads the table if it is in bold letters
// and what follows is in plain ones.
func (t *table) flush(plain bool) error {
	if t.first == nil {
		return nil
	}
	head := plain && t.first.bold && !t.first.plain
	cells := t.first.cells
	t.first = nil
	return t.to.row(cells, head)
}

// close ends the table.
func (t *table) close() error {
	err := t.flush(false)
	t.to.endTable()
	return err
}
