package ingest

import (
	"errors"

	"tilgate/rag"
)

// A Report says what a run did. Faults name each document that could not be
// read; the others are stored all the same.
type Report struct {
	Added     int `json:"added"`
	Changed   int `json:"changed"`
	Removed   int `json:"removed"`
	Unchanged int `json:"unchanged"`
	Passages  int `json:"passages"`   // stored by this run
	WordsOnly int `json:"words_only"` // of these, without the dense vector that was wanted
	Kept      int `json:"kept"`       // not read, but not removed: where they come from could not be read
	Refused   int `json:"refused"`    // left out, as Options.Refused says
	Faults    []error

	WhyWordsOnly error // for the first of them
}

// Err joins the faults of a report, or is nil.
func (r Report) Err() error { return errors.Join(r.Faults...) }

// A Change is one that a run makes to a knowledge base.
type Change struct {
	What  Kind
	Key   rag.Key
	Title string // may be empty
}

// A Kind is what happens to a document.
type Kind string

// The kinds of changes.
const (
	Add    Kind = "add"
	Alter  Kind = "change"
	Remove Kind = "remove"
)
