// Package near finds documents that are nearly the same: two editions of a
// form, a circular that three offices published.
//
// A text is the set of its shingles, here of five letters in a row, and two
// texts are as alike as their sets: what they share, of all that there is
// (Broder, "On the resemblance and containment of documents", 1997). Of each
// set only a signature is kept, whose size does not depend on the text; the
// share of it that agrees with another estimates how alike the sets are. The
// shingles are of letters and not of words, because Thai, Khmer and Burmese
// have no spaces that would tell words apart.
//
// What a signature is made of may be changed at any time: none outlives a run.
package near

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"tilgate/rag"
)

// DefaultThreshold is how alike near-duplicates are, if Options say nothing
// else. Texts in which one word in twenty differs are about 0.85 alike.
const DefaultThreshold = 0.8

// DefaultLimit is how many documents are compared, if Options say nothing
// else. A document takes about 0.7 kB, and all of them 140 MB.
const DefaultLimit = 200_000

// Options of a Finder.
type Options struct {
	Threshold float64 // how alike near-duplicates are at least, from 0.3 to 1; 0 means DefaultThreshold
	Limit     int     // documents that are compared; 0 means DefaultLimit
}

// A Finder finds near-duplicates among the documents that were added. It may
// be used by several goroutines at once.
type Finder struct {
	threshold float64
	limit     int

	mu   sync.Mutex
	docs []document
	over int // documents beyond the limit
}

type document struct {
	key rag.Key
	*signature
}

// A Pair is two documents and how alike they are, from 0 to 1.
type Pair struct {
	A, B       rag.Key // A is the first by id, then by language
	Similarity float64 // an estimate, with a standard error of about 0.03
	Same       bool    // to the byte
}

// New returns a Finder without documents.
func New(o Options) *Finder {
	return &Finder{
		threshold: min(max(cmp.Or(o.Threshold, DefaultThreshold), 0.3), 1),
		limit:     cmp.Or(o.Limit, DefaultLimit),
	}
}

// Add adds a document. One with fewer than some 30 letters can only be found
// to be the same as another, and one without text not even that.
func (f *Finder) Add(key rag.Key, text string) {
	if strings.TrimSpace(text) == "" || !f.hasRoom() {
		return
	}
	d := document{rag.Key{Lang: key.Lang, Doc: strings.Clone(key.Doc)}, sign(key.Lang, text)} // the id may be a piece of a whole file
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.docs) < f.limit {
		f.docs = append(f.docs, d)
	} else {
		f.over++
	}
}

// hasRoom spares documents beyond the limit their signature.
func (f *Finder) hasRoom() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.docs) < f.limit {
		return true
	}
	f.over++
	return false
}

// Compared returns how many documents are compared, and how many were added
// beyond the limit.
func (f *Finder) Compared() (in, over int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.docs), f.over
}

// Groups returns the documents that are nearly the same, those of the first id
// first. A group of n documents is held together by n-1 pairs, the most alike
// first; two that stand in no pair may be less alike than the threshold. What
// is returned depends on the documents, and not on the order in which they were
// added.
func (f *Finder) Groups() [][]Pair {
	f.mu.Lock()
	docs := slices.Clone(f.docs)
	f.mu.Unlock()
	slices.SortFunc(docs, func(a, b document) int {
		return cmp.Or(cmp.Compare(a.key.Doc, b.key.Doc), cmp.Compare(a.key.Lang, b.key.Lang), a.compare(b.signature))
	})
	j := newJoiner(docs, f.threshold)
	j.joinSame()
	j.joinNear()
	return j.groups()
}
