// Package read turns files into documents: what the readers of all formats
// have in common.
//
// A Reader knows one format. It gives documents as it finds them, in text that
// can be quoted, with marks on headings, tables and lists, and it says what it
// could not read: a page that is a picture is a Note on its document, a file
// that cannot be opened is an error. Whatever a file holds, a reader ends, in
// bounded memory, and never panics.
package read

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"time"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/rag"
)

// A File is one that may be read.
type File struct {
	FS      fs.FS
	Path    string // in FS
	Name    string // as it is called in reports
	ID      string // of its document, unless the file says another
	Source  string // where people can read it, unless the file says; its name if empty
	Size    int64
	ModTime time.Time
}

// An Item is a document with the place that it was read from.
type Item struct {
	// Document has the language that its author named in so many words, or
	// none: ingest finds it out.
	rag.Document
	Hint  lang.Tag // language that the format says, which is often a program's default
	Where string   // file, or file:line
	Read  int64    // bytes of the file read so far
	Pages int      // of a format that has pages
	Notes []Note

	// Same says that nothing has changed at Document.Origin, which was not read
	// again: all its documents are as they are stored.
	Same bool
}

// A Note says what is wrong with a document that can be used all the same.
type Note struct {
	Kind  NoteKind `json:"kind"`
	Where string   `json:"where,omitempty"` // within the document: "page 3"; empty means all of it
	Text  string   `json:"text"`            // what is wrong and what helps, without a full stop
}

func (n Note) String() string {
	if n.Where == "" {
		return n.Text
	}
	return n.Where + ": " + n.Text
}

// A NoteKind is what reports count notes by.
type NoteKind string

// The kinds of notes.
const (
	Empty      NoteKind = "empty"       // a page without anything on it
	Scanned    NoteKind = "scanned"     // a page that is a picture, and was not read
	Recognised NoteKind = "recognised"  // a page that is a picture, read by OCR
	LegacyFont NoteKind = "legacy_font" // text that means nothing without its font, and was left out
	Encoding   NoteKind = "encoding"    // text whose encoding was guessed, or was mended
	LeftOut    NoteKind = "left_out"    // a part that is too large, too deep or broken
)

// A Reader reads files of one format. What is wrong with one document or one
// line is an error that stands for it; others follow. An error that is the
// file's own comes alone, or last. Errors begin with the name of the file, as
// Fault writes it. The documents of a file come in an order that depends on
// the file alone.
type Reader interface {
	Read(ctx context.Context, f File) iter.Seq2[Item, error]
}

// A ReaderFunc is a reader of files that are one document each.
type ReaderFunc func(ctx context.Context, f File, c *Content) (Item, error)

// Read opens the file and reads its document.
func (r ReaderFunc) Read(ctx context.Context, f File) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		yield(r.one(ctx, f))
	}
}

func (r ReaderFunc) one(ctx context.Context, f File) (Item, error) {
	c, err := f.Open()
	if err != nil {
		return f.Item(), f.Fault(err)
	}
	defer c.Close()
	item, err := r(ctx, f, c)
	if item.Where == "" {
		item.Where = f.Name
	}
	item.Read = f.Size
	return item, f.Fault(err)
}

// Item returns an item to begin with: its document has the file's id and
// source.
func (f File) Item() Item {
	source := f.Source
	if source == "" {
		source = f.Name
	}
	return Item{Document: rag.Document{ID: f.ID, Source: source}, Where: f.Name}
}

// Fault puts the file's name before an error. A nil err gives nil.
func (f File) Fault(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", f.Name, err)
}

// A Content is an open file, which can be read from its beginning and at any
// place.
type Content struct {
	fs.File
	io.ReaderAt
	Size int64
}

// Open opens the file. It must be closed.
func (f File) Open() (*Content, error) {
	file, err := f.FS.Open(f.Path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, err
	}
	at, ok := file.(io.ReaderAt)
	if !ok || !info.Mode().IsRegular() {
		file.Close()
		return nil, fault.Invalid.Errorf("it is no regular file")
	}
	return &Content{file, at, info.Size()}, nil
}

// All reads the whole file, which must have at most limit bytes.
func (c *Content) All(limit int64) ([]byte, error) {
	if c.Size > limit {
		return nil, TooLarge(c.Size, limit)
	}
	data, err := io.ReadAll(io.LimitReader(c, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = TooLarge(int64(len(data)), limit) // it grew meanwhile
	}
	return data, err
}

// MaxText is how many bytes of text one document may have. What goes beyond is
// an error.
const MaxText = 64 << 20

// TooLarge says that something has more bytes than it may.
func TooLarge(size, limit int64) error {
	return fault.TooLarge.Errorf("%d MB is over the limit of %d MB", size>>20, limit>>20)
}
