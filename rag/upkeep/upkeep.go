// Package upkeep keeps a knowledge base true to its manifest: it reads what has
// changed in the sources, stores it in the version that is searched or in a new
// one, checks a new one before anybody sees it, and says what it found.
package upkeep

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/internal/lid"
	"tilgate/internal/personal"
	"tilgate/rag"
	"tilgate/rag/crawl"
	"tilgate/rag/forget"
	"tilgate/rag/ingest"
	"tilgate/rag/near"
	"tilgate/rag/qdrant"
	"tilgate/rag/quality"
	"tilgate/rag/read"
	"tilgate/rag/sources"
	"tilgate/rag/succession"
)

// A Job is one run over the sources of a knowledge base. All but the first
// three fields may be left out.
type Job struct {
	Manifest sources.Manifest
	Index    *qdrant.Index // of the manifest's tenant
	Reader   func(sources.Source) read.Readers

	Page      func(context.Context, crawl.Page) (sources.Page, error) // reads a page of a site
	Contact   string                                                  // who crawls, for web sites
	Langs     []lang.Tag
	Embedder  ingest.Embedder
	Forgotten *forget.List
	Personal  *personal.Finder
	Data      string                             // folder where what was read is remembered, and reports are kept; empty does neither
	Retriever func(*qdrant.Index) *rag.Retriever // that checks ask

	Sync    bool // remove what is gone
	Rebuild bool // fill a new version, check it, and show it
	All     bool // read also what has not changed
	Dry     bool // change nothing
	Unsafe  bool // show a new version that fails its checks

	Changes  func(ingest.Change)
	Progress func(done, total int64, report ingest.Report)
}

// An Outcome is what a Job did.
type Outcome struct {
	Report  ingest.Report
	Quality quality.Report
	Passed  map[string]int // files of kinds that are not read, by ending
	Version int            // that is searched now
	Check   *Check         // of a new version
	Kept    Kept           // where the quality report lies
	Slower  error          // why what was read could not be remembered
}

// Run does a job. What is wrong with single documents stands in the outcome,
// which is told also beside an error.
func (j Job) Run(ctx context.Context) (Outcome, error) {
	var o Outcome
	if err := j.place(); err != nil {
		return o, err
	}
	state, err := j.state()
	if err != nil {
		return o, err
	}
	o, err = j.run(ctx, state)
	o.Slower = errors.Join(o.Slower, state.Close())
	return o, err
}

func (j Job) run(ctx context.Context, state *sources.State) (o Outcome, err error) {
	target, err := j.target(ctx)
	if err != nil {
		return o, err
	}
	began := time.Now()
	watch := &watcher{c: quality.New(quality.Options{KB: j.Manifest.Name, Personal: j.Personal, Near: near.Options{Limit: compared}})}
	o, err = j.ingest(ctx, target, state, watch)
	watch.c.Changes(quality.Changes{Added: o.Report.Added, Changed: o.Report.Changed, Unchanged: o.Report.Unchanged, Removed: o.Report.Removed})
	o.Quality = watch.c.Report()
	if err == nil && target.staged != nil {
		o.Version, o.Check, err = j.finish(ctx, target.staged, o.Report)
	}
	if err == nil && !j.Dry {
		o.Kept, err = j.keepReport(o.Quality, began)
	}
	if err == nil && o.Version == 0 {
		o.Version, err = j.version(ctx)
	}
	return o, err
}

// compared is how many documents at most are compared for being almost the same:
// 100 MB of memory.
const compared = 100_000

// place refuses to store documents where they may not be.
func (j Job) place() error {
	site := j.Manifest.Site
	if at := j.Index.Site(); site != "" && at != "" && site != at {
		return fault.Forbidden.Errorf("knowledge base %s may be stored at %s only, and the store is at %s", j.Manifest.Name, site, at)
	}
	return nil
}

func (j Job) state() (*sources.State, error) {
	if j.Data == "" || j.Dry {
		return nil, nil
	}
	return sources.OpenState(j.Data, j.Manifest.Tenant, j.Manifest.Name)
}

// A target is the version that documents are stored in.
type target struct {
	ingest.Writer
	staged *qdrant.Staged // nil if it is the one that is searched
}

func (j Job) target(ctx context.Context) (target, error) {
	if !j.Rebuild || j.Dry {
		return target{Writer: j.Index}, nil
	}
	staged, err := j.Index.Stage(ctx, j.Manifest.Name, slices.Concat(j.Langs, j.Manifest.Languages))
	if err != nil {
		return target{}, fmt.Errorf("preparing a new version of knowledge base %s: %w", j.Manifest.Name, err)
	}
	return target{staged, staged}, nil
}

