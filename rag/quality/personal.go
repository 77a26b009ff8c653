package quality

import (
	"strings"

	"tilgate/rag/read"
)

const (
	mostSearched = 1 << 20 // bytes of a document; with the rules of all countries they take 0.1 s
	searchPiece  = 8 << 10 // bytes at once
)

// Hits are how many pieces of personal data of each kind a document has.
type hits struct {
	kinds map[string]int
	cut   bool // not all of the document was searched
}

// search looks for personal data. Nothing is kept but the numbers.
func (c *Collector) search(item read.Item) hits {
	if c.o.Personal == nil {
		return hits{}
	}
	text := head(item.Text, mostSearched)
	h := hits{kinds: map[string]int{}, cut: len(text) < len(item.Text)}
	count := func(piece string) {
		for _, m := range c.o.Personal.Find(piece) {
			h.kinds[m.Kind]++
		}
	}
	count(head(item.Title, searchPiece))
	for len(text) > searchPiece {
		at := breakAt(text, searchPiece)
		count(text[:at])
		text = text[at:]
	}
	count(text)
	return h
}

// breakAt returns where to break a text before byte n without breaking a
// number in two: after a line, or else after a word.
func breakAt(text string, n int) int {
	piece := head(text, n)
	for _, end := range []string{"\n", " "} {
		if i := strings.LastIndex(piece, end); i > n/2 {
			return i + 1
		}
	}
	return len(piece)
}

// countData counts the personal data of one document.
func (c *Collector) countData(l look) {
	p := c.report.Personal
	if p == nil {
		return
	}
	if len(l.data.kinds) > 0 {
		p.Documents++
	}
	if l.data.cut {
		p.Sampled++
	}
	for kind, n := range l.data.kinds {
		of := c.data.at(kind)
		of.Count += n
		c.example(&of.Listed, Example{Document: l.Document, Count: n})
	}
}
