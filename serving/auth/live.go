package auth

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"time"
)

// Live keys are those of a configuration and of a file that is followed: what
// changes there takes effect while requests are being answered.
type Live struct {
	*Keys
	fixed []Key
	sites []string // that keys without any may use
	file  File
	log   *slog.Logger
	seen  stamp
	gone  bool // it could not be looked at the last time
}

// A stamp changes when a file does.
type stamp struct {
	size    int64
	changed time.Time
}

// OpenLive puts the keys of a list and of a file in force; the file need not
// be there yet. A key that names no sites may use those given, or every one
// without any. At the start every fault is an error; later ones are logged.
func OpenLive(fixed []Key, file File, sites []string, log *slog.Logger) (*Live, error) {
	l := &Live{Keys: New(nil), fixed: fixed, file: file, sites: sites, log: log}
	l.seen, _ = l.look()
	list, err := l.read()
	if err != nil {
		return nil, err
	}
	l.Swap(list)
	return l, nil
}

// read returns all keys.
func (l *Live) read() ([]Key, error) {
	list, err := l.file.Read()
	if err != nil {
		return nil, err
	}
	list = slices.Concat(l.fixed, list)
	if err := errors.Join(Check(list)...); err != nil {
		return nil, fmt.Errorf("the keys of the configuration and of %s together: %w", l.file.Path, err)
	}
	for i := range list {
		list[i].Scope = list[i].Within(l.sites)
	}
	return list, nil
}

func (l *Live) look() (stamp, error) {
	info, err := os.Stat(l.file.Path)
	if err != nil {
		return stamp{}, err
	}
	return stamp{info.Size(), info.ModTime()}, nil
}

// Len returns how many keys there are in force, expired ones among them.
func (l *Live) Len() int {
	n := 0
	for _, open := range l.set.Load().open {
		if open {
			n++
		}
	}
	return n
}

// Watch looks at the file at every interval until ctx ends. It polls: the file
// may lie on a network drive, which announces nothing.
func (l *Live) Watch(ctx context.Context, every time.Duration) {
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

// refresh reads the file again if it changed. One with a fault, or one that is
// gone, leaves the keys as they were.
func (l *Live) refresh() {
	now, err := l.look()
	if errors.Is(err, fs.ErrNotExist) && l.seen == (stamp{}) {
		return // it was not there before either
	}
	if err != nil {
		if l.gone {
			return
		}
		l.gone = true
		l.log.Error("the file of keys cannot be read; the keys in force stay", "file", l.file.Path, "err", err)
		return
	}
	if l.gone = false; now == l.seen {
		return
	}
	list, err := l.read()
	if err != nil {
		l.log.Error("the file of keys has faults; the keys in force stay", "file", l.file.Path, "err", err)
		if !errors.As(err, new(*fs.PathError)) {
			l.seen = now
		}
		return
	}
	l.seen = now
	l.Swap(list)
	l.log.Info("keys read again", "file", l.file.Path, "keys", l.Len())
}
