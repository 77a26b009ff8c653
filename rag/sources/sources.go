// Package sources knows what a knowledge base is made of: folders, files and
// web sites, named in a Manifest, and brings their documents to rag/ingest.
//
// Every document has an origin, which is the source's name and the file or page
// within it. What has not changed at an origin since it was last read is not
// read again, if the index still holds what was read then. An origin that
// cannot be read now is an error with its name, so that nobody takes its
// documents for gone.
package sources

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"path"
	"strings"
	"sync/atomic"

	"github.com/zeebo/xxh3"

	"tilgate/rag"
	"tilgate/rag/crawl"
	"tilgate/rag/ingest"
	"tilgate/rag/read"
)

// version is part of what State compares: raise it when readers give other
// documents than before for the same bytes.
const version = "2"

// Options of Open.
type Options struct {
	State   *State                                                // may be nil
	Stored  map[rag.Key]rag.Stored                                // what the index holds
	Model   string                                                // whose vectors all passages should have; empty without
	All     bool                                                  // read also what has not changed
	Reader  func(Source) read.Readers                             // of the files of a source
	Page    func(ctx context.Context, p crawl.Page) (Page, error) // reads an HTML page of a site; nil leaves it to Reader, and follows no links
	Contact string                                                // who crawls, for web sites
	Ahead   int                                                   // files that are read at a time; 0 means 2
}

// A Page is what an HTML page of a site says.
type Page struct {
	Item      read.Item
	Canonical string // address that it says is its own; empty if it says none
	Hidden    bool   // it asks not to be in an index
	Links     []string
	Follow    bool // its links may be followed
}

// A Set is the sources of a manifest, ready to be read.
type Set struct {
	m      Manifest
	o      Options
	stored map[string]tally // by origin

	Passed map[string]int // files of kinds that are not read, by ending

	total atomic.Int64 // bytes of the files that were listed

	now    *open // origin whose documents come just now
	faults []error
}

// A tally is what documents there are of an origin.
type tally struct {
	docs   int
	digest xxh3.Uint128
	other  bool // one is not whole, or has not the vectors that are wanted
}

func (t *tally) add(key rag.Key, hash string) {
	sum := xxh3.HashString128(string(key.Lang) + "\x00" + key.Doc + "\x00" + hash)
	t.docs++
	t.digest.Hi, t.digest.Lo = t.digest.Hi^sum.Hi, t.digest.Lo^sum.Lo
}

func (t tally) String() string {
	b := t.digest.Bytes()
	return hex.EncodeToString(b[:])
}

// Open prepares the sources of a manifest.
func Open(m Manifest, o Options) *Set {
	s := &Set{m: m, o: o, stored: map[string]tally{}, Passed: map[string]int{}}
	if s.o.Ahead == 0 {
		s.o.Ahead = 2
	}
	for key, d := range o.Stored {
		t := s.stored[d.Origin]
		t.add(key, d.Hash)
		t.other = t.other || !d.Whole || o.Model != "" && d.Model != o.Model
		s.stored[d.Origin] = t
	}
	return s
}

// An open is an origin that is being read.
type open struct {
	origin string
	found  tally
	failed bool
}

// Settled is told by ingest what each document was stored as.
func (s *Set) Settled(origin string, key rag.Key, hash string) {
	if s.now != nil && s.now.origin == origin {
		s.now.found.add(key, hash)
	}
}

// Items yields the documents of all sources. It runs once.
func (s *Set) Items(ctx context.Context) iter.Seq2[read.Item, error] {
	return func(yield func(read.Item, error) bool) {
		for _, source := range s.m.Sources {
			more := true
			give := func(item read.Item, err error) bool {
				more = yield(s.dress(source, item), err)
				return more
			}
			if source.Site != "" {
				s.site(ctx, source, give)
			} else {
				s.files(ctx, source, give)
			}
			if !more || ctx.Err() != nil {
				return
			}
		}
	}
}

// dress gives a document what the manifest says of its source.
func (s *Set) dress(source Source, item read.Item) read.Item {
	if item.Sector == "" {
		item.Sector = source.Sector
	}
	if item.Lang == "" {
		item.Lang = source.Lang
	}
	if item.Edition == "" {
		item.Edition = source.Edition
	}
	return item
}

// same reports whether what is remembered of an origin is what the index
// holds, and was read as it would be read now.
func (s *Set) same(origin, config string, e seen) bool {
	held := s.stored[origin]
	return !s.o.All && e.Config == config && !held.other && held.docs == e.Docs && held.String() == e.Digest
}

// config says what documents of a source depend on beside its bytes.
func (s *Set) config(source Source) string {
	data, err := json.Marshal(struct {
		Version string
		Source  Source
		Split   Split
	}{version + ingest.Version, source, s.m.Split})
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}

// begin makes an origin the one whose documents come now.
func (s *Set) begin(origin string) { s.now = &open{origin: origin} }

// end remembers an origin, if it was read whole.
func (s *Set) end(e *seen) {
	now := s.now
	s.now = nil
	if e == nil || now.failed {
		return
	}
	if e.Digest == "" {
		e.Docs, e.Digest = now.found.docs, now.found.String()
	}
	if err := s.o.State.put(now.origin, *e); err != nil {
		s.faults = append(s.faults, err)
	}
}

// Total returns how many bytes the files have that were listed so far.
func (s *Set) Total() int64 { return s.total.Load() }

// Err returns what kept the state from being written, which costs time at the
// next sync and nothing else.
func (s *Set) Err() error {
	if len(s.faults) == 0 {
		return nil
	}
	return s.faults[0]
}

// documentID names the document of a file. Text and Markdown are named without
// their ending, as they always were; beside others, two of one name may stand.
func documentID(name string) string {
	switch ending := strings.ToLower(path.Ext(name)); ending {
	case ".md", ".markdown", ".txt":
		return name[:len(name)-len(ending)]
	}
	return name
}

// unread is an error at a place of which nothing could be read.
func unread(origin string, err error) (read.Item, error) {
	return read.Item{Document: rag.Document{Origin: origin}, Where: origin}, fmt.Errorf("%s: %w", origin, err)
}
