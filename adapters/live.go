package adapters

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path"
	"slices"
	"sync/atomic"
	"time"

	"tilgate/internal/sign"
)

// Live is a set that follows a folder: files that are added, changed or
// removed take effect while questions are being answered. Each question is
// answered with one Set from beginning to end.
type Live struct {
	opts Options
	dir  fs.FS // nil: nothing but what is bundled
	log  *slog.Logger

	set  atomic.Pointer[Set]
	good map[string]*Adapter // by file, as last read without a fault
	seen map[string]stamp    // what the folder looked like
	keys []sign.Key          // that were trusted then
}

// A stamp changes when a file does.
type stamp struct {
	size    int64
	changed time.Time
}

// OpenLive returns the bundled adapters under those of dir, which may be nil.
// At the start every fault is an error; later ones are logged.
func OpenLive(o Options, dir fs.FS, log *slog.Logger) (*Live, error) {
	l := &Live{opts: o, dir: dir, log: log, good: map[string]*Adapter{}}
	base, err := readFolder(BundledFiles(), nil)
	if err != nil {
		return nil, err
	}
	for _, f := range base {
		if err := f.err(); err != nil {
			return nil, err
		}
	}
	if dir == nil {
		return l, l.assemble(base, nil)
	}
	if l.seen, err = look(dir); err != nil {
		return nil, fmt.Errorf("reading the folder of adapters: %w", err)
	}
	l.keys = o.gates()
	files, err := readFolder(dir, l.keys)
	if err != nil {
		return nil, err
	}
	var faults []error
	for _, f := range files {
		faults = append(faults, f.err())
		l.good[f.name] = f.adapter
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return l, l.assemble(base, files)
}

// Set returns the adapters in force.
func (l *Live) Set() *Set { return l.set.Load() }

func (l *Live) assemble(base, files []file) error {
	var layers [2][]*Adapter
	for i, list := range [][]file{base, files} {
		for _, f := range list {
			layers[i] = append(layers[i], f.adapter)
		}
	}
	set, err := assemble(l.opts, layers[0], layers[1])
	if err == nil {
		l.set.Store(set)
	}
	return err
}

// Watch looks at the folder at every interval until ctx ends. It polls: the
// folder may lie on a network drive, which announces nothing.
func (l *Live) Watch(ctx context.Context, every time.Duration) {
	if l.dir == nil {
		return
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			l.refresh()
		}
	}
}

// refresh reads the folder again if it changed. A file with a fault leaves
// its last good state in force; a fault between files leaves the whole set.
func (l *Live) refresh() {
	seen, err := look(l.dir)
	if err != nil {
		l.log.Warn("looking at the folder of adapters; those in force stay", "err", err)
		return
	}
	keys := l.opts.gates()
	if sameStamps(l.seen, seen) && slices.EqualFunc(keys, l.keys, sign.Key.Equal) {
		return
	}
	files, err := readFolder(l.dir, keys)
	if err != nil {
		l.log.Warn("reading the folder of adapters; those in force stay", "err", err)
		return
	}
	var usable []file
	good := map[string]*Adapter{}
	unread := false
	for _, f := range files {
		if err := f.err(); err != nil {
			unread = unread || errors.As(err, new(*fs.PathError))
			l.log.Error("an adapter's file has faults; what was in force before stays", "adapter", f.name, "err", err)
			f.adapter = l.good[f.name]
		}
		if f.adapter != nil {
			good[f.name] = f.adapter
			usable = append(usable, f)
		}
	}
	if !unread { // a file that could not be read now may be next time, without a new stamp
		l.seen, l.keys = seen, keys
	}
	base, _ := readFolder(BundledFiles(), nil) // read without a fault before
	if err := l.assemble(base, usable); err != nil {
		l.log.Error("the adapters do not fit together; those in force stay", "err", err)
		return
	}
	l.good = good
	l.log.Info("adapters read again", "files", len(usable))
}

func sameStamps(a, b map[string]stamp) bool {
	if len(a) != len(b) {
		return false
	}
	for name, s := range a {
		if b[name] != s {
			return false
		}
	}
	return true
}

// look returns the stamps of the files that decide anything. Weights do not:
// their name on the model server holds their digest.
func look(dir fs.FS) (map[string]stamp, error) {
	seen := map[string]stamp{}
	for _, pattern := range []string{"*.toml", "*/glossary.tsv", "*/verdict.json"} {
		names, err := fs.Glob(dir, pattern)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			info, err := fs.Stat(dir, name)
			if errors.Is(err, fs.ErrNotExist) {
				continue // removed since
			}
			if err != nil {
				return nil, err
			}
			seen[path.Clean(name)] = stamp{info.Size(), info.ModTime()}
		}
	}
	if _, err := fs.ReadDir(dir, "."); err != nil {
		return nil, err // Glob takes a folder that cannot be read for an empty one
	}
	return seen, nil
}
