package engine

import (
	"fmt"

	pb "github.com/qdrant/go-client/qdrant"
	bolt "go.etcd.io/bbolt"
)

// A view is a collection as one reader sees it.
type view struct {
	*collection
	tx *bolt.Tx
}

// read calls look with the memory locked for reading and then, after the lock
// is given back, fetch, which may only look at rows. Either may be nil.
func (c *collection) read(look, fetch func(v *view) error) error {
	c.reading.RLock()
	defer c.reading.RUnlock()
	v := &view{collection: c}
	defer v.done()
	if err := c.look(v, look); err != nil || fetch == nil {
		return err
	}
	return guardRead(c.db.Path(), func() error { return fetch(v) })
}

func (c *collection) look(v *view, look func(v *view) error) error {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed {
		return noCollection(c.config.GetCollectionName())
	}
	return guardRead(c.db.Path(), func() error { return look(v) })
}

// guardRead lets the errors of read through as they are; only panics and
// faults are told as damage to the file.
func guardRead(path string, read func() error) error {
	var inner error
	if err := guardFile(path, func() error { inner = read(); return nil }); err != nil {
		return storageError(err)
	}
	return inner
}

func (v *view) done() {
	if v.tx != nil {
		v.tx.Rollback()
	}
}

func (v *view) rows(bucket []byte) (*bolt.Bucket, error) {
	if v.tx == nil {
		tx, err := v.db.Begin(false)
		if err != nil {
			return nil, storageError(err)
		}
		v.tx = tx
	}
	return v.tx.Bucket(bucket), nil
}

func (v *view) row(bucket []byte, slot uint32) ([]byte, error) {
	b, err := v.rows(bucket)
	if err != nil {
		return nil, err
	}
	row := b.Get(slotKey(slot))
	if row == nil {
		return nil, storageError(damaged(v.db.Path(), fmt.Errorf("a row is missing")))
	}
	return row, nil
}

func (v *view) payload(slot uint32) (map[string]*pb.Value, error) {
	row, err := v.row(bucketPayloads, slot)
	if err != nil {
		return nil, err
	}
	p, err := decodePayload(row)
	if err != nil {
		return nil, storageError(damaged(v.db.Path(), err))
	}
	return p, nil
}

func (v *view) vectors(slot uint32) (pointVectors, error) {
	row, err := v.row(bucketVectors, slot)
	if err != nil {
		return pointVectors{}, err
	}
	vec, err := decodeVectors(v.schema, row)
	if err != nil {
		return vec, storageError(damaged(v.db.Path(), err))
	}
	return vec, nil
}
