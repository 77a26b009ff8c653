package dataset

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"tilgate/internal/fault"
)

// A row is a line of a table, by the names of its columns.
type row struct {
	at    string // file:line
	cells map[string]string
}

// csvRows reads a table with a line of names at its top. Cells may be quoted,
// also where tabs part them.
func (r *reader) csvRows(name string, comma rune, columns ...string) ([]row, error) {
	data, err := r.file(name)
	if err != nil {
		return nil, err
	}
	in := csv.NewReader(bytes.NewReader(data))
	in.Comma = comma
	head, err := in.Read()
	if err != nil {
		return nil, csvFault(name, err)
	}
	if err := hasColumns(name, head, columns); err != nil {
		return nil, err
	}
	var rows []row
	for {
		cells, err := in.Read()
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return nil, csvFault(name, err)
		}
		line, _ := in.FieldPos(0)
		rows = append(rows, newRow(name, line, head, cells))
	}
}

func csvFault(name string, err error) error {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return fmt.Errorf("%s:%d: %w", name, parse.Line, parse.Err)
	}
	return fmt.Errorf("%s: %w", name, err)
}

// tsvRows reads lines of cells apart by tabs, in which quotation marks mean
// nothing, with a line of names at their top.
func (r *reader) tsvRows(name string, columns ...string) ([]row, error) {
	lines, err := r.textLines(name)
	if err != nil {
		return nil, err
	}
	head := strings.Split(lines[0], "\t")
	if err := hasColumns(name, head, columns); err != nil {
		return nil, err
	}
	var rows []row
	for i, l := range lines[1:] {
		cells := strings.Split(l, "\t")
		if len(cells) != len(head) {
			return nil, fault.Invalid.Errorf("%s:%d: %d cells, but %d columns", name, i+2, len(cells), len(head))
		}
		rows = append(rows, newRow(name, i+2, head, cells))
	}
	return rows, nil
}

func hasColumns(name string, head, columns []string) error {
	for _, c := range columns {
		if !slices.Contains(head, c) {
			return fault.Invalid.Errorf("%s:1: there is no column %q among %q", name, c, head)
		}
	}
	return nil
}

func newRow(name string, line int, head, cells []string) row {
	r := row{fmt.Sprintf("%s:%d", name, line), map[string]string{}}
	for i, c := range cells {
		r.cells[head[i]] = c
	}
	return r
}
