package quality

import (
	"cmp"
	"slices"
	"time"

	"tilgate/rag"
	"tilgate/rag/near"
	"tilgate/rag/read"
)

// Report returns what was collected so far.
func (c *Collector) Report() Report {
	groups := c.near.Groups()
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.report
	r.KB, r.Time, r.Seconds = c.o.KB, c.began.UTC(), time.Since(c.began).Seconds()
	r.Lengths = Lengths{P5: c.lengths.percentile(5), Median: c.lengths.percentile(50), P95: c.lengths.percentile(95)}
	r.Languages = rows(c.langs, func(l *Language, k written) { l.Tag, l.Script = k.tag, k.script }, func(a, b Language) int {
		return cmp.Or(b.Characters-a.Characters, cmp.Compare(a.Tag, b.Tag), cmp.Compare(a.Script, b.Script))
	})
	r.Declared = rows(c.told, func(d *Declaration, k told) {
		d.Declared, d.Detected, d.Differs = k.declared, k.detected, k.differs()
	}, func(a, b Declaration) int {
		return cmp.Or(cmp.Compare(a.Declared, b.Declared), b.Documents-a.Documents, cmp.Compare(a.Detected, b.Detected))
	})
	r.Formats = rows(c.files, func(f *Format, k string) { f.Ending = k }, func(a, b Format) int {
		return cmp.Or(b.Documents-a.Documents, cmp.Compare(a.Ending, b.Ending))
	})
	r.Notes = rows(c.notes, func(n *Notes, k read.NoteKind) { n.Kind = k }, func(a, b Notes) int {
		return cmp.Or(b.Documents-a.Documents, slices.Index(noteKinds, a.Kind)-slices.Index(noteKinds, b.Kind))
	})
	if r.Personal != nil {
		p := *r.Personal
		p.Kinds = rows(c.data, func(f *Finds, k string) { f.Kind = k }, func(a, b Finds) int {
			return cmp.Or(b.Documents-a.Documents, cmp.Compare(a.Kind, b.Kind))
		})
		r.Personal = &p
	}
	c.addPairs(&r.Duplicates, groups)
	r.Findings = findings(r)
	return r
}

// noteKinds are in the order of how much they matter.
var noteKinds = []read.NoteKind{read.Scanned, read.LegacyFont, read.LeftOut, read.Encoding, read.Recognised, read.Empty}

// rows returns what a tally holds, sorted.
func rows[K comparable, V any](t tally[K, V], name func(*V, K), compare func(a, b V) int) []V {
	list := make([]V, 0, len(t))
	for kind, v := range t {
		row := *v
		name(&row, kind)
		list = append(list, row)
	}
	slices.SortFunc(list, compare)
	return list
}

func (c *Collector) addPairs(d *Duplicates, groups [][]near.Pair) {
	d.Compared, d.Left = c.near.Compared()
	for _, p := range slices.Concat(groups...) {
		of := &d.Near
		if p.Same {
			of = &d.Same
		}
		if of.Documents++; len(of.Examples) < c.o.Examples {
			of.Examples = append(of.Examples, Pair{c.named(p.A), c.named(p.B), p.Similarity})
		}
	}
}

func (c *Collector) named(key rag.Key) Document {
	if d, ok := c.names[key]; ok {
		return d
	}
	return Document{ID: c.show(key.Doc, mostPlace), Lang: key.Lang}
}
