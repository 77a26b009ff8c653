package quality

import (
	"tilgate/rag"
	"tilgate/rag/read"
	"tilgate/rag/succession"
)

// Superseded are the documents of the whole knowledge base, read now or before,
// whose place others have taken.
type Superseded struct {
	Listed                // an example's text is the name of what replaced it; empty if nothing did
	Circles []Circle      `json:"circles,omitempty"` // documents that are said to replace each other
	Missing int           `json:"missing"`           // names of documents to be replaced that are not there
	Names   []MissingName `json:"missing_names,omitempty"`
}

// A Circle is documents of which each is said to replace the next.
type Circle struct {
	Documents []Document `json:"documents"`
}

// A MissingName is one that a document gave of another that is not there.
type MissingName struct {
	Document
	Name string `json:"name"`
}

// Succession says which documents of the knowledge base have taken the place
// of which.
func (c *Collector) Succession(docs []rag.Document, r succession.Result) {
	s := Superseded{Missing: len(r.Missing)}
	at := map[rag.Key]rag.Document{}
	for _, d := range docs {
		key := rag.Key{Lang: d.Lang, Doc: d.ID}
		at[key] = d
		if by := r.By[key]; by != nil {
			c.example(&s.Listed, Example{Document: c.stored(d), Text: c.show(by.Name(), mostTitle)})
		}
	}
	for _, circle := range r.Circles[:min(len(r.Circles), c.o.Examples)] {
		var named Circle
		for _, key := range circle[:min(len(circle), mostCircle)] {
			named.Documents = append(named.Documents, c.stored(at[key]))
		}
		s.Circles = append(s.Circles, named)
	}
	for _, m := range r.Missing[:min(len(r.Missing), c.o.Examples)] {
		s.Names = append(s.Names, MissingName{c.stored(at[m.Key]), c.show(m.Name, mostPlace)})
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.report.Superseded = &s
}

// mostCircle is how many documents of a circle are named.
const mostCircle = 10

// stored is what a report calls a document that need not have been read now.
func (c *Collector) stored(d rag.Document) Document {
	return c.name(read.Item{Document: d, Where: d.Origin}, d.Lang)
}

func successionFindings(s Superseded) []Finding {
	return []Finding{
		{Check, "circle", "superseded", len(s.Circles), "In " + count(len(s.Circles), "case", "cases") + ", documents are said to replace each other.",
			"Say which of them holds: in the documents, with dates, or in the manifest under [[superseded]]."},
		{Info, "superseded", "superseded", s.Documents, count(s.Documents, "document is", "documents are") + " superseded. Answers prefer what took their place, and say so where they are cited.", ""},
		{Info, "not_there", "superseded", s.Missing, count(s.Missing, "document", "documents") + " that others are said to replace " + are(s.Missing, "is", "are") + " not in the knowledge base.",
			"If they are under another name, give that: an id, an address or a file."},
	}
}

func successionLists(s *Superseded) []list {
	if s == nil {
		return nil
	}
	var lists []list
	if s.Documents > 0 {
		lists = append(lists, s.list("Superseded", func(e Example) string {
			if e.Text == "" {
				return "out of force"
			}
			return "by " + e.Text
		}))
	}
	if len(s.Circles) > 0 {
		l := list{Title: "Said to replace each other"}
		for _, c := range s.Circles {
			l.Items = append(l.Items, item{c.Documents, ""})
		}
		lists = append(lists, l)
	}
	if s.Missing > 0 {
		l := list{Title: "Said to replace what is not there", More: s.Missing - len(s.Names)}
		for _, m := range s.Names {
			l.Items = append(l.Items, item{[]Document{m.Document}, m.Name})
		}
		lists = append(lists, l)
	}
	return lists
}
