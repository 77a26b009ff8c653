package html

import "golang.org/x/net/html/atom"

// measure counts what is shown in a node and in those within, in letters, so
// that scripts without spaces count like others.
func measure(n *node, inLink bool) {
	if n.is(hidden) {
		n.chars = 0
		return
	}
	if isText(n.tag) {
		if inLink {
			n.linked = n.chars
		}
		return
	}
	if n.tag == atom.A {
		inLink = true
		n.links++
	}
	for c := n.first; c != nil; c = c.next {
		measure(c, inLink)
		if !c.is(dropped | hidden) {
			n.chars += c.chars
			n.linked += c.linked
			n.links += c.links
			n.flags |= c.flags&(parted|titled) | holds(c)
		}
	}
}

// holds returns what the parent of a node holds because of it.
func holds(n *node) (f flags) {
	switch {
	case n.chars == 0:
		return 0
	case n.tag == atom.H1:
		return parted | titled
	case isHeading(n.tag), n.tag == atom.Table, n.tag == atom.Dl, n.tag == atom.Pre, n.tag == atom.Summary:
		return parted
	}
	return 0
}

// own is how much of a node's text is no link.
func (n *node) own() int32 { return n.chars - n.linked }

// all goes through a node and those within that are shown, parents first,
// until f says not to go into one.
func (n *node) all(f func(*node) (into bool)) {
	if n.is(hidden) || isText(n.tag) || !f(n) {
		return
	}
	for c := n.first; c != nil; c = c.next {
		c.all(f)
	}
}

const (
	// A list of links is a menu if they are short; one of laws has long ones.
	menuLinks   = 3
	menuLetters = 18 // of a link
	menuDensity = 70 // percent of the text

	// fewLetters are too few for what a page is about.
	fewLetters = 140
)

// mainPart finds the part of a page that it is about, and drops what is within
// and is not that. It would rather keep too much than lose a table of fees: if
// little is left, only what certainly is no text is dropped, and then nothing.
func mainPart(body *node) *node {
	measure(body, false)
	part := stated(body)
	trusted := part != nil
	if !trusted {
		part = body
	}
	before := part.own()
	drop(part, trusted)
	if part.chars >= fewLetters || trusted && part.chars > 0 && part.own()*2 >= before {
		return part
	}
	undrop(body)
	if drop(body, true); body.chars < fewLetters {
		undrop(body)
		remeasure(body)
	}
	return body
}

// stated returns the part that the page itself says it is about, if that is
// where text is, else nil.
func stated(body *node) *node {
	var best, article *node
	articles := 0
	body.all(func(n *node) bool {
		switch {
		case n.hints.has(content) && (best == nil || n.own() > best.own()):
			best = n
		case n.tag == atom.Article:
			articles++
			if article == nil || n.own() > article.own() {
				article = n
			}
			return false
		}
		return true
	})
	if best != nil && (best.own() >= fewLetters || best.own() >= body.own()/4) {
		return best
	}
	if article != nil && (articles == 1 && article.own() >= body.own()/3 || article.own() >= body.own()*2/3) {
		return article
	}
	return nil
}

// topHeading returns the first heading of the page, or nil.
func topHeading(part *node) (top *node) {
	part.all(func(n *node) bool {
		if top == nil && n.tag == atom.H1 && n.chars > 0 && !n.is(dropped) {
			top = n
		}
		return top == nil && !n.is(dropped)
	})
	return top
}

// drop marks what is not of the main part. What the page states to be that is
// trusted with its lists of links.
func drop(main *node, trusted bool) {
	defer remeasure(main)
	for c := main.first; c != nil; c = c.next {
		c.all(func(n *node) bool {
			if !isExtra(n, main, trusted) {
				return true
			}
			n.flags |= dropped
			return false
		})
	}
}

func isExtra(n, main *node, trusted bool) bool {
	if kindOf(n.tag) != block || n.chars == 0 {
		return false
	}
	some := n.chars < main.chars*2/5 // nobody wraps most of a page in a footer
	linked := n.linked*2 > n.chars && n.own() < 3*fewLetters
	switch {
	case n.hints.has(overlay):
		return some
	case n.tag == atom.Nav, n.tag == atom.Footer:
		return some || linked
	case n.hints.has(chrome):
		return (linked || some && n.own() < fewLetters) && !n.is(titled)
	case n.hints.has(side):
		return linked || !trusted && n.tag == atom.Aside && some
	case n.tag == atom.Header:
		return !trusted && some && !n.is(titled)
	}
	return !trusted && isMenu(n)
}

// isMenu tells of links that are too short to say anything.
func isMenu(n *node) bool {
	return n.links >= menuLinks && n.own() < fewLetters && int64(n.linked)*100 >= int64(n.chars)*menuDensity && n.linked < n.links*menuLetters
}

func remeasure(n *node) {
	reset(n)
	measure(n, false)
}

// reset forgets what was measured.
func reset(n *node) {
	if isText(n.tag) {
		n.linked = 0
		return
	}
	n.chars, n.linked, n.links = 0, 0, 0
	n.flags &^= parted | titled
	for c := n.first; c != nil; c = c.next {
		reset(c)
	}
}

func undrop(n *node) {
	n.flags &^= dropped
	for c := n.first; c != nil; c = c.next {
		undrop(c)
	}
}
