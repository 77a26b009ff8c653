// Package epub reads books in EPUB 2 and 3.
//
// A book gives one document for each file that is read in turn, which is most
// often a chapter. A citation of the whole book would be no help to who wants
// to look it up, so each document has the address of its chapter: the book's,
// with the fragment that EPUB readers follow, as in
// book.epub#epubcfi(/6/8!/4). Its ID ends in the file's name in the book,
// which stays when chapters are added before it.
//
// Tables of contents are left out: they say again what the headings say, and
// would be found for everything.
package epub

import (
	"context"
	"fmt"
	"iter"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/internal/safezip"
	"tilgate/rag"
	"tilgate/rag/read"
	"tilgate/rag/read/html"
)

// New returns a reader of books.
func New() read.Reader { return books{} }

type books struct{}

// maxPlates is how many parts before a text may be pictures: the cover, the
// publisher's mark. More are pages that nobody can search.
const maxPlates = 3

// Read gives the documents of a book in the order of its parts.
func (books) Read(ctx context.Context, f read.File) iter.Seq2[read.Item, error] {
	return func(yield func(read.Item, error) bool) {
		c, err := f.Open()
		if err != nil {
			yield(f.Item(), f.Fault(err))
			return
		}
		defer c.Close()
		b, err := open(c)
		if err != nil {
			yield(f.Item(), f.Fault(err))
			return
		}
		b.read(ctx, f, yield)
	}
}

// read gives the documents of an open book.
func (b *book) read(ctx context.Context, f read.File, yield func(read.Item, error) bool) {
	plates, given := 0, 0
	for i, part := range b.parts {
		if ctx.Err() != nil {
			yield(f.Item(), f.Fault(ctx.Err()))
			return
		}
		item, err := b.chapter(ctx, f, part)
		item.Read = f.Size * int64(i+1) / int64(len(b.parts))
		if err == nil && item.Text == "" && len(item.Notes) == 0 {
			plates++
			continue
		}
		if plates > maxPlates {
			item.Notes = append(item.Notes, pictures("%d parts of the book before this one have no text; they may be pictures", plates))
		}
		plates = 0
		given++
		if !yield(item, err) {
			return
		}
	}
	if given == 0 {
		item := f.Item()
		item.Title, item.Read = b.title, f.Size
		item.Notes = []read.Note{pictures("none of the %d parts of the book has text; they may be pictures", len(b.parts))}
		yield(item, nil)
	}
}

func pictures(format string, parts int) read.Note {
	return read.Note{Kind: read.Scanned, Text: fmt.Sprintf(format, parts)}
}

// chapter reads one part.
func (b *book) chapter(ctx context.Context, f read.File, p part) (read.Item, error) {
	item := f.Item()
	item.ID += "#" + p.path
	item.Source += "#" + p.place
	item.Where = f.Name + ": " + p.path
	item.Date, item.Edition, item.Replaces, item.ReplacedBy = b.date, b.edition.Edition, b.edition.Replaces, b.edition.ReplacedBy
	fail := func(err error) (read.Item, error) {
		return item, f.Fault(fmt.Errorf("part %s: %w", p.path, err))
	}
	r, err := b.archive.Open(p.path)
	if err != nil {
		return fail(err)
	}
	defer r.Close()
	var text rag.Builder
	page, err := html.Blocks(ctx, r, html.Origin{ContentType: p.kind}, &text)
	if err != nil {
		return fail(err)
	}
	text.Put(&item.Document)
	item.Title = titleOf(b.title, item.Document)
	item.Hint, item.Notes = b.hint(page.Hint), page.Notes
	return item, nil
}

// titleOf returns the title of a chapter under that of its book. Only the
// heading says it: the title element of chapters is often the book's, or one
// that a program made.
func titleOf(book string, d rag.Document) string {
	if len(d.Marks) == 0 || d.Marks[0].Kind != rag.Heading || d.Marks[0].At > 0 {
		return book
	}
	heading := d.Text[:d.Marks[0].End]
	if book == "" || heading == book {
		return heading
	}
	return book + ": " + heading
}

// hint returns the language of a chapter. What the book says is put there by a
// person more often than what the chapter says, unless it names several.
func (b *book) hint(chapter lang.Tag) lang.Tag {
	if len(b.langs) == 1 || chapter == "" && len(b.langs) > 0 {
		return b.langs[0]
	}
	return chapter
}

// A book is open, and what it says about itself is known.
type book struct {
	archive *safezip.Archive
	title   string
	date    string
	langs   []lang.Tag
	parts   []part
	edition read.Item // Edition, Replaces and ReplacedBy of all chapters
}

// A part is a file of the book that is read in turn.
type part struct {
	path  string // in the archive
	place string // fragment of an address, as EPUB readers know it
	kind  string // media type
}

func open(c *read.Content) (*book, error) {
	archive, err := safezip.Open(c, c.Size, safezip.Limits{})
	if err != nil {
		return nil, err
	}
	b := &book{archive: archive}
	path, err := b.packageFile()
	if err != nil {
		return nil, err
	}
	locked, err := b.locked()
	if err != nil {
		return nil, err
	}
	if locked[path] {
		return nil, errLocked()
	}
	if err := b.readPackage(path); err != nil {
		return nil, err
	}
	for _, p := range b.parts {
		if locked[p.path] {
			return nil, errLocked()
		}
	}
	return b, nil
}

func errLocked() error {
	return fault.Invalid.Errorf("the book is encrypted against copying (DRM); ask its publisher for a copy without that")
}
