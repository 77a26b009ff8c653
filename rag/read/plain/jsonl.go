package plain

import (
	"bytes"
	"context"
	"fmt"
	"iter"

	"tilgate/rag/read"
)

// JSONL returns a reader of files with a JSON object on each line, which is a
// document. The file may be compressed with gzip or Zstandard. A line that is
// broken or too long is an error of its own. A row without an id is named
// after its text.
func JSONL(f Fields) read.Reader { return jsonl{f, f.paths()} }

type jsonl struct {
	fields Fields
	paths  paths
}

func (j jsonl) Read(ctx context.Context, f read.File) iter.Seq2[read.Item, error] {
	return func(yield func(read.Item, error) bool) {
		if err := j.rows(ctx, f, yield); err != nil {
			yield(f.Item(), f.Fault(err))
		}
	}
}

// rows yields the documents of a file. Its error is the file's own.
func (j jsonl) rows(ctx context.Context, f read.File, yield func(read.Item, error) bool) error {
	c, err := f.Open()
	if err != nil {
		return err
	}
	defer c.Close()
	count := &counter{Reader: c}
	content, stop, err := unpacked(count)
	if err != nil {
		return err
	}
	defer stop()
	in, err := newLines(content)
	if err != nil {
		return err
	}
	row := newRow(j.paths)
	for in.next(ctx) {
		err := in.wrong
		if err == nil && len(bytes.TrimSpace(in.line)) == 0 {
			continue
		}
		if err == nil {
			err = row.parse(in.line)
		}
		if err == nil && !j.fields.wants(row) {
			continue
		}
		item := f.Item()
		item.Where, item.Read = fmt.Sprintf("%s:%d", f.Name, in.n), count.n
		if err == nil {
			err = row.fill(&item)
			item.Notes = append(item.Notes, in.notes...)
			in.notes = nil // of the file, said once
		}
		if err != nil {
			err = fmt.Errorf("%s: %w", item.Where, err)
		}
		if !yield(item, err) {
			return nil
		}
	}
	return in.err
}
