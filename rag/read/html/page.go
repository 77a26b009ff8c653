package html

import (
	"context"
	"io"
	"net/url"
	"slices"

	"tilgate/internal/lang"
	"tilgate/rag"
	"tilgate/rag/read"
)

// An Origin is what is known about a page from elsewhere, such as the answer
// of a web server. All of it may be empty.
type Origin struct {
	URL         *url.URL // where it stands, after redirects
	ContentType string   // with or without a charset
	Language    string   // Content-Language
	Modified    string   // Last-Modified
}

// A Page is what a page says.
type Page struct {
	Title string
	Text  string     // of the main part
	Marks []rag.Mark // where headings, tables and lists stand in Text
	Hint  lang.Tag   // language that the page says, or empty
	Notes []read.Note

	Published  string   // RFC 3339 date, or empty
	Modified   string   // RFC 3339 date, or empty
	Edition    string   // as the page says: "3rd edition"
	Replaces   []string // what it says it takes the place of; with an Origin.URL, addresses on the same host alone
	ReplacedBy string   // what it says took its place: an address or a name

	Canonical string // address that the page says is its own, on the same host; or empty

	Links      []Link      // that people can follow, in their order, each once
	Alternates []Alternate // the page in other languages, and often itself
	Refresh    string      // where the page sends browsers to, or empty
	NoIndex    bool        // the page asks not to be found
	NoFollow   bool        // the page asks not to follow its links
	NeedsCode  bool        // there is no text but what a program would write
}

// A Link is an absolute http or https address without a fragment.
type Link struct {
	URL      string
	NoFollow bool
}

// An Alternate is where the page stands in a language.
type Alternate struct {
	Lang lang.Tag
	URL  string
}

const maxPage = 32 << 20 // bytes that are read; the rest is left out

// Read reads a page and finds its main part. What is wrong with a page is
// noted; it is an error only if it is no text at all.
func Read(ctx context.Context, r io.Reader, o Origin) (Page, error) {
	t, err := load(ctx, r, o)
	if err != nil {
		return Page{}, err
	}
	var b rag.Builder
	var d rag.Document
	main := mainPart(t.root)
	p := t.page(o, main)
	w := &writer{ctx: ctx, tree: t, out: &b, title: t.name(&p, main)}
	p.NeedsCode = !w.all(main) && t.facts.programs
	if p.NeedsCode {
		t.leftOut("the page has no text of its own: a program in it would fetch it, and programs are not run")
	}
	b.Put(&d)
	p.Text, p.Marks, p.Notes = d.Text, d.Marks, t.notes
	return p, ctx.Err()
}

// Blocks adds all text of a page to a Builder: of a chapter of a book, say,
// which has nothing around its main part. The Page has no text.
func Blocks(ctx context.Context, r io.Reader, o Origin, b *rag.Builder) (Page, error) {
	t, err := load(ctx, r, o)
	if err != nil {
		return Page{}, err
	}
	measure(t.root, false)
	p := t.page(o, t.root)
	t.name(&p, t.root)
	w := &writer{ctx: ctx, tree: t, out: b}
	w.all(t.root)
	p.Notes = t.notes
	return p, ctx.Err()
}

// load reads the tree of a page.
func load(ctx context.Context, r io.Reader, o Origin) (*tree, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxPage+1))
	if err != nil {
		return nil, err
	}
	var notes []read.Note
	if len(data) > maxPage {
		data = data[:maxPage]
		notes = append(notes, leftOut("the page is over the limit of %d MB; the rest of it was left out", maxPage>>20))
	}
	text, xml, guessed, err := decode(data, o.ContentType)
	if err != nil {
		return nil, err
	}
	return build(ctx, text, xml, slices.Concat(notes, guessed))
}
