// Package ingest brings documents into an index: it cuts them into passages,
// and stores what is new or changed, and removes what is gone.
//
// A document is recognised by knowledge base, language and id, and its state
// by a hash of its content. Ingesting again after a crash goes on where the
// crash was: whole documents with the right hash are left alone, others are
// stored again, and only then is their old state removed. Nothing is removed
// because it could not be read.
package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"iter"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/rag"
	"tilgate/rag/read"
)

// A Writer is the index that documents are stored in.
type Writer interface {
	Create(ctx context.Context, kb string, langs []lang.Tag) error
	Stored(ctx context.Context, kb string) (map[rag.Key]rag.Stored, error)
	Upsert(ctx context.Context, kb string, docs [][]rag.Passage) error
	Forget(ctx context.Context, kb string, key rag.Key, keep string) error
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
	KB        string
	Langs     []lang.Tag // the knowledge base should have room for, beside those of the documents
	Languages Languages  // how the language of a document is known
	Splitter  rag.Splitter
	Embedder  Embedder // may be nil

	// Stored is what the index holds, if the caller has asked already.
	Stored map[rag.Key]rag.Stored
	// Sync removes documents that are stored and did not come.
	Sync bool
	// MaxRemoved is the share of the stored documents that a run may remove: a
	// folder that is not mounted looks like one that is empty. 0 means
	// DefaultMaxRemoved.
	MaxRemoved float64
	// Dry says what would change, and changes nothing.
	Dry bool
	// Changes is told what is added, changed or removed; may be nil.
	Changes func(Change)
	// Settled is told what each document that came is stored as; may be nil.
	Settled func(origin string, key rag.Key, hash string)
	// Refused reports whether a document may not come in, such as one that was
	// forgotten; may be nil.
	Refused func(d rag.Document) bool

	Watch    Watcher                         // may be nil
	Progress func(done int64, report Report) // called after each batch with the bytes read; may be nil
}

// A Watcher looks at documents as they come, at several at a time. One without
// any text has no passages, and no Fault besides.
type Watcher interface {
	Document(item read.Item, found Found, passages []rag.Passage)
	Fault(where string, err error)
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
func Run(ctx context.Context, w Writer, items iter.Seq2[read.Item, error], o Options) (Report, error) {
	r := &run{w: w, o: o, stored: o.Stored, seen: map[uint64]int{}, langs: slices.Clone(o.Langs)}
	if err := r.prepare(ctx); err != nil {
		return Report{}, err
	}
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(writers)
	stopped := r.readAll(inner, group, items)
	if err := group.Wait(); err != nil {
		return r.report, fmt.Errorf("storing in knowledge base %s: %w", o.KB, err)
	}
	if stopped == nil {
		stopped = ctx.Err()
	}
	if stopped != nil {
		return r.report, stopped
	}
	if gone := r.gone(); o.Sync {
		return r.report, r.removeGone(ctx, gone)
	}
	return r.report, nil
}

func (r *run) prepare(ctx context.Context) error {
	if !r.o.Dry {
		if err := r.w.Create(ctx, r.o.KB, r.o.Langs); err != nil {
			return fmt.Errorf("preparing knowledge base %s: %w", r.o.KB, err)
		}
	}
	if r.stored != nil {
		return nil
	}
	var err error
	r.stored, err = r.w.Stored(ctx, r.o.KB)
	if r.o.Dry && fault.NotFound.Is(err) {
		err = nil
	}
	if err != nil {
		return fmt.Errorf("reading what knowledge base %s holds: %w", r.o.KB, err)
	}
	return nil
}

// readAll sends documents on to be stored, batch by batch.
func (r *run) readAll(ctx context.Context, group *errgroup.Group, items iter.Seq2[read.Item, error]) error {
	defer func() { r.send(ctx, group) }()
	for item, err := range items {
		if ctx.Err() != nil {
			return nil
		}
		var full bool
		if err == nil {
			full, err = r.take(ctx, item)
		}
		if err := r.dealt(item, err); err != nil {
			return err
		}
		if full {
			r.send(ctx, group)
		}
	}
	return r.takeUnsure(ctx, group)
}

type run struct {
	w      Writer
	o      Options
	stored map[rag.Key]rag.Stored
	seen   map[uint64]int  // documents that came, by a hash of their keys: their places in where
	where  []string        // that the first of them were read
	tags   []lang.Tag      // that they are in
	same   map[string]bool // origins that nothing has changed at
	failed map[string]bool // origins that could not be read, or not all of it
	langs  []lang.Tag
	unsure []read.Item // whose language is not known yet

	docs  []pending
	stale []staleDoc
	bytes int // of text in docs
	done  int64

	mu     sync.Mutex
	report Report
}

// A pending document is to be stored with the next batch.
type pending struct {
	item  read.Item
	found Found
	hash  string
	fresh bool // it is not stored as it is
}

type staleDoc struct {
	key  rag.Key
	hash string
}

// send stores the batch in the background.
func (r *run) send(ctx context.Context, group *errgroup.Group) {
	batch, stale, done := r.docs, r.stale, r.done
	r.docs, r.stale, r.bytes = nil, nil, 0
	group.Go(func() error {
		docs, n := r.passages(batch)
		if !r.o.Dry {
			if err := r.store(ctx, docs, stale); err != nil {
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

func (r *run) store(ctx context.Context, docs [][]rag.Passage, stale []staleDoc) error {
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
	return nil
}

// passages cuts documents. It is done by the writers, side by side.
func (r *run) passages(batch []pending) (cut [][]rag.Passage, n int) {
	for _, d := range batch {
		ps := r.o.Splitter.Split(d.item.Document)
		// It stays so until somebody looks at all documents together.
		superseded := r.stored[rag.Key{Lang: d.item.Lang, Doc: d.item.ID}].SupersededBy
		for i := range ps {
			ps[i].Hash = d.hash
			ps[i].SupersededBy = superseded
		}
		r.watch(d.item, d.found, ps)
		if d.fresh {
			cut, n = append(cut, ps), n+len(ps)
		}
	}
	return cut, n
}

func (r *run) watch(item read.Item, found Found, passages []rag.Passage) {
	if r.o.Watch != nil {
		r.o.Watch.Document(item, found, passages)
	}
}

// embed gives the passages of documents their vectors. Only an end of ctx is
// an error.
func (r *run) embed(ctx context.Context, docs [][]rag.Passage) error {
	if r.o.Embedder == nil || len(docs) == 0 {
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

// Version is part of every hash: raise it when the same document would be
// stored otherwise than before.
const Version = "2"

// Hash identifies the state of a document.
func Hash(d rag.Document) string {
	h := sha256.New()
	for _, s := range []string{Version, d.Title, d.Text, string(d.Lang), d.Source, d.Date, d.Sector, d.Origin} {
		fmt.Fprintf(h, "%d:%s", len(s), s)
	}
	// What is new in a Document counts only if there is any, so that the hashes of
	// others are what they were.
	for i, s := range append([]string{d.Edition, d.ReplacedBy}, d.Replaces...) {
		if s != "" {
			fmt.Fprintf(h, "+%d:%d:%s", i, len(s), s)
		}
	}
	for _, m := range d.Marks {
		fmt.Fprintf(h, "%d %d %d %d,", m.Kind, m.Level, m.At, m.End)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
