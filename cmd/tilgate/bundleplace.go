package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"tilgate/internal/bundle"
	"tilgate/internal/fault"
)

// A placing is files that lie ready within the folder that they are for.
type placing struct {
	dir, stage string
	moves      []string // paths in both, in the order in which they are moved
	unlock     func()
}

// stagePrefix begins the names of folders in which an import is made ready.
// What a killed one left is removed by the next.
const stagePrefix = ".import-"

// newPlacing makes room in a folder, which it makes if it is not there. Its
// lock is the one of adapters/overlay: tilgate adapter add and its like keep
// away meanwhile.
func newPlacing(dir string) (*placing, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	unlock, err := lockFile(filepath.Join(dir, ".lock"), "another command is changing what is in "+dir)
	if err != nil {
		return nil, err
	}
	left, _ := filepath.Glob(filepath.Join(dir, stagePrefix+"*")) // the pattern is well formed
	for _, old := range left {
		_ = os.RemoveAll(old) // it harms nothing
	}
	stage, err := os.MkdirTemp(dir, stagePrefix+"*")
	if err != nil {
		unlock()
		return nil, err
	}
	return &placing{dir: dir, stage: stage, unlock: unlock}, nil
}

func (l *placing) close() {
	_ = os.RemoveAll(l.stage) // what stays, the next removes
	l.unlock()
}

func lockFile(path, taken string) (unlock func(), err error) {
	l := flock.New(path)
	if ok, err := l.TryLock(); err != nil {
		return nil, fmt.Errorf("locking %s: %w", path, err)
	} else if !ok {
		return nil, fault.Unavailable.Errorf("%s; try again when it is done", taken)
	}
	return func() { _ = l.Unlock() }, nil
}

// unpack writes a part into the stage, on disk when it returns.
func (l *placing) unpack(ctx context.Context, b *bundle.Bundle, part bundle.Part, name string) error {
	r, err := b.Unpack(ctx, part)
	if err != nil {
		return err
	}
	defer r.Close()
	to := filepath.Join(l.stage, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// commit moves what lies ready to its place. A folder takes the place of a
// whole folder, which is away for a moment. What root brings belongs to whom the
// folder belongs: the service, or Ollama.
func (l *placing) commit() error {
	for _, name := range l.moves {
		from, to := filepath.Join(l.stage, filepath.FromSlash(name)), filepath.Join(l.dir, filepath.FromSlash(name))
		made := missingOf(filepath.Dir(to))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := belong(l.dir, append(made, from)...); err != nil {
			return err
		}
		if info, err := os.Stat(to); err == nil && info.IsDir() {
			if err := os.Rename(to, from+".old"); err != nil {
				return err
			}
		}
		if err := os.Rename(from, to); err != nil {
			return err
		}
		if err := syncFolder(filepath.Dir(to)); err != nil {
			return err
		}
	}
	return nil
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// isHere reports whether a folder has a part already.
func isHere(path string, part bundle.Part) bool {
	sum, err := fileSHA256(path)
	return err == nil && sum == part.SHA256
}
