package sheet

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"

	"github.com/xuri/excelize/v2"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/rag/read"
	"tilgate/rag/read/plain"
)

type workbook struct{ o Options }

func (w workbook) Read(ctx context.Context, f read.File) iter.Seq2[read.Item, error] {
	return func(yield func(read.Item, error) bool) {
		if err := w.sheets(ctx, f, yield); err != nil {
			yield(f.Item(), f.Fault(err))
		}
	}
}

// A book is an open workbook, with what its documents have in common.
type book struct {
	*excelize.File
	parts *parts
	item  read.Item
	size  int64
	last  held
}

func (w workbook) sheets(ctx context.Context, f read.File, yield func(read.Item, error) bool) error {
	c, err := f.Open()
	if err != nil {
		return err
	}
	defer c.Close()
	b, err := open(ctx, f, c)
	if err != nil {
		return err
	}
	defer b.Close()
	b.last.yield = yield
	var notes []read.Note // for the next document
	names := b.GetSheetList()
	for i, name := range names {
		if visible, err := b.GetSheetVisible(name); err == nil && !visible {
			notes = append(notes, read.Note{Kind: read.LeftOut, Where: name, Text: "the sheet is hidden, and was left out"})
			continue
		}
		b.item.Read = b.size * int64(i+1) / int64(len(names))
		t := w.table(b, name)
		t.notes = notes
		if err := b.fill(ctx, t); err != nil {
			return err
		}
		if t.left {
			return nil
		}
		notes = t.notes
	}
	b.last.end(b.item, b.size, notes)
	return nil
}

// open opens a workbook that is safe to be opened.
func open(ctx context.Context, f read.File, c *read.Content) (*book, error) {
	if c.Size > maxFile {
		return nil, read.TooLarge(c.Size, maxFile)
	}
	if err := old(c); err != nil {
		return nil, err
	}
	parts, err := look(ctx, c)
	if err != nil {
		return nil, err
	}
	b := &book{parts: parts, item: f.Item(), size: c.Size}
	b.item.Title = lastName(f.ID)
	err = guarded(func() (err error) {
		b.File, err = excelize.OpenReader(io.NewSectionReader(c, 0, c.Size), excelize.Options{
			UnzipSizeLimit: limits.Total, UnzipXMLSizeLimit: 16 << 20,
			ShortDatePattern: "yyyy-mm-dd", LongDatePattern: "yyyy-mm-dd", LongTimePattern: "hh:mm:ss",
		})
		if err != nil {
			return fault.Invalid.Errorf("it is no Excel workbook, or broken: %v", err)
		}
		props, err := b.GetDocProps()
		if err != nil {
			return nil // a workbook may go without
		}
		b.item.Date = plain.Day(props.Modified)
		if tag, err := lang.ParseTag(props.Language); err == nil {
			b.item.Hint = tag
		}
		return nil
	})
	return b, err
}

// old says what a file is that is no zip file, but of Office before or
// encrypted: both stand in containers of the same kind.
func old(c *read.Content) error {
	head := make([]byte, 4<<10)
	n, err := c.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return err
	}
	if !bytes.HasPrefix(head[:n], []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")) {
		return nil
	}
	found, err := contains(io.NewSectionReader(c, 0, c.Size), []byte("E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00"))
	if err != nil {
		return err
	}
	if found {
		return fault.Invalid.Errorf("it is encrypted with a password; save it without one")
	}
	return fault.Invalid.Errorf("it is a workbook of Excel 97 to 2003 (.xls); save it as .xlsx")
}

// contains reports whether a file has some bytes.
func contains(r io.Reader, want []byte) (bool, error) {
	part := make([]byte, 0, 1<<20)
	for {
		n, err := io.ReadFull(r, part[len(part):cap(part)])
		part = part[:len(part)+n]
		if bytes.Contains(part, want) {
			return true, nil
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		part = append(part[:0], part[len(part)-len(want):]...)
	}
}

// table returns the table of a sheet.
func (w workbook) table(b *book, name string) *table {
	merges := b.parts.of(name).merges
	return &table{o: w.o, name: name, place: "row", yield: b.last.put,
		levels: func(row int) int { return levels(merges, row) },
		fill:   newSpread(merges).row,
		item: func() read.Item {
			item := b.item
			item.Where += ": " + name
			return item
		}}
}

// fill gives the rows of its sheet to a table. What is broken in the sheet is
// a note.
func (b *book) fill(ctx context.Context, t *table) error {
	row, hidden, err := b.each(ctx, t)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		t.note("", fmt.Sprintf("it is broken, and was left out from row %d on: %v", row, err))
	}
	if hidden > 0 {
		t.note("", fmt.Sprintf("%d hidden rows were left out", hidden))
	}
	t.end()
	return nil
}

// each gives the visible rows of a sheet to a table, and returns how far it
// came.
func (b *book) each(ctx context.Context, t *table) (n, hidden int, err error) {
	var rows *excelize.Rows
	err = guarded(func() (err error) {
		rows, err = b.Rows(t.name)
		return err
	})
	if err != nil {
		return 0, 0, nil // a chart stands where a sheet might
	}
	defer rows.Close()
	for n = 1; ; n++ {
		cells, found, err := next(rows)
		if err != nil || !found {
			return n, hidden, err
		}
		if n%256 == 0 && ctx.Err() != nil {
			return n, hidden, ctx.Err()
		}
		if len(cells) > 0 && rows.GetRowOpts().Hidden {
			hidden++
			continue
		}
		if !t.add(n, cells) {
			return n, hidden, nil
		}
	}
}

func next(rows *excelize.Rows) (cells []string, found bool, err error) {
	err = guarded(func() (err error) {
		if found = rows.Next(); found {
			cells, err = rows.Columns()
			return err
		}
		return rows.Error()
	})
	return cells, found, err
}

// guarded makes an error of a panic: Excelize was not written for files that
// mean harm.
func guarded(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.Invalid.Errorf("the workbook is broken: %v", p)
		}
	}()
	return do()
}
