package plain

import (
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"

	"tilgate/rag"
)

// A writer puts the blocks of a page into a document.
type writer struct {
	source []byte
	out    rag.Builder
}

// block writes a block that stands within depth lists.
func (w *writer) block(n ast.Node, depth int) {
	switch n := n.(type) {
	case *ast.Heading:
		w.out.Heading(n.Level, w.inline(n))
	case *ast.Paragraph, *ast.TextBlock:
		w.out.Paragraph(w.inline(n))
	case *ast.List:
		w.list(n, depth)
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		w.out.Paragraph(w.lines(n))
	case *ast.HTMLBlock:
		source := w.lines(n)
		if n.HasClosure() {
			source += string(n.ClosureLine.Value(w.source))
		}
		w.out.Paragraph(stripped(source))
	case *extast.Table:
		w.table(n)
	case *extast.FootnoteList:
		w.footnotes(n)
	default: // a quote, or a ruler, which is empty
		for c := n.FirstChild(); c != nil; c = c.NextSibling() {
			w.block(c, depth)
		}
	}
}

func (w *writer) list(l *ast.List, depth int) {
	if depth == 0 {
		w.out.EndTable()
	}
	number := l.Start
	for item := l.FirstChild(); item != nil; item = item.NextSibling() {
		mark := ""
		if l.IsOrdered() {
			mark = strconv.Itoa(number) + string(l.Marker)
			number++
		}
		w.item(item, depth, mark)
	}
}

// item writes the paragraphs of an item as one, and then what else is in it.
func (w *writer) item(item ast.Node, depth int, mark string) {
	var said []string
	c := item.FirstChild()
	for ; c != nil; c = c.NextSibling() {
		if k := c.Kind(); k != ast.KindParagraph && k != ast.KindTextBlock {
			break
		}
		said = append(said, w.inline(c))
	}
	w.out.Item(depth, mark, strings.Join(said, " "))
	for ; c != nil; c = c.NextSibling() {
		w.block(c, depth+1)
	}
}

func (w *writer) table(t *extast.Table) {
	w.out.EndTable()
	for row := t.FirstChild(); row != nil; row = row.NextSibling() {
		var cells []string
		for c := row.FirstChild(); c != nil; c = c.NextSibling() {
			cells = append(cells, w.inline(c))
		}
		if row.Kind() == extast.KindTableHeader {
			w.out.HeadRow(cells...)
		} else {
			w.out.Row(cells...)
		}
	}
	w.out.EndTable()
}

func (w *writer) footnotes(list *extast.FootnoteList) {
	w.out.EndTable()
	for n := list.FirstChild(); n != nil; n = n.NextSibling() {
		if note, ok := n.(*extast.Footnote); ok {
			w.item(note, 0, strconv.Itoa(note.Index)+".")
		}
	}
}

// lines returns the lines of a block as they stand.
func (w *writer) lines(n ast.Node) string { return string(n.Lines().Value(w.source)) }
