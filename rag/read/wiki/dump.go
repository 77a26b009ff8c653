package wiki

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"tilgate/internal/fault"
	"tilgate/rag"
	"tilgate/rag/read"
)

// Dump reads pages-articles dumps of MediaWiki, which are XML as it is or
// packed with bzip2, gzip or zstd. Each article is a document. Redirects, and
// pages that are not wikitext, are none.
func Dump(o Options) read.Reader { return dumpReader{o} }

type dumpReader struct{ o Options }

func (r dumpReader) Read(ctx context.Context, f read.File) iter.Seq2[read.Item, error] {
	return func(yield func(read.Item, error) bool) {
		c, err := f.Open()
		if err != nil {
			yield(f.Item(), f.Fault(err))
			return
		}
		defer c.Close()
		packed := &counter{r: c}
		xml, err := unpack(ctx, packed)
		if err != nil {
			yield(f.Item(), f.Fault(cut(0, err)))
			return
		}
		defer xml.Close()
		d := newDump(ctx, xml, f, r.o)
		d.packed = packed
		for {
			item, err := d.next()
			if errors.Is(err, io.EOF) {
				return
			}
			item.Read = packed.n.Load()
			var one *pageError
			if !yield(item, f.Fault(err)) || err != nil && !errors.As(err, &one) {
				return
			}
		}
	}
}

// A pageError is what is wrong with one page; others follow.
type pageError struct {
	page string
	err  error
}

func (e *pageError) Error() string { return "page " + e.page + ": " + e.err.Error() }
func (e *pageError) Unwrap() error { return e.err }

// A dump is one that is being read.
type dump struct {
	tokens     *tokens
	file       read.File
	packed     *counter
	namespaces []int
	site       *site
	strip      stripper
	path       []byte // of the element at hand: /mediawiki/page/title
	value      []byte // of it, if it is a short one
	key        string // of the namespace that is being named
	page       page
	began      bool // the dump's element
	pages      int  // so far
	given      int  // of them
}

// A page is one that is being read.
type page struct {
	title, id, model, stamp string
	redirect, over, skip    bool // skip: it is in another namespace
	text                    []byte
}

func newDump(ctx context.Context, xml io.Reader, f read.File, o Options) *dump {
	d := &dump{tokens: newTokens(ctx, xml), file: f, namespaces: o.Namespaces, site: newSite()}
	if len(d.namespaces) == 0 {
		d.namespaces = []int{0}
	}
	d.strip.site = d.site
	return d
}

// maxPage is how many bytes of wikitext a page may have. MediaWiki allows two
// megabytes.
const maxPage = 16 << 20

// maxPath and maxValue bound how deep elements stand in each other, and how
// long they are, but for a page's text.
const (
	maxPath  = 1 << 10
	maxValue = 16 << 10
)

const (
	root     = "/mediawiki"
	pagePath = root + "/page"
	textPath = pagePath + "/revision/text"
)

// next returns the next document, or io.EOF at the end of the dump.
func (d *dump) next() (read.Item, error) {
	for {
		t, err := d.tokens.next()
		if err != nil {
			return d.file.Item(), d.broken(err)
		}
		switch t.kind {
		case someText:
			d.text(t.text)
		case startTag:
			if err := d.open(t); err != nil {
				return d.file.Item(), err
			}
		case endTag:
			i := bytes.LastIndexByte(d.path, '/')
			if i < 0 || !bytes.Equal(d.path[i+1:], t.name) {
				return d.file.Item(), cut(d.pages, fault.Invalid.Errorf("</%s> closes what it does not open", clip(t.name)))
			}
			whole := d.close()
			d.path = d.path[:i]
			if whole && d.wanted() {
				return d.item()
			}
		}
	}
}

// clip shortens a name for an error.
func clip(name []byte) string {
	return strings.ToValidUTF8(string(name[:min(len(name), 40)]), "")
}

func (d *dump) open(t token) error {
	if len(d.path) == 0 && string(t.name) != root[1:] {
		return fault.Invalid.Errorf("it is no dump of MediaWiki: its first element is <%s>, not <mediawiki>", clip(t.name))
	}
	if len(d.path)+len(t.name) > maxPath {
		return cut(d.pages, fault.Invalid.Errorf("elements stand too deep in each other"))
	}
	d.path = append(append(d.path, '/'), t.name...)
	d.value = d.value[:0]
	switch string(d.path) {
	case root:
		d.began = true
		d.site.setLang(t.attr("xml:lang"))
	case root + "/siteinfo/namespaces/namespace":
		d.key = t.attr("key")
	case pagePath:
		d.page = page{text: d.page.text[:0]}
	case pagePath + "/redirect":
		d.page.redirect = true
	case textPath:
		d.page.text, d.page.over = d.page.text[:0], false
	}
	return nil
}

