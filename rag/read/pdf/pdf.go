package pdf

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"
	"strings"
	"time"
	"unicode/utf8"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/rag/read"
)

// Options say what a Reader may use. The zero value works.
type Options struct {
	// OCR is the command that reads pages that are pictures, called as tesseract
	// is. Empty means tesseract if it is installed, and "none" none.
	OCR string
	// Languages are what pictures are in, besides the language that a file says
	// it is in.
	Languages []lang.Tag
	OCRTime   time.Duration // for a page; 0 means 2 minutes

	Workers  int           // files read at a time, each in up to 512 MB; 0 means 1
	PageTime time.Duration // to read a page without OCR, or to open a file; 0 means 20 seconds
	MaxPages int           // of a file; 0 means 10,000. Those beyond are left out
	MaxText  int           // bytes of text of a file; 0 means read.MaxText
}

// A Reader reads PDF files. It is safe for concurrent use.
type Reader struct {
	options Options
	engine  *engine
	ocr     *ocr // nil if there is none
}

// New returns a reader. It takes up nothing worth mentioning until the first
// file is read, which waits some seconds for pdfium to be compiled.
func New(o Options) *Reader {
	o.OCRTime = cmp.Or(o.OCRTime, 2*time.Minute)
	o.Workers = cmp.Or(o.Workers, 1)
	o.PageTime = cmp.Or(o.PageTime, 20*time.Second)
	o.MaxPages = cmp.Or(o.MaxPages, 10_000)
	o.MaxText = cmp.Or(o.MaxText, read.MaxText)
	r := &Reader{options: o, engine: newEngine(o.Workers)}
	if o.OCR != "none" {
		r.ocr = newOCR(o.OCR, o.OCRTime, o.Languages)
	}
	return r
}

// Close gives back the memory that the reader holds. No file may be read
// meanwhile, and none can be read after it.
func (r *Reader) Close() error { return r.engine.close() }

// Read reads a file as one document.
func (r *Reader) Read(ctx context.Context, f read.File) iter.Seq2[read.Item, error] {
	return read.ReaderFunc(r.read).Read(ctx, f)
}

func (r *Reader) read(ctx context.Context, f read.File, c *read.Content) (read.Item, error) {
	item := f.Item()
	switch {
	case c.Size == 0:
		return item, fault.Invalid.Errorf("it is empty")
	case c.Size > maxFile:
		return item, read.TooLarge(c.Size, maxFile)
	}
	s := &session{Reader: r, ctx: ctx, content: c, item: &item, source: &source{io.NewSectionReader(c, 0, c.Size)}}
	defer s.end()
	if err := s.start(); err != nil {
		return item, err
	}
	pages, err := s.pages()
	if err != nil {
		return item, err
	}
	d := document{pages: pages}
	d.build()
	d.out.Put(&item.Document)
	item.Title = cmp.Or(item.Title, d.title)
	if len(item.Text) > r.options.MaxText {
		return item, read.TooLarge(int64(len(item.Text)), int64(r.options.MaxText))
	}
	return item, nil
}

// maxFile is what pdfium can find its way in, by offsets of 32 bits.
const maxFile = 2<<30 - 1

// A session reads one file. It takes another instance of pdfium when one was
// killed, or has become large.
type session struct {
	*Reader
	ctx     context.Context
	content *read.Content
	source  *source
	item    *read.Item
	guest   *guest
	doc     uint64
	broken  int // instances that were killed or trapped
	text    int // bytes
}

// A source is where a file is read from. go-pdfium keeps that of an instance
// that was killed for good, so it must let go of the file.
type source struct{ io.ReadSeeker }

// Pages that break instances before the rest of a file is left out, and the
// memory from which on an instance is replaced.
const (
	maxBroken = 3
	manyBytes = 256 << 20
)

// start opens the file in a fresh instance, and finds out about it.
func (s *session) start() error {
	if err := s.open(); err != nil {
		return err
	}
	return s.within(func(g *guest) error {
		s.item.Pages = g.int("FPDF_GetPageCount", s.doc)
		g.describe(s.doc, s.item)
		if g.err == nil && s.item.Pages <= 0 {
			return fault.Invalid.Errorf("it has no pages")
		}
		return g.err
	})
}