func (j Job) ingest(ctx context.Context, to target, state *sources.State, watch *watcher) (o Outcome, err error) {
	m := j.Manifest
	stored, err := j.stored(ctx, to)
	if err != nil {
		return o, err
	}
	set := sources.Open(m, sources.Options{State: state, Stored: stored, Model: j.model(), All: j.All, Reader: j.Reader, Page: j.Page, Contact: j.Contact})
	options := ingest.Options{
		KB: m.Name, Langs: slices.Concat(j.Langs, m.Languages), Languages: ingest.Languages{Detector: lid.Default(), Always: true},
		Splitter: m.Split.Splitter(), Embedder: j.Embedder,
		Stored: stored, Sync: j.Sync || to.staged != nil, MaxRemoved: m.MaxRemoved, Dry: j.Dry,
		Changes: j.Changes, Settled: set.Settled, Refused: j.refuses(), Watch: watch,
	}
	if to.staged != nil {
		options.MaxRemoved = 1 // nothing of it is searched yet, and the checks count
	}
	if j.Progress != nil {
		options.Progress = func(done int64, r ingest.Report) { j.Progress(done, set.Total(), r) }
	}
	o.Report, err = ingest.Run(ctx, to, set.Items(ctx), options)
	o.Passed, o.Slower = set.Passed, set.Err()
	if err == nil {
		err = j.succeed(ctx, to, stored, watch)
	}
	return o, err
}

// stored is what the version holds; nothing if there is no knowledge base yet.
func (j Job) stored(ctx context.Context, to target) (map[rag.Key]rag.Stored, error) {
	stored, err := to.Stored(ctx, j.Manifest.Name)
	if fault.NotFound.Is(err) {
		return map[rag.Key]rag.Stored{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading what knowledge base %s holds: %w", j.Manifest.Name, err)
	}
	return stored, nil
}

func (j Job) model() string {
	if j.Embedder == nil {
		return ""
	}
	return j.Embedder.Name()
}

func (j Job) refuses() func(rag.Document) bool {
	if j.Forgotten == nil {
		return nil
	}
	rule := j.Forgotten.For(j.Index.Tenant(), j.Manifest.Name)
	if rule.Empty() {
		return nil
	}
	return rule.Refuses
}

// version returns the one that is searched; 0 if there is none yet.
func (j Job) version(ctx context.Context) (int, error) {
	list, err := j.Index.Versions(ctx, j.Manifest.Name)
	if fault.NotFound.Is(err) {
		return 0, nil
	}
	for _, v := range list {
		if v.Current {
			return v.N, err
		}
	}
	return 0, err
}

// finish checks a new version, and shows it if it is good.
func (j Job) finish(ctx context.Context, staged *qdrant.Staged, r ingest.Report) (version int, c *Check, err error) {
	check, err := j.check(ctx, staged)
	if err != nil {
		return 0, nil, err
	}
	if len(check.Against) > 0 && !j.Unsafe {
		return 0, &check, fault.Invalid.Errorf("the new version of knowledge base %s is not searched, since %s; the version before stays in force. "+
			"Correct the sources and rebuild again, which goes on from here, or show it all the same with --unsafe", j.Manifest.Name, joined(check.Against))
	}
	version, err = staged.Show(ctx)
	return version, &check, err
}

// A watcher tells the quality report what comes.
type watcher struct {
	c       *quality.Collector
	telling atomic.Bool // a document says what it replaces, or what replaced it
}

func (w *watcher) Document(item read.Item, found ingest.Found, passages []rag.Passage) {
	if succession.Needed(item.Document) {
		w.telling.Store(true)
	}
	w.c.Document(item, found.Declared, found.Detected, found.Confidence, passages)
}

func (w *watcher) Fault(where string, err error) { w.c.Fault(where, err) }

// maxDrop is how many points of nDCG@10 a new version may be worse.
func (j Job) maxDrop() float64 {
	if j.Manifest.Check.MaxDrop != nil {
		return *j.Manifest.Check.MaxDrop
	}
	return DefaultMaxDrop
}

// mostGone is the share of documents that a new version may lack.
func (j Job) mostGone() float64 { return cmp.Or(j.Manifest.MaxRemoved, ingest.DefaultMaxRemoved) }
