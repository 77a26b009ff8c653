package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"tilgate/internal/fault"
	"tilgate/internal/personal"
	"tilgate/rag/forget"
	"tilgate/rag/ingest"
	"tilgate/rag/qdrant"
	"tilgate/rag/quality"
	"tilgate/rag/sources"
	"tilgate/rag/upkeep"
)

// A keeper has what all jobs on knowledge bases need.
type keeper struct {
	c         Config
	store     *qdrant.Store
	readers   *readers
	forgotten *forget.List
	job       upkeep.Job // with what does not depend on the manifest
	close     func()
}

func openKeeper(ctx context.Context, c Config, store *qdrant.Store, notes io.Writer) (*keeper, error) {
	set, err := openAdapters(c)
	if err != nil {
		return nil, err
	}
	finder, err := personal.New(c.Personal.Countries, c.Personal.extra())
	if err != nil {
		return nil, err
	}
	retriever, err := openRetrievers(c, quietLog())
	if err != nil {
		return nil, err
	}
	k := &keeper{c: c, store: store, readers: newReaders()}
	if c.Data != "" {
		if k.forgotten, err = forget.Open(c.Data); err != nil {
			return nil, err
		}
	}
	embedder, closeEmbedder, err := openEmbedder(ctx, c, store, notes)
	if err != nil {
		return nil, err
	}
	k.close = func() { k.readers.close(); closeEmbedder() }
	k.job = upkeep.Job{Reader: k.readers.of, Page: readPage, Contact: c.Contact, Langs: set.Tags(), Embedder: embedder,
		Forgotten: k.forgotten, Personal: finder, Data: c.Data, Retriever: retriever}
	return k, nil
}

// openForgetter returns a keeper that can only forget.
func openForgetter(_ context.Context, c Config, store *qdrant.Store, _ io.Writer) (*keeper, error) {
	k := &keeper{c: c, store: store, close: func() {}}
	if c.Data == "" {
		return k, nil
	}
	var err error
	k.forgotten, err = forget.Open(c.Data)
	return k, err
}

// of returns the job of a manifest.
func (k *keeper) of(m sources.Manifest) upkeep.Job {
	j := k.job
	j.Manifest, j.Index = m, k.store.For(m.Tenant)
	return j
}

// A jobResult is what ingest and kb sync print.
type jobResult struct {
	KB        string          `json:"kb"`
	Version   int             `json:"version,omitempty"`
	Added     int             `json:"added"`
	Changed   int             `json:"changed"`
	Removed   int             `json:"removed"`
	Unchanged int             `json:"unchanged"`
	Kept      int             `json:"kept,omitempty"`    // not read, and not removed
	Refused   int             `json:"refused,omitempty"` // forgotten, and left out
	Passages  int             `json:"passages"`
	WordsOnly int             `json:"words_only,omitempty"` // of these, without a dense vector
	Faults    []string        `json:"faults"`
	Passed    map[string]int  `json:"not_read,omitempty"` // files of kinds that nobody reads
	Check     *upkeep.Check   `json:"check,omitempty"`
	Report    string          `json:"report,omitempty"` // page with the quality report
	Changes   []changeResult  `json:"changes,omitempty"`
	Quality   *quality.Report `json:"quality,omitempty"`

	dry bool
}

type changeResult struct {
	What     ingest.Kind `json:"what"`
	Lang     string      `json:"lang"`
	Document string      `json:"document"`
	Title    string      `json:"title,omitempty"`
}

func newJobResult(kb string, o upkeep.Outcome, changes []ingest.Change, dry bool) jobResult {
	r := o.Report
	res := jobResult{KB: kb, Version: o.Version, Added: r.Added, Changed: r.Changed, Removed: r.Removed, Unchanged: r.Unchanged, Kept: r.Kept,
		Refused: r.Refused, Passages: r.Passages, WordsOnly: r.WordsOnly, Faults: []string{}, Passed: o.Passed, Check: o.Check, Report: o.Kept.HTML, dry: dry}
	for _, f := range r.Faults {
		res.Faults = append(res.Faults, f.Error())
	}
	for _, c := range changes {
		res.Changes = append(res.Changes, changeResult{c.What, string(c.Key.Lang), c.Key.Doc, c.Title})
	}
	if o.Quality.Documents > 0 {
		res.Quality = &o.Quality
	}
	return res
}

