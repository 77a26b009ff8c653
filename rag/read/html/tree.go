package html

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"tilgate/internal/fault"
	"tilgate/rag/read"
)

const (
	maxDepth   = 256     // elements open at once; those within are read as their siblings
	maxNodes   = 2 << 20 // 72 bytes each
	maxToken   = 8 << 20 // bytes of one tag, such as one with a picture in an attribute
	pollTokens = 1 << 12 // between two looks at the context
)

// A node is an element that matters to where text begins and ends, or a run
// of text. Elements like b and span are none: their text is their parent's.
type node struct {
	parent, first, last, next *node

	tag     atom.Atom // 0 of text
	flags   flags
	hints   hint
	at, end int32 // text: its place in tree.text
	num     int32 // colspan of a cell, value of a list item, start of a list
	rows    int32 // rowspan of a cell, type of a list

	// Of all that is shown in it, as measure finds.
	chars, linked, links int32
}

type flags uint8

const (
	hidden  flags = 1 << iota
	folded        // hidden until somebody clicks
	dropped       // not of the main text
	parted        // holds what no single line can
	titled        // holds the heading of a page
)

func (n *node) is(f flags) bool { return n.flags&f != 0 }

// A tree is a page without what nobody sees. It is not the tree that a browser
// makes: of badly nested elements it only keeps where blocks begin and end.
type tree struct {
	root  *node
	text  []byte // of all nodes; white space is one space outside pre
	notes []read.Note

	slab    []node
	nodes   int
	open    []entry
	facts   facts
	capture func(text []byte) // takes the next text
	skipped int               // open elements whose text is not kept
	pre     int               // open elements that keep white space
	folds   folds
}

type entry struct {
	*node
	same int // elements within that have its name and are no nodes
}

// build reads a page into a tree.
func build(ctx context.Context, page string, xml bool, notes []read.Note) (*tree, error) {
	t := &tree{text: make([]byte, 0, len(page)/4), notes: notes}
	t.root = t.add(nil, node{tag: atom.Body})
	t.open = []entry{{node: t.root}}
	z := html.NewTokenizer(strings.NewReader(page))
	z.SetMaxBuf(maxToken)
	z.AllowCDATA(xml)
	for n := 0; ; n++ {
		if n%pollTokens == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		kind := z.Next()
		if kind == html.ErrorToken {
			return t, t.ended(z.Err())
		}
		if t.nodes >= maxNodes {
			return t, t.ended(errNodes)
		}
		t.token(z, kind, xml)
	}
}

var errNodes = errors.New("too many elements")

func (t *tree) ended(err error) error {
	t.folds.settle()
	switch {
	case err == io.EOF:
		return nil
	case err == errNodes:
		t.leftOut("the page has more than %d elements; the rest of it was left out", maxNodes)
		return nil
	case errors.Is(err, html.ErrBufferExceeded):
		t.leftOut("a single tag or text is larger than %d MB; the rest of the page was left out", maxToken>>20)
		return nil
	}
	return fault.Invalid.Wrap(err, "it is not HTML")
}

func (t *tree) token(z *html.Tokenizer, kind html.TokenType, xml bool) {
	if kind == html.TextToken {
		if t.capture != nil {
			t.capture(z.Text())
		} else {
			t.words(z.Text())
		}
		return
	}
	if kind != html.StartTagToken && kind != html.SelfClosingTagToken && kind != html.EndTagToken {
		return
	}
	t.capture = nil
	name, more := z.TagName()
	tag := atom.Lookup(name)
	if kind == html.EndTagToken {
		t.close(tag)
		return
	}
	t.start(tag, readAttrs(z, more))
	if xml && kind == html.SelfClosingTagToken {
		z.NextIsNotRawText()
		t.capture = nil
		if kindOf(tag) != void {
			t.close(tag)
		}
	}
}

func (t *tree) top() *node { return t.open[len(t.open)-1].node }

func (t *tree) pop() {
	top := t.top()
	t.open = t.open[:len(t.open)-1]
	if top.is(hidden) {
		t.skipped--
	}
	if keepsSpace(top.tag) {
		t.pre--
	}
}

// popTo closes all down to the nearest element that is wanted, if there is one
// above the nearest barrier.
func (t *tree) popTo(wanted, barrier func(atom.Atom) bool) {
	for i := len(t.open) - 1; i > 0; i-- {
		if wanted(t.open[i].tag) {
			for len(t.open) > i {
				t.pop()
			}
			return
		}
		if barrier(t.open[i].tag) {
			return
		}
	}
}

func (t *tree) close(tag atom.Atom) {
	switch kindOf(tag) {
	case plain, void:
		if top := &t.open[len(t.open)-1]; top.same > 0 && top.tag == tag {
			top.same--
		} else if top.tag == tag && len(t.open) > 1 {
			t.pop() // a hidden one
		}
	case inline:
		t.popTo(same(tag), isBlock)
	default:
		t.popTo(endedBy(tag), endBarrier(tag))
	}
}

// push makes an element the parent of what follows. Of what is hidden, more
// may be open, lest it be seen.
func (t *tree) push(n node) *node {
	if len(t.open) >= maxDepth && (!n.is(hidden) || len(t.open) >= 2*maxDepth) {
		t.leftOut("elements are nested more than %d deep; those within were read without their structure", maxDepth)
		return t.add(t.top(), n)
	}
	added := t.add(t.top(), n)
	t.open = append(t.open, entry{node: added})
	if n.is(hidden) {
		t.skipped++
	}
	if keepsSpace(n.tag) {
		t.pre++
	}
	return added
}

// add makes a child of a parent. Nodes come from slabs, because a page may
// have a million.
func (t *tree) add(parent *node, n node) *node {
	if len(t.slab) == 0 {
		t.slab = make([]node, min(max(64, t.nodes), 4096))
	}
	added := &t.slab[0]
	t.slab = t.slab[1:]
	t.nodes++
	*added = n
	if added.parent = parent; parent == nil {
		return added
	}
	if parent.last == nil {
		parent.first = added
	} else {
		parent.last.next = added
	}
	parent.last = added
	return added
}

// leftOut notes something once.
func (t *tree) leftOut(format string, args ...any) {
	if note := leftOut(format, args...); !slices.Contains(t.notes, note) {
		t.notes = append(t.notes, note)
	}
}

func leftOut(format string, args ...any) read.Note {
	return read.Note{Kind: read.LeftOut, Text: fmt.Sprintf(format, args...)}
}
