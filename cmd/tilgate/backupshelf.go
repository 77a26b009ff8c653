package main

import (
	"os"
	"path/filepath"
	"slices"
	"time"

	"tilgate/internal/fault"
)

// A shelf is the folder that keeps the newest backups. The zero shelf is none.
type shelf struct {
	dir  string
	keep int
}

const (
	backupPart = "tilgate-"
	backupEnd  = ".backup"
	backupTime = "20060102T150405.000Z"
)

// shelfOf returns the folder that a command line names, none without --keep.
func shelfOf(to string, keep int) (shelf, error) {
	info, err := os.Stat(to)
	switch {
	case keep < 0:
		return shelf{}, usageError{fault.Invalid.Errorf("--keep: %d is below 0", keep)}
	case keep == 0 && err == nil && info.IsDir():
		return shelf{}, usageError{fault.Invalid.Errorf("%s is a folder: say with --keep how many backups are to stay there, or name a file", to)}
	case keep == 0:
		return shelf{}, nil
	case err == nil && !info.IsDir():
		return shelf{}, usageError{fault.Invalid.Errorf("--keep: %s is no folder", to)}
	}
	return shelf{to, keep}, os.MkdirAll(to, 0o700)
}

// file is where a backup that is made now goes.
func (s shelf) file(to string, now time.Time) string {
	if s.keep == 0 {
		return to
	}
	return filepath.Join(s.dir, backupPart+now.UTC().Format(backupTime)+backupEnd)
}

// tidy removes the oldest backups beyond those that are kept, and returns them.
// Files of other names stay.
func (s shelf) tidy() (removed []string, err error) {
	if s.keep == 0 {
		return nil, nil
	}
	all, err := filepath.Glob(filepath.Join(s.dir, backupPart+"*"+backupEnd))
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(path string) bool {
		_, err := time.Parse(backupPart+backupTime+backupEnd, filepath.Base(path))
		return err != nil
	})
	slices.Sort(all)
	for _, path := range all[:max(0, len(all)-s.keep)] {
		if err := os.Remove(path); err != nil {
			return removed, err
		}
		removed = append(removed, path)
	}
	return removed, nil
}
