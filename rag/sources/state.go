package sources

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"tilgate/internal/fault"
	"tilgate/rag"
)

// A State remembers what sources were like when they were last read, so that
// what has not changed is not read again. It is never believed alone: what the
// index holds must be what was read then. Without it, everything is read.
type State struct {
	db *bbolt.DB

	mu    sync.Mutex
	puts  map[string]seen
	since time.Time
}

// seen is what is remembered of a file or page.
type seen struct {
	Size    int64     `json:"size"`
	ModTime time.Time `json:"mod_time"`
	Sum     string    `json:"sum"`    // of its bytes
	Config  string    `json:"config"` // of what it was read with
	Docs    int       `json:"docs"`
	Digest  string    `json:"digest"` // of its documents, as they were stored

	ETag     string   `json:"etag,omitempty"`
	Modified string   `json:"modified,omitempty"` // Last-Modified of a page
	Links    []string `json:"links,omitempty"`
	Follow   bool     `json:"follow,omitempty"`
}

var bucket = []byte("origins")

// OpenState opens the state of a knowledge base, or makes it. One process has it
// at a time.
func OpenState(folder, tenant, kb string) (*State, error) {
	dir := stateFolder(folder, tenant)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("remembering what was read: %w", err)
	}
	file := filepath.Join(dir, kb+".db")
	db, err := openDB(file)
	if errors.Is(err, berrors.ErrTimeout) {
		return nil, fault.Unavailable.Errorf("another process brings knowledge base %s up to date; wait until it is done", kb)
	}
	if errors.Is(err, berrors.ErrInvalid) || errors.Is(err, berrors.ErrChecksum) || errors.Is(err, berrors.ErrVersionMismatch) {
		// It can be made again; what it says can be read again.
		if err = os.Remove(file); err == nil {
			db, err = openDB(file)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("remembering what was read: %s: %w", file, err)
	}
	return &State{db: db, puts: map[string]seen{}, since: time.Now()}, nil
}

func stateFolder(folder, tenant string) string {
	return filepath.Join(folder, "sources", rag.TenantOf(tenant))
}

func openDB(file string) (*bbolt.DB, error) {
	db, err := bbolt.Open(file, 0o600, &bbolt.Options{Timeout: time.Second})
	if err != nil {
		return nil, err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists(bucket)
		return err
	})
	if err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

// RemoveState forgets what was read for a knowledge base.
func RemoveState(folder, tenant, kb string) error {
	err := os.Remove(filepath.Join(stateFolder(folder, tenant), kb+".db"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// get returns what is remembered of an origin.
func (s *State) get(origin string) (seen, bool) {
	if s == nil {
		return seen{}, false
	}
	s.mu.Lock()
	e, ok := s.puts[origin]
	s.mu.Unlock()
	if ok {
		return e, true
	}
	var data []byte
	_ = s.db.View(func(tx *bbolt.Tx) error {
		data = bytes.Clone(tx.Bucket(bucket).Get([]byte(origin)))
		return nil
	})
	return e, len(data) > 0 && json.Unmarshal(data, &e) == nil
}

// A write to disk is made for so many origins, or after so long.
const (
	statePuts  = 1000
	stateEvery = 5 * time.Second
)

func (s *State) put(origin string, e seen) error {
	if s == nil || len(origin) > bbolt.MaxKeySize || origin == "" {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.puts[origin] = e
	if len(s.puts) < statePuts && time.Since(s.since) < stateEvery {
		return nil
	}
	return s.flush()
}

// flush writes to disk. The caller holds s.mu.
func (s *State) flush() error {
	err := s.db.Update(func(tx *bbolt.Tx) error {
		for origin, e := range s.puts {
			data, err := json.Marshal(e)
			if err != nil {
				return err
			}
			if err := tx.Bucket(bucket).Put([]byte(origin), data); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("remembering what was read: %w", err)
	}
	clear(s.puts)
	s.since = time.Now()
	return nil
}

// Close writes what is left, and closes the file.
func (s *State) Close() error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(s.flush(), s.db.Close())
}
