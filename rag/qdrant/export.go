package qdrant

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"

	"tilgate/internal/fault"
)

// Export writes the version of a knowledge base that is searched, for Import
// elsewhere: its passages with all vectors, but neither whose they are nor what
// it is called. The same state gives the same bytes.
//
// With a snapshot of what is there already, only what differs is written; if
// nothing does, nothing at all.
func (x *Index) Export(ctx context.Context, kb string, since *Snapshot, w io.Writer) (Content, error) {
	alias, current, _, err := x.versions(ctx, kb)
	if err != nil {
		return Content{}, err
	}
	e := exporting{w: w, since: since, left: map[passageKey]fingerprint{}}
	collection := versionName(alias, current)
	if e.room, err = x.roomOf(ctx, collection); err != nil {
		return Content{}, err
	}
	if since != nil {
		e.room.Base, e.left = since.State(), maps.Clone(since.points)
	}
	err = x.travelling(ctx, alias, collection, e.point)
	if err == nil {
		err = e.finish()
	}
	if err != nil {
		return Content{}, fmt.Errorf("exporting %s: %w", kb, err)
	}
	return e.content, nil
}

// exporting is an Export under way.
type exporting struct {
	w       io.Writer
	room    room
	since   *Snapshot                  // may be nil
	left    map[passageKey]fingerprint // of since, not met yet
	begun   bool
	sum     sum
	content Content
	buf     []byte
}

func (e *exporting) point(t traveller) error {
	e.sum.add(t.digest)
	k := keyOf(t.passage)
	old, was := e.left[k]
	delete(e.left, k)
	if was && old.digest == t.digest {
		return nil
	}
	if len(t.bytes) > maxRecord {
		return fault.TooLarge.Errorf("a passage of document %q has %d bytes; %d can travel", t.passage.Doc, len(t.bytes), maxRecord)
	}
	e.content.Put++
	return e.write(framePoint, t.bytes)
}

// finish says what goes, sorted, and what there is then.
func (e *exporting) finish() error {
	gone := slices.SortedFunc(maps.Keys(e.left), func(a, b passageKey) int { return bytes.Compare(a[:], b[:]) })
	for _, k := range gone {
		e.content.Removed++
		if err := e.write(frameRemove, []byte(e.left[k].named)); err != nil {
			return err
		}
	}
	c := &e.content
	c.Langs, c.Passages, c.State, c.Base = e.room.Langs, e.sum.count, e.sum.state(), e.room.Base
	if e.since != nil && c.Put+c.Removed == 0 {
		return nil
	}
	end, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return e.write(frameEnd, end)
}

func (e *exporting) write(kind byte, body []byte) error {
	e.buf = e.buf[:0]
	if !e.begun {
		e.begun = true
		head, err := json.Marshal(e.room)
		if err != nil {
			return err
		}
		e.buf = appendFrame(append(e.buf, streamLine...), frameRoom, head)
	}
	e.buf = appendFrame(e.buf, kind, body)
	_, err := e.w.Write(e.buf)
	return err
}
