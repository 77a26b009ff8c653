package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"tilgate/adapters"
	"tilgate/evals/suites"
	"tilgate/internal/bundle"
	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

// A fileThing is what is carried as files: a language, or a suite.
type fileThing struct {
	kind  bundle.Kind
	name  string
	files map[string]string // as they are called in the bundle, and where they lie
}

func (t fileThing) sources() []bundle.Source {
	var list []bundle.Source
	for name, path := range t.files {
		list = append(list, bundle.Source{Kind: t.kind, Name: t.name, File: name, Fill: func(w io.Writer) (*bundle.Knowledge, error) {
			f, err := os.Open(path)
			if err != nil {
				return nil, err
			}
			defer f.Close()
			_, err = io.Copy(w, f)
			return nil, err
		}})
	}
	return list
}

// digest is thing.digest of what would be carried.
func (t fileThing) digest() (string, error) {
	var parts []bundle.Part
	for _, name := range slices.Sorted(maps.Keys(t.files)) {
		sum, err := fileSHA256(t.files[name])
		if err != nil {
			return "", err
		}
		parts = append(parts, bundle.Part{File: name, SHA256: sum})
	}
	return thing{Parts: parts}.digest(), nil
}

func fileSHA256(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), err
}

// The files that a language has beside its weights.
func languageFile(tag lang.Tag) string { return string(tag) + ".toml" }
func glossaryFile(tag lang.Tag) string { return path.Join(string(tag), "glossary.tsv") }
func verdictFile(tag lang.Tag) string  { return path.Join(string(tag), "verdict.json") }

// languagesIn finds the language files of a folder, none of which has weights.
func languagesIn(dir string) ([]fileThing, error) {
	if _, err := adapters.Load(adapters.Options{}, adapters.BundledFiles(), os.DirFS(dir)); err != nil {
		return nil, err
	}
	found, err := languageFilesOf(dir)
	if err == nil && len(found) == 0 {
		err = fault.NotFound.Errorf("there is no language file in it")
	}
	var list []fileThing
	for _, tag := range slices.Sorted(maps.Keys(found)) {
		if found[tag].adapter.Kind == adapters.LoRA {
			return nil, fault.Invalid.Errorf("%s has weights, which go with --adapter %[1]s", tag)
		}
		t := fileThing{bundle.Languages, string(tag), map[string]string{languageFile(tag): filepath.Join(dir, found[tag].name)}}
		t.addIfThere(dir, glossaryFile(tag))
		list = append(list, t)
	}
	return list, err
}

// addIfThere adds a file that a language may have.
func (t fileThing) addIfThere(dir, name string) {
	path := filepath.Join(dir, filepath.FromSlash(name))
	if _, err := os.Stat(path); err == nil {
		t.files[name] = path
	}
}

// A foundLanguage is a language file of a folder.
type foundLanguage struct {
	name    string // of the file
	adapter *adapters.Adapter
}

func languageFilesOf(dir string) (map[lang.Tag]foundLanguage, error) {
	names, err := fs.Glob(os.DirFS(dir), "*.toml")
	found := map[lang.Tag]foundLanguage{}
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		if a, _ := adapters.Parse(text); a != nil { // faults are found by adapters.Load
			found[a.Tag] = foundLanguage{name, a}
		}
	}
	return found, err
}

// weightedLanguage finds what belongs to a language that has weights.
func weightedLanguage(room adapterRoom, arg string) (fileThing, error) {
	a, err := room.weighted(arg)
	if err != nil {
		return fileThing{}, err
	}
	found, err := languageFilesOf(room.Adapters)
	if err != nil {
		return fileThing{}, err
	}
	t := fileThing{bundle.Adapter, string(a.Tag), map[string]string{languageFile(a.Tag): filepath.Join(room.Adapters, found[a.Tag].name)}}
	t.addIfThere(room.Adapters, glossaryFile(a.Tag))
	t.addIfThere(room.Adapters, verdictFile(a.Tag))
	if a.LoRA == nil {
		return t, nil
	}
	w, err := room.openWeights(a)
	if err != nil {
		return t, err
	}
	if w == nil {
		return t, fault.NotFound.Errorf("its weights %s are not there", room.weightsPath(a))
	}
	defer w.Close()
	if w.SHA256 != a.LoRA.SHA256 {
		return t, fault.Invalid.Errorf("its weights are not those that %s names", languageFile(a.Tag))
	}
	return t, t.addWeights(room.weightsPath(a), a)
}

// addWeights adds a GGUF file, or what a PEFT folder has of weights.
func (t fileThing) addWeights(at string, a *adapters.Adapter) error {
	if !strings.HasPrefix(path.Clean(a.LoRA.File), string(a.Tag)+"/") {
		return fault.Invalid.Errorf("its weights lie in %s; tilgate adapter add puts them into the language's own folder, and only from there they travel", a.LoRA.File)
	}
	info, err := os.Stat(at)
	if err != nil || !info.IsDir() {
		t.files[path.Clean(a.LoRA.File)] = at
		return err
	}
	for _, name := range []string{"adapter_config.json", "adapter_model.safetensors"} {
		t.files[path.Join(a.LoRA.File, name)] = filepath.Join(at, name)
	}
	return nil
}

// suiteIn finds the files of a suite, but hidden ones.
func suiteIn(dir string) (fileThing, error) {
	s, err := suites.Load(os.DirFS(dir))
	if err != nil {
		return fileThing{}, err
	}
	t := fileThing{bundle.Suite, s.Name, map[string]string{}}
	return t, filepath.WalkDir(dir, func(at string, d fs.DirEntry, err error) error {
		name, relErr := filepath.Rel(dir, at)
		if err = errors.Join(err, relErr); err != nil || name == "." {
			return err
		}
		if hidden := strings.HasPrefix(d.Name(), "."); hidden && d.IsDir() {
			return fs.SkipDir
		} else if hidden || !d.Type().IsRegular() {
			return nil
		}
		t.files[filepath.ToSlash(name)] = at
		return nil
	})
}
