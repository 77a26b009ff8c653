// Package overlay changes an operator's folder of adapters, over which a
// service may be running.
//
// A language file decides what is served, so it is written last, by a rename:
// until then nothing has changed, whether the disk was full or the process was
// killed, and from then on all that the file names lies on disk. A service
// sees the new file by itself (adapters.Live). What a killed process leaves is
// a folder .add-…, which nothing reads and the next Add clears.
package overlay

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/gofrs/flock"

	"tilgate/adapters"
	"tilgate/adapters/lora"
	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

// A Folder is one of language files, over those that come with Tilgate.
type Folder struct {
	Dir     string
	Options adapters.Options
}

// A Change makes an adapter of a language file, whose texts stay.
type Change struct {
	Kind  adapters.Kind
	Model string
	Gate  adapters.Gate

	// Of kind lora:
	Path    string        // of the weights to copy
	Weights *lora.Weights // the same, read and checked
	Licence string        // empty means what the weights say
	Scale   float64
}

// Add puts weights into the folder and the adapter into force. It returns the
// adapter and the path of its language file.
func (f Folder) Add(tag lang.Tag, c Change) (added *adapters.Adapter, file string, err error) {
	unlock, err := f.lock()
	if err != nil {
		return nil, "", err
	}
	defer unlock()
	src, err := f.source(tag)
	if err != nil {
		return nil, "", err
	}
	stage, err := os.MkdirTemp(f.Dir, stagePrefix+"*")
	if err != nil {
		return nil, "", err
	}
	defer os.RemoveAll(stage)
	a := src.adapter
	a.Kind, a.Model, a.Gate, a.LoRA = c.Kind, c.Model, c.Gate, nil
	copied := filepath.Join(stage, "weights")
	if c.Kind == adapters.LoRA {
		if a.LoRA, err = c.weights(copied); err != nil {
			return nil, "", err
		}
		a.LoRA.File = path.Join(string(tag), weightsName(&a, c.Weights.Format))
	}
	staged, file := filepath.Join(stage, src.name), filepath.Join(f.Dir, src.name)
	if err := f.writeFile(staged, src.text, &a); err != nil {
		return nil, "", err
	}
	// What would keep a service from taking the file is found before it is there.
	if _, err := adapters.Load(f.Options, adapters.BundledFiles(), os.DirFS(f.Dir), os.DirFS(stage)); err != nil {
		return nil, "", err
	}
	if c.Kind == adapters.LoRA {
		if err := f.place(copied, a.LoRA); err != nil {
			return nil, "", fmt.Errorf("putting the weights in place: %w", err)
		}
	}
	return &a, file, rename(staged, file)
}

// writeFile writes the language file of a.
func (f Folder) writeFile(path string, text []byte, a *adapters.Adapter) error {
	text, err := edit(text, a)
	if err != nil {
		return err
	}
	return write(path, text)
}

// weights copies them and says what is copied.
func (c Change) weights(to string) (*adapters.Weights, error) {
	w := &adapters.Weights{SHA256: c.Weights.SHA256, Licence: c.Licence, Scale: c.Scale}
	if w.Licence == "" {
		w.Licence = c.Weights.Licence
	}
	if strings.TrimSpace(w.Licence) == "" {
		return nil, fault.Invalid.Errorf("%s does not say under which licence it may be used; say it, such as Apache-2.0", c.Path)
	}
	if err := copyWeights(to, c.Path); err != nil {
		return nil, fmt.Errorf("copying the weights: %w", err)
	}
	return w, holds(to, w.SHA256)
}

// holds reads weights again, as they lie on disk.
func holds(path, sha256 string) error {
	w, err := lora.Open(path)
	if err != nil {
		return err
	}
	defer w.Close()
	if w.SHA256 != sha256 {
		return fault.Invalid.Errorf("the weights were changed while they were copied; try again")
	}
	return nil
}

// weightsName is that of the model on a server, since llama.cpp knows a LoRA
// by its file.
func weightsName(a *adapters.Adapter, format string) string {
	if format == "peft" {
		return a.ServedName()
	}
	return a.ServedName() + ".gguf"
}

