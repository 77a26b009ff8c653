// Package succession finds out which documents of a knowledge base have taken
// the place of which, by what they say themselves and what their keeper says.
//
// A document counts as superseded if it says what replaced it, if another says
// that it replaces it, or if a Rule says so. Of a chain, the end counts: who
// finds the first edition is led to the fifth. In a circle, where each is said
// to replace the next, the newest document holds; where dates do not tell which
// that is, none of the circle is superseded by another of it.
package succession

import (
	"cmp"
	"slices"

	"tilgate/internal/lang"
	"tilgate/rag"
)

// A Rule is what the keeper says: the documents that Old picks were replaced by
// the one of a name, or went out of force if the name is empty.
type Rule struct {
	Old func(d rag.Document) bool
	By  string
}

// A Result says what has become of documents.
type Result struct {
	// By has the successors of those that are superseded, by their keys. All
	// others are in force.
	By map[rag.Key]*rag.Successor
	// Circles are documents that are said to replace each other.
	Circles [][]rag.Key
	// Missing are names of documents to be replaced that are not there.
	Missing []Missing
}

// A Missing is a name that a document gave.
type Missing struct {
	Key  rag.Key
	Name string
}

// Needed reports whether anything follows from what a document says.
func Needed(d rag.Document) bool { return len(d.Replaces) > 0 || d.ReplacedBy != "" }

// Of looks at all documents of a knowledge base. Their texts are not needed.
func Of(docs []rag.Document, rules []Rule) Result {
	f := &finder{docs: docs, next: make([]link, len(docs)), names: namesIn(docs, rules)}
	for i, d := range docs {
		f.take(i, d)
	}
	for _, r := range rules {
		f.rule(r)
	}
	f.breakCircles()
	f.result.By = map[rag.Key]*rag.Successor{}
	for i, d := range docs {
		if s := f.end(i); s != nil {
			f.result.By[keyOf(d)] = s
		}
	}
	return f.result
}

func keyOf(d rag.Document) rag.Key { return rag.Key{Lang: d.Lang, Doc: d.ID} }

// How much a link counts. What is said of oneself counts more than what others
// say, unless it leads out of the knowledge base; what the keeper says counts
// most.
const (
	unlinked = iota
	outside
	byOther
	byItself
	byRule
)

// A link leads from a document to what took its place: a document, or a
// successor that is not in the knowledge base.
type link struct {
	weight int
	to     int // into docs; -1 is outside
	out    *rag.Successor
}

type finder struct {
	docs   []rag.Document
	next   []link
	names  names
	result Result
}

// take notes what a document says.
func (f *finder) take(i int, d rag.Document) {
	if d.ReplacedBy != "" {
		f.set(i, f.link(i, d.ReplacedBy, outside, byItself))
	}
	for _, name := range d.Replaces {
		old := f.names.find(d, name)
		if len(old) == 0 {
			f.result.Missing = append(f.result.Missing, Missing{keyOf(d), name})
		}
		for _, o := range f.closest(d.Lang, old) {
			if o != i && (f.next[o].weight != byOther || f.newer(i, f.next[o].to)) {
				f.set(o, link{byOther, i, nil})
			}
		}
	}
}

// set links a document, unless it has a link that counts more.
func (f *finder) set(i int, l link) {
	if l.weight >= f.next[i].weight {
		f.next[i] = l
	}
}

// link leads from a document to the one of a name. The weights are of one that
// is elsewhere, and of one that is here.
func (f *finder) link(i int, name string, elsewhere, here int) link {
	d := f.docs[i]
	found := f.closest(d.Lang, f.names.find(d, name))
	for _, at := range found {
		if at != i {
			return link{here, at, nil}
		}
	}
	switch {
	case len(found) > 0: // itself alone, which means nothing
		return link{}
	case address(name) != "":
		return link{elsewhere, -1, &rag.Successor{Source: name}}
	}
	return link{elsewhere, -1, &rag.Successor{Title: name}}
}

func (f *finder) rule(r Rule) {
	for i, d := range f.docs {
		if !r.Old(d) {
			continue
		}
		l := link{byRule, -1, &rag.Successor{}}
		if r.By != "" {
			l = f.link(i, r.By, byRule, byRule)
		}
		f.set(i, l)
	}
}

// closest returns the documents that are in a language, or else in its other
// scripts, or else all.
func (f *finder) closest(tag lang.Tag, list []int) []int {
	for _, same := range []func(lang.Tag) bool{
		func(t lang.Tag) bool { return t == tag },
		func(t lang.Tag) bool { return t.Base() == tag.Base() },
	} {
		var near []int
		for _, i := range list {
			if same(f.docs[i].Lang) {
				near = append(near, i)
			}
		}
		if len(near) > 0 {
			return near
		}
	}
	return list
}

// newer reports whether document i is the one to believe, and not j.
func (f *finder) newer(i, j int) bool {
	a, b := f.docs[i], f.docs[j]
	return cmp.Or(cmp.Compare(a.Date, b.Date), cmp.Compare(b.ID, a.ID), cmp.Compare(b.Lang, a.Lang)) > 0
}

// breakCircles takes links out of circles. A document has one link at most, so
// that who follows them comes to a circle once.
func (f *finder) breakCircles() {
	walk := make([]int, len(f.docs)) // on which a document was seen first
	for start := range f.docs {
		i := start
		for i >= 0 && walk[i] == 0 && f.next[i].weight != unlinked {
			walk[i] = start + 1
			i = f.next[i].to
		}
		if i >= 0 && walk[i] == start+1 && f.next[i].weight != unlinked {
			f.breakAt(i)
		}
	}
}

// breakAt breaks the circle that a document is in.
func (f *finder) breakAt(start int) {
	circle := []int{start}
	for i := f.next[start].to; i != start; i = f.next[i].to {
		circle = append(circle, i)
	}
	keys := make([]rag.Key, len(circle))
	for k, i := range circle {
		keys[k] = keyOf(f.docs[i])
	}
	f.result.Circles = append(f.result.Circles, keys)
	slices.SortFunc(circle, func(i, j int) int { return cmp.Compare(f.docs[j].Date, f.docs[i].Date) })
	newest := f.docs[circle[0]].Date > f.docs[circle[1]].Date && f.docs[circle[len(circle)-1]].Date != ""
	for k, i := range circle {
		if k == 0 || !newest {
			f.next[i] = link{}
		}
	}
}

// end returns what a document was replaced by in the end; nil if it is in
// force. Whoever comes the same way again need not go all of it.
func (f *finder) end(i int) *rag.Successor {
	var way []int
	for ; f.next[i].weight != unlinked && f.next[i].out == nil; i = f.next[i].to {
		way = append(way, i)
	}
	last := f.next[i].out
	if last == nil && len(way) > 0 {
		d := f.docs[i]
		last = &rag.Successor{Doc: d.ID, Lang: d.Lang, Title: d.Title, Source: d.Source, Date: d.Date, Edition: d.Edition}
	}
	for _, at := range way {
		f.next[at].out = last
	}
	return last
}
