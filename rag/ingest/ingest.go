// Package ingest brings documents into an index: it reads files, cuts them
// into passages, and stores what is new or changed.
//
// A document is recognised by knowledge base, language and id, and its state
// by a hash of its content. Ingesting again after a crash goes on where the
// crash was: whole documents with the right hash are left alone, others are
// stored again, and only then is their old state removed.
package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/rag"
)

// A Writer is the index that documents are stored in.
type Writer interface {
	Create(ctx context.Context, kb string, langs []lang.Tag) error
	Stored(ctx context.Context, kb string) (map[rag.Key]rag.Stored, error)
	Upsert(ctx context.Context, kb string, docs [][]rag.Passage) error
	Forget(ctx context.Context, kb string, key rag.Key, keep string) error
}

// A Report says what a run did. Faults name each document that could not be
// read; the others are stored all the same.
type Report struct {
	Added     int `json:"added"`
	Changed   int `json:"changed"`
	Unchanged int `json:"unchanged"`
	Passages  int `json:"passages"`   // stored by this run
	WordsOnly int `json:"words_only"` // of these, without the dense vector that was wanted
	Faults    []error

	WhyWordsOnly error // for the first of them
}

// An Embedder gives passages their dense vectors, nil where there is none; the
// error says why. They are then found by their words, until another run
// succeeds.
type Embedder interface {
	Passages(ctx context.Context, passages []rag.Passage) ([][]float32, error)
	Name() string // of the model
}

// Options of a Run.
type Options struct {
	KB       string
	Langs    []lang.Tag                      // the knowledge base should have room for, beside those of the documents
	Embedder Embedder                        // may be nil
	Progress func(done int64, report Report) // called after each batch with the bytes read; may be nil
}

// A batch is closed when it has so many documents or bytes of text, which is
// about 250 passages.
const (
	batchDocs  = 128
	batchBytes = 384 << 10
	writers    = 3 // while one waits for the disk, two work
)

// Run stores documents. The error is one that stopped the run; what is wrong
// with single documents stands in the report.
func Run(ctx context.Context, w Writer, items iter.Seq2[Item, error], o Options) (Report, error) {
	if err := w.Create(ctx, o.KB, o.Langs); err != nil {
		return Report{}, fmt.Errorf("preparing knowledge base %s: %w", o.KB, err)
	}
	stored, err := w.Stored(ctx, o.KB)
	if err != nil {
		return Report{}, fmt.Errorf("reading what knowledge base %s holds: %w", o.KB, err)
	}
	r := &run{w: w, o: o, stored: stored, seen: map[rag.Key]string{}, langs: slices.Clone(o.Langs)}
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(writers)
	var noRoom error
	for item, err := range items {
		if inner.Err() != nil {
			break
		}
		if err == nil {
			if noRoom = r.makeRoom(inner, item.Lang.Base()); noRoom != nil {
				break
			}
			err = r.take(item)
		}
		if err != nil {
			r.fault(err)
		}
		if len(r.docs) >= batchDocs || r.bytes >= batchBytes {
			r.send(inner, group)
		}
	}
	r.send(inner, group)
	if err := group.Wait(); err != nil {
		return r.report, fmt.Errorf("storing in knowledge base %s: %w", o.KB, err)
	}
	if noRoom != nil {
		return r.report, fmt.Errorf("preparing knowledge base %s: %w", o.KB, noRoom)
	}
	return r.report, ctx.Err()
}

type run struct {
	w      Writer
	o      Options
	stored map[rag.Key]rag.Stored
	seen   map[rag.Key]string // where each document was read
	langs  []lang.Tag

	docs  []pending
	stale []staleDoc
	bytes int // of text in docs
	done  int64

	mu     sync.Mutex
	report Report
}

// A pending document is to be stored with the next batch.
type pending struct {
	rag.Document
	hash string
}

// passages cuts documents. It is done by the writers, side by side.
func passages(docs []pending) (cut [][]rag.Passage, n int) {
	for _, d := range docs {
		ps := rag.Split(d.Document)
		for i := range ps {
			ps[i].Hash = d.hash
		}
		cut, n = append(cut, ps), n+len(ps)
	}
	return cut, n
}

type staleDoc struct {
	key  rag.Key
	hash string
}

func (r *run) fault(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Faults = append(r.report.Faults, err)
}

// makeRoom has the knowledge base learn a language that turns up.
func (r *run) makeRoom(ctx context.Context, tag lang.Tag) error {
	if slices.Contains(r.langs, tag) {
		return nil
	}
	r.langs = append(r.langs, tag)
	return r.w.Create(ctx, r.o.KB, r.langs)
}

// take puts a document into the next batch, unless it is stored already.
func (r *run) take(item Item) error {
	d := item.Document
	r.done = item.Read
	key := rag.Key{Lang: d.Lang, Doc: d.ID}
	if where, ok := r.seen[key]; ok {
		return fault.Invalid.Errorf("%s: document %q in %s was already read at %s", item.Where, d.ID, d.Lang, where)
	}
	r.seen[key] = item.Where
	hash := Hash(d)
	r.mu.Lock()
	defer r.mu.Unlock()
	old, known := r.stored[key]
	switch {
	case known && old.Whole && old.Hash == hash:
		r.report.Unchanged++
		if r.o.Embedder == nil || old.Model == r.o.Embedder.Name() {
			return nil
		}
	case known:
		r.report.Changed++
		r.stale = append(r.stale, staleDoc{key, hash})
	default:
		r.report.Added++
	}
	r.docs = append(r.docs, pending{d, hash})
	r.bytes += len(d.Text)
	return nil
}

// send stores the batch in the background.
func (r *run) send(ctx context.Context, group *errgroup.Group) {
	batch, stale, done := r.docs, r.stale, r.done
	r.docs, r.stale, r.bytes = nil, nil, 0
	group.Go(func() error {
		docs, n := passages(batch)
		if err := r.embed(ctx, docs); err != nil {
			return err
		}
		if err := r.w.Upsert(ctx, r.o.KB, docs); err != nil {
			return err
		}
		for _, s := range stale {
			if err := r.w.Forget(ctx, r.o.KB, s.key, s.hash); err != nil {
				return err
			}
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.report.Passages += n
		if r.o.Progress != nil {
			r.o.Progress(done, r.report)
		}
		return nil
	})
}

// embed gives the passages of documents their vectors. Only an end of ctx is
// an error.
func (r *run) embed(ctx context.Context, docs [][]rag.Passage) error {
	if r.o.Embedder == nil {
		return nil
	}
	all := slices.Concat(docs...)
	vectors, why := r.o.Embedder.Passages(ctx, all)
	if err := ctx.Err(); err != nil {
		return err
	}
	missing, i := 0, 0
	for _, doc := range docs {
		for k := range doc {
			if i < len(vectors) && vectors[i] != nil {
				doc[k].Dense = vectors[i]
			} else {
				missing++
			}
			i++
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.WordsOnly += missing
	if r.report.WhyWordsOnly == nil && missing > 0 {
		r.report.WhyWordsOnly = why
	}
	return nil
}

// version is part of every hash: raise it when the same document would be
// stored otherwise than before.
const version = "1"

// Hash identifies the state of a document.
func Hash(d rag.Document) string {
	h := sha256.New()
	for _, s := range []string{version, d.Title, d.Text, string(d.Lang), d.Source, d.Date, d.Sector} {
		fmt.Fprintf(h, "%d:%s", len(s), s)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Err joins the faults of a report, or is nil.
func (r Report) Err() error { return errors.Join(r.Faults...) }
