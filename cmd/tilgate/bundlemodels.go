package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tilgate/internal/bundle"
	"tilgate/internal/fault"
	"tilgate/serving/ollama"
)

const ggufEnd = ".gguf"

// modelIn finds the files of a model: one of Ollama's in its folder, or the
// GGUF file that arg is.
func modelIn(arg, folder string) (fileThing, error) {
	if strings.HasSuffix(arg, ggufEnd) {
		base := filepath.Base(arg)
		return fileThing{bundle.Model, strings.TrimSuffix(base, ggufEnd), map[string]string{base: arg}}, checkGGUF(arg)
	}
	s, err := ollama.FindStored(os.DirFS(folder), arg)
	if err != nil {
		return fileThing{}, fmt.Errorf("%s: %w", folder, err)
	}
	t := fileThing{bundle.Model, strings.NewReplacer("/", "-", ":", "-").Replace(s.Name), map[string]string{}}
	t.files[s.Manifest] = filepath.Join(folder, filepath.FromSlash(s.Manifest))
	for _, b := range s.Blobs {
		at := filepath.Join(folder, filepath.FromSlash(b.Path))
		info, err := os.Stat(at)
		if err != nil {
			return t, err
		}
		if info.Size() != b.Size {
			return t, fault.Invalid.Errorf("%s has %d bytes, and not the %d of its model: ollama pull %s", at, info.Size(), b.Size, s.Name)
		}
		t.files[b.Path] = at
	}
	return t, nil
}

func checkGGUF(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	magic := make([]byte, 4)
	if _, err := f.Read(magic); err != nil || string(magic) != "GGUF" {
		return fault.Invalid.Errorf("%s is no GGUF file", path)
	}
	return nil
}

// needsOf are the models that a place must have already, sorted.
func needsOf(names []string, folder string) (needs []bundle.Need) {
	for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
		n := bundle.Need{Model: name}
		if s, err := ollama.FindStored(os.DirFS(folder), name); err == nil {
			n.Digest = s.Digest
		}
		needs = append(needs, n)
	}
	return needs
}

// ollamaFolder is where Ollama keeps its models on this machine: its usual
// places, where one is there.
func ollamaFolder(given string, getenv func(string) string) (string, error) {
	if given != "" {
		return filepath.Abs(given)
	}
	if dir := getenv("OLLAMA_MODELS"); dir != "" {
		return filepath.Abs(dir)
	}
	homes := []string{"/usr/share/ollama/.ollama", "/var/lib/ollama"}
	if home := getenv("HOME"); home != "" {
		homes = append(homes, filepath.Join(home, ".ollama"))
	}
	for _, dir := range homes {
		if exists(dir) {
			return filepath.Join(dir, "models"), nil
		}
	}
	return "", fault.NotFound.Errorf("Ollama's folder of models was looked for in %s and is not there: install Ollama first, or say with --ollama-models where it is", join(homes))
}

// prepareModels makes models ready: those of Ollama's in its own folder, GGUF
// files in the folder models of the data.
func (i *importRun) prepareModels(ctx context.Context) error {
	if i.flags.withoutModels {
		return nil
	}
	var theirs, ours []thing
	for _, t := range thingsOf(i.bundle.Of(bundle.Model)) {
		if slices.ContainsFunc(t.Parts, func(p bundle.Part) bool { return ollama.IsManifest(p.File) }) {
			theirs = append(theirs, t)
		} else {
			ours = append(ours, t)
		}
	}
	if err := i.prepareModelsIn(ctx, filepath.Join(i.room.Data, "models"), ours, checkFiles); err != nil || len(theirs) == 0 {
		return err
	}
	dir, err := ollamaFolder(i.flags.ollamaModels, i.getenv)
	if err != nil {
		return err
	}
	return i.prepareModelsIn(ctx, dir, theirs, checkOllama)
}

func (i *importRun) prepareModelsIn(ctx context.Context, dir string, things []thing, check func(*placing, thing) error) error {
	if len(things) == 0 {
		return nil
	}
	place, err := newPlacing(dir)
	if err != nil {
		return err
	}
	i.folders, i.cleanup = append(i.folders, place), append(i.cleanup, place.close)
	for _, t := range things {
		err := i.prepareModel(ctx, place, t)
		if err == nil {
			err = check(place, t)
		}
		if err != nil {
			return fmt.Errorf("model %s: %w", t.Name, err)
		}
	}
	return nil
}

