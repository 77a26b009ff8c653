package engine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	bolt "go.etcd.io/bbolt"
)

const segmentSuffix = ".postings"

// A segmentEntry is what the database knows of a segment's file: enough to
// build it again from the vectors.
type segmentEntry struct {
	file        string
	vector      int    // number of the sparse vector
	first, last uint32 // slots
}

func (e segmentEntry) value() []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(e.vector))
	b = binary.BigEndian.AppendUint32(b, e.first)
	return binary.BigEndian.AppendUint32(b, e.last)
}

func decodeSegmentEntry(k, v []byte) (segmentEntry, error) {
	if len(v) != 12 || !strings.HasSuffix(string(k), segmentSuffix) || filepath.Base(string(k)) != string(k) {
		return segmentEntry{}, errBadRow
	}
	return segmentEntry{string(k), int(binary.BigEndian.Uint32(v)), binary.BigEndian.Uint32(v[4:]), binary.BigEndian.Uint32(v[8:])}, nil
}

func entryOf(s *segment, vector int) segmentEntry {
	return segmentEntry{s.file, vector, s.slots[0], s.slots[len(s.slots)-1]}
}

// writeSegment puts a segment into a new file, durably, and returns it mapped.
// The file counts only once the database lists it.
func (c *collection) writeSegment(s *segment, vector int) (*segment, error) {
	name := fmt.Sprintf("%d-%d%s", vector, c.fileSeq.Add(1), segmentSuffix)
	path := filepath.Join(c.dir, name)
	s.seal()
	if err := writeFile(path, s.data); err != nil {
		os.Remove(path)
		return nil, err
	}
	mapped, err := openSegment(path)
	if err != nil {
		os.Remove(path)
		return nil, err
	}
	return mapped, nil
}

func writeFile(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes the names in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// openSegment maps a segment's file and checks all of it. The mapping goes
// when nobody holds the segment any more.
func openSegment(path string) (s *segment, err error) {
	data, unmap, err := mapFile(path)
	if err != nil {
		return nil, err
	}
	err = guardSegment(path, func() (err error) { s, err = parseSegment(data); return err })
	if err != nil {
		unmap()
		return nil, err
	}
	s.file = filepath.Base(path)
	runtime.AddCleanup(s, func(unmap func()) { unmap() }, unmap)
	return s, nil
}

// guardSegment is guardFile for files that can be built again.
func guardSegment(path string, read func() error) error {
	var inner error
	if err := guardFile(path, func() error { inner = read(); return nil }); err != nil {
		inner = errBadSegment
	}
	var newer newerFormatError
	switch {
	case inner == nil:
		return nil
	case errors.As(inner, &newer):
		return damaged(path, inner)
	}
	return badSegment(path, inner)
}

func badSegment(path string, err error) error {
	return &fileError{path, err, "remove this file and start again, it will be rebuilt from points.db"}
}

// loadSegments maps the files that the database lists, builds missing ones
// again, and removes files it does not list.
func (c *collection) loadSegments(tx *bolt.Tx) error {
	listed := map[string]bool{}
	err := tx.Bucket(bucketSegments).ForEach(func(k, v []byte) error {
		entry, err := decodeSegmentEntry(k, v)
		if err != nil || entry.vector >= len(c.sparse) {
			return errBadRow
		}
		listed[entry.file] = true
		s, err := openSegment(filepath.Join(c.dir, entry.file))
		if errors.Is(err, os.ErrNotExist) {
			c.lost = append(c.lost, entry)
			return nil
		}
		if err != nil {
			return err
		}
		if entryOf(s, entry.vector) != entry {
			return badSegment(filepath.Join(c.dir, entry.file), errBadSegment)
		}
		c.sparse[entry.vector].attach(s, c.live)
		return nil
	})
	if err != nil {
		return err
	}
	return c.removeStrayFiles(listed)
}

func (c *collection) removeStrayFiles(listed map[string]bool) error {
	files, err := os.ReadDir(c.dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), segmentSuffix) {
			continue
		}
		var vector, seq uint64
		if n, _ := fmt.Sscanf(f.Name(), "%d-%d", &vector, &seq); n == 2 && seq > c.fileSeq.Load() {
			c.fileSeq.Store(seq)
		}
		if !listed[f.Name()] {
			if err := os.Remove(filepath.Join(c.dir, f.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// listSegments replaces entries in the database, all at once.
func (c *collection) listSegments(add []segmentEntry, drop []string) error {
	return c.update(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketSegments)
		for _, file := range drop {
			if err := b.Delete([]byte(file)); err != nil {
				return err
			}
		}
		for _, e := range add {
			if err := b.Put([]byte(e.file), e.value()); err != nil {
				return err
			}
		}
		return nil
	})
}
