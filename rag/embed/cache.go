package embed

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"time"

	"go.etcd.io/bbolt"

	"tilgate/internal/fault"
)

// A Cache keeps vectors on disk. A nil Cache keeps nothing.
type Cache struct {
	db *bbolt.DB
}

// A key stands for a model, its instruction and a text.
type key [sha256.Size]byte

var bucket = []byte("vectors")

// OpenCache opens the cache in a file, or makes it. One process has it at a
// time.
func OpenCache(path string) (*Cache, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second})
	if err != nil {
		return nil, fault.Unavailable.Wrap(fmt.Errorf("%s: %w", path, err), "the cache of vectors cannot be opened")
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists(bucket)
		return err
	})
	if err != nil {
		db.Close()
		return nil, fmt.Errorf("preparing the cache of vectors %s: %w", path, err)
	}
	return &Cache{db}, nil
}

// Close closes the file.
func (c *Cache) Close() error {
	if c == nil {
		return nil
	}
	return c.db.Close()
}

// get returns a vector, or nil. One that cannot be read is one that is not
// there.
func (c *Cache) get(k key) []float32 {
	if c == nil {
		return nil
	}
	var v []float32
	_ = c.db.View(func(tx *bbolt.Tx) error {
		data := tx.Bucket(bucket).Get(k[:])
		for ; len(data) >= 4; data = data[4:] {
			v = append(v, math.Float32frombits(binary.LittleEndian.Uint32(data)))
		}
		return nil
	})
	return v
}

func (c *Cache) put(vectors map[key][]float32) error {
	if c == nil || len(vectors) == 0 {
		return nil
	}
	err := c.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bucket)
		for k, v := range vectors {
			data := make([]byte, 0, 4*len(v))
			for _, x := range v {
				data = binary.LittleEndian.AppendUint32(data, math.Float32bits(x))
			}
			if err := b.Put(k[:], data); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keeping vectors: %w", err)
	}
	return nil
}

// key hashes what a passage's vector is made from. The dimension belongs to
// it: some models are cut.
func (m *Model) key(text string) key {
	h := sha256.New()
	for _, s := range []string{m.opts.Name, m.prefixes.Passage, text} {
		fmt.Fprintf(h, "%d:%s", len(s), s)
	}
	fmt.Fprintf(h, "%d", m.opts.Dimension)
	return key(h.Sum(nil))
}

func fingerprint(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:4])
}
