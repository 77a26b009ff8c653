// Package forget keeps the list of documents that were forgotten: taken out of
// a knowledge base for good, because somebody has the right to that.
//
// The list outlives what it is about. Whatever brings documents in (a sync, a
// restored backup, a bundle) asks it first, and what was forgotten stays out,
// also under another name. It holds no word of a document, and not its name:
// digests of both.
package forget

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/internal/wholefile"
	"tilgate/rag"
)

// An Entry is a document that was forgotten.
type Entry struct {
	Tenant   string    `json:"tenant"`
	KB       string    `json:"kb"`
	Lang     lang.Tag  `json:"lang"`
	Document string    `json:"document"` // digest of its id
	Passages []string  `json:"passages"` // digests of what it said
	Time     time.Time `json:"time"`
	Why      string    `json:"why,omitempty"` // in words, as its keeper gave them
}

// A List is the file of what was forgotten. It is safe for concurrent use.
type List struct {
	path string

	mu      sync.RWMutex
	entries []Entry
	read    time.Time // of the file, when it was last read
	size    int64
}

// FileName is the list's in a data folder.
const FileName = "forgotten.jsonl"

// Open reads the list in a data folder; one that is not there is empty.
func Open(folder string) (*List, error) {
	l := &List{path: filepath.Join(folder, FileName)}
	_, err := l.Refresh()
	return l, err
}

// Refresh reads the file again if it has changed, and reports whether it has.
func (l *List) Refresh() (changed bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	info, err := os.Stat(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		changed = len(l.entries) > 0
		l.entries, l.read, l.size = nil, time.Time{}, 0
		return changed, nil
	}
	if err != nil {
		return false, fmt.Errorf("reading what was forgotten: %w", err)
	}
	if info.ModTime().Equal(l.read) && info.Size() == l.size {
		return false, nil
	}
	entries, err := readFile(l.path)
	if err != nil {
		return false, fmt.Errorf("reading what was forgotten: %w", err)
	}
	l.entries, l.read, l.size = entries, info.ModTime(), info.Size()
	return true, nil
}

func readFile(path string) ([]Entry, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return parse(f)
}

// maxLine is what one entry may take: a document of 100,000 passages.
const maxLine = 8 << 20

func parse(r io.Reader) (entries []Entry, err error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for n := 1; lines.Scan(); n++ {
		if len(lines.Bytes()) == 0 {
			continue
		}
		var e Entry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, fault.Invalid.Errorf("line %d is no entry: %v", n, err)
		}
		if e.KB == "" || len(e.Document) != 2*sha256.Size {
			return nil, fault.Invalid.Errorf("line %d names no knowledge base or no document", n)
		}
		entries = append(entries, e)
	}
	return entries, lines.Err()
}

// Entries returns a copy of the list, the oldest first.
func (l *List) Entries() []Entry {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return slices.Clone(l.entries)
}

// NewEntry describes a document by its passages, as they are stored.
func NewEntry(tenant, kb string, key rag.Key, passages []rag.Passage, why string, now time.Time) Entry {
	e := Entry{Tenant: tenant, KB: kb, Lang: key.Lang, Document: digest(key.Doc), Time: now.UTC().Truncate(time.Second), Why: why}
	for _, p := range passages {
		e.Passages = append(e.Passages, digest(p.Text))
	}
	slices.Sort(e.Passages)
	e.Passages = slices.Compact(e.Passages)
	return e
}

func digest(text string) string {
	sum := sha256.Sum256([]byte("tilgate forgotten\n" + text))
	return hex.EncodeToString(sum[:])
}

// Add writes an entry, so that it is on disk when Add returns.
func (l *List) Add(e Entry) error {
	return l.change(func(entries []Entry) []Entry {
		for i, old := range entries {
			if old.is(e) {
				// What it says now and what it said before are both forgotten.
				e.Time, e.Why = old.Time, cmp.Or(e.Why, old.Why)
				e.Passages = append(e.Passages, old.Passages...)
				slices.Sort(e.Passages)
				e.Passages = slices.Compact(e.Passages)
				entries[i] = e
				return entries
			}
		}
		return append(entries, e)
	})
}

// Read reads the entries of a file such as a List keeps. One that is not there
// has none.
func Read(path string) ([]Entry, error) {
	entries, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading what was forgotten, %s: %w", path, err)
	}
	return entries, nil
}

// Merge puts what another list has on this one, and reports whether it had not
// all of it. Where both name a document, what either knows of it counts.
func (l *List) Merge(entries []Entry) (more bool, err error) {
	if len(entries) == 0 {
		return false, nil
	}
	return more, l.change(func(all []Entry) []Entry {
		at := map[string]int{}
		for i, e := range all {
			at[e.name()] = i
		}
		for _, e := range entries {
			i, known := at[e.name()]
			if !known {
				at[e.name()], more, all = len(all), true, append(all, e)
				continue
			}
			both := slices.Concat(all[i].Passages, e.Passages)
			slices.Sort(both)
			if both = slices.Compact(both); len(both) > len(all[i].Passages) {
				all[i].Passages, more = both, true
			}
		}
		return all
	})
}

func (e Entry) name() string { return e.Tenant + " " + e.KB + " " + string(e.Lang) + " " + e.Document }

// Allow takes a document off the list, so that it can come in again.
func (l *List) Allow(tenant, kb string, key rag.Key) error {
	found := false
	err := l.change(func(entries []Entry) []Entry {
		return slices.DeleteFunc(entries, func(e Entry) bool {
			gone := e.is(Entry{Tenant: tenant, KB: kb, Lang: key.Lang, Document: digest(key.Doc)})
			found = found || gone
			return gone
		})
	})
	if err == nil && !found {
		err = fault.NotFound.Errorf("document %q in %s of knowledge base %s was not forgotten", key.Doc, key.Lang, kb)
	}
	return err
}

func (e Entry) is(o Entry) bool {
	return e.Tenant == o.Tenant && e.KB == o.KB && e.Lang == o.Lang && e.Document == o.Document
}

func (l *List) change(f func([]Entry) []Entry) error {
	if _, err := l.Refresh(); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	next := f(slices.Clone(l.entries))
	if err := os.MkdirAll(filepath.Dir(l.path), 0o700); err != nil {
		return fmt.Errorf("keeping what was forgotten: %w", err)
	}
	_, err := wholefile.Private(l.path, func(w io.Writer) error {
		out := json.NewEncoder(w)
		for _, e := range next {
			if err := out.Encode(e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keeping what was forgotten: %w", err)
	}
	l.entries, l.read, l.size = next, time.Time{}, 0
	return nil
}
