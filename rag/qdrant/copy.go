package qdrant

import (
	"context"
	"fmt"
	"slices"

	"github.com/qdrant/go-client/qdrant"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

// A CopyReport says what a Copy did.
type CopyReport struct {
	KB       string `json:"kb"`
	Version  int    `json:"version"` // at the destination
	Passages int    `json:"passages"`
	Written  int    `json:"written"`  // by this run; the others were there
	Checksum string `json:"checksum"` // of ids, payloads and vectors, the same on both sides
}

// Copy brings a tenant's knowledge base to another store, as its next version
// there. The version is filled out of sight, read back, and shown only if its
// count and checksum are the source's. Repeated after it was cut off, a Copy
// goes on with what is there. progress may be nil.
func Copy(ctx context.Context, from, to *Index, kb string, progress func(done, total int)) (CopyReport, error) {
	if from.tenant != to.tenant || from.shared == to.shared {
		return CopyReport{}, fault.Invalid.Errorf("a knowledge base is copied to another store, for the same tenant")
	}
	alias, current, _, err := from.versions(ctx, kb)
	if err != nil {
		return CopyReport{}, fmt.Errorf("at the source: %w", err)
	}
	c := &copying{from: from, to: to, alias: alias, source: versionName(alias, current), progress: progress}
	if c.total, err = from.countOf(ctx, c.source, nil); err != nil {
		return CopyReport{}, fmt.Errorf("at the source: %w", err)
	}
	if c.langs, err = from.languages(ctx, c.source); err == nil {
		c.model, err = from.modelIn(ctx, c.source)
	}
	if err != nil {
		return CopyReport{}, fmt.Errorf("at the source: %w", err)
	}
	r := CopyReport{KB: kb}
	if r.Version, err = c.done(ctx); err != nil || r.Version > 0 {
		r.Passages, r.Checksum = c.total, c.want.String()
		return r, err
	}
	if r.Version, err = c.run(ctx); err != nil {
		return r, err
	}
	r.Passages, r.Written, r.Checksum = c.want.count, c.written, c.want.String()
	return r, nil
}

// copying is a Copy under way.
type copying struct {
	from, to *Index
	alias    string
	source   string // collection
	langs    []lang.Tag
	model    Model
	total    int
	progress func(done, total int)

	want    sum // of the source
	seen    map[string]bool
	written int
}

// done returns the version that the destination searches if it is what the
// source holds already, else 0.
func (c *copying) done(ctx context.Context) (int, error) {
	current, _, err := c.to.versionsOf(ctx, c.alias)
	if err != nil || current == 0 {
		return 0, atDestination(err)
	}
	name := versionName(c.alias, current)
	n, err := c.to.countOf(ctx, name, nil)
	if err != nil || n != c.total {
		return 0, atDestination(err)
	}
	here, err := c.to.sum(ctx, name, nil)
	if err != nil {
		return 0, atDestination(err)
	}
	if c.want, err = c.from.sum(ctx, c.source, nil); err != nil {
		return 0, fmt.Errorf("at the source: %w", err)
	}
	if here != c.want {
		return 0, nil
	}
	return current, nil
}

func atDestination(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("at the destination: %w", err)
}

func (c *copying) run(ctx context.Context) (version int, err error) {
	stage, fresh, err := c.begin(ctx)
	if err != nil {
		return 0, atDestination(err)
	}
	c.want, c.seen = sum{}, make(map[string]bool, c.total)
	side := "source"
	err = c.from.scroll(ctx, c.source, qdrant.NewWithPayload(true), true, func(points []*qdrant.RetrievedPoint) error {
		side = "destination"
		if err := c.bring(ctx, stage, fresh, points); err != nil {
			return err
		}
		side = "source"
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("at the %s, after %d of %d passages: %w", side, c.want.count, c.total, err)
	}
	if err := c.verify(ctx, stage); err != nil {
		return 0, atDestination(err)
	}
	c.to.growing.Lock()
	defer c.to.growing.Unlock()
	defer c.to.forgetCounts()
	if err := c.to.show(ctx, c.alias, stage, c.mark()); err != nil {
		return 0, atDestination(err)
	}
	version, _ = numberOf(c.alias, stage)
	return version, atDestination(c.to.prune(ctx, c.alias))
}

// mark is the alias of the collection that a copy fills.
func (c *copying) mark() string { return c.alias + "~copy" }

// begin returns the collection to fill: that of a copy that was cut off, if
// it has room for what comes now.
func (c *copying) begin(ctx context.Context) (stage string, fresh bool, err error) {
	c.to.growing.Lock()
	defer c.to.growing.Unlock()
	stage, err = c.to.collection(ctx, c.mark())
	if err != nil {
		return "", false, err
	}
	if stage != "" {
		langs, err := c.to.languages(ctx, stage)
		if err != nil {
			return "", false, err
		}
		model, err := c.to.modelIn(ctx, stage)
		if err != nil || slices.Equal(langs, c.langs) && model.Dimension == c.model.Dimension {
			return stage, false, err
		}
		if err := c.to.client.DeleteCollection(ctx, stage); err != nil {
			return "", false, explain(err)
		}
	}
	if stage, err = c.to.stage(ctx, c.alias, c.langs, c.model); err != nil {
		return "", false, err
	}
	return stage, true, explain(c.to.client.CreateAlias(ctx, c.mark(), stage))
}

// bring writes those of a page's points that are not there already.
func (c *copying) bring(ctx context.Context, stage string, fresh bool, points []*qdrant.RetrievedPoint) error {
	var there map[string]digest
	if !fresh {
		var err error
		if there, err = c.to.digests(ctx, stage, points); err != nil {
			return err
		}
	}
	var missing []*qdrant.PointStruct
	for _, p := range points {
		id, d := p.GetId().GetUuid(), digestOf(p)
		c.want.add(d)
		c.seen[id] = true
		if there[id] != d {
			missing = append(missing, &qdrant.PointStruct{Id: p.GetId(), Payload: p.GetPayload(), Vectors: written(p.GetVectors(), true)})
		}
	}
	if err := c.to.put(ctx, stage, missing); err != nil {
		return err
	}
	c.written += len(missing)
	if c.progress != nil {
		c.progress(c.want.count, max(c.total, c.want.count))
	}
	return nil
}

// verify reads the destination back. What the source has dropped since an
// earlier run brought it is dropped here too.
func (c *copying) verify(ctx context.Context, stage string) error {
	var extra []*qdrant.PointId
	got, err := c.to.sum(ctx, stage, func(p *qdrant.RetrievedPoint) bool {
		if c.seen[p.GetId().GetUuid()] {
			return true
		}
		extra = append(extra, p.GetId())
		return false
	})
	if err != nil {
		return err
	}
	if len(extra) > 0 {
		if err := c.to.remove(ctx, stage, &qdrant.Filter{Must: []*qdrant.Condition{qdrant.NewHasID(extra...)}}); err != nil {
			return err
		}
	}
	if n, err := c.to.countOf(ctx, stage, nil); err != nil || n != got.count {
		got.count = n
	}
	if got != c.want {
		// Whatever went wrong, the next run must not build on it.
		err := fault.Internal.Errorf("what was stored is not what was sent: %d passages with checksum %v, want %d with %v; nothing was changed",
			got.count, got, c.want.count, c.want)
		if e := c.to.client.DeleteCollection(ctx, stage); e != nil {
			return fmt.Errorf("%w (%w)", err, e)
		}
		return err
	}
	return nil
}
