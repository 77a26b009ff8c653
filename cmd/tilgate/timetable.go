package main

import (
	"context"
	"time"

	"tilgate/internal/fault"
	"tilgate/rag/ingest"
	"tilgate/rag/sources"
)

// How long after a sync that failed over what may be over soon, such as a site
// that is cut off, the next comes: so long after the first, then each time twice
// as long, but never longer than what the manifest says.
const (
	retryFirst = 15 * time.Second
	retryMost  = time.Hour
)

// timetable calls do for each manifest as often as it says, one at a time,
// until ctx ends. The first time is a whole interval from now. After an error
// that passes it is done again sooner.
func timetable(ctx context.Context, files []string, do func(file string) error) error {
	return table{}.keep(ctx, files, do)
}

// A table is what timetable knows of each manifest.
type table map[string]entry

type entry struct {
	due    time.Time // zero: it is to be set
	failed int       // times in a row
}

// note takes what came of a sync.
func (t table) note(file string, err error) {
	e := entry{}
	if passes(err) {
		e.failed = t[file].failed + 1
	}
	t[file] = e
}

func (t table) keep(ctx context.Context, files []string, do func(file string) error) error {
	for {
		first := t.first(files)
		wait := time.Minute // manifests may change
		if first != "" {
			wait = min(wait, time.Until(t[first].due))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		if first != "" && !time.Now().Before(t[first].due) {
			t.note(first, do(first))
		}
	}
}

// first returns the manifest that is due first; empty if none is.
func (t table) first(files []string) (first string) {
	for _, file := range files {
		e := t[file]
		m, err := sources.ReadManifest(file)
		wait := e.wait(time.Duration(m.Every))
		if err != nil || wait == 0 {
			e.due = time.Time{} // perhaps it will say when
			t[file] = e
			continue
		}
		if latest := time.Now().Add(wait); e.due.IsZero() || e.due.After(latest) {
			e.due = latest
		}
		t[file] = e
		if first == "" || e.due.Before(t[first].due) {
			first = file
		}
	}
	return first
}

// wait is how long after the last sync the next comes; 0 is never.
func (e entry) wait(every time.Duration) time.Duration {
	if e.failed == 0 {
		return every
	}
	again := retryMost
	if doubled := e.failed - 1; doubled < 8 {
		again = min(again, retryFirst<<doubled)
	}
	if every > 0 {
		again = min(again, every)
	}
	return again
}

// passes reports whether an error may be over soon, without anybody doing
// anything here.
func passes(err error) bool { return fault.Unavailable.Is(err) || fault.Timeout.Is(err) }

// passing returns the first of what could not be read that may be read soon.
func passing(r ingest.Report) error {
	for _, f := range r.Faults {
		if passes(f) {
			return f
		}
	}
	return nil
}
