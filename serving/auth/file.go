package auth

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/gofrs/flock"

	"tilgate/internal/fault"
	"tilgate/internal/wholefile"
)

// A File holds keys, as sections [[key]] of TOML. Commands change it while a
// service reads it: it is there whole or not at all.
type File struct{ Path string }

type contents struct {
	Keys []Key `toml:"key"`
}

// Read returns the keys of the file, none if it is not there. The error names
// every fault.
func (f File) Read() ([]Key, error) {
	text, err := os.ReadFile(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	list, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("reading keys %s: %w", f.Path, err)
	}
	return list, nil
}

func parse(text []byte) ([]Key, error) {
	var c contents
	meta, err := toml.Decode(string(text), &c)
	if err != nil {
		return nil, err
	}
	faults := Check(c.Keys)
	for _, key := range meta.Undecoded() {
		faults = append(faults, fmt.Errorf("%s: there is no such key", key))
	}
	return c.Keys, errors.Join(faults...)
}

// Change reads the keys, has them changed, and writes them, for its owner
// alone to read. Of two that change a file at the same time, one is told to
// wait.
func (f File) Change(change func([]Key) ([]Key, error)) error {
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o755); err != nil {
		return err
	}
	l := flock.New(f.Path + ".lock")
	if ok, err := l.TryLock(); err != nil {
		return fmt.Errorf("locking keys %s: %w", f.Path, err)
	} else if !ok {
		return fault.Unavailable.Errorf("another command is changing the keys in %s; try again when it is done", f.Path)
	}
	defer l.Unlock()
	list, err := f.Read()
	if err != nil {
		return err
	}
	if list, err = change(list); err != nil {
		return err
	}
	if err := errors.Join(Check(list)...); err != nil {
		return err
	}
	_, err = wholefile.Private(f.Path, func(w io.Writer) error { return write(w, list) })
	return err
}

func write(w io.Writer, list []Key) error {
	enc := toml.NewEncoder(w)
	enc.Indent = ""
	return enc.Encode(contents{list})
}

// Add adds a key, whose name neither the file nor others has.
func (f File) Add(key Key, others []Key) error {
	return f.Change(func(list []Key) ([]Key, error) {
		for _, k := range slices.Concat(others, list) {
			if k.Name == key.Name {
				return nil, fault.Invalid.Errorf("there is a key of %q already; choose another name, or rotate it", key.Name)
			}
		}
		return append(list, key), nil
	})
}

// Edit changes the key of that name, which must be in force.
func (f File) Edit(name string, change func(*Key) error) error {
	return f.Change(func(list []Key) ([]Key, error) {
		for i := range list {
			if list[i].Name != name {
				continue
			}
			if !list[i].Revoked.IsZero() {
				return nil, fault.Invalid.Errorf("the key of %q was revoked at %s", name, list[i].Revoked.Format(time.RFC3339))
			}
			return list, change(&list[i])
		}
		return nil, fault.NotFound.Errorf("there is no key of %q in %s; tilgate key list shows which there are", name, f.Path)
	})
}
