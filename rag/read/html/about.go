package html

import (
	"net/url"
	"strings"
	"time"

	"tilgate/internal/lang"
)

// partLang notes the language of a part of the page.
func (f *facts) partLang(n *node, tag []byte) {
	if f.langs == nil {
		f.langs = map[*node]string{}
	}
	if len(f.langs) < maxMeta {
		f.langs[n] = short(tag)
	}
}

// page returns what the page says about itself and its main part.
func (t *tree) page(o Origin, main *node) (p Page) {
	f := &t.facts
	said := readSchema(f.scripts)
	p.Hint = firstTag(f.langOf(main), f.meta["content-language"], o.Language, said.lang, f.meta["og:locale"], f.meta["dc.language"])
	p.Published = firstDate(f.meta["article:published_time"], said.published, f.meta["datepublished"], f.meta["dcterms.issued"],
		f.meta["dc.date.issued"], f.meta["dc.date"], f.meta["dcterms.date"], f.meta["dcterms.created"], f.meta["pubdate"], f.meta["date"])
	p.Modified = firstDate(f.meta["article:modified_time"], said.modified, f.meta["datemodified"], f.meta["dcterms.modified"],
		f.meta["og:updated_time"], f.meta["last-modified"], o.Modified)
	if p.Published == "" {
		p.Published = onlyDay(f.times)
	}
	p.NoIndex, p.NoFollow = refused(f.robots)
	f.addresses(&p, o.URL)
	f.succession(&p, o.URL)
	return p
}

// langOf returns the language that is said closest to a part.
func (f *facts) langOf(part *node) string {
	for n := part; n != nil; n = n.parent {
		if said := f.langs[n]; said != "" {
			return said
		}
	}
	return f.lang
}

// firstTag returns the first language tag among what was said. A header may
// list several.
func firstTag(said ...string) lang.Tag {
	for _, s := range said {
		one, _, _ := strings.Cut(s, ",")
		if tag, err := lang.ParseTag(one); err == nil && tag != lang.Und {
			return tag
		}
	}
	return ""
}

// firstDate returns the first day among what was said, as it stands there: a
// time zone does not move it.
func firstDate(said ...string) string {
	for _, s := range said {
		if d := Day(s); d != "" {
			return d
		}
	}
	return ""
}

// onlyDay returns the day that all times in a text name: of several, nobody
// knows which one it was published on.
func onlyDay(times []string) string {
	only := firstDate(times...)
	for _, t := range times {
		if day := Day(t); day != "" && day != only {
			return ""
		}
	}
	return only
}

// days are how pages write a day before they go on with a time.
var days = []string{"2006-01-02", "2006/01/02", "2006.01.02", "02.01.2006", "20060102"}

// Day returns the RFC 3339 date at the beginning of a time as pages and servers
// write it, or nothing.
func Day(text string) string {
	for _, layout := range days {
		if len(text) < len(layout) || len(text) > len(layout) && text[len(layout)] >= '0' && text[len(layout)] <= '9' {
			continue
		}
		if t, err := time.Parse(layout, text[:len(layout)]); err == nil && t.Year() > 1000 && t.Year() < 3000 {
			return t.Format(time.DateOnly)
		}
	}
	if t, err := time.Parse(time.RFC1123, text); err == nil {
		return t.Format(time.DateOnly)
	}
	return ""
}

func refused(robots string) (index, follow bool) {
	for _, word := range strings.FieldsFunc(robots, func(r rune) bool { return r == ',' || r == ' ' || r == ';' }) {
		switch word {
		case "noindex":
			index = true
		case "nofollow":
			follow = true
		case "none":
			index, follow = true, true
		}
	}
	return index, follow
}

// addresses makes the page's addresses absolute.
func (f *facts) addresses(p *Page, at *url.URL) {
	base := at
	if said := absolute(at, f.base); said != nil {
		base = said
	}
	// A page may name its own address, but not take that of another site.
	if c := absolute(base, f.canonical); c != nil && (at == nil || strings.EqualFold(c.Host, at.Host)) {
		p.Canonical = c.String()
	}
	seen := map[string]bool{}
	for _, l := range f.links {
		to := absolute(base, l.URL)
		if to == nil {
			continue
		}
		if l.URL = to.String(); !seen[l.URL] {
			seen[l.URL] = true
			p.Links = append(p.Links, l)
		}
	}
	for _, a := range f.others {
		if to := absolute(base, a.URL); to != nil {
			p.Alternates = append(p.Alternates, Alternate{a.Lang, to.String()})
		}
	}
	if to := absolute(base, refreshTo(f.refresh)); to != nil {
		p.Refresh = to.String()
	}
}

// refreshTo returns the address in "0; url=/ky/".
func refreshTo(content string) string {
	_, rest, _ := strings.Cut(content, ";")
	key, to, ok := strings.Cut(rest, "=")
	if !ok || !strings.EqualFold(strings.TrimSpace(key), "url") {
		return ""
	}
	return strings.Trim(strings.TrimSpace(to), `"'`)
}

// absolute resolves an address, without its fragment. Those that are no web
// pages give nil.
func absolute(base *url.URL, address string) *url.URL {
	if address == "" {
		return nil
	}
	to, err := url.Parse(address)
	if err != nil {
		return nil
	}
	if base != nil {
		to = base.ResolveReference(to)
	}
	if to.Scheme != "http" && to.Scheme != "https" || to.Host == "" || to.User != nil {
		return nil
	}
	to.Fragment, to.RawFragment = "", ""
	return to
}

// name finds the page's title, and the heading that says the same. Sites add
// their name to titles, which headings do not have.
func (t *tree) name(p *Page, main *node) *node {
	f := &t.facts
	top := topHeading(main)
	heading := ""
	if top != nil {
		heading = strings.Join(strings.Fields((&writer{tree: t}).text(top)), " ")
	}
	social := f.meta["og:title"]
	switch {
	case heading != "" && (f.title == "" || strings.Contains(f.title, heading) || social == heading || heading == f.meta["dc.title"]):
		p.Title = heading
		return top
	case social != "":
		p.Title = social
	case f.title != "":
		p.Title = f.title
	}
	p.Title = withoutSite(p.Title, f.meta["og:site_name"])
	return nil
}

// withoutSite takes the name of the site off a title: "Fees | Ministry".
func withoutSite(title, site string) string {
	rest, ok := strings.CutSuffix(title, site)
	if rest = strings.TrimRight(rest, " |-–—:·•»"); !ok || site == "" || rest == "" {
		return title
	}
	return rest
}
