package html

import (
	"bytes"
	"slices"
	"strings"

	"golang.org/x/net/html/atom"

	"tilgate/internal/lang"
)

// facts are what a page says about itself, as it stands there.
type facts struct {
	title     string
	meta      map[string]string // by name in small letters; the first one counts
	lang      string            // of html or body
	langs     map[*node]string  // of parts, such as main
	canonical string
	base      string
	refresh   string
	robots    string
	times     []string // of the text
	scripts   [][]byte // JSON-LD
	links     []Link
	others    []Alternate
	replaces  []string
	by        string // what took its place
	programs  bool   // the page has scripts
}

const (
	maxLinks   = 10_000
	maxAddress = 2048
	maxMeta    = 200
	maxFact    = 1000    // bytes of a title or a meta element
	maxScripts = 20      // of JSON-LD
	maxScript  = 1 << 20 // bytes of one
)

// tell takes what a start tag says about the page.
func (t *tree) tell(tag atom.Atom, a attrs) {
	f := &t.facts
	switch tag {
	case atom.Html, atom.Body:
		if f.lang == "" {
			f.lang = short(a.lang)
		}
	case atom.Title:
		if f.title == "" && t.skipped == 0 {
			t.capture = func(text []byte) { f.title = short(text) }
		}
	case atom.Meta:
		f.tellMeta(a)
	case atom.Base:
		if f.base == "" {
			f.base = address(a.href)
		}
	case atom.Link:
		f.tellLink(a)
	case atom.A, atom.Area:
		f.link(a.href, a.rel)
	case atom.Iframe, atom.Frame:
		f.link(a.src, nil)
	case atom.Time:
		if len(a.datetime) > 0 && len(f.times) < maxMeta {
			f.tellTime(short(a.datetime), a.published)
		}
	case atom.Script:
		f.programs = true
		if bytes.EqualFold(bytes.TrimSpace(a.kind), []byte("application/ld+json")) && len(f.scripts) < maxScripts {
			t.capture = f.tellScript
		}
	}
}

func (f *facts) tellScript(text []byte) {
	if len(text) <= maxScript {
		f.scripts = append(f.scripts, bytes.Clone(text))
	}
}

func (f *facts) tellTime(when string, published bool) {
	if published && f.meta["datepublished"] == "" {
		f.note("datepublished", when)
	}
	f.times = append(f.times, when)
}

func (f *facts) tellMeta(a attrs) {
	name := strings.ToLower(short(a.name))
	switch name {
	case "":
		return
	case "robots":
		f.robots += " " + strings.ToLower(short(a.content))
	case "refresh":
		f.refresh = short(a.content)
	}
	switch {
	case slices.Contains(takesPlaceOf, name):
		f.replaced(short(a.content))
	case slices.Contains(gavePlaceTo, name) && f.by == "":
		f.by = short(a.content)
	}
	f.note(name, short(a.content))
}

func (f *facts) note(name, value string) {
	if f.meta == nil {
		f.meta = map[string]string{}
	}
	if f.meta[name] == "" && len(f.meta) < maxMeta {
		f.meta[name] = value
	}
}

func (f *facts) tellLink(a attrs) {
	for _, rel := range strings.Fields(strings.ToLower(short(a.rel))) {
		switch {
		case rel == "canonical" && f.canonical == "":
			f.canonical = address(a.href)
		case slices.Contains(takesPlaceOf, rel):
			f.replaced(address(a.href))
		case slices.Contains(gavePlaceTo, rel) && f.by == "":
			f.by = address(a.href)
		case rel == "alternate" && len(a.hreflang) > 0 && len(f.others) < maxMeta:
			if tag, err := lang.ParseTag(short(a.hreflang)); err == nil && len(a.href) > 0 && tag != "x-default" {
				f.others = append(f.others, Alternate{tag, address(a.href)})
			}
		}
	}
}

func (f *facts) link(href, rel []byte) {
	if at := address(href); at != "" && at[0] != '#' && len(f.links) < maxLinks {
		nofollow := bytes.Contains(bytes.ToLower(rel), []byte("nofollow"))
		f.links = append(f.links, Link{at, nofollow})
	}
}

// short is a text about the page in one line, or as much of it as can be kept.
func short(text []byte) string {
	cut := strings.ToValidUTF8(string(text[:min(len(text), maxFact)]), "")
	seen := strings.Map(func(r rune) rune {
		if isUnseen(r) {
			return -1
		}
		return r
	}, cut)
	return strings.Join(strings.Fields(seen), " ")
}

// address is an address as it stands there; one that is too long is none.
func address(href []byte) string {
	if href = bytes.TrimSpace(href); len(href) > maxAddress {
		return ""
	}
	return string(href)
}
