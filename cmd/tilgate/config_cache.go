package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"tilgate/serving"
	"tilgate/serving/cache"
)

// CacheConfig says how many answers are kept, and for how long.
type CacheConfig struct {
	Megabytes int `toml:"megabytes"` // of memory; 0 keeps none
	Minutes   int `toml:"minutes"`   // after which an answer is forgotten
}

// Bounds of a cache: what a machine may have, and a month.
const (
	maxCacheMegabytes = 1 << 16
	maxCacheMinutes   = 31 * 24 * 60
)

func (c CacheConfig) check(fault func(format string, args ...any)) {
	if c.Megabytes < 0 || c.Megabytes > maxCacheMegabytes {
		fault("cache.megabytes: %d is not in 0..%d; 0 keeps no answers", c.Megabytes, maxCacheMegabytes)
	}
	if c.Minutes < 1 || c.Minutes > maxCacheMinutes {
		fault("cache.minutes: %d is not in 1..%d", c.Minutes, maxCacheMinutes)
	}
}

// openCache returns the cache that is configured, until ctx ends, and what
// empties it; nil for none.
func openCache(ctx context.Context, c CacheConfig) (answers serving.Answers, clear func(), err error) {
	if c.Megabytes == 0 {
		return nil, func() {}, nil
	}
	kept, err := cache.New(cache.Options{Bytes: c.Megabytes << 20, TTL: time.Duration(c.Minutes) * time.Minute})
	if err != nil {
		return nil, nil, err
	}
	context.AfterFunc(ctx, kept.Close)
	return kept, kept.Clear, nil
}

// policy stands for the configuration in the keys of answers: what one decided
// is not given under another.
func (c Config) policy() (string, error) {
	h := sha256.New()
	err := writeConfig(h, c)
	return hex.EncodeToString(h.Sum(nil)), err
}
