// Package quality looks at documents as they come into a knowledge base, and
// reports what is wrong with them in words that their owner can act on: pages
// that nobody could read, languages that are not the declared ones, documents
// that are there twice, personal data.
//
// A report names documents and never quotes them. What it shows of one, its
// title, its id, where it was read, and what readers say about it, goes through
// the finder of personal data first: Collector.show sees to that.
package quality

import (
	"cmp"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/internal/personal"
	"tilgate/rag"
	"tilgate/rag/near"
	"tilgate/rag/read"
)

// DefaultExamples is how many examples there are of each kind of trouble, if
// Options say nothing else.
const DefaultExamples = 100

// Options of a Collector.
type Options struct {
	KB       string
	Personal *personal.Finder // nil means that nobody looks for personal data
	Examples int              // of each kind; 0 means DefaultExamples
	Near     near.Options
}

// A Collector collects what a report says. It may be used by several
// goroutines at once. Of each document that is compared with others it keeps
// about 1 kB; nothing else grows with their number.
type Collector struct {
	o     Options
	near  *near.Finder
	began time.Time

	mu      sync.Mutex
	report  Report // what is counted as documents come
	langs   tally[written, Language]
	told    tally[told, Declaration]
	files   tally[string, Format]
	notes   tally[read.NoteKind, Notes]
	data    tally[string, Finds]
	lengths histogram
	names   map[rag.Key]Document // of those that are compared
}

// A written is a language in a script.
type written struct {
	tag    lang.Tag
	script lang.Script
}

// A told is a language that was declared, and the one that was detected.
type told struct{ declared, detected lang.Tag }

// New returns a Collector of a run that begins now.
func New(o Options) *Collector {
	o.Examples = cmp.Or(o.Examples, DefaultExamples)
	o.Near.Limit = cmp.Or(o.Near.Limit, near.DefaultLimit)
	o.Near.Threshold = cmp.Or(o.Near.Threshold, near.DefaultThreshold)
	c := &Collector{
		o: o, near: near.New(o.Near), began: time.Now(),
		langs: tally[written, Language]{}, told: tally[told, Declaration]{}, files: tally[string, Format]{},
		notes: tally[read.NoteKind, Notes]{}, data: tally[string, Finds]{}, names: map[rag.Key]Document{},
	}
	c.report.Duplicates.Threshold = o.Near.Threshold
	if o.Personal != nil {
		c.report.Personal = &Personal{}
	}
	return c
}

// A look is what is seen of one document.
type look struct {
	Document
	characters int
	script     lang.Script
	told       told
	confidence float64
	lengths    []int // of passages
	data       hits
}

// Document looks at a document that was read, and at the passages it was cut
// into. Declared is empty if its language was not declared, and detected if
// nobody looked. A document without text counts too.
func (c *Collector) Document(item read.Item, declared, detected lang.Tag, confidence float64, passages []rag.Passage) {
	l := look{
		Document: c.name(item, cmp.Or(item.Lang, declared, detected, lang.Und)), told: told{declared, detected}, confidence: confidence,
		characters: utf8.RuneCountInString(item.Text), script: lang.ScriptOf(sample(item.Text)), data: c.search(item),
	}
	for _, p := range passages {
		l.lengths = append(l.lengths, utf8.RuneCountInString(p.Text))
	}
	key := rag.Key{Lang: l.Lang, Doc: item.ID}
	c.near.Add(key, item.Text)

	c.mu.Lock()
	defer c.mu.Unlock()
	if strings.TrimSpace(item.Text) == "" {
		c.example(&c.report.WithoutText, Example{Document: l.Document})
	} else if len(c.names) < c.o.Near.Limit {
		c.names[rag.Key{Lang: key.Lang, Doc: strings.Clone(key.Doc)}] = l.Document
	}
	c.count(l, item)
	c.countNotes(l.Document, item.Notes)
	c.countData(l)
}

func (c *Collector) count(l look, item read.Item) {
	c.report.Documents++
	c.report.Passages += len(l.lengths)
	c.report.Characters += l.characters
	c.report.Pages += item.Pages
	for _, n := range l.lengths {
		c.lengths.add(n)
	}
	of := c.langs.at(written{l.Lang, l.script})
	of.Documents++
	of.Passages += len(l.lengths)
	of.Characters += l.characters
	f := c.files.at(ending(item.Where))
	f.Documents++
	f.Pages += item.Pages
	f.Characters += l.characters
	d := c.told.at(l.told)
	if l.told.differs() {
		c.example(&d.Listed, Example{Document: l.Document, Confidence: l.confidence})
	} else {
		d.Documents++
	}
}

// differs reports whether a language is clearly not the declared one.
func (t told) differs() bool {
	known := func(tag lang.Tag) bool { return tag != "" && tag != lang.Und }
	return known(t.declared) && known(t.detected) && !lang.Near(t.declared, t.detected)
}

// countNotes counts the notes on one document.
func (c *Collector) countNotes(d Document, notes []read.Note) {
	counts := map[read.NoteKind]int{}
	for _, n := range notes {
		counts[n.Kind]++
	}
	for _, n := range notes {
		count := counts[n.Kind]
		if count == 0 {
			continue // its kind is counted
		}
		counts[n.Kind] = 0
		of := c.notes.at(n.Kind)
		of.Count += count
		c.example(&of.Listed, Example{Document: d, Place: c.show(n.Where, mostPlace), Text: c.show(n.Text, mostText), Count: count})
	}
}

// example counts a document, and keeps it if there is room.
func (c *Collector) example(l *Listed, e Example) {
	l.Documents++
	if len(l.Examples) < c.o.Examples {
		l.Examples = append(l.Examples, e)
	}
}

// Fault counts a file or a document that could not be read. A nil err is none.
func (c *Collector) Fault(where string, err error) {
	if err == nil {
		return
	}
	text := strings.TrimPrefix(err.Error(), where+": ")
	f := Fault{Where: c.show(where, mostPlace), Kind: fault.Of(err).String(), Text: c.show(text, mostText)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.report.Faults.Count++; len(c.report.Faults.Examples) < c.o.Examples {
		c.report.Faults.Examples = append(c.report.Faults.Examples, f)
	}
}

// Changes says what the run did to the knowledge base.
func (c *Collector) Changes(changes Changes) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.report.Changes = changes
}
