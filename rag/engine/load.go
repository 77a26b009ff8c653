package engine

import (
	"fmt"
	"path/filepath"

	"github.com/RoaringBitmap/roaring/v2"
	bolt "go.etcd.io/bbolt"
)

// load fills the memory from the folder.
func (c *collection) load() error {
	err := c.db.View(func(tx *bolt.Tx) error {
		if err := c.loadSlots(tx); err != nil {
			return err
		}
		if err := c.loadSegments(tx); err != nil {
			return err
		}
		return c.loadFields(tx)
	})
	if err != nil {
		return err
	}
	for _, entry := range c.lost {
		if err := c.rebuild(entry); err != nil {
			return err
		}
	}
	c.lost = nil
	return c.db.View(func(tx *bolt.Tx) error {
		if err := c.replaySparse(tx); err != nil {
			return err
		}
		return c.loadDense(tx)
	})
}

func (c *collection) loadSlots(tx *bolt.Tx) error {
	b := tx.Bucket(bucketSlots)
	c.next = uint32(b.Sequence())
	c.slots = make([]pointID, c.next)
	err := b.ForEach(func(k, v []byte) error {
		slot, err := keySlot(k)
		if err != nil {
			return err
		}
		if slot >= c.next {
			return errBadRow
		}
		id, err := decodeSlot(v, func(kind byte, i int) error { return c.loadHolder(slot, kind, i) })
		c.slots[slot] = id
		c.ids[id] = slot
		c.order.add(id)
		c.live.add(slot)
		c.alive.Add(slot)
		return err
	})
	if err != nil {
		return err
	}
	if len(c.ids) != int(c.alive.GetCardinality()) {
		return fmt.Errorf("a point is stored twice")
	}
	return tx.Bucket(bucketDead).ForEach(func(k, _ []byte) error {
		slot, err := keySlot(k)
		c.dead = append(c.dead, slot)
		return err
	})
}

func (c *collection) loadHolder(slot uint32, kind byte, i int) error {
	switch {
	case kind == rowDense && i < len(c.dense):
		c.dense[i].holders.Add(slot)
	case kind != rowDense && i < len(c.sparse):
		c.sparse[i].hold(slot, kind == rowBlank)
	default:
		return errBadRow
	}
	return nil
}

// replaySparse builds the segments of what is not in files yet.
func (c *collection) replaySparse(tx *bolt.Tx) error {
	rest := roaring.New()
	from := make([]uint32, len(c.sparse))
	for i, x := range c.sparse {
		from[i] = x.covered()
		tail := x.holders.Clone()
		tail.RemoveRange(0, uint64(from[i]))
		rest.Or(tail)
	}
	const batch = 512
	points := make([]point, 0, batch)
	build := func() {
		for i, segments := range buildSparse(points) {
			c.sparse[i].segments = append(c.sparse[i].segments, segments...)
		}
		points = points[:0]
	}
	for it := rest.Iterator(); it.HasNext(); {
		slot := it.Next()
		v, err := decodeVectors(c.schema, tx.Bucket(bucketVectors).Get(slotKey(slot)))
		if err != nil {
			return err
		}
		for i := range v.sparse {
			if slot < from[i] {
				delete(v.sparse, i)
			}
		}
		if points = append(points, point{slot: slot, vectors: v}); len(points) == batch {
			build()
		}
	}
	build()
	return nil
}

// rebuild writes a segment whose file is missing anew, from the vectors.
func (c *collection) rebuild(entry segmentEntry) error {
	c.log.Warn("rebuilding a missing posting segment", "file", filepath.Join(c.dir, entry.file))
	var docs []document
	err := c.db.View(func(tx *bolt.Tx) error {
		set := c.sparse[entry.vector].holders.Clone()
		set.RemoveRange(0, uint64(entry.first))
		set.RemoveRange(uint64(entry.last)+1, 1<<32)
		for it := set.Iterator(); it.HasNext(); {
			slot := it.Next()
			v, err := decodeVectors(c.schema, tx.Bucket(bucketVectors).Get(slotKey(slot)))
			if err != nil {
				return err
			}
			docs = append(docs, document{slot, v.sparse[entry.vector]})
		}
		return nil
	})
	if err != nil {
		return err
	}
	var add []segmentEntry
	for _, s := range buildSegments(docs) {
		s, err := c.writeSegment(s, entry.vector)
		if err != nil {
			return err
		}
		add = append(add, entryOf(s, entry.vector))
		c.sparse[entry.vector].attach(s, c.live)
	}
	return c.listSegments(add, []string{entry.file})
}