// place moves copied weights to where the language file will name them.
func (f Folder) place(copied string, w *adapters.Weights) error {
	to := filepath.Join(f.Dir, filepath.FromSlash(w.File))
	if holds(to, w.SHA256) == nil {
		return nil // added before; a server may be reading them
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if err := os.RemoveAll(to); err != nil { // a PEFT folder is not replaced by a rename
		return err
	}
	return rename(copied, to)
}

// Remove puts an adapter's weights out of force and removes them: the bundled
// language file is in force again. A file whose texts are the operator's own
// is kept, as one without weights. What a killed Remove left is removed too.
func (f Folder) Remove(tag lang.Tag) (kept bool, err error) {
	unlock, err := f.lock()
	if err != nil {
		return false, err
	}
	defer unlock()
	src, err := f.source(tag)
	if err != nil {
		return false, err
	}
	if !src.own || src.adapter.Kind == adapters.PromptOnly {
		return src.own, f.clean(tag)
	}
	a := src.adapter
	if a.Kind == adapters.FullModel {
		a.Model = ""
	}
	a.Kind, a.Gate, a.LoRA = adapters.PromptOnly, adapters.Open, nil
	target := filepath.Join(f.Dir, src.name)
	if bundled, err := find(adapters.BundledFiles(), tag); err == nil && sameTexts(a, bundled.adapter) {
		if err := errors.Join(os.Remove(target), syncDir(f.Dir)); err != nil {
			return false, err
		}
		return false, f.clean(tag)
	}
	stage, err := os.MkdirTemp(f.Dir, stagePrefix+"*")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(stage)
	file := filepath.Join(stage, src.name)
	if err := f.writeFile(file, src.text, &a); err != nil {
		return false, err
	}
	if err := rename(file, target); err != nil {
		return false, err
	}
	return true, f.clean(tag)
}

// clean removes what belonged to the weights of a language, and nothing else
// that its folder may hold.
func (f Folder) clean(tag lang.Tag) error {
	dir := filepath.Join(f.Dir, string(tag))
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == verdictFile || strings.HasPrefix(e.Name(), "tilgate-") || strings.HasPrefix(e.Name(), ".gguf-") {
			if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	_ = os.Remove(dir) // refused while there is something in it
	return syncDir(f.Dir)
}

const verdictFile = "verdict.json"

// PutVerdict writes the gate's file about a language's weights.
func (f Folder) PutVerdict(tag lang.Tag, data []byte) (string, error) {
	unlock, err := f.lock()
	if err != nil {
		return "", err
	}
	defer unlock()
	stage, err := os.MkdirTemp(f.Dir, stagePrefix+"*")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(stage)
	file, target := filepath.Join(stage, verdictFile), filepath.Join(f.Dir, string(tag), verdictFile)
	if err := write(file, data); err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return "", err
	}
	return target, rename(file, target)
}

// stagePrefix begins the names of folders in which changes are made ready.
const stagePrefix = ".add-"

// lock keeps changes apart, and clears what a killed one has left.
func (f Folder) lock() (unlock func(), err error) {
	if err := os.MkdirAll(f.Dir, 0o755); err != nil {
		return nil, err
	}
	l := flock.New(filepath.Join(f.Dir, ".lock"))
	if ok, err := l.TryLock(); err != nil {
		return nil, fmt.Errorf("locking the folder of adapters: %w", err)
	} else if !ok {
		return nil, fault.Unavailable.Errorf("another command is changing the adapters in %s; try again when it is done", f.Dir)
	}
	left, _ := filepath.Glob(filepath.Join(f.Dir, stagePrefix+"*")) // the pattern is well formed
	for _, dir := range left {
		_ = os.RemoveAll(dir) // it harms nothing
	}
	return func() { _ = l.Unlock() }, nil
}

// A source is a language file in force.
type source struct {
	name    string
	text    []byte
	own     bool // the operator's, not bundled
	adapter adapters.Adapter
}

// source returns the language file in force for exactly this tag.
func (f Folder) source(tag lang.Tag) (source, error) {
	s, err := find(os.DirFS(f.Dir), tag)
	s.own = true
	if errors.Is(err, fs.ErrNotExist) {
		s, err = find(adapters.BundledFiles(), tag)
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = fault.NotFound.Errorf("no language file describes %s; write %s first, after one of tilgate lang show", tag, filepath.Join(f.Dir, string(tag)+".toml"))
	}
	return s, err
}

// find looks for the file about a language. Faulty files about others are not
// looked at.
func find(dir fs.FS, tag lang.Tag) (source, error) {
	names, err := fs.Glob(dir, "*.toml")
	if err != nil {
		return source{}, err
	}
	for _, name := range names {
		text, err := fs.ReadFile(dir, name)
		if err != nil {
			return source{}, err
		}
		a, faults := adapters.Parse(text)
		if a == nil || a.Tag != tag {
			if a == nil && name == string(tag)+".toml" {
				return source{}, fmt.Errorf("reading %s: %w", name, errors.Join(faults...))
			}
			continue
		}
		if len(faults) > 0 {
			return source{}, fmt.Errorf("reading %s: %w", name, errors.Join(faults...))
		}
		return source{name: name, text: text, adapter: *a}, nil
	}
	return source{}, fs.ErrNotExist
}

// sameTexts reports whether two adapters without weights say the same.
func sameTexts(a, b adapters.Adapter) bool {
	a.Model, b.Model = "", ""
	return reflect.DeepEqual(a, b)
}
