package main

import (
	"bytes"
	"cmp"
	"context"
	"net/url"

	"tilgate/rag"
	"tilgate/rag/crawl"
	"tilgate/rag/read"
	"tilgate/rag/read/epub"
	"tilgate/rag/read/html"
	"tilgate/rag/read/office"
	"tilgate/rag/read/pdf"
	"tilgate/rag/read/plain"
	"tilgate/rag/read/sheet"
	"tilgate/rag/read/wiki"
	"tilgate/rag/sources"
)

// readers are the readers of all formats. What takes long to start is started
// once.
type readers struct{ pdf *pdf.Reader }

func newReaders() *readers { return &readers{pdf.New(pdf.Options{})} }

func (r *readers) close() { r.pdf.Close() }

// of returns the readers of a source.
func (r *readers) of(s sources.Source) read.Readers {
	f, c := s.Fields, s.Columns
	corpus := plain.JSONL(plain.Fields{ID: f.ID, Title: f.Title, Text: f.Text, Lang: f.Lang, Source: f.Source, Date: f.Date, Sector: f.Sector,
		Edition: f.Edition, Replaces: f.Replaces, ReplacedBy: f.ReplacedBy, Domain: f.Domain, Domains: f.Domains, Quality: f.Quality, MinQuality: f.MinQuality})
	columns := sheet.Options{Question: c.Question, Answer: c.Answer, ID: c.ID, Title: c.Title, Lang: c.Lang, Date: c.Date, Sector: c.Sector,
		Edition: c.Edition, Replaces: c.Replaces, ReplacedBy: c.ReplacedBy}
	dump := wiki.Dump(wiki.Options{})
	all := read.Readers{
		".md": plain.Markdown(), ".markdown": plain.Markdown(), ".txt": plain.Text(),
		".jsonl": corpus, ".jsonl.gz": corpus, ".jsonl.zst": corpus,
		".html": html.New(), ".htm": html.New(), ".xhtml": html.New(),
		".pdf": r.pdf, ".docx": office.DOCX(), ".docm": office.DOCX(), ".dotx": office.DOCX(), ".odt": office.ODT(), ".fodt": office.ODT(), ".epub": epub.New(),
		".xlsx": sheet.XLSX(columns), ".xlsm": sheet.XLSX(columns), ".csv": sheet.CSV(columns), ".tsv": sheet.CSV(columns),
		".zim": wiki.ZIM(wiki.Options{HTML: pageText}),
	}
	all[".zimaa"] = all[".zim"] // a part of one, which is told so
	for _, packed := range []string{"", ".bz2", ".gz", ".zst", ".xz"} {
		all[".xml"+packed] = dump
	}
	return all
}

// pageText puts the text of a page of a ZIM file into b.
func pageText(ctx context.Context, page []byte, b *rag.Builder) (title string, err error) {
	p, err := html.Blocks(ctx, bytes.NewReader(page), html.Origin{}, b)
	return p.Title, err
}

// readPage reads a page of a web site.
func readPage(ctx context.Context, p crawl.Page) (sources.Page, error) {
	at, err := url.Parse(p.URL)
	if err != nil {
		return sources.Page{}, err
	}
	found, err := html.Read(ctx, bytes.NewReader(p.Body), html.Origin{URL: at, ContentType: p.ContentType, Modified: p.LastModified})
	if err != nil {
		return sources.Page{}, err
	}
	out := sources.Page{Canonical: found.Canonical, Hidden: found.NoIndex, Follow: !found.NoFollow}
	out.Item.Title, out.Item.Text, out.Item.Marks, out.Item.Hint, out.Item.Notes = found.Title, found.Text, found.Marks, found.Hint, found.Notes
	out.Item.Date = cmp.Or(found.Published, found.Modified)
	out.Item.SetEdition(found.Edition)
	out.Item.AddReplaced(found.Replaces...)
	out.Item.SetReplacedBy(found.ReplacedBy)
	for _, link := range found.Links {
		if !link.NoFollow {
			out.Links = append(out.Links, link.URL)
		}
	}
	for _, other := range found.Alternates {
		out.Links = append(out.Links, other.URL)
	}
	return out, nil
}
