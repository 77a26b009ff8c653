package engine

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	pb "github.com/qdrant/go-client/qdrant"
	bolt "go.etcd.io/bbolt"
)

// A Peeked is what the catalog of a data folder says of a collection.
type Peeked struct {
	Collection string
	Aliases    []string
	Vectors    map[string]int    // dense ones, and how long they are
	Metadata   map[string]string // values that are texts
}

// Peek reads the catalog of a data folder that a process may have open, and
// changes nothing: not even a lock is taken. A folder without a catalog holds
// nothing. The error is the one that Open would give for the catalog.
func Peek(dir string) ([]Peeked, error) {
	var list []Peeked
	var err error
	for range 3 { // it may be written while it is copied
		if list, err = peek(filepath.Join(dir, "catalog.db")); err == nil || errors.As(err, new(newerFormatError)) {
			return list, err
		}
	}
	return nil, err
}

func peek(path string) ([]Peeked, error) {
	from, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer from.Close()
	copied, err := os.CreateTemp("", "tilgate-catalog-*")
	if err != nil { // a container may have no folder for such files
		copied, err = os.CreateTemp(filepath.Dir(path), ".tilgate-catalog-*")
	}
	if err != nil {
		return nil, err
	}
	defer os.Remove(copied.Name())
	defer copied.Close()
	if n, err := io.Copy(copied, from); err != nil || n == 0 {
		return nil, err // an empty file is one that is about to be made
	}
	var list []Peeked
	err = guardFile(path, func() (err error) {
		list, err = peekIn(copied.Name())
		return err
	})
	return list, err
}

func peekIn(path string) (list []Peeked, err error) {
	if err := checkLength(path); err != nil {
		return nil, err
	}
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer db.Close()
	err = db.View(func(tx *bolt.Tx) error {
		meta := tx.Bucket(bucketMeta)
		if meta == nil {
			return nil // it is about to be made
		}
		return checkFormat(meta.Get(keyFormat))
	})
	if err != nil {
		return nil, err
	}
	entries, aliases, err := (&catalog{db}).read()
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		p := Peeked{Collection: e.config.GetCollectionName(), Vectors: map[string]int{}, Metadata: map[string]string{}}
		for name, v := range e.config.GetVectorsConfig().GetParamsMap().GetMap() {
			p.Vectors[name] = int(v.GetSize())
		}
		for key, v := range e.config.GetMetadata() {
			if text, ok := v.GetKind().(*pb.Value_StringValue); ok {
				p.Metadata[key] = text.StringValue
			}
		}
		for _, alias := range sortedKeys(aliases) {
			if aliases[alias] == p.Collection {
				p.Aliases = append(p.Aliases, alias)
			}
		}
		list = append(list, p)
	}
	return list, nil
}