// prepareModel makes those files of a model ready that are not here. Parts are in
// the order of their names, so the manifest comes after the blobs: it says that
// the model is there.
func (i *importRun) prepareModel(ctx context.Context, l *placing, t thing) error {
	report := filesImported{Kind: t.Kind, Name: t.title(), Folder: l.dir, Changed: []string{}}
	for _, part := range t.Parts {
		if slices.Contains(l.moves, part.File) { // a licence, say, of two models
			continue
		}
		if isHere(filepath.Join(l.dir, filepath.FromSlash(part.File)), part) {
			report.Same++
			continue
		}
		if err := l.unpack(ctx, i.bundle, part, part.File); err != nil {
			return err
		}
		report.Changed = append(report.Changed, part.File)
		l.moves = append(l.moves, part.File)
	}
	i.report.Files = append(i.report.Files, report)
	return nil
}

// checkFiles wants one GGUF file.
func checkFiles(l *placing, t thing) error {
	if len(t.Parts) != 1 || !strings.HasSuffix(t.Parts[0].File, ggufEnd) || strings.Contains(t.Parts[0].File, "/") {
		return fault.Invalid.Errorf("the bundle holds neither a GGUF file for it nor a model of Ollama's")
	}
	path, err := l.find(t.Parts[0].File)
	if err != nil {
		return err
	}
	return checkGGUF(path)
}

// checkOllama wants nothing but what the manifest of a model names, and all of
// it there, whole, once the import is done.
func checkOllama(l *placing, t thing) error {
	manifest := t.Parts[len(t.Parts)-1]
	path, err := l.find(manifest.File)
	if err != nil {
		return err
	}
	s, err := ollama.StoredAt(os.DirFS(strings.TrimSuffix(path, filepath.FromSlash(manifest.File))), manifest.File)
	if err != nil {
		return err
	}
	named := map[string]bundle.Part{}
	for _, part := range t.Parts[:len(t.Parts)-1] {
		if !ollama.IsBlob(part.File, part.SHA256) {
			return fault.Invalid.Errorf("the bundle holds %s, which is no file of a model", part.File)
		}
		named[part.File] = part
	}
	for _, b := range s.Blobs {
		part, ok := named[b.Path]
		if !ok || part.SHA256 != b.SHA256 || part.Size != b.Size {
			return fault.Invalid.Errorf("the bundle lacks %s, which its manifest names", b.Path)
		}
		delete(named, b.Path)
	}
	for file := range named {
		return fault.Invalid.Errorf("the bundle holds %s, which its manifest does not name", file)
	}
	return nil
}

// find returns the path of a file that lies ready, or that is in its place.
func (l *placing) find(file string) (string, error) {
	for _, dir := range []string{l.stage, l.dir} {
		path := filepath.Join(dir, filepath.FromSlash(file))
		if _, err := os.Stat(path); err == nil || !errors.Is(err, fs.ErrNotExist) {
			return path, err
		}
	}
	return "", fault.NotFound.Errorf("there is no %s", file)
}

// A modelFound says of a model that a bundle carries or needs whether the model
// server has it.
type modelFound struct {
	Model string `json:"model"`
	Says  string `json:"says"`
	There bool   `json:"there"`
}

func (m modelFound) String() string { return fmt.Sprintf("model %s: %s", m.Model, m.Says) }

// lookForModels asks the model server about the models that a bundle needs.
func lookForModels(ctx context.Context, c Config, needs []bundle.Need) []modelFound {
	found := []modelFound{}
	servers := c.backends()
	for _, n := range needs {
		m := modelFound{Model: n.Model, Says: "it is needed, and no model server is configured"}
		for _, b := range servers {
			if m = lookForModel(ctx, b, n); m.There {
				break
			}
		}
		found = append(found, m)
	}
	return found
}

func lookForModel(ctx context.Context, b BackendConfig, n bundle.Need) modelFound {
	s := takeStock(ctx, b)
	held, there := s.find(n.Model)
	m := modelFound{Model: n.Model, There: there}
	switch {
	case s.err != nil:
		m.Says = fmt.Sprintf("it is needed, and %s could not be asked for it: %v", b.URL, s.err)
	case !there:
		m.Says = fmt.Sprintf("it is needed, and %s does not have it%s", b.URL, pull(b, n.Model))
	case n.Digest != "" && s.digests[held.Name] != "" && s.digests[held.Name] != n.Digest:
		m.Says = fmt.Sprintf("%s has another version of it: %.12s, not %.12s", b.URL, s.digests[held.Name], n.Digest)
	default:
		m.Says = "it is needed, and " + b.URL + " has it"
	}
	return m
}
