package engine

import (
	"encoding/binary"
	"fmt"
	"sort"
	"strconv"
	"time"

	pb "github.com/qdrant/go-client/qdrant"
	bolt "go.etcd.io/bbolt"
	"google.golang.org/protobuf/proto"
)

// formatVersion is that of the whole data folder. A folder of a newer version
// is refused.
const formatVersion = 1

// pageSize is that of new files. A passage's vectors take about 3 kB, of which
// one fits into bbolt's usual page and five into this one.
const pageSize = 16 << 10

var (
	bucketMeta        = []byte("meta")
	bucketCollections = []byte("collections") // name to folder and configuration
	bucketAliases     = []byte("aliases")     // alias to collection name
	keyFormat         = []byte("format")
)

// A catalog is the file that says which collections and aliases exist.
type catalog struct {
	db *bolt.DB
}

type catalogEntry struct {
	folder string
	config *pb.CreateCollection
}

func openCatalog(path string) (*catalog, error) {
	db, err := openDB(path, bucketMeta, bucketCollections, bucketAliases)
	if err != nil {
		return nil, err
	}
	return &catalog{db}, nil
}

// openDB opens or creates a bbolt file with the given buckets and checks its
// format version. What bbolt does on damaged files, panics included, comes
// back as an error that names the file.
func openDB(path string, buckets ...[]byte) (db *bolt.DB, err error) {
	err = guardFile(path, func() error {
		if err := checkLength(path); err != nil {
			return err
		}
		var err error
		db, err = bolt.Open(path, 0o644, &bolt.Options{
			PageSize:        pageSize,
			Timeout:         time.Second,
			FreelistType:    bolt.FreelistMapType,
			InitialMmapSize: 64 << 20, // address space only; growing it would wait for readers
		})
		if err != nil {
			return err
		}
		db.AllocSize = 1 << 20
		return prepareDB(db, buckets)
	})
	if err != nil && db != nil {
		db.Close()
		db = nil
	}
	return db, err
}

func prepareDB(db *bolt.DB, buckets [][]byte) error {
	ready := true
	err := db.View(func(tx *bolt.Tx) error {
		for _, b := range buckets {
			ready = ready && tx.Bucket(b) != nil
		}
		if b := tx.Bucket(bucketMeta); b != nil {
			return checkFormat(b.Get(keyFormat))
		}
		return nil
	})
	if err != nil || ready {
		return err
	}
	return db.Update(func(tx *bolt.Tx) error {
		for _, b := range buckets {
			if _, err := tx.CreateBucketIfNotExists(b); err != nil {
				return err
			}
		}
		return tx.Bucket(bucketMeta).Put(keyFormat, binary.BigEndian.AppendUint32(nil, formatVersion))
	})
}

func checkFormat(v []byte) error {
	if len(v) != 4 {
		return fmt.Errorf("the format version is missing")
	}
	if n := binary.BigEndian.Uint32(v); n != formatVersion {
		return newerFormatError{n}
	}
	return nil
}

type newerFormatError struct{ version uint32 }

func (e newerFormatError) Error() string {
	return fmt.Sprintf("format version %d, this program reads version %d: use the release that wrote it, or a newer one", e.version, formatVersion)
}

func (c *catalog) close() error { return c.db.Close() }

func (c *catalog) read() (entries []catalogEntry, aliases map[string]string, err error) {
	aliases = map[string]string{}
	err = guardFile(c.db.Path(), func() error {
		return c.db.View(func(tx *bolt.Tx) error {
			err := tx.Bucket(bucketCollections).ForEach(func(name, v []byte) error {
				entry, err := decodeCatalogEntry(v)
				if err != nil {
					return fmt.Errorf("collection %q: %w", name, err)
				}
				entries = append(entries, entry)
				return nil
			})
			if err != nil {
				return err
			}
			return tx.Bucket(bucketAliases).ForEach(func(alias, name []byte) error {
				aliases[string(alias)] = string(name)
				return nil
			})
		})
	})
	return entries, aliases, err
}

// A catalog value is the folder's number followed by the request that created
// the collection.
func decodeCatalogEntry(v []byte) (catalogEntry, error) {
	if len(v) < 8 {
		return catalogEntry{}, fmt.Errorf("catalog entry is cut short")
	}
	config := &pb.CreateCollection{}
	if err := proto.Unmarshal(v[8:], config); err != nil {
		return catalogEntry{}, err
	}
	return catalogEntry{folder: strconv.FormatUint(binary.BigEndian.Uint64(v), 10), config: config}, nil
}

// nextFolder returns a folder name that was never used before.
func (c *catalog) nextFolder() (folder string, err error) {
	err = c.db.Update(func(tx *bolt.Tx) error {
		n, err := tx.Bucket(bucketCollections).NextSequence()
		folder = strconv.FormatUint(n, 10)
		return err
	})
	return folder, err
}

func (c *catalog) add(folder string, config *pb.CreateCollection) error {
	n, err := strconv.ParseUint(folder, 10, 64)
	if err != nil {
		return err
	}
	v, err := proto.MarshalOptions{Deterministic: true}.MarshalAppend(binary.BigEndian.AppendUint64(nil, n), config)
	if err != nil {
		return err
	}
	return c.db.Update(func(tx *bolt.Tx) error {
		return tx.Bucket(bucketCollections).Put([]byte(config.GetCollectionName()), v)
	})
}

// remove forgets a collection and the aliases that point to it.
func (c *catalog) remove(name string, aliases []string) error {
	return c.db.Update(func(tx *bolt.Tx) error {
		for _, a := range aliases {
			if err := tx.Bucket(bucketAliases).Delete([]byte(a)); err != nil {
				return err
			}
		}
		return tx.Bucket(bucketCollections).Delete([]byte(name))
	})
}

// setAliases replaces all aliases.
func (c *catalog) setAliases(aliases map[string]string) error {
	return c.db.Update(func(tx *bolt.Tx) error {
		if err := tx.DeleteBucket(bucketAliases); err != nil {
			return err
		}
		b, err := tx.CreateBucket(bucketAliases)
		if err != nil {
			return err
		}
		for _, alias := range sortedKeys(aliases) {
			if err := b.Put([]byte(alias), []byte(aliases[alias])); err != nil {
				return err
			}
		}
		return nil
	})
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
