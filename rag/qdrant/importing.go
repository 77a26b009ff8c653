package qdrant

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/qdrant/go-client/qdrant"

	"tilgate/internal/fault"
)

// importing is an Import under way.
type importing struct {
	x       *Index
	in      Import
	alias   string
	points  *pointReader
	stage   string // collection; empty before it is made
	batch   []*qdrant.PointStruct
	bytes   int // in batch, about
	gone    []*qdrant.PointId
	dropped map[passageKey]digest
	written int
	read    int
}

func (i *importing) run(ctx context.Context) (*Imported, error) {
	var err error
	if i.points, err = newPointReader(i.in.From); err != nil {
		return nil, err
	}
	current, same, err := i.compare(ctx)
	if err != nil {
		return nil, err
	}
	if same {
		return i.already(ctx, current)
	}
	if err := i.begin(ctx, current); err != nil {
		return nil, err
	}
	if err := i.fill(ctx); err != nil {
		return nil, err
	}
	if err := i.verify(ctx); err != nil {
		return nil, err
	}
	version, _ := numberOf(i.alias, i.stage)
	return &Imported{Content: i.points.end, KB: i.in.KB, Version: version, Written: i.written, Dropped: len(i.dropped),
		x: i.x, alias: i.alias, stage: i.stage}, nil
}

// compare holds what is here against what the stream changes and comes to.
func (i *importing) compare(ctx context.Context) (current int, same bool, err error) {
	current, _, err = i.x.versionsOf(ctx, i.alias)
	if err != nil {
		return 0, false, err
	}
	var here sum
	if current > 0 {
		err = i.x.travelling(ctx, i.alias, versionName(i.alias, current), func(t traveller) error {
			here.add(t.digest)
			return nil
		})
	}
	switch base := i.points.room.Base; {
	case err != nil:
		return 0, false, err
	case current > 0 && here.state() == i.in.State:
		return current, true, nil
	case base != "" && current == 0:
		return 0, false, fault.Invalid.Errorf("what comes changes a knowledge base that is not here; import the whole of it first")
	case base != "" && here.state() != base:
		return 0, false, fault.Invalid.Errorf("what comes changes the state %s, but here is %s; import what was exported between the two, or the whole knowledge base", short(base), short(here.state()))
	}
	return current, false, nil
}

// already reads a stream of what is here to its end, so that it is known to be
// whole all the same.
func (i *importing) already(ctx context.Context, current int) (*Imported, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if _, err := i.points.next(); errors.Is(err, io.EOF) {
			return &Imported{Content: i.points.end, KB: i.in.KB, Version: current, Same: true}, i.arrives()
		} else if err != nil {
			return nil, err
		}
	}
}

// arrives reports whether the stream came to what it should.
func (i *importing) arrives() error {
	if i.points.end.State != i.in.State {
		return fault.Invalid.Errorf("it comes to the state %s, not to %s as it should", short(i.points.end.State), short(i.in.State))
	}
	return nil
}

// begin makes the collection to fill, with what is to be changed in it.
func (i *importing) begin(ctx context.Context, current int) (err error) {
	i.x.growing.Lock()
	defer i.x.growing.Unlock()
	if i.stage, err = i.x.stage(ctx, i.alias, i.points.room.Langs, i.points.room.model()); err != nil {
		return err
	}
	if i.points.room.Base == "" {
		return nil
	}
	return i.x.copyInto(ctx, versionName(i.alias, current), i.stage, true)
}

func (i *importing) fill(ctx context.Context) error {
	for {
		f, err := i.points.next()
		if errors.Is(err, io.EOF) {
			if err := i.flush(ctx); err != nil {
				return err
			}
			return i.arrives()
		}
		if err == nil {
			err = i.take(ctx, f)
		}
		if err != nil {
			return fmt.Errorf("after %d passages: %w", i.read, err)
		}
		if i.read++; i.in.Progress != nil {
			i.in.Progress(i.read)
		}
	}
}

// maxBatch is in bytes: a gRPC message may have 4 MB.
const maxBatch = 2 << 20

func (i *importing) take(ctx context.Context, f frame) error {
	id, kept := pointID(i.alias, f.passage), f.kind == framePoint
	if kept && i.in.Keep != nil {
		if f.passage.KB = i.in.KB; !i.in.Keep(f.passage) {
			i.dropped[keyOf(f.passage)], kept = f.digest, false
		}
	}
	switch {
	case !kept && i.points.room.Base != "": // an earlier state of it may be here
		i.gone = append(i.gone, id)
	case kept:
		i.batch = append(i.batch, &qdrant.PointStruct{Id: id, Payload: f.payload, Vectors: qdrant.NewVectorsMap(f.vectors)})
		i.bytes += len(i.points.buf)
	}
	if len(i.batch) < batch && len(i.gone) < batch && i.bytes < maxBatch {
		return nil
	}
	return i.flush(ctx)
}

func (i *importing) flush(ctx context.Context) error {
	if err := i.x.put(ctx, i.stage, i.batch); err != nil {
		return err
	}
	i.written += len(i.batch)
	i.batch, i.bytes = i.batch[:0], 0
	if err := i.x.removeIDs(ctx, i.stage, i.gone); err != nil {
		return err
	}
	i.gone = i.gone[:0]
	return nil
}

// removeIDs removes points, if there are any to remove.
func (x *Index) removeIDs(ctx context.Context, collection string, ids []*qdrant.PointId) error {
	if len(ids) == 0 {
		return nil
	}
	return x.remove(ctx, collection, &qdrant.Filter{Must: []*qdrant.Condition{qdrant.NewHasID(ids...)}})
}

// verify reads the version back: with what was dropped it must be what the
// stream comes to. What was here before and is not to be kept goes too.
func (i *importing) verify(ctx context.Context) error {
	var got sum
	var unwanted []*qdrant.PointId
	err := i.x.travelling(ctx, i.alias, i.stage, func(t traveller) error {
		got.add(t.digest)
		if t.passage.KB = i.in.KB; i.in.Keep != nil && !i.in.Keep(t.passage) {
			i.dropped[keyOf(t.passage)] = t.digest
			unwanted = append(unwanted, t.id)
			got.sub(t.digest)
		}
		return nil
	})
	if err != nil {
		return err
	}
	stored := got.count
	for _, d := range i.dropped {
		got.add(d)
	}
	if got.state() != i.in.State {
		return fault.Internal.Errorf("what was stored is not what came: %s, want %s; nothing was changed", short(got.state()), short(i.in.State))
	}
	if err := i.x.removeIDs(ctx, i.stage, unwanted); err != nil {
		return err
	}
	n, err := i.x.countOf(ctx, i.stage, nil)
	if err == nil && n != stored {
		err = fault.Internal.Errorf("%d passages were stored, but %d are there; nothing was changed", stored, n)
	}
	return err
}

func (i *importing) discard(ctx context.Context) error {
	if i.stage == "" {
		return nil
	}
	return i.x.dropIfThere(ctx, i.stage)
}
