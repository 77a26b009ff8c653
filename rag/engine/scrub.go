package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	bolt "go.etcd.io/bbolt"
)

// Scrub writes the files of all collections anew without what was deleted, so
// that no byte of it is left in the data folder. Deleting alone leaves it in
// pages that are free to be used again. Reads go on; writes to a collection
// wait until it is done. It needs as much free disk as the largest collection.
func (e *Engine) Scrub() error {
	e.mu.RLock()
	var all []*collection
	for _, c := range e.collections {
		all = append(all, c)
	}
	e.mu.RUnlock()
	for _, c := range all {
		if err := c.scrub(); err != nil {
			return fmt.Errorf("scrubbing collection %s: %w", c.config.GetCollectionName(), err)
		}
	}
	return nil
}

func (c *collection) scrub() error {
	c.write.Lock()
	defer c.write.Unlock()
	c.mu.Lock()
	for c.maintaining { // writers start it, and wait for us
		c.settled.Wait()
	}
	closed, live := c.closed, slices.Clone(c.live)
	c.mu.Unlock()
	if closed {
		return nil // and its files are gone
	}
	if err := c.scrubSegments(live); err != nil {
		return err
	}
	if err := c.purgeAll(); err != nil {
		return err
	}
	fresh := c.db.Path() + ".scrub"
	defer os.Remove(fresh)
	if err := compact(c.db, fresh); err != nil {
		return err
	}
	c.reading.Lock()
	defer c.reading.Unlock()
	db, err := swap(c.db, fresh)
	if db != nil {
		c.db = db
	}
	return err
}

// scrubSegments writes the files of postings anew that hold some of points
// that died.
func (c *collection) scrubSegments(live bitset) error {
	for i, x := range c.sparse {
		for _, s := range slices.Clone(x.segments) {
			if s.file == "" || s.dead == 0 {
				continue
			}
			if err := c.merge(mergeJob{x, i, []*segment{s}, true}, live); err != nil {
				return err
			}
		}
	}
	return nil
}

// purgeAll removes the rows of all slots that died, once nobody reads them.
func (c *collection) purgeAll() error {
	c.reading.Lock()
	defer c.reading.Unlock()
	var purged int
	err := c.update(func(tx *bolt.Tx) (err error) {
		purged, err = c.purgeRows(tx)
		return err
	})
	if err != nil {
		return storageError(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dead = append(c.dead[:0], c.dead[purged:]...)
	return nil
}

// compact copies what is in a database to a new file.
func compact(db *bolt.DB, path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return guardFile(db.Path(), func() error {
		to, err := openDB(path)
		if err != nil {
			return err
		}
		return errors.Join(bolt.Compact(to, db, 16<<20), to.Close())
	})
}

// swap puts a file in the place of a database and opens it. Where it fails
// the old one is open again, if it can be.
func swap(old *bolt.DB, fresh string) (*bolt.DB, error) {
	path := old.Path()
	if err := old.Close(); err != nil {
		return nil, err
	}
	err := os.Rename(fresh, path)
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	db, openErr := openDB(path)
	return db, errors.Join(err, openErr)
}
