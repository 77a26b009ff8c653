package html

import (
	"bytes"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// attrs are the attributes of one tag that matter, good until the next token.
type attrs struct {
	class, id, role, style, lang, href, src, rel, hreflang []byte
	name, content, datetime, kind, controls, start, value  []byte
	colspan, rowspan                                       []byte
	hidden, ariaHidden, toggle, published, open            bool
}

func readAttrs(z *html.Tokenizer, more bool) (a attrs) {
	for more {
		var key, value []byte
		key, value, more = z.TagAttr()
		a.set(string(key), value)
	}
	return a
}

func (a *attrs) set(key string, value []byte) {
	switch key {
	case "class":
		a.class = value
	case "id":
		a.id = value
	case "role":
		a.role = value
	case "style":
		a.style = value
	case "lang", "xml:lang":
		a.lang = value
	case "href":
		a.href = value
	case "src":
		a.src = value
	case "rel":
		a.rel = value
	case "hreflang":
		a.hreflang = value
	case "name", "property", "http-equiv":
		a.name = value
	case "itemprop":
		a.itemprop(value)
	case "content":
		a.content = value
	case "datetime":
		a.datetime = value
	case "open":
		a.open = true
	case "pubdate":
		a.published = true
	case "type":
		a.kind = value
	case "colspan":
		a.colspan = value
	case "rowspan":
		a.rowspan = value
	case "start":
		a.start = value
	case "value":
		a.value = value
	case "hidden":
		a.hidden = !bytes.EqualFold(value, []byte("until-found"))
	case "aria-hidden":
		a.ariaHidden = string(value) == "true"
	case "aria-controls", "data-target", "data-bs-target":
		a.controls, a.toggle = value, true
	case "aria-expanded", "data-toggle", "data-bs-toggle":
		a.toggle = true
	}
}

// itemprop takes the names of microdata for those of meta.
func (a *attrs) itemprop(value []byte) {
	if len(a.name) == 0 {
		a.name = value
	}
	if bytes.EqualFold(value, []byte("datePublished")) {
		a.published = true
	}
}

// unseen tells of an element that is there for programs.
func (a *attrs) unseen() bool {
	if a.hidden || a.ariaHidden {
		return true
	}
	if len(a.style) == 0 {
		return false
	}
	style := bytes.ToLower(bytes.ReplaceAll(a.style, []byte(" "), nil))
	return bytes.Contains(style, []byte("display:none")) || bytes.Contains(style, []byte("visibility:hidden"))
}

// start opens an element.
func (t *tree) start(tag atom.Atom, a attrs) {
	t.tell(tag, a)
	kind := kindOf(tag)
	if kind == void {
		t.void(tag)
		return
	}
	t.folds.see(&a)
	hints := hintsOf(tag, &a)
	n := node{tag: tag, hints: hints, flags: t.sight(tag, hints, &a)}
	if kind == plain && n.flags == 0 {
		if top := &t.open[len(t.open)-1]; top.tag == tag && tag != 0 {
			top.same++
		}
		return
	}
	if tag == atom.Body || tag == atom.Html || tag == atom.Head {
		return // nothing hides all of a page for good
	}
	t.makeWay(tag)
	if tag == atom.A && len(a.href) == 0 {
		return
	}
	n.num, n.rows = numbers(tag, &a)
	pushed := t.push(n)
	if n.flags == folded {
		t.folds.closed = append(t.folds.closed, closedNode{pushed, string(a.id)})
	}
	if len(a.lang) > 0 && kind == block {
		t.facts.partLang(pushed, a.lang)
	}
}

// sight tells whether an element is seen. A button is a question if it opens
// an answer, and else something to do.
func (t *tree) sight(tag atom.Atom, hints hint, a *attrs) flags {
	in := t.top().tag
	switch {
	case kindOf(tag) == never:
		return hidden
	case tag == atom.Button && !a.toggle && !isHeading(in) && in != atom.Summary && in != atom.Dt:
		return hidden
	case !a.unseen() || tag == 0:
		return 0
	case t.folds.may(hints, a):
		return folded
	}
	return hidden
}

// numbers returns those that a cell, a list or an item carries.
func numbers(tag atom.Atom, a *attrs) (num, rows int32) {
	switch {
	case isCell(tag):
		return number(a.colspan, 1), number(a.rowspan, 1)
	case tag == atom.Ol:
		return number(a.start, 1), int32(letter(a.kind))
	case tag == atom.Li:
		return number(a.value, -1), 0
	}
	return 0, 0
}

// letter returns the type of a list, which is that of its first item.
func letter(b []byte) byte {
	if len(b) != 1 {
		return '1'
	}
	return b[0]
}

// number reads a small number, or returns the one that holds without it.
func number(digits []byte, without int32) int32 {
	if len(digits) == 0 || len(digits) > 6 {
		return without
	}
	var n int32
	for _, d := range digits {
		if d < '0' || d > '9' {
			return without
		}
		n = n*10 + int32(d-'0')
	}
	return n
}