func (s *session) open() error {
	g, err := s.engine.start(s.ctx)
	if err != nil {
		return err
	}
	s.guest = g
	return s.within(func(g *guest) error {
		doc, err := g.open(s.source, s.content.Size)
		if err != nil {
			return err
		}
		if s.doc = doc; doc == 0 {
			return refusal(g.int("FPDF_GetLastError"))
		}
		return nil
	})
}

// refusal says why pdfium does not open a file.
func refusal(code int) error {
	const password, security = 4, 5
	switch code {
	case password:
		return fault.Invalid.Errorf("it opens with a password only; save it without one")
	case security:
		return fault.Invalid.Errorf("it is encrypted in a way that cannot be read; save it without encryption")
	}
	return fault.Invalid.Errorf("it is no PDF, or too much of it is missing")
}

// within runs f with the instance for as long as a page may take. If the
// instance does not survive it, the next use takes a fresh one.
func (s *session) within(f func(*guest) error) error {
	g := s.guest
	err := g.within(s.ctx, s.options.PageTime, func() error { return f(g) })
	if err != nil && s.ctx.Err() != nil {
		err = context.Cause(s.ctx)
	}
	if g.err != nil || g.over.Load() {
		g.kill()
		s.guest = nil
		s.broken++
		runtime.GC() // or a file that breaks one instance after the other holds the memory of all
		if s.ctx.Err() == nil && !errors.Is(err, errTooSlow) {
			err = fault.TooLarge.Errorf("it is broken, or takes over %d MB to read", maxMemory>>4)
		}
	}
	return err
}

func (s *session) end() {
	s.drop()
	s.source.ReadSeeker = strings.NewReader("")
}

// drop gives the instance back.
func (s *session) drop() {
	if s.guest != nil {
		s.guest.close()
		s.guest = nil
	}
}

// pages reads the pages, of which only the lines are kept.
func (s *session) pages() ([]page, error) {
	var pages []page
	last := min(s.item.Pages, s.options.MaxPages)
	for n := range last {
		p, err := s.page(n)
		if s.ctx.Err() != nil {
			return nil, context.Cause(s.ctx)
		}
		if err != nil {
			s.note(n, read.Note{Kind: read.LeftOut, Text: err.Error()})
		}
		if s.broken >= maxBroken {
			s.leftOut(n+1, s.item.Pages, fmt.Sprintf("left out, since %d pages before could not be read", maxBroken))
			return pages, nil
		}
		if s.text > s.options.MaxText {
			return nil, read.TooLarge(int64(s.text), int64(s.options.MaxText))
		}
		pages = append(pages, p)
	}
	s.leftOut(last, s.item.Pages, fmt.Sprintf("left out, since only the first %d pages are read", last))
	return pages, nil
}

// leftOut notes that the pages from the one at from on were not read.
func (s *session) leftOut(from, pages int, why string) {
	if from < pages {
		s.item.Notes = append(s.item.Notes, read.Note{Kind: read.LeftOut, Where: fmt.Sprintf("pages %d to %d", from+1, pages), Text: why})
	}
}

func (s *session) note(n int, note read.Note) {
	note.Where = fmt.Sprintf("page %d", n+1)
	s.item.Notes = append(s.item.Notes, note)
}

// page reads page n, from 0.
func (s *session) page(n int) (page, error) {
	p := page{number: n + 1}
	if s.guest != nil && s.guest.module.Memory().Size() > manyBytes {
		s.drop()
	}
	if s.guest == nil {
		if err := s.open(); err != nil {
			return p, err
		}
	}
	var sheets []sheet
	err := s.within(func(g *guest) (err error) {
		sheets, err = g.collect(s.doc, n)
		return err
	})
	if err != nil {
		return p, err
	}
	for i := range sheets {
		s.pieces(&p, &sheets[i])
	}
	letters := 0
	for _, l := range p.pieces {
		letters += l.letter
		s.text += len(l.text)
		for _, c := range l.cells {
			letters += utf8.RuneCountInString(c)
			s.text += len(c)
		}
	}
	err = s.recognise(&p, sheets[0], letters)
	s.text += len(p.plain)
	return p, err
}

// pieces adds what stands on a sheet to a page.
func (s *session) pieces(p *page, one *sheet) {
	for _, note := range one.mend() {
		s.note(p.number-1, note)
		p.refused = p.refused || note.Kind == read.LegacyFont
	}
	pieces := one.layout()
	for _, note := range repaired(pieces) {
		s.note(p.number-1, note)
	}
	p.pieces = append(p.pieces, pieces...)
}
