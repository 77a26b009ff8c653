package html

import (
	"net/url"
	"strings"
)

// How pages say what they take the place of, in links and in meta elements:
// Dublin Core (DCMI Metadata Terms), and the relations of RFC 5829.
var (
	takesPlaceOf = []string{"dcterms.replaces", "dcterms:replaces", "dc.relation.replaces", "predecessor-version"}
	gavePlaceTo  = []string{"dcterms.isreplacedby", "dcterms:isreplacedby", "dc.relation.isreplacedby", "successor-version", "latest-version"}
	hasEdition   = []string{"dcterms.hasversion", "dcterms:hasversion", "dc.relation.hasversion", "edition"}
)

// replaced notes what the page says it takes the place of.
func (f *facts) replaced(name string) {
	if name != "" && len(f.replaces) < maxMeta {
		f.replaces = append(f.replaces, name)
	}
}

// succession says which edition the page is. A page may give its own place to
// any other, but not take that of another site's.
func (f *facts) succession(p *Page, at *url.URL) {
	for _, name := range hasEdition {
		if said := f.meta[name]; p.Edition == "" && !strings.Contains(said, "://") {
			p.Edition = said
		}
	}
	base := at
	if said := absolute(at, f.base); said != nil {
		base = said
	}
	for _, name := range f.replaces {
		to := absolute(base, name)
		switch {
		case at == nil:
			p.Replaces = append(p.Replaces, name)
		case to != nil && strings.EqualFold(to.Host, at.Host) && to.String() != at.String():
			p.Replaces = append(p.Replaces, to.String())
		}
	}
	p.ReplacedBy = f.by
	if to := absolute(base, f.by); to != nil && (at != nil || strings.Contains(f.by, "://")) && !strings.Contains(f.by, " ") {
		p.ReplacedBy = to.String()
		if at != nil && p.ReplacedBy == at.String() {
			p.ReplacedBy = "" // the latest version is this one
		}
	}
}
