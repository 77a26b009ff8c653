package sheet

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"iter"
	"strings"

	"tilgate/internal/charset"
	"tilgate/internal/fault"
	"tilgate/rag/read"
)

const (
	maxRecord = 16 << 20
	sniffed   = 64 << 10 // bytes by which the separator is found
)

type separated struct{ o Options }

func (s separated) Read(ctx context.Context, f read.File) iter.Seq2[read.Item, error] {
	return func(yield func(read.Item, error) bool) {
		if err := s.rows(ctx, f, yield); err != nil {
			yield(f.Item(), f.Fault(err))
		}
	}
}

func (s separated) rows(ctx context.Context, f read.File, yield func(read.Item, error) bool) error {
	c, err := f.Open()
	if err != nil {
		return err
	}
	defer c.Close()
	count := &counter{Reader: c}
	text, encoding, err := charset.NewReader(count, "")
	if err != nil {
		return err
	}
	budget := &budget{r: text, left: maxRecord}
	in := bufio.NewReaderSize(budget, sniffed)
	records, err := newReader(in)
	if err != nil {
		return err
	}
	last := &held{yield: yield}
	t := &table{o: s.o, place: "line", yield: last.put, levels: func(int) int { return 1 },
		fill: func(_ int, cells []string, _ bool) []string { return cells },
		item: func() read.Item {
			item := f.Item()
			item.Title, item.Read = lastName(f.ID), count.n
			return item
		}}
	if encoding != "utf-8" {
		t.notes = []read.Note{{Kind: read.Encoding, Text: "it was read as " + encoding + ", which may be a guess; UTF-8 needs none"}}
	}
	err = t.readAll(ctx, records, budget)
	if ctx.Err() != nil || t.left {
		return err
	}
	t.end() // also where the file is broken further down
	if t.left || (last.any || err == nil) && !last.end(t.item(), f.Size, t.notes) {
		return nil
	}
	return err
}

// readAll gives the records to the table.
func (t *table) readAll(ctx context.Context, records *csv.Reader, budget *budget) error {
	for {
		budget.left = maxRecord
		record, err := records.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		var bad *csv.ParseError
		if errors.As(err, &bad) {
			return fault.Invalid.Errorf("line %d: it is no table: %v", bad.Line, bad.Err)
		}
		if err != nil {
			return err
		}
		line, _ := records.FieldPos(0)
		if !t.add(line, record) {
			return nil
		}
	}
}

// newReader returns a reader of records, with the separator that a file says
// or shows.
func newReader(in *bufio.Reader) (*csv.Reader, error) {
	head, err := in.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	comma := rune(0)
	if line, _, ok := bytes.Cut(head, []byte("\n")); ok && bytes.HasPrefix(line, []byte("sep=")) && len(bytes.TrimSpace(line)) == 5 {
		comma = rune(line[4]) // a line that Excel understands
		if _, err := in.Discard(len(line) + 1); err != nil {
			return nil, err
		}
	}
	if !strings.ContainsRune(separators, comma) || comma == 0 {
		comma = separator(string(head), err == nil)
	}
	return reader(in, comma), nil
}

func reader(r io.Reader, comma rune) *csv.Reader {
	records := csv.NewReader(r)
	records.Comma, records.LazyQuotes, records.FieldsPerRecord, records.ReuseRecord = comma, true, -1, true
	return records
}

// separators are in the order in which the first wins.
const separators = ",;\t|"

// separator returns the one by which most lines of a text have the same number
// of cells, which is the more the better.
func separator(head string, cut bool) rune {
	best, most := ',', 0.0
	for _, comma := range separators {
		widths, n := map[int]int{}, 0
		for records := reader(strings.NewReader(head), comma); n < 500; n++ {
			record, err := records.Read()
			if err != nil {
				break
			}
			widths[len(record)]++
		}
		for width, lines := range widths {
			if cut && lines == 1 {
				continue // the last line is not whole
			}
			score := float64(lines) / float64(n) * min(float64(width-1), 3)
			if score > most+0.001 {
				best, most = comma, score
			}
		}
	}
	return best
}

// A budget bounds what may be read until it is filled again: a quote that is
// not closed would make one cell of the rest.
type budget struct {
	r    io.Reader
	left int
}

func (b *budget) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fault.TooLarge.Errorf("a row has over %d MB: perhaps a quotation mark is not closed", maxRecord>>20)
	}
	n, err := b.r.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// A counter counts the bytes that were read.
type counter struct {
	io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

// lastName returns the last part of an id that is a path.
func lastName(id string) string { return id[strings.LastIndexByte(id, '/')+1:] }
