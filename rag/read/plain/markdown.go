package plain

import (
	"context"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"

	"tilgate/rag"
	"tilgate/rag/read"
)

// Markdown returns a reader of pages in Markdown, as CommonMark has it, with
// the tables of GitHub and with footnotes. A page may begin with front matter.
// Its title is the one given there, or a heading of the first level that the
// page begins with.
func Markdown() read.Reader {
	return read.ReaderFunc(func(_ context.Context, f read.File, c *read.Content) (read.Item, error) {
		item := f.Item()
		page, notes, err := load(c)
		if err != nil {
			return item, err
		}
		item.Notes = notes
		if page, err = frontMatter(&item, page); err != nil {
			return item, err
		}
		if !tame(page) {
			item.Text = page
			item.Notes = append(item.Notes, read.Note{Kind: read.LeftOut, Text: "it was read as plain text: its Markdown is too long or too deeply nested"})
			return item, nil
		}
		markdown(&item.Document, page)
		return item, nil
	})
}

// markdown gives a document the text of a page.
func markdown(d *rag.Document, page string) {
	md := goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.TaskList, extension.Footnote))
	source := []byte(page)
	root := md.Parser().Parse(text.NewReader(source))
	w := &writer{source: source}
	first := root.FirstChild()
	if h, ok := first.(*ast.Heading); ok && h.Level == 1 && d.Title == "" {
		if d.Title = strings.Join(strings.Fields(w.inline(h)), " "); d.Title != "" {
			first = first.NextSibling()
		}
	}
	for n := first; n != nil; n = n.NextSibling() {
		w.block(n, 0)
	}
	w.out.Put(d)
}
