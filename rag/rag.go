// Package rag finds the passages of a knowledge base that may answer a
// question.
//
// A Document is cut into Passages of a few sentences. Each passage is stored
// with one sparse vector, named after its language, of BM25 weights of words
// and character n-grams; languages never share one, because the store counts
// how rare a term is over the whole vector. A Retriever encodes the question
// the same way, searches, and keeps what is relevant.
package rag

import (
	"context"

	"tilgate/internal/lang"
)

// A Document is one article as its publisher wrote it.
type Document struct {
	ID     string   // unique within its knowledge base and language
	Title  string   // may be empty
	Text   string   // display form; paragraphs are separated by empty lines
	Lang   lang.Tag // of Text
	Source string   // where it can be read: a URL, or the file it came from
	Date   string   // as published, RFC 3339 date; may be empty
	Sector string   // of government: "health"; may be empty
	Origin string   // file or page that it was read from, by which a sync knows it
	Marks  []Mark   // where headings, tables and lists stand in Text

	Edition    string   // as it says itself: "3rd edition"; may be empty
	Replaces   []string // documents whose place it takes, by their id, address or file
	ReplacedBy string   // the one that took its place, likewise, or what that is called; may be empty
}

// A Passage is a piece of a document, long enough to answer from and short
// enough to quote.
type Passage struct {
	KB     string   // knowledge base it stands in
	Doc    string   // Document.ID
	ID     string   // within its document: the same while it says the same
	N      int      // place among the document's passages, from 0
	Title  string   // Document.Title
	Head   string   // headings that it stands under, then the head of its table; may be empty
	Text   string   // display form
	Lang   lang.Tag // of Text
	Source string
	Date   string
	Sector string
	Origin string
	Hash   string // of the document's content, so that an unchanged one is recognised

	Edition      string     // Document.Edition
	Replaces     []string   // Document.Replaces
	ReplacedBy   string     // Document.ReplacedBy
	SupersededBy *Successor // what took the document's place; nil while nothing has
	Version      int        // of the knowledge base, in which a search found it

	Score float64 // of its words, as the search found them; comparable within one answer only

	// Of a search for meaning, where there was one.
	Cosine float64   // of its vector and the question's; 0 if it is not among the nearest
	Fused  float64   // reciprocal ranks by words and by meaning, added up
	Dense  []float32 // its vector, to be stored; searches leave it out

	parts int // passages that were joined to make it; 0 and 1 mean none
}

// A Key names a document within its knowledge base.
type Key struct {
	Lang lang.Tag
	Doc  string // Document.ID
}

// Stored says what is known of a document that is in the index.
type Stored struct {
	Hash     string // of its content; empty when passages of two states stand beside each other
	Passages int    // that are stored
	Whole    bool   // whether these are all of the document
	Model    string // whose dense vectors all of them have; empty if one has none
	Origin   string // that it was read from

	Telling      bool       // it says what it replaces, or what replaced it
	SupersededBy *Successor // nil while nothing has taken its place
}

// A Query is a question as the retriever needs it.
type Query struct {
	Text string              // as typed, not folded
	Lang lang.Tag            // of Text
	Also []lang.Tag          // other languages whose passages still help
	In   map[lang.Tag]string // the question in these languages, where somebody translated it
	KBs  []string            // knowledge bases to search; none means every one
	K    int                 // passages wanted; 0 means DefaultK

	Tenant string // whose passages are searched; empty means DefaultTenant
}

// A Vector is a sparse vector. Indices are unique and ascending; Values has
// the same length.
type Vector struct {
	Indices []uint32
	Values  []float32
}

// A Probe is one search in one knowledge base, in one language.
type Probe struct {
	KB      string
	Lang    lang.Tag
	Lexical Vector
	K       int
}

// A Searcher finds the K passages nearest to a probe, best first. A knowledge
// base without passages in the language gives none, without an error.
type Searcher interface {
	Search(ctx context.Context, p Probe) (Hits, error)
	// KBs names the knowledge bases that can be searched.
	KBs(ctx context.Context) ([]string, error)
}

// indexed is the text that a passage is found by: what it says, under the title
// and headings that say what it is about.
func (p Passage) indexed() string {
	text := p.Text
	for _, above := range []string{p.Head, p.Title} {
		if above != "" {
			text = above + "\n" + text
		}
	}
	return text
}

// Vector returns the lexical vector that the passage is stored under.
func (p Passage) Vector() Vector { return AnalyzerFor(p.Lang).Passage(p.Lang, p.indexed()) }
