package html

import (
	"bytes"
	"strings"

	"golang.org/x/net/html/atom"
)

// A hint is what an element's name, role and class say about its part of the
// page.
type hint uint8

const (
	content hint = 1 << iota // the page is about this
	chrome                   // on every page of the site
	side                     // perhaps
	overlay                  // not of the page: what stands before it until it is clicked away, or what readers wrote
	fold                     // opens when it is clicked
)

func (h hint) has(other hint) bool { return h&other != 0 }

var roles = map[string]hint{
	"main": content, "navigation": chrome, "banner": chrome, "contentinfo": chrome, "search": chrome,
	"menu": chrome, "menubar": chrome, "toolbar": chrome, "complementary": side, "dialog": overlay,
	"alertdialog": overlay, "tabpanel": fold,
}

// classWords are words of classes and ids as sites in any language write them,
// because their programs are in English. Words are compared whole: "navy" is no navigation.
var classWords = map[string]hint{
	"nav": chrome, "navbar": chrome, "navigation": chrome, "menu": chrome, "submenu": chrome, "breadcrumb": chrome,
	"breadcrumbs": chrome, "crumbs": chrome, "footer": chrome, "masthead": chrome, "topbar": chrome, "toolbar": chrome,
	"skip": chrome, "share": chrome, "sharing": chrome, "social": chrome, "socials": chrome, "addtoany": chrome,
	"pagination": chrome, "pager": chrome, "search": chrome, "login": chrome, "languages": chrome, "copyright": chrome,
	"langswitch": chrome, "hamburger": chrome, "ads": chrome, "advert": chrome, "advertisement": chrome,
	"adsbygoogle": chrome, "sponsored": chrome, "counter": chrome,

	"sidebar": side, "aside": side, "related": side, "recommended": side, "widget": side, "widgets": side, "tags": side,
	"banner": side, "promo": side, "rating": side, "feedback": side, "language": side, "lang": side,
	"subscribe": side, "header": side,

	"cookie": overlay, "cookies": overlay, "consent": overlay, "gdpr": overlay, "popup": overlay, "newsletter": overlay,
	"comments": overlay, "respond": overlay, "disqus": overlay, "cookiebanner": overlay, "cookieconsent": overlay,

	"accordion": fold, "collapse": fold, "collapsible": fold, "tab": fold, "tabs": fold, "pane": fold,
	"faq": fold, "answer": fold, "spoiler": fold,
}

func hintsOf(tag atom.Atom, a *attrs) (h hint) {
	switch tag {
	case atom.Main:
		h = content
	case atom.Nav, atom.Footer:
		h = chrome
	case atom.Aside:
		h = side
	case atom.Dialog:
		if !a.open {
			h = overlay
		}
	}
	h |= roles[string(a.role)]
	if kindOf(tag) == block || a.unseen() {
		h |= wordHints(a.class) | wordHints(a.id)
	}
	if string(a.name) == "articleBody" {
		h |= content
	}
	return h
}

// maxClass is how much of a class is looked at.
const maxClass = 200

// wordHints looks at the words of a class: mainNav has main and nav.
func wordHints(class []byte) (h hint) {
	class = class[:min(len(class), maxClass)]
	for start, i := 0, 1; i <= len(class); i++ {
		if i < len(class) && isLetter(class[i]) && (!isUpper(class[i]) || isUpper(class[i-1])) {
			if !isLetter(class[i-1]) {
				start = i
			}
			continue
		}
		if n := i - start; n > 2 && n < 20 {
			h |= classWords[strings.ToLower(string(class[start:i]))]
		}
		start = i
	}
	return h
}

func isUpper(c byte) bool { return c >= 'A' && c <= 'Z' }

func isLetter(c byte) bool { return isUpper(c) || c >= 'a' && c <= 'z' }

// folds are the elements that a page hides until somebody clicks, such as the
// answers of a list of questions. One that nothing on the page opens is hidden
// for good.
type folds struct {
	openers map[string]bool // ids that something opens
	closed  []closedNode
}

type closedNode struct {
	*node
	id string
}

const (
	maxFolds = 1 << 14
	maxID    = 200
)

// see notes what an element says that it opens.
func (f *folds) see(a *attrs) {
	if !a.toggle && string(a.role) != "tab" {
		return
	}
	for id := range bytes.FieldsSeq(a.controls) {
		f.opens(bytes.TrimPrefix(id, []byte("#")))
	}
	if id, ok := bytes.CutPrefix(a.href, []byte("#")); ok {
		f.opens(id)
	}
}

func (f *folds) opens(id []byte) {
	if f.openers == nil {
		f.openers = map[string]bool{}
	}
	if len(id) <= maxID && len(f.openers) < maxFolds {
		f.openers[string(id)] = true
	}
}

// may tells whether an element that is hidden may be opened.
func (f *folds) may(h hint, a *attrs) bool {
	return len(f.closed) < maxFolds && (h.has(fold) || len(a.id) > 0 && len(a.id) <= maxID)
}

// settle hides for good what nothing opens. Overlays and menus are opened too,
// but are left out by what they are.
func (f *folds) settle() {
	for _, c := range f.closed {
		if !c.hints.has(fold) && !f.openers[c.id] {
			c.flags = hidden
		}
	}
}
