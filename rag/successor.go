package rag

import (
	"cmp"
	"slices"

	"tilgate/internal/lang"
)

// A Successor is the document that took another's place. One that is not in
// the knowledge base has no Doc, but an address or a title. All of it is empty
// if the other is out of force and nothing took its place.
type Successor struct {
	Doc     string   // Document.ID
	Lang    lang.Tag // of it
	Title   string   // may be empty
	Source  string   // where it can be read; may be empty
	Date    string   // RFC 3339; may be empty
	Edition string   // may be empty
}

// Name is what people call it; empty if nothing took the place.
func (s Successor) Name() string { return cmp.Or(s.Title, s.Source, s.Doc) }

// Equal reports whether two are the same; nil is a document in force.
func (s *Successor) Equal(o *Successor) bool {
	if s == nil || o == nil {
		return s == o
	}
	return *s == *o
}

// of reports whether it is the document that a passage stands in.
func (s *Successor) of(old, p Passage) bool {
	return s != nil && s.Doc != "" && p.KB == old.KB && p.Doc == s.Doc && p.Lang == s.Lang
}

// Replacement returns the place of the first passage of the document that took
// the place of passages[i]'s, or -1.
func Replacement(passages []Passage, i int) int {
	old := passages[i]
	return slices.IndexFunc(passages, func(p Passage) bool { return old.SupersededBy.of(old, p) })
}

// inForceFirst puts the best passage of the document that took another's place
// before all passages of the other: both say much the same, and words alone do
// not tell which of them still holds. It stands where the first of the others
// stood, since that place is what the subject deserved. Without documents that
// are superseded the order stays as it is.
//
// With a former edition beside each article of the sample, made to match better
// (rag/sample), MRR@10 of the articles in force rises from 0.61 to 0.99, the
// mean of 17 languages. Putting the former ones behind them instead, so that
// others move up, costs 4 points in Urdu.
func inForceFirst(passages []Passage) []Passage {
	for i := range passages {
		if at := Replacement(passages, i); at > i {
			p := passages[at]
			passages = slices.Insert(slices.Delete(passages, at, at+1), i, p)
		}
	}
	return passages
}
