// Package readtest has a reader for the tests of what stands on readers.
package readtest

import (
	"context"
	"errors"
	"iter"
	"strings"
	"sync"

	"tilgate/rag/read"
)

// Lines makes a document of each line of a file, "id: text", and keeps count of
// the files that it reads. A line that says "broken" cannot be read.
type Lines struct {
	mu    sync.Mutex // files are read ahead
	files []string
}

// Files returns the names of the files that were read, in the order in which
// they were begun.
func (l *Lines) Files() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string{}, l.files...)
}

// Read reads a file.
func (l *Lines) Read(_ context.Context, f read.File) iter.Seq2[read.Item, error] {
	return func(yield func(read.Item, error) bool) {
		l.mu.Lock()
		l.files = append(l.files, f.Name)
		l.mu.Unlock()
		if err := lines(f, yield); err != nil {
			yield(f.Item(), f.Fault(err))
		}
	}
}

func lines(f read.File, yield func(read.Item, error) bool) error {
	c, err := f.Open()
	if err != nil {
		return err
	}
	defer c.Close()
	data, err := c.All(1 << 20)
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(data)) {
		item := f.Item()
		item.ID, item.Text, _ = strings.Cut(strings.TrimSpace(line), ": ")
		var err error
		if item.Text == "broken" {
			err = errors.New("a broken line")
		}
		if !yield(item, err) {
			return nil
		}
	}
	return nil
}
