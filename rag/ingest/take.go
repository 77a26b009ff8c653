package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/rag"
	"tilgate/rag/read"
)

// take puts a document into the batch, unless it is stored already, and says
// whether the batch is full.
func (r *run) take(ctx context.Context, item read.Item) (full bool, err error) {
	r.done = item.Read
	if item.Same {
		mark(&r.same, item.Origin)
		return false, nil
	}
	found, err := r.o.Languages.find(item)
	item.Lang = found.Lang
	if strings.TrimSpace(item.Text) == "" {
		r.watch(item, found, nil)
		return false, watched{fmt.Errorf("%s: %w", item.Where, noText(item.Notes))}
	}
	if err != nil {
		return false, fmt.Errorf("%s: %w", item.Where, err)
	}
	if err := r.admit(item); err != nil {
		return false, fmt.Errorf("%s: %w", item.Where, err)
	}
	if r.o.Refused != nil && r.o.Refused(item.Document) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.report.Refused++
		return false, nil
	}
	r.seen[rag.Key{Lang: item.Lang, Doc: item.ID}] = item.Where
	if err := r.makeRoom(ctx, item.Lang.Base()); err != nil {
		return false, stopped{err}
	}
	p := pending{item: item, found: found, hash: Hash(item.Document)}
	if r.o.Settled != nil {
		r.o.Settled(item.Origin, rag.Key{Lang: item.Lang, Doc: item.ID}, p.hash)
	}
	p.fresh = r.compare(p)
	if p.fresh || r.o.Watch != nil {
		r.docs = append(r.docs, p)
		r.bytes += len(item.Text)
	}
	return len(r.docs) >= batchDocs || r.bytes >= batchBytes, nil
}

// admit reports what makes a document useless, or unwanted.
func (r *run) admit(item read.Item) error {
	d := item.Document
	key := rag.Key{Lang: d.Lang, Doc: d.ID}
	switch {
	case d.ID == "":
		return fault.Invalid.Errorf("it has no id")
	case len(d.ID) > 1024:
		return fault.Invalid.Errorf("its id has %d bytes; at most 1024", len(d.ID))
	}
	if where, ok := r.seen[key]; ok {
		return fault.Invalid.Errorf("document %q in %s was already read at %s", d.ID, d.Lang, where)
	}
	return nil
}

// noText says why there is none, if that is known.
func noText(notes []read.Note) error {
	if len(notes) == 0 {
		return fault.Invalid.Errorf("it has no text")
	}
	if len(notes) == 1 {
		return fault.Invalid.Errorf("it has no text: %s", notes[0])
	}
	return fault.Invalid.Errorf("it has no text: %s, and %d more such", notes[0], len(notes)-1)
}

// compare reports whether a document must be stored, and counts it.
func (r *run) compare(p pending) (fresh bool) {
	key := rag.Key{Lang: p.item.Lang, Doc: p.item.ID}
	old, known := r.stored[key]
	what := Add
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case known && old.Whole && old.Hash == p.hash:
		r.report.Unchanged++
		return r.o.Embedder != nil && old.Model != r.o.Embedder.Name()
	case known:
		what = Alter
		r.report.Changed++
		r.stale = append(r.stale, staleDoc{key, p.hash})
	default:
		r.report.Added++
	}
	r.changed(Change{what, key, p.item.Title})
	return true
}

func (r *run) changed(c Change) {
	if r.o.Changes != nil {
		r.o.Changes(c)
	}
}

func (r *run) fault(item read.Item, err error) {
	if item.Origin != "" {
		mark(&r.failed, item.Origin)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Faults = append(r.report.Faults, err)
	var known watched
	if r.o.Watch != nil && !errors.As(err, &known) {
		r.o.Watch.Fault(item.Where, err)
	}
}

// watched is an error that the watcher has seen as a document.
type watched struct{ error }

func (w watched) Unwrap() error { return w.error }

func mark(set *map[string]bool, name string) {
	if *set == nil {
		*set = map[string]bool{}
	}
	(*set)[name] = true
}

// makeRoom has the knowledge base learn a language that turns up.
func (r *run) makeRoom(ctx context.Context, tag lang.Tag) error {
	if r.o.Dry || slices.Contains(r.langs, tag) {
		return nil
	}
	r.langs = append(r.langs, tag)
	return r.w.Create(ctx, r.o.KB, r.langs)
}

// stopped is an error that ends a run: it is no fault of the document that
// brought it up.
type stopped struct{ error }

func (s stopped) Unwrap() error { return s.error }

func isStop(err error, s *stopped) bool { return errors.As(err, s) }
