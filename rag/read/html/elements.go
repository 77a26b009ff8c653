package html

import "golang.org/x/net/html/atom"

// A kind of element says what its tags do to the text around them.
type kind uint8

const (
	plain  kind = iota // nothing: b, span, unknown ones
	inline             // its text is another's: a, sup
	block              // its text is apart
	never              // nobody sees its text
	void               // it has none
)

func kindOf(tag atom.Atom) kind {
	switch tag {
	case atom.A, atom.Sup, atom.Sub, atom.Q, atom.Button, atom.Ruby, atom.Rb:
		return inline
	case atom.Address, atom.Article, atom.Aside, atom.Blockquote, atom.Caption, atom.Center, atom.Dd, atom.Details,
		atom.Dialog, atom.Dir, atom.Div, atom.Dl, atom.Dt, atom.Fieldset, atom.Figcaption, atom.Figure, atom.Footer,
		atom.Form, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Header, atom.Hgroup, atom.Legend,
		atom.Li, atom.Listing, atom.Main, atom.Marquee, atom.Menu, atom.Nav, atom.Ol, atom.P, atom.Pre, atom.Section, atom.Summary,
		atom.Table, atom.Tbody, atom.Td, atom.Tfoot, atom.Th, atom.Thead, atom.Tr, atom.Ul, atom.Xmp, atom.Plaintext:
		return block
	case atom.Applet, atom.Audio, atom.Canvas, atom.Datalist, atom.Iframe, atom.Noembed, atom.Noframes, atom.Noscript,
		atom.Object, atom.Rp, atom.Rt, atom.Rtc, atom.Script, atom.Select, atom.Style, atom.Svg, atom.Template,
		atom.Textarea, atom.Title, atom.Video, atom.Annotation, atom.AnnotationXml:
		return never
	case atom.Area, atom.Base, atom.Br, atom.Col, atom.Embed, atom.Frame, atom.Hr, atom.Img, atom.Input, atom.Keygen,
		atom.Link, atom.Meta, atom.Param, atom.Source, atom.Track, atom.Wbr:
		return void
	}
	return plain
}

func isBlock(tag atom.Atom) bool { return kindOf(tag) == block }

// endsLine tells of an element that no line goes on through.
func endsLine(tag atom.Atom) bool { kind := kindOf(tag); return kind == block || kind == never }

func isText(tag atom.Atom) bool { return tag == 0 }

func isHeading(tag atom.Atom) bool {
	switch tag {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		return true
	}
	return false
}

func isList(tag atom.Atom) bool {
	return tag == atom.Ul || tag == atom.Ol || tag == atom.Menu || tag == atom.Dir
}

func isCell(tag atom.Atom) bool { return tag == atom.Td || tag == atom.Th }

func isRows(tag atom.Atom) bool { return tag == atom.Tbody || tag == atom.Thead || tag == atom.Tfoot }

func isTerm(tag atom.Atom) bool { return tag == atom.Dt || tag == atom.Dd }

// isReading tells of what stands above the characters of a ruby, and of what
// ends it.
func isReading(tag atom.Atom) bool {
	return tag == atom.Rt || tag == atom.Rp || tag == atom.Rtc || tag == atom.Rb
}

func keepsSpace(tag atom.Atom) bool {
	switch tag {
	case atom.Pre, atom.Listing, atom.Xmp, atom.Plaintext:
		return true
	}
	return false
}

// isShell tells of an element that nothing within ends by being opened or
// closed.
func isShell(tag atom.Atom) bool {
	return isCell(tag) || tag == atom.Table || tag == atom.Caption || tag == atom.Body
}

func isTable(tag atom.Atom) bool { return tag == atom.Table }

func same(tag atom.Atom) func(atom.Atom) bool {
	return func(other atom.Atom) bool { return other == tag }
}

// endedBy returns what the end tag of a name ends: people close an h2 by
// writing </h3>.
func endedBy(tag atom.Atom) func(atom.Atom) bool {
	if isHeading(tag) {
		return isHeading
	}
	return same(tag)
}

// endBarrier returns what an end tag of a name does not reach beyond.
func endBarrier(tag atom.Atom) func(atom.Atom) bool {
	switch {
	case tag == atom.Table:
		return same(atom.Body)
	case isCell(tag), isRows(tag), tag == atom.Tr, tag == atom.Caption:
		return isTable
	case tag == atom.Li:
		return func(t atom.Atom) bool { return isList(t) || isShell(t) }
	}
	return isShell
}

// makeWay ends what cannot be open when an element begins: a paragraph when a
// block does, an item when the next one does.
func (t *tree) makeWay(tag atom.Atom) {
	if kindOf(tag) == block {
		t.popTo(same(atom.P), endsLine)
	}
	switch {
	case tag == atom.A:
		t.popTo(same(atom.A), endsLine)
	case isReading(tag):
		t.popTo(isReading, isBlock)
	case isHeading(tag):
		t.popTo(isHeading, endsLine)
	case tag == atom.Li:
		t.popTo(same(atom.Li), endsSearch)
	case isTerm(tag):
		t.popTo(isTerm, endsSearch)
	case tag == atom.Tr:
		t.popTo(same(atom.Tr), isTable)
	case isCell(tag):
		t.popTo(isCell, func(tag atom.Atom) bool { return tag == atom.Tr || tag == atom.Table })
	case isRows(tag), tag == atom.Caption:
		t.popTo(func(tag atom.Atom) bool { return isRows(tag) || tag == atom.Caption }, isTable)
	}
}

// endsSearch tells of what stands between an item and the one before it only
// if they are of different lists.
func endsSearch(tag atom.Atom) bool {
	return isBlock(tag) && tag != atom.Address && tag != atom.Div && tag != atom.P
}
