// Package cache keeps answers in memory, so that a question that many people
// ask is put to a model once.
//
// What an answer depends on is in its key, which serving makes; here nothing is
// known but bytes and time. Nothing is written to disk, and nobody can list
// what is kept. Tenants never share an answer, since the tenant is part of the
// key; within a tenant, who is answered at once can tell that somebody asked
// the same before. Whoever may not even learn that asks with "cache": false, or
// sets the megabytes to 0.
package cache

import (
	"cmp"
	"time"

	"github.com/maypok86/otter/v2"

	"tilgate/internal/fault"
	"tilgate/serving"
)

// Options of a Cache.
type Options struct {
	Bytes int           // that the answers may have together; must be above 0
	TTL   time.Duration // after which an answer is forgotten; 0 means DefaultTTL
}

// DefaultTTL is how long an answer is kept: models answer with the day in mind.
const DefaultTTL = time.Hour

// A Cache keeps answers. It meets serving.Answers.
type Cache struct {
	kept *otter.Cache[serving.Key, serving.Kept]
}

// New returns an empty cache. Close ends it.
func New(o Options) (*Cache, error) {
	if o.Bytes <= 0 {
		return nil, fault.Invalid.Errorf("a cache of %d bytes keeps nothing", o.Bytes)
	}
	kept, err := otter.New(&otter.Options[serving.Key, serving.Kept]{
		MaximumWeight:    uint64(o.Bytes),
		Weigher:          weight,
		ExpiryCalculator: otter.ExpiryWriting[serving.Key, serving.Kept](cmp.Or(o.TTL, DefaultTTL)),
	})
	if err != nil {
		return nil, err
	}
	return &Cache{kept}, nil
}

// entry is what an answer takes besides its text: its key, its place in the
// table and its fields, in bytes, measured and rounded up.
const entry = 400

// weight is how many bytes an answer takes.
func weight(_ serving.Key, k serving.Kept) uint32 {
	n := entry
	for _, piece := range k.Pieces {
		n += 16 + len(piece)
	}
	return uint32(n)
}

// Get returns the answer that was kept under a key.
func (c *Cache) Get(k serving.Key) (serving.Kept, bool) { return c.kept.GetIfPresent(k) }

// Put keeps an answer, in place of others that are asked for less.
func (c *Cache) Put(k serving.Key, kept serving.Kept) { c.kept.Set(k, kept) }

// Clear forgets every answer: one may quote what has to be forgotten.
func (c *Cache) Clear() { c.kept.InvalidateAll() }

// Close forgets everything.
func (c *Cache) Close() {
	c.kept.StopAllGoroutines()
	c.kept.InvalidateAll()
}
