package main

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"tilgate/internal/fault"
)

// A sync that fails over what passes is done again sooner than its manifest
// says, and ever later; one that failed over something else waits its turn.
func TestTimetable(t *testing.T) {
	cut := fault.Unavailable.Errorf("the site is down")
	file := filepath.Join(t.TempDir(), "m.toml")
	for _, tt := range []struct {
		name, every string
		ends        []error // of the first syncs; then all is well
		want        []time.Duration
	}{
		{"all well", "10m", nil, []time.Duration{10 * time.Minute, 20 * time.Minute}},
		{"cut off", "10m", []error{cut, cut, cut}, []time.Duration{10 * time.Minute, 615 * time.Second, 645 * time.Second, 705 * time.Second, 1305 * time.Second}},
		{"a fault that stays", "10m", []error{fault.Invalid.Errorf("too much is gone")}, []time.Duration{10 * time.Minute, 20 * time.Minute}},
		{"more often than that", "4s", []error{cut, cut}, []time.Duration{4 * time.Second, 8 * time.Second, 12 * time.Second}},
	} {
		write(t, file, "name = \"m\"\nevery = \""+tt.every+"\"\n[[source]]\npath = \"x\"\n")
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			began := time.Now()
			var got []time.Duration
			_ = timetable(ctx, []string{file}, func(string) error {
				got = append(got, time.Since(began).Round(time.Second))
				if len(got) == len(tt.want) {
					cancel()
				}
				if len(got) <= len(tt.ends) {
					return tt.ends[len(got)-1]
				}
				return nil
			})
			if !slices.Equal(got, tt.want) {
				t.Errorf("%s: syncs after %v, want %v", tt.name, got, tt.want)
			}
		})
	}
}

// Of what is synced at the start alone, what failed then comes again.
func TestTimetableNever(t *testing.T) {
	for _, tt := range []struct {
		failed int
		every  time.Duration
		want   time.Duration
	}{{0, 0, 0}, {1, 0, 15 * time.Second}, {3, 0, time.Minute}, {50, 0, time.Hour}, {50, 3 * time.Hour, time.Hour}, {0, time.Hour, time.Hour}} {
		if got := (entry{failed: tt.failed}).wait(tt.every); got != tt.want {
			t.Errorf("after %d failures of one every %v: %v, want %v", tt.failed, tt.every, got, tt.want)
		}
	}
}
