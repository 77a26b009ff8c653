package engine

import (
	pb "github.com/qdrant/go-client/qdrant"
	bolt "go.etcd.io/bbolt"
)

// A point is a point on its way into the collection.
type point struct {
	id      pointID
	slot    uint32
	payload map[string]*pb.Value
	vectors pointVectors
	rows    [2][]byte // payload and vectors, encoded
}

// A change is what one request does to a collection, all of it or nothing.
type change struct {
	put    []point            // into new slots
	built  map[int][]*segment // their postings, with slots counted from 0
	kill   []uint32           // slots that die
	update []payloadUpdate
}

// A payloadUpdate replaces the payload of a living slot.
type payloadUpdate struct {
	slot     uint32
	old, new map[string]*pb.Value
}

// putting returns the change that adds the points, with all that can be
// prepared before the collection is locked. Slots are counted from 0 until
// commit.
func putting(points []point) (ch change, err error) {
	for i := range points {
		p := &points[i]
		p.slot = uint32(i)
		if p.rows[0], err = payloadRow(p.payload); err != nil {
			return ch, err
		}
		p.rows[1] = vectorsRow(p.vectors)
	}
	return change{put: points, built: buildSparse(points)}, nil
}

// commit makes ch durable and then visible. The caller holds c.write.
func (c *collection) commit(ch change) error {
	c.mu.RLock()
	closed, next := c.closed, c.next
	c.mu.RUnlock()
	if closed {
		return noCollection(c.config.GetCollectionName())
	}
	for i := range ch.put {
		ch.put[i].slot = next + uint32(i)
	}
	for _, segments := range ch.built {
		for _, s := range segments {
			for i := range s.slots {
				s.slots[i] += next
			}
		}
	}
	var purged int
	err := c.update(func(tx *bolt.Tx) error {
		var err error
		if purged, err = c.purge(tx); err != nil {
			return err
		}
		return c.store(tx, ch)
	})
	if err != nil {
		return storageError(err)
	}
	c.waitForRoom()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dead = append(c.dead[:0], c.dead[purged:]...)
	c.apply(ch)
	c.startMaintenance()
	return nil
}

// update is db.Update; damage to the file comes back as an error.
func (c *collection) update(f func(tx *bolt.Tx) error) error {
	return guardFile(c.db.Path(), func() error { return c.db.Update(f) })
}

// purge removes the rows of slots that died, unless somebody may be reading
// them just now.
func (c *collection) purge(tx *bolt.Tx) (int, error) {
	if len(c.dead) == 0 || !c.reading.TryLock() {
		return 0, nil
	}
	c.reading.Unlock() // readers that come now do not know these slots
	return c.purgeRows(tx)
}

func (c *collection) purgeRows(tx *bolt.Tx) (int, error) {
	for _, slot := range c.dead {
		key := slotKey(slot)
		for _, b := range [][]byte{bucketDead, bucketPayloads, bucketVectors} {
			if err := tx.Bucket(b).Delete(key); err != nil {
				return 0, err
			}
		}
	}
	return len(c.dead), nil
}

func (c *collection) store(tx *bolt.Tx, ch change) error {
	slots, dead := tx.Bucket(bucketSlots), tx.Bucket(bucketDead)
	payloads, vectors := tx.Bucket(bucketPayloads), tx.Bucket(bucketVectors)
	slots.FillPercent, payloads.FillPercent, vectors.FillPercent = 0.95, 0.95, 0.95 // slots only grow
	for _, slot := range ch.kill {
		if err := slots.Delete(slotKey(slot)); err != nil {
			return err
		}
		if err := dead.Put(slotKey(slot), nil); err != nil {
			return err
		}
	}
	for _, p := range ch.put {
		key := slotKey(p.slot)
		if err := payloads.Put(key, p.rows[0]); err != nil {
			return err
		}
		if err := vectors.Put(key, p.rows[1]); err != nil {
			return err
		}
		if err := slots.Put(key, slotRow(p.id, p.vectors)); err != nil {
			return err
		}
	}
	for _, u := range ch.update {
		row, err := payloadRow(u.new)
		if err != nil {
			return err
		}
		if err := payloads.Put(slotKey(u.slot), row); err != nil {
			return err
		}
	}
	return slots.SetSequence(slots.Sequence() + uint64(len(ch.put)))
}

// buildSparse builds the posting segments of points, per sparse vector.
func buildSparse(points []point) map[int][]*segment {
	docs := map[int][]document{}
	for _, p := range points {
		for i, v := range p.vectors.sparse {
			docs[i] = append(docs[i], document{p.slot, v})
		}
	}
	out := make(map[int][]*segment, len(docs))
	for i, d := range docs {
		out[i] = buildSegments(d)
	}
	return out
}

// apply changes the memory. The caller holds c.mu.
func (c *collection) apply(ch change) {
	c.orderMu.Lock()
	defer c.orderMu.Unlock()
	for _, slot := range ch.kill {
		id := c.slots[slot]
		if c.ids[id] == slot {
			delete(c.ids, id)
		}
		c.order.gone++
		c.live.remove(slot)
		c.alive.Remove(slot)
		c.dead = append(c.dead, slot)
		for _, x := range c.sparse {
			x.kill(slot)
		}
		for _, x := range c.dense {
			x.kill(slot)
		}
	}
	for _, p := range ch.put {
		c.ids[p.id] = p.slot
		c.slots = append(c.slots, p.id)
		c.order.add(p.id)
		c.live.add(p.slot)
		c.alive.Add(p.slot)
		for _, f := range c.fields {
			f.add(p.slot, p.payload)
		}
	}
	c.next += uint32(len(ch.put))
	for _, p := range ch.put {
		c.hold(p.slot, p.vectors)
	}
	for i, segments := range ch.built {
		c.sparse[i].segments = append(c.sparse[i].segments, segments...)
	}
	for _, u := range ch.update {
		for _, f := range c.fields {
			f.remove(u.slot, u.old)
			f.add(u.slot, u.new)
		}
	}
}

// hold takes in what a new slot has.
func (c *collection) hold(slot uint32, v pointVectors) {
	for i, x := range v.sparse {
		c.sparse[i].hold(slot, len(x.indices) == 0)
	}
	for i, x := range v.dense {
		c.dense[i].add(slot, x)
	}
}
