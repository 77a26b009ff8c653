package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tilgate/internal/wholefile"
)

// A made is the note, beside the configuration, of what setup has made. Each
// thing is noted before it is made: what a cut leaves undone is not there, and
// taking back what is not there harms nothing.
type made struct {
	Version string      `json:"version"`
	Done    bool        `json:"done"` // setup came to its end
	Things  []madeThing `json:"made"`
}

// A madeThing is a folder, a file, or a key.
type madeThing struct {
	Kind   string `json:"kind"`
	Path   string `json:"path"`             // of a key: its file
	Name   string `json:"name,omitempty"`   // of a key
	SHA256 string `json:"sha256,omitempty"` // of a file as it was written
	Before string `json:"before,omitempty"` // where the file is kept that was there
}

const (
	aFolder = "folder"
	aFile   = "file"
	aKey    = "key"
)

func madePath(config string) string { return config + ".setup" }

// readMade reads the note; it is empty if there is none.
func readMade(config string) (m made, err error) {
	text, err := os.ReadFile(madePath(config))
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil {
		return m, fmt.Errorf("%s, which notes what setup made, cannot be read: %w", madePath(config), err)
	}
	return m, nil
}

// A maker makes things, and notes each before it does.
type maker struct {
	made
	config string
	uid    int // that what the service writes belongs to; -1 leaves it
	gid    int
}

func (m *maker) save() error {
	sweep(madePath(m.config))
	_, err := wholefile.Write(madePath(m.config), func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(m.made)
	})
	return err
}

func (m *maker) note(t madeThing) error {
	if i := m.find(t); i >= 0 {
		m.Things[i] = t
	} else {
		m.Things = append(m.Things, t)
	}
	return m.save()
}

// sweep removes what a setup that was killed left of a file that it was writing.
func sweep(path string) {
	entries, _ := os.ReadDir(filepath.Dir(path)) // none if it cannot be read
	for _, e := range entries {
		if end, ok := strings.CutPrefix(e.Name(), "."+filepath.Base(path)+"-"); ok && strings.Trim(end, "0123456789") == "" {
			_ = os.Remove(filepath.Join(filepath.Dir(path), e.Name()))
		}
	}
}

// find returns which of the things that are noted is t; -1 if none is.
func (m *maker) find(t madeThing) int {
	return slices.IndexFunc(m.Things, func(old madeThing) bool { return old.Kind == t.Kind && old.Path == t.Path && old.Name == t.Name })
}

// home makes the folder of the configuration, in which the note lies: it can be
// noted only once it is there. So one that is empty counts as made by a setup
// that was cut off before it noted that.
func (m *maker) home() error {
	path := filepath.Dir(m.config)
	missing := missingOf(path)
	err := os.MkdirAll(path, 0o755)
	made := missing
	sweep(madePath(m.config))
	if list, wrong := os.ReadDir(path); wrong == nil && len(list) == 0 && len(made) == 0 {
		made = []string{path}
	}
	if err == nil {
		err = m.noteFolders(made)
	}
	if err != nil {
		err = errors.Join(err, removeEmpty(missing))
	}
	return err
}

// folder makes a folder and those above it.
func (m *maker) folder(path string, mode fs.FileMode) error {
	missing := missingOf(path)
	if len(missing) == 0 {
		return nil
	}
	if err := m.noteFolders(missing); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.Mkdir(path, mode)
}

// missingOf returns which of a folder and those above it are not there, the
// deepest first.
func missingOf(path string) (missing []string) {
	for ; !exists(path) && filepath.Dir(path) != path; path = filepath.Dir(path) {
		missing = append(missing, path)
	}
	return missing
}

func (m *maker) noteFolders(list []string) error {
	for _, dir := range slices.Backward(list) {
		if t := (madeThing{Kind: aFolder, Path: dir}); m.find(t) < 0 {
			m.Things = append(m.Things, t)
		}
	}
	return m.save()
}

func removeEmpty(list []string) (err error) {
	for _, dir := range list {
		if exists(dir) {
			err = errors.Join(err, os.Remove(dir))
		}
	}
	return err
}

// file writes a file that was planned, and keeps what is replaced.
func (m *maker) file(f *planned) error {
	if f.state == isSame {
		return nil
	}
	t := madeThing{Kind: aFile, Path: f.path, SHA256: sumOf([]byte(f.text))}
	if f.state == different {
		if err := m.replace(&t); err != nil {
			return err
		}
	}
	if err := m.note(t); err != nil {
		return err
	}
	sweep(f.path)
	_, err := wholefile.Write(f.path, func(w io.Writer) error {
		_, err := io.WriteString(w, f.text)
		return err
	})
	return err
}

// replace keeps the file that t will replace. One that an earlier setup wrote,
// and nobody changed, is not what was there before: undo takes it away too.
func (m *maker) replace(t *madeThing) error {
	text, err := os.ReadFile(t.Path)
	if err != nil {
		return err
	}
	kept, err := keepBefore(t.Path)
	if err != nil {
		return err
	}
	t.Before = kept
	i := m.find(*t)
	if i < 0 {
		return nil
	}
	old := m.Things[i]
	if old.Before != "" || old.SHA256 == sumOf(text) {
		t.Before = old.Before
	}
	if old.SHA256 == sumOf(text) {
		return m.note(madeThing{Kind: aFile, Path: kept, SHA256: old.SHA256})
	}
	return nil
}

func sumOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// keepBefore copies a file to a name beside it that nothing has.
func keepBefore(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	to := path + ".before-" + time.Now().UTC().Format("20060102T150405")
	for n := 2; exists(to); n++ {
		to = fmt.Sprintf("%s.before-%s-%d", path, time.Now().UTC().Format("20060102T150405"), n)
	}
	_, err = wholefile.Private(to, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
	if err == nil {
		err = os.Chmod(to, info.Mode().Perm())
	}
	return to, err
}
