package qdrant

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/qdrant/go-client/qdrant"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/rag"
)

// A Snapshot is what a knowledge base fingerprint, by the digests of its passages. It
// takes some 300 bytes of memory for each. The zero Snapshot is of an empty one.
type Snapshot struct {
	sum    sum
	points map[passageKey]fingerprint
}

// A fingerprint is of a passage in a Snapshot.
type fingerprint struct {
	digest digest
	named  string // a record that says only which passage it is
}

func fingerprintOf(r record, d digest) fingerprint {
	return fingerprint{d, string(record{payload: keyPayload(r.payload)}.append(nil))}
}

// State identifies the passages, whosesoever they are.
func (s *Snapshot) State() string { return s.sum.state() }

func (s *Snapshot) put(k passageKey, h fingerprint) {
	if s.points == nil {
		s.points = map[passageKey]fingerprint{}
	}
	s.remove(k)
	s.points[k] = h
	s.sum.add(h.digest)
}

func (s *Snapshot) remove(k passageKey) bool {
	h, ok := s.points[k]
	if ok {
		s.sum.sub(h.digest)
		delete(s.points, k)
	}
	return ok
}

// Read changes the snapshot to what a stream, as Export writes it, brings it
// to. A stream of changes must begin at what the snapshot is of.
func (s *Snapshot) Read(r io.Reader) error {
	in, err := newPointReader(r)
	if err != nil {
		return err
	}
	switch {
	case in.room.Base == "":
		*s = Snapshot{}
	case in.room.Base != s.State():
		return fault.Invalid.Errorf("it changes the state %s, and not %s: something between the two is missing", short(in.room.Base), short(s.State()))
	}
	for {
		f, err := in.next()
		switch {
		case errors.Is(err, io.EOF) && in.end.State != s.State():
			return fault.Invalid.Errorf("it does not bring what it says: the state is %s, not %s", short(s.State()), short(in.end.State))
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case f.kind == frameRemove:
			s.remove(keyOf(f.passage))
		default:
			s.put(keyOf(f.passage), fingerprintOf(f.record, f.digest))
		}
	}
}

// short is enough of a state for people to tell two apart.
func short(state string) string {
	if len(state) > 20 {
		return state[:20] + "…"
	}
	return state
}

// Changes counts how one state differs from another.
type Changes struct {
	Added   int `json:"added"`
	Changed int `json:"changed"`
	Removed int `json:"removed"`
	Same    int `json:"same"`
}

// Since says what has changed since an earlier snapshot.
func (s *Snapshot) Since(before *Snapshot) Changes {
	var c Changes
	for k, h := range s.points {
		switch old, ok := before.points[k]; {
		case !ok:
			c.Added++
		case old.digest != h.digest:
			c.Changed++
		default:
			c.Same++
		}
	}
	c.Removed = len(before.points) - c.Changed - c.Same
	return c
}

// Snapshot says what a knowledge base holds now; nothing, if there is none.
func (x *Index) Snapshot(ctx context.Context, kb string) (*Snapshot, error) {
	s := &Snapshot{}
	alias, current, _, err := x.versions(ctx, kb)
	if fault.NotFound.Is(err) {
		return s, nil
	}
	if err == nil {
		err = x.travelling(ctx, alias, versionName(alias, current), func(t traveller) error {
			s.put(keyOf(t.passage), fingerprintOf(t.record, t.digest))
			return nil
		})
	}
	return s, err
}

// Preview says what an Import would change, without its Keep. It writes
// nothing.
func (x *Index) Preview(ctx context.Context, in Import) (Changes, error) {
	before, err := x.Snapshot(ctx, in.KB)
	if err != nil {
		return Changes{}, err
	}
	after := &Snapshot{before.sum, maps.Clone(before.points)}
	if before.State() == in.State { // what changes another state is here already
		return after.Since(before), nil
	}
	if err := after.Read(in.From); err != nil {
		return Changes{}, fmt.Errorf("importing %s: %w", in.KB, err)
	}
	return after.Since(before), nil
}

// A traveller is a stored point, as it is written into a stream.
type traveller struct {
	record
	id      *qdrant.PointId
	bytes   []byte // of the record
	digest  digest
	passage rag.Passage
}

// travelling calls f with all points of a collection, in the order of their ids.
func (x *Index) travelling(ctx context.Context, alias, collection string, f func(traveller) error) error {
	last := ""
	return x.scroll(ctx, collection, qdrant.NewWithPayload(true), true, func(points []*qdrant.RetrievedPoint) error {
		for _, p := range points {
			t := traveller{record: recordOf(p), id: p.GetId()}
			t.bytes, t.passage = t.append(nil), passage("", p.GetPayload(), 0)
			t.digest = sha256.Sum256(t.bytes)
			id := p.GetId().GetUuid()
			if want := pointID(alias, t.passage).GetUuid(); id != want || id <= last {
				return fault.Internal.Errorf("passage %s of document %q in %s is not stored under the id %s, or out of order; ingest the document again", id, t.passage.Doc, t.passage.Lang, want)
			}
			last = id
			if err := f(t); err != nil {
				return err
			}
		}
		return nil
	})
}

// roomOf is what a collection has room for.
func (x *Index) roomOf(ctx context.Context, collection string) (room, error) {
	langs, err := x.languages(ctx, collection)
	if err != nil {
		return room{}, err
	}
	model, err := x.modelIn(ctx, collection)
	return room{Langs: slices.Compact(append([]lang.Tag{}, langs...)), Model: model.Name, Dimension: model.Dimension}, err
}
