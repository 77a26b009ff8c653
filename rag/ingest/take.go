package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/zeebo/xxh3"
	"golang.org/x/sync/errgroup"

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
	if errors.Is(err, errLanguage) && len(r.unsure) < maxUnsure {
		r.unsure = append(r.unsure, item)
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("%s: %w", item.Where, err)
	}
	return r.settle(ctx, item, found)
}

// maxUnsure documents whose language is not known wait for the others.
const maxUnsure = 10_000

// takeUnsure takes the documents whose language was not known, now that it is
// known what the others are in.
func (r *run) takeUnsure(ctx context.Context, group *errgroup.Group) error {
	others := slices.Sorted(slices.Values(r.tags))
	for _, item := range r.unsure {
		found, err := r.o.Languages.among(item, others)
		full := false
		if err == nil {
			item.Lang = found.Lang
			full, err = r.settle(ctx, item, found)
		} else {
			err = fmt.Errorf("%s: %w", item.Where, err)
		}
		if err := r.dealt(item, err); err != nil {
			return err
		}
		if full {
			r.send(ctx, group)
		}
	}
	return nil
}

// dealt puts down what is wrong with a document; it returns what ends the run.
func (r *run) dealt(item read.Item, err error) error {
	var stop stopped
	switch {
	case err == nil:
	case errors.As(err, &stop):
		return fmt.Errorf("preparing knowledge base %s: %w", r.o.KB, stop.error)
	default:
		r.fault(item, err)
	}
	return nil
}

// settle puts a document whose language is known into the batch.
func (r *run) settle(ctx context.Context, item read.Item, found Found) (full bool, err error) {
	if err := r.admit(item); err != nil {
		return false, fmt.Errorf("%s: %w", item.Where, err)
	}
	if r.o.Refused != nil && r.o.Refused(item.Document) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.report.Refused++
		return false, nil
	}
	r.see(rag.Key{Lang: item.Lang, Doc: item.ID}, item.Where)
	untitle(&item.Document)
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

// untitle takes a heading off the top of a document that only says its title
// again, unless there is nothing else.
func untitle(d *rag.Document) {
	if len(d.Marks) == 0 || d.Marks[0].Kind != rag.Heading || d.Marks[0].At != 0 || d.Text[:d.Marks[0].End] != d.Title {
		return
	}
	rest := strings.TrimLeft(d.Text[d.Marks[0].End:], "\n")
	if rest == "" {
		return
	}
	cut := len(d.Text) - len(rest)
	marks := make([]rag.Mark, 0, len(d.Marks)-1)
	for _, m := range d.Marks[1:] {
		m.At, m.End = m.At-cut, m.End-cut
		marks = append(marks, m)
	}
	d.Text, d.Marks = rest, marks
}

// maxWhere is of how many documents the places are kept: a dump has millions.
const maxWhere = 100_000

// see notes that a document came.
func (r *run) see(key rag.Key, where string) {
	r.seen[hashOf(key)] = len(r.seen)
	if len(r.where) < maxWhere {
		r.where = append(r.where, where)
	}
	if base := key.Lang.Base(); !slices.Contains(r.tags, base) {
		r.tags = append(r.tags, base)
	}
}

func hashOf(key rag.Key) uint64 { return xxh3.HashString(string(key.Lang) + "\x00" + key.Doc) }

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
	if at, ok := r.seen[hashOf(key)]; ok {
		where := "before"
		if at < len(r.where) {
			where = "at " + r.where[at]
		}
		return fault.Invalid.Errorf("document %q in %s was already read %s", d.ID, d.Lang, where)
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
