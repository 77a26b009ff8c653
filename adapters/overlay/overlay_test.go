package overlay

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"tilgate/adapters"
	"tilgate/adapters/lora"
	"tilgate/internal/fault"
)

// writeLoRA writes a LoRA of one pair, and returns it read.
func writeLoRA(t *testing.T, path string, seed byte) *lora.Weights {
	t.Helper()
	if err := os.WriteFile(path, tinyLoRA(t, seed), 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := lora.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

func change(t *testing.T, seed byte) Change {
	t.Helper()
	path := filepath.Join(t.TempDir(), "lora.gguf")
	return Change{Kind: adapters.LoRA, Model: "qwen2.5:7b", Gate: adapters.Required, Path: path, Weights: writeLoRA(t, path, seed), Licence: "a \"licence\"\nof two lines"}
}

// files are those in a folder, but for the lock.
func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if rel, _ := filepath.Rel(dir, path); err == nil && rel != "." && rel != ".lock" {
			names = append(names, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func load(t *testing.T, dir string) *adapters.Adapter {
	t.Helper()
	set, err := adapters.Load(adapters.Options{}, adapters.BundledFiles(), os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	a, _ := set.For("ky")
	return a
}

func TestAddAndRemove(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "adapters") // made by the first add
	f := Folder{Dir: dir}
	bundled, err := find(adapters.BundledFiles(), "ky")
	if err != nil {
		t.Fatal(err)
	}
	c := change(t, 1)
	a, file, err := f.Add("ky", c)
	if err != nil {
		t.Fatal(err)
	}
	got := load(t, dir)
	a.Digest = got.Digest // of the file, which Add has written and not read
	if !reflect.DeepEqual(got, a) || got.Kind != adapters.LoRA || got.Model != c.Model || got.Gate != adapters.Required || got.LoRA.Licence != c.Licence || got.System != bundled.adapter.System {
		t.Errorf("loaded %+v, added %+v", got, a)
	}
	if err := holds(filepath.Join(dir, got.LoRA.File), c.Weights.SHA256); err != nil || filepath.Base(got.LoRA.File) != got.ServedName()+".gguf" {
		t.Errorf("%s: %v", got.LoRA.File, err)
	}
	// What the linguist wrote is still as it was written.
	text, err := os.ReadFile(file)
	if err != nil || !bytes.Contains(text, []byte("system = \"\"\"\n")) || !bytes.Contains(text, []byte("not_found  = ")) {
		t.Errorf("%s, %v", text, err)
	}

	// Again is the same; other weights take their place beside the old ones.
	before := files(t, dir)
	if _, _, err := f.Add("ky", c); err != nil || !reflect.DeepEqual(files(t, dir), before) {
		t.Errorf("%v: %v", files(t, dir), err)
	}
	if _, _, err := f.Add("ky", change(t, 2)); err != nil || len(files(t, dir)) != len(before)+1 {
		t.Errorf("%v: %v", files(t, dir), err)
	}
	if path, err := f.PutVerdict("ky", []byte("{}")); err != nil || path != filepath.Join(dir, "ky", "verdict.json") {
		t.Errorf("%s, %v", path, err)
	}
	if kept, err := f.Remove("ky"); kept || err != nil || len(files(t, dir)) != 0 {
		t.Errorf("kept %v, %v: %v", kept, files(t, dir), err)
	}
	if got := load(t, dir); got.Kind != adapters.PromptOnly {
		t.Errorf("%+v", got)
	}
}

// An operator's own texts and glossary outlive the weights.
func TestOwnTextsStay(t *testing.T) {
	f := Folder{Dir: t.TempDir()}
	bundled, err := find(adapters.BundledFiles(), "ky")
	if err != nil {
		t.Fatal(err)
	}
	own := "# ours\n" + strings.Replace(string(bundled.text), "kind     = \"prompt_only\"", "kind = 'full_model' # for now\nmodel = \"m\"", 1)
	own = strings.Replace(own, "\nСиз калкты", "\nkind = эмес\nСиз биздин калкты", 1)
	for name, text := range map[string]string{"kyrgyz.toml": own, "ky/glossary.tsv": "a\tb\n"} {
		path := filepath.Join(f.Dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if _, file, err := f.Add("ky", change(t, 1)); err != nil || filepath.Base(file) != "kyrgyz.toml" {
		t.Fatalf("%s, %v", file, err)
	}
	kept, err := f.Remove("ky")
	text, readErr := os.ReadFile(filepath.Join(f.Dir, "kyrgyz.toml"))
	if !kept || err != nil || readErr != nil || !bytes.HasPrefix(text, []byte("# ours\n")) || !bytes.Contains(text, []byte("\nkind = эмес\nСиз биздин")) {
		t.Errorf("kept %v, %v, %v\n%s", kept, err, readErr, text)
	}
	if a := load(t, f.Dir); a.Kind != adapters.PromptOnly || a.LoRA != nil || len(a.Glossary.Terms) != 1 {
		t.Errorf("%+v", a)
	}
	if kept, err := f.Remove("ky"); !kept || err != nil {
		t.Errorf("again: %v, %v", kept, err)
	}
}

// A file that is written in ways edit does not know is written anew.
func TestEditAnew(t *testing.T) {
	bundled, err := find(adapters.BundledFiles(), "ky")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(bundled.text), "kind     =", `"kind" =`, 1)
	a := bundled.adapter
	a.Kind, a.Model = adapters.FullModel, "m"
	edited, err := edit([]byte(text), &a)
	got, faults := adapters.Parse(edited)
	if err != nil || len(faults) > 0 || !reflect.DeepEqual(got, &a) {
		t.Errorf("%v, %v\n%s", err, faults, edited)
	}
}

// Whatever goes wrong, the folder is as it was.
func TestNothingHalfApplied(t *testing.T) {
	f := Folder{Dir: t.TempDir()}
	if _, _, err := f.Add("ky", change(t, 1)); err != nil {
		t.Fatal(err)
	}
	before, adapter := files(t, f.Dir), load(t, f.Dir)
	unlicensed, changed, named := change(t, 2), change(t, 3), change(t, 4)
	unlicensed.Licence = " "
	if err := os.WriteFile(changed.Path, tinyLoRA(t, 5), 0o600); err != nil {
		t.Fatal(err)
	}
	named.Model = "qwen:ky"
	for says, c := range map[string]Change{"licence": unlicensed, "changed while": changed, "would also mean": named} {
		if _, _, err := f.Add("ky", c); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
	if _, _, err := f.Add("de", change(t, 2)); !fault.NotFound.Is(err) {
		t.Errorf("%v", err)
	}
	// Where the weights should go there is a file: as far as a full disk comes.
	other := Folder{Dir: t.TempDir()}
	if err := os.WriteFile(filepath.Join(other.Dir, "ky"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := other.Add("ky", change(t, 1)); err == nil || len(files(t, other.Dir)) != 1 {
		t.Errorf("%v: %v", files(t, other.Dir), err)
	}
	if !reflect.DeepEqual(files(t, f.Dir), before) || !reflect.DeepEqual(load(t, f.Dir), adapter) {
		t.Errorf("%q, had %q", files(t, f.Dir), before)
	}
	// What a killed one left is not read, and cleared.
	left := filepath.Join(f.Dir, stagePrefix+"1")
	if err := errors.Join(os.Mkdir(left, 0o755), os.WriteFile(filepath.Join(left, "ky.toml"), []byte("tag ="), 0o600)); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(load(t, f.Dir), adapter) {
		t.Error("what a killed command left is read")
	}
	if _, err := f.PutVerdict("ky", []byte("{}")); err != nil || len(files(t, f.Dir)) != len(before)+1 {
		t.Errorf("%q, %v", files(t, f.Dir), err)
	}
	// Two at once: the second is told.
	unlock, err := f.lock()
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.Add("ky", change(t, 2)); !fault.Unavailable.Is(err) {
		t.Errorf("%v", err)
	}
	unlock()
}

func FuzzEdit(f *testing.F) {
	bundled, err := find(adapters.BundledFiles(), "ky")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(bundled.text), "m")
	f.Add(strings.Replace(string(bundled.text), "kind     = \"prompt_only\"", "kind=\"lora\"\nmodel='''a\nkind'''\nlora = {file='x',sha256='"+strings.Repeat("a", 64)+"',licence=\"\"\"l\"\"\"}", 1), "a\"b\\\x01")
	f.Fuzz(func(t *testing.T, text, model string) {
		a, faults := adapters.Parse([]byte(text))
		if a == nil || len(faults) > 0 || strings.TrimSpace(model) == "" {
			return
		}
		a.Kind, a.Model, a.LoRA, a.Gate = adapters.FullModel, model, nil, adapters.Open
		edited, err := edit([]byte(text), a)
		if err != nil {
			return
		}
		if got, faults := adapters.Parse(edited); len(faults) > 0 || got.Kind != adapters.FullModel || got.System != a.System {
			t.Errorf("%q became %q: %v", text, edited, faults)
		}
	})
}
