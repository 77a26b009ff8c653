package html

import (
	"context"
	"strings"

	"golang.org/x/net/html/atom"

	"tilgate/rag"
	"tilgate/rag/read"
)

// A writer gives the text of nodes to a Builder, block by block.
type writer struct {
	ctx  context.Context
	tree *tree
	out  *rag.Builder

	line   strings.Builder // of the block that is being written
	level  int             // of the heading above
	title  *node           // heading that is left out at the top, because it is the title
	raised atom.Atom       // Sup or Sub inside one
	spare  int             // bytes that cells may still be repeated in
}

// all writes a part of the page, and tells whether there was any text.
func (w *writer) all(part *node) bool {
	w.spare = len(w.tree.text)
	before := w.out.Len()
	w.children(part)
	w.flush()
	return w.out.Len() > before
}

// full tells that no more is wanted.
func (w *writer) full() bool {
	if w.out.Len() > read.MaxText {
		w.tree.leftOut("the text is over the limit of %d MB; the rest of it was left out", read.MaxText>>20)
		return true
	}
	return w.ctx.Err() != nil
}

// flush ends a block.
func (w *writer) flush() {
	if w.line.Len() > 0 {
		w.out.Paragraph(w.line.String())
		w.line.Reset()
	}
}

// children writes what is in a node.
func (w *writer) children(n *node) {
	for c := n.first; c != nil && !w.full(); c = c.next {
		w.node(c)
	}
}

func (w *writer) node(n *node) {
	switch {
	case n.is(hidden | dropped):
	case !isBlock(n.tag) && n.tag != atom.Hr:
		w.inline(&w.line, n)
	case isHeading(n.tag):
		w.heading(n, int(n.tag.String()[1]-'0'))
	case n.tag == atom.Table:
		w.table(n)
	case isList(n.tag):
		w.list(n, 0)
	case n.tag == atom.Li:
		w.items(n, 0, "")
	case n.tag == atom.Dl:
		w.terms(n)
	case n.tag == atom.Summary:
		above := w.level
		w.heading(n, above+1)
		w.level = above
	default:
		w.flush()
		w.children(n)
		w.flush()
	}
}

func (w *writer) heading(n *node, level int) {
	w.flush()
	if n.chars == 0 {
		return
	}
	w.level = level
	if n != w.title || w.out.Len() > 0 {
		w.out.Heading(level, w.text(n))
	}
}

// text returns all text of a node as one line.
func (w *writer) text(n *node) string {
	var b strings.Builder
	w.inline(&b, n)
	return b.String()
}

// inline adds the text of a node to a line. Blocks in it are apart.
func (w *writer) inline(b *strings.Builder, n *node) {
	switch {
	case n.is(hidden | dropped):
	case isText(n.tag):
		b.WriteString(w.raise(w.tree.text[n.at:n.end]))
	case n.tag == atom.Sup || n.tag == atom.Sub:
		outer := w.raised
		w.raised = n.tag
		w.between(b, n, "", "")
		w.raised = outer
	case n.tag == atom.Q:
		w.between(b, n, "“", "”")
	case isBlock(n.tag) || n.tag == atom.Hr:
		w.between(b, n, " ", " ")
	default:
		w.between(b, n, "", "")
	}
}

func (w *writer) between(b *strings.Builder, n *node, before, after string) {
	b.WriteString(before)
	for c := n.first; c != nil; c = c.next {
		w.inline(b, c)
	}
	b.WriteString(after)
}

var (
	digitsUp   = []rune("⁰¹²³⁴⁵⁶⁷⁸⁹")
	digitsDown = []rune("₀₁₂₃₄₅₆₇₈₉")
)

// raise writes the digits of what stands above or below the line, because 10²
// is not 102. Other letters there, as in 1st, read well as they are.
func (w *writer) raise(text []byte) string {
	digits := digitsUp
	switch w.raised {
	case 0:
		return string(text)
	case atom.Sub:
		digits = digitsDown
	}
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return digits[r-'0']
		}
		return r
	}, string(text))
}