func (r jobResult) String() string {
	var b strings.Builder
	would := ""
	if r.dry {
		would = "would be "
	}
	removed := ""
	if r.Removed > 0 {
		removed = fmt.Sprintf("%d removed, ", r.Removed)
	}
	fmt.Fprintf(&b, "%s: %d documents %sadded, %d changed, %s%d unchanged; %d passages %sstored", r.KB, r.Added, would, r.Changed, removed, r.Unchanged, r.Passages, would)
	if r.Kept > 0 {
		fmt.Fprintf(&b, "\n%d documents are kept as they were: where they come from could not be read", r.Kept)
	}
	if r.Refused > 0 {
		fmt.Fprintf(&b, "\n%d documents were forgotten before, and left out", r.Refused)
	}
	if len(r.Passed) > 0 {
		fmt.Fprintf(&b, "\nfiles of kinds that are not read: %s", counts(r.Passed))
	}
	for _, c := range r.Changes {
		fmt.Fprintf(&b, "\n  %-6s %s %s", c.What, c.Lang, c.Document)
	}
	if c := r.Check; c != nil {
		fmt.Fprintf(&b, "\nversion %d is searched now; %d of %d documents of a sample are found by their own words", r.Version, c.Found, c.Sampled)
		if c.NDCG != nil {
			fmt.Fprintf(&b, "; nDCG@10 of %d questions is %.1f", c.Questions, c.NDCG.After)
			if c.NDCG.Before >= 0 {
				fmt.Fprintf(&b, ", was %.1f", c.NDCG.Before)
			}
		}
	}
	if r.Quality != nil && r.Quality.Documents > 0 {
		b.WriteString("\n\n")
		_ = r.Quality.Text(&b)
	}
	if r.Report != "" {
		fmt.Fprintf(&b, "\nreport: %s", r.Report)
	}
	return strings.TrimRight(b.String(), "\n")
}

func counts(by map[string]int) string {
	var parts []string
	for _, ending := range slices.Sorted(maps.Keys(by)) {
		name := ending
		if name == "" {
			name = "(no ending)"
		}
		parts = append(parts, fmt.Sprintf("%s %d", name, by[ending]))
	}
	return strings.Join(parts, ", ")
}

// runJob does a job, shows how far it is, and prints what it did.
func (p *program) runJob(ctx context.Context, j upkeep.Job, asJSON bool) error {
	kb := j.Manifest.Name
	var changes []ingest.Change
	if j.Dry {
		j.Changes = func(c ingest.Change) { changes = append(changes, c) }
	}
	bar := p.newWork("reading " + kb)
	j.Progress = bar.set
	o, err := j.Run(ctx)
	bar.end()
	if o.Slower != nil {
		fmt.Fprintln(p.err, "the next run reads more than it must:", o.Slower)
	}
	for _, fault := range o.Report.Faults {
		fmt.Fprintln(p.err, "not read:", fault)
	}
	if err != nil {
		return err
	}
	if err := p.print(asJSON, newJobResult(kb, o, changes, j.Dry)); err != nil {
		return err
	}
	if r := o.Report; r.WordsOnly > 0 {
		fmt.Fprintf(p.err, "%d passages have no dense vector and are found by their words; ingest again to try once more: %v\n", r.WordsOnly, r.WhyWordsOnly)
	}
	if n := len(o.Report.Faults); n > 0 && passing(o.Report) != nil {
		return fault.Unavailable.Errorf("%d of the documents could not be read now; the others are stored", n)
	} else if n > 0 {
		return fmt.Errorf("%d of the documents could not be read; the others are stored", n)
	}
	return nil
}

// withKeeper opens the store and all that jobs need.
func (p *program) withKeeper(ctx context.Context, c Config, do func(k *keeper) error) error {
	store, closeStore, err := openStore(ctx, c, quietLog())
	if err != nil {
		return err
	}
	defer closeStore()
	k, err := openKeeper(ctx, c, store, p.err)
	if err != nil {
		return err
	}
	defer k.close()
	if err := k.replay(ctx); err != nil {
		return err
	}
	return do(k)
}

// replay takes out again what was forgotten and came back, from a backup say.
func (k *keeper) replay(ctx context.Context) error {
	if k.forgotten == nil {
		return nil
	}
	for _, tenant := range k.forgotten.Tenants() {
		if _, err := k.erase(ctx, tenant, func(x *qdrant.Index) ([]string, error) { return k.forgotten.Replay(ctx, tenant, x) }); err != nil {
			return err
		}
	}
	return nil
}