func (d *dump) text(text []byte) {
	if string(d.path) != textPath {
		if len(d.value) < maxValue {
			d.value = unescape(d.value, text[:min(len(text), maxValue)])
		}
		return
	}
	if d.page.over || !d.wanted() {
		return
	}
	if d.page.text = unescape(d.page.text, text); len(d.page.text) > maxPage {
		d.page.over, d.page.text = true, nil
	}
}

// close takes the value of the element that ends, and returns true if that is
// a page.
func (d *dump) close() bool {
	value := strings.Join(strings.Fields(strings.ToValidUTF8(string(d.value), "\ufffd")), " ")
	switch string(d.path) {
	case root + "/siteinfo/base":
		d.site.setBase(value)
	case root + "/siteinfo/dbname":
		d.site.name = value
	case root + "/siteinfo/namespaces/namespace":
		d.site.addNamespace(d.key, value)
	case pagePath + "/title":
		d.page.title = value
	case pagePath + "/ns":
		d.page.skip = !slices.ContainsFunc(d.namespaces, func(n int) bool { return strconv.Itoa(n) == string(d.value) })
	case pagePath + "/id":
		d.page.id = value
	case pagePath + "/revision/model":
		d.page.model = value
	case pagePath + "/revision/timestamp":
		d.page.stamp = value
	case pagePath:
		d.pages++
		return true
	}
	return false
}

// wanted reports whether the page is to be read, as far as is known.
func (d *dump) wanted() bool {
	p := &d.page
	return !p.skip && !p.redirect && (p.model == "" || p.model == "wikitext")
}

// item makes a document of the page.
func (d *dump) item() (read.Item, error) {
	d.given++
	p := &d.page
	item := d.file.Item()
	item.ID, item.Title, item.Date, item.Hint = d.site.id(p.id), p.title, day(p.stamp), d.site.lang
	item.Where = fmt.Sprintf("%s: page %s", d.file.Name, p.id)
	if d.site.base != "" {
		item.Source = d.site.base + inURL(p.title)
	}
	if p.id == "" {
		return item, &pageError{p.title, fault.Invalid.Errorf("it has no id")}
	}
	if p.over {
		return item, &pageError{p.id, fault.TooLarge.Errorf("its wikitext is over the limit of %d MB", maxPage>>20)}
	}
	if !utf8.Valid(p.text) {
		p.text = bytes.ToValidUTF8(p.text, []byte("\ufffd"))
		item.Notes = append(item.Notes, read.Note{Kind: read.Encoding, Text: "bytes that are no UTF-8 were replaced"})
	}
	var b rag.Builder
	build(&b, d.strip.strip(p.text, p.title))
	b.Put(&item.Document)
	if len(item.Text) > read.MaxText {
		return item, &pageError{p.id, read.TooLarge(int64(len(item.Text)), read.MaxText)}
	}
	return item, nil
}

// broken says what an error of the tokens means. The end of the file is well
// after the end of the dump.
func (d *dump) broken(err error) error {
	switch {
	case errors.Is(err, io.EOF) && !d.began:
		return fault.Invalid.Errorf("it is no dump of MediaWiki: it has no element <mediawiki>")
	case errors.Is(err, io.EOF) && len(d.path) == 0 && d.given == 0:
		return fault.Invalid.Errorf("it has no page of wikitext in the namespaces %v", d.namespaces)
	case errors.Is(err, io.EOF) && len(d.path) == 0:
		return io.EOF
	case errors.Is(err, io.EOF):
		return cut(d.pages, io.ErrUnexpectedEOF)
	}
	return cut(d.pages, err)
}

// cut says how far a dump was read when it broke off.
func cut(pages int, err error) error {
	after := "before its first page"
	if pages > 0 {
		after = fmt.Sprintf("after page %d of the file", pages)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fault.Invalid.Errorf("it is cut short %s; fetch it again", after)
	}
	return fmt.Errorf("%s: %w", after, err)
}
