package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tilgate/internal/bundle"
)

const manifestOfModel = "manifests/registry.ollama.ai/library/school/1b"

// storeModel puts a model into a folder as Ollama does.
func storeModel(t *testing.T, folder string, layers ...string) {
	t.Helper()
	type layer struct {
		Digest string `json:"digest"`
		Size   int    `json:"size"`
	}
	var m struct {
		Config layer   `json:"config"`
		Layers []layer `json:"layers"`
	}
	for _, text := range layers {
		m.Config = layer{fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(text))), len(text)}
		m.Layers = append(m.Layers, m.Config)
		writeFile(t, filepath.Join(folder, blobOf(text)), text)
	}
	text, err := json.Marshal(m)
	noFault(t, err)
	writeFile(t, filepath.Join(folder, manifestOfModel), string(text))
}

func blobOf(text string) string { return fmt.Sprintf("blobs/sha256-%x", sha256.Sum256([]byte(text))) }

// TestBundleModels carries a model of Ollama's and a GGUF file.
func TestBundleModels(t *testing.T) {
	c := newCarriage(t)
	from, to := filepath.Join(c.dir, "from"), filepath.Join(c.dir, "to")
	storeModel(t, from, "GGUF weights", "template", "licence")
	gguf := filepath.Join(c.dir, "small.gguf")
	writeFile(t, gguf, "GGUF small")
	out := filepath.Join(c.dir, "models.tilgate")
	export := func(out string, more ...string) string {
		return c.well(t, append([]string{"bundle", "export", "--config", c.centre, "--secret", c.secret, "--out", out,
			"--model", "school:1b", "--model", gguf, "--ollama-models", from, "--needs", "qwen3:8b"}, more...)...)
	}
	if said := export(out); !strings.Contains(said, "model     school:1b: 4 files") || !strings.Contains(said, "needs     qwen3:8b") {
		t.Errorf("%s", said)
	}
	in := []string{"bundle", "import", "--config", c.district, "--ollama-models", to, out}
	if said := c.well(t, append(in, "--dry-run")...); exists(filepath.Join(to, manifestOfModel)) || !strings.Contains(said, "model qwen3:8b: it is needed, and no model server is configured") {
		t.Errorf("%s", said)
	}
	c.well(t, in...)
	for _, file := range []string{manifestOfModel, blobOf("GGUF weights"), blobOf("template"), blobOf("licence")} {
		if sum, err := fileSHA256(filepath.Join(to, file)); err != nil {
			t.Error(err)
		} else if want, _ := fileSHA256(filepath.Join(from, file)); sum != want {
			t.Errorf("%s is another", file)
		}
	}
	if text, err := os.ReadFile(filepath.Join(c.dir, "district", "models", "small.gguf")); err != nil || string(text) != "GGUF small" {
		t.Errorf("%q, %v", text, err)
	}
	if said := c.well(t, in...); strings.Count(said, "as it was") != 2 {
		t.Errorf("once more: %s", said)
	}
	// Of a new version, only what is new is carried.
	storeModel(t, from, "GGUF weights, better", "template", "licence")
	next := filepath.Join(c.dir, "next.tilgate")
	if said := export(next, "--since", out); strings.Contains(said, "small") {
		t.Errorf("%s", said)
	}
	c.well(t, "bundle", "import", "--config", c.district, "--ollama-models", to, next)
	if !exists(filepath.Join(to, blobOf("GGUF weights, better"))) {
		t.Error("the new version has not come")
	}
	out = filepath.Join(c.dir, "left.tilgate")
	export(out)
	c.well(t, "bundle", "import", "--config", c.district, "--without-models", out)
}

// TestBundleModelsHostile: what is no model, or not all of one, comes nowhere.
func TestBundleModelsHostile(t *testing.T) {
	c := newCarriage(t)
	folder := filepath.Join(c.dir, "from")
	storeModel(t, folder, "GGUF weights", "template")
	manifest, err := os.ReadFile(filepath.Join(folder, manifestOfModel))
	noFault(t, err)
	good := map[string]string{manifestOfModel: string(manifest), blobOf("GGUF weights"): "GGUF weights", blobOf("template"): "template"}
	secret, err := readSecret(c.secret)
	noFault(t, err)
	for name, change := range map[string]func(files map[string]string){
		"a blob is lacking":          func(files map[string]string) { delete(files, blobOf("template")) },
		"a blob that nobody named":   func(files map[string]string) { files[blobOf("more")] = "more" },
		"a blob of another content":  func(files map[string]string) { files[blobOf("template")] = "another" },
		"a script":                   func(files map[string]string) { files["run.sh"] = "#!/bin/sh" },
		"a manifest that is no JSON": func(files map[string]string) { files[manifestOfModel] = "{" },
		"two manifests":              func(files map[string]string) { files[manifestOfModel+"2"] = string(manifest) },
		"a place that is none": func(files map[string]string) {
			files["manifests/x"] = files[manifestOfModel]
			delete(files, manifestOfModel)
		},
		"no GGUF": func(files map[string]string) { clear(files); files["x.gguf"] = "MZ" },
		"two files": func(files map[string]string) {
			clear(files)
			files["x.gguf"], files["y.gguf"] = "GGUF", "GGUF"
		},
		"deeper": func(files map[string]string) { clear(files); files["x/y.gguf"] = "GGUF" },
	} {
		files := map[string]string{}
		for k, v := range good {
			files[k] = v
		}
		change(files)
		var sources []bundle.Source
		for file, text := range files {
			sources = append(sources, bundle.Source{Kind: bundle.Model, Name: "school-1b", File: file, Fill: func(w io.Writer) (*bundle.Knowledge, error) {
				_, err := io.WriteString(w, text)
				return nil, err
			}})
		}
		path, to := filepath.Join(c.dir, "hostile.tilgate"), filepath.Join(t.TempDir(), "models")
		if _, err := bundle.Write(path, bundle.Head{Name: "x"}, secret, sources); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		code, out, errOut := tilgate(t, "bundle", "import", "--config", c.district, "--ollama-models", to, path)
		if code != 1 || !strings.Contains(errOut, "nothing was changed") {
			t.Errorf("%s: %d %s%s", name, code, out, errOut)
		}
		for _, dir := range []string{to, filepath.Join(c.dir, "district", "models")} {
			left, _ := os.ReadDir(dir)
			if left = slices.DeleteFunc(left, func(e os.DirEntry) bool { return e.Name() == ".lock" }); len(left) > 0 {
				t.Errorf("%s leaves %v", name, left)
			}
		}
	}
}
