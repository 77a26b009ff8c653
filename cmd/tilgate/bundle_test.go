package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tilgate/adapters"
	"tilgate/internal/bundle"
	"tilgate/internal/sign"
	"tilgate/rag"
)

// A carriage is two sides without a network between: a centre that makes
// bundles of the knowledge base streets, and a district that trusts it.
type carriage struct {
	dir, centre, district, secret string
}

func newCarriage(t testing.TB) carriage {
	t.Helper()
	dir := t.TempDir()
	c := carriage{dir, filepath.Join(dir, "centre.toml"), filepath.Join(dir, "district.toml"), filepath.Join(dir, "centre.secret")}
	for name, text := range map[string]string{"centre": c.centre, "district": c.district} {
		writeFile(t, text, fmt.Sprintf("data = %q\nadapters = %q\n[ollama]\nurl = \"\"\n", filepath.Join(dir, name), filepath.Join(dir, name, "adapters")))
	}
	secret := sign.NewSecret()
	writeFile(t, c.secret, secret.String())
	c.well(t, "trust", "add", "centre", secret.Key().String(), "--for", "bundles", "--config", c.district)
	return c
}

func writeFile(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// well runs a command line that must be well.
func (c carriage) well(t testing.TB, args ...string) string {
	t.Helper()
	var out, errOut bytes.Buffer
	if code := run(t.Context(), args, noEnv, strings.NewReader(""), &out, &errOut); code != 0 {
		t.Fatalf("tilgate %v: %d, %s", args, code, errOut.String())
	}
	return out.String()
}

// ingest gives one side the first documents, of which each has one passage.
func (c carriage) ingest(t testing.TB, config string, documents int) {
	t.Helper()
	var b strings.Builder
	for i := range documents {
		row, err := json.Marshal(map[string]string{"id": fmt.Sprint("doc-", i), "lang": "ky", "title": fmt.Sprintf("%d-көчө", i),
			"text": fmt.Sprintf("Айылдын %d-көчөсүндөгү суу эсептегичи быйыл алмаштырылат.", i)})
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(row, '\n'))
	}
	docs := filepath.Join(c.dir, "docs.jsonl")
	writeFile(t, docs, b.String())
	c.well(t, "ingest", "--config", config, "--kb", "streets", docs)
}

func (c carriage) export(t testing.TB, args ...string) string {
	t.Helper()
	out := filepath.Join(c.dir, fmt.Sprintf("%d.tilgate", rand.Uint64()))
	c.well(t, append([]string{"bundle", "export", "--config", c.centre, "--secret", c.secret, "--kb", "streets", "--out", out}, args...)...)
	return out
}

// streets counts the documents that are searched on one side.
func streets(t testing.TB, data string) int {
	t.Helper()
	store, closeStore, err := openStore(t.Context(), Config{Data: data}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer closeStore()
	stored, err := store.For(rag.DefaultTenant).Stored(t.Context(), "streets")
	if err != nil {
		t.Fatal(err)
	}
	for key, s := range stored {
		if !s.Whole {
			t.Errorf("%s is not whole", key.Doc)
		}
	}
	return len(stored)
}

func bundledKyrgyz(t *testing.T) string {
	t.Helper()
	text, err := fs.ReadFile(adapters.BundledFiles(), "ky.toml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestBundleChanged: with any byte changed a bundle is refused, and nothing
// else is.
func TestBundleChanged(t *testing.T) {
	t.Parallel()
	c := newCarriage(t)
	c.ingest(t, c.centre, 20)
	c.ingest(t, c.district, 7)
	whole, err := os.ReadFile(c.export(t))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(c.dir, "changed.tilgate")
	for i := 0; i < len(whole); i += 1 + rand.IntN(len(whole)/40) {
		data := bytes.Clone(whole)
		data[i] ^= 1 << rand.IntN(8)
		writeFile(t, path, string(data))
		if code, _, errOut := tilgate(t, "bundle", "import", "--config", c.district, path); code != 1 || !strings.Contains(errOut, path) {
			t.Errorf("byte %d of %d changed: %d, %s", i, len(whole), code, errOut)
		}
	}
	if got := streets(t, filepath.Join(c.dir, "district")); got != 7 {
		t.Errorf("%d documents are searched, want the 7 that were there", got)
	}
}

// TestBundleKilled kills an import again and again. Each time the old state is
// searched, or the new one, and never a part of it; repeated, the import is
// done.
func TestBundleKilled(t *testing.T) {
	t.Parallel()
	c := newCarriage(t)
	c.ingest(t, c.centre, 600)
	texts := filepath.Join(c.dir, "texts")
	const mark = "Суранам, кыргызча гана"
	writeFile(t, filepath.Join(texts, "ky.toml"), strings.Replace(bundledKyrgyz(t), "\ninsist   = \"", "\ninsist   = \""+mark+". ", 1))
	c.ingest(t, c.district, 7)
	path := c.export(t, "--languages", texts)
	district, before := filepath.Join(c.dir, "district"), filepath.Join(c.dir, "before")
	if err := os.Rename(district, before); err != nil {
		t.Fatal(err)
	}
	imports := func() *exec.Cmd {
		cmd := exec.Command("tilgate", "bundle", "import", "--config", c.district, path)
		cmd.Path, _ = os.Executable()
		return cmd
	}
	var takes time.Duration
	old, done := 0, 0
	for i := range 8 {
		if err := errors.Join(os.RemoveAll(district), os.CopyFS(district, os.DirFS(before))); err != nil {
			t.Fatal(err)
		}
		cmd, start := imports(), time.Now()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if i > 0 { // the first shows how long it takes
			time.Sleep(time.Duration(rand.Int64N(int64(takes))))
			_ = cmd.Process.Kill()
		}
		err := cmd.Wait()
		if i == 0 && err != nil {
			t.Fatal(err)
		}
		takes = max(takes, time.Since(start))
		switch n := streets(t, district); n {
		case 7:
			old++
		case 600:
			done++
		default:
			t.Errorf("killed, %d documents are searched, want 7 or 600", n)
		}
		if text, err := os.ReadFile(filepath.Join(district, "adapters", "ky.toml")); err == nil && !strings.Contains(string(text), mark) {
			t.Error("a language file is there that is not whole")
		}
		if out, err := imports().CombinedOutput(); err != nil {
			t.Errorf("the import repeated: %v, %s", err, out)
		}
		if n := streets(t, district); n != 600 {
			t.Errorf("the import repeated: %d documents", n)
		}
		if left, _ := filepath.Glob(filepath.Join(district, "adapters", stagePrefix+"*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
	t.Logf("an import takes %v; the old state was searched %d times, the new one %d times", takes, old, done)
}

// TestBundleTwice: of two imports at once one is done, and the other says why
// it is not.
func TestBundleTwice(t *testing.T) {
	t.Parallel()
	c := newCarriage(t)
	c.ingest(t, c.centre, 20)
	path := c.export(t)
	unlock, err := Config{Data: filepath.Join(c.dir, "district")}.lockImports()
	if err != nil {
		t.Fatal(err)
	}
	if code, _, errOut := tilgate(t, "bundle", "import", "--config", c.district, path); code != 1 || !strings.Contains(errOut, "another import into") {
		t.Errorf("the second import: %d, %s", code, errOut)
	}
	unlock()
	c.well(t, "bundle", "import", "--config", c.district, path)
}

// TestBundleHostile: what a trusted signer could put into a folder of adapters
// is a language, and nothing else.
func TestBundleHostile(t *testing.T) {
	t.Parallel()
	c := newCarriage(t)
	secret, err := readSecret(c.secret)
	if err != nil {
		t.Fatal(err)
	}
	ky := bundledKyrgyz(t)
	for name, tt := range map[string]struct {
		files map[string]string
		says  string
	}{
		"a file that no language has": {map[string]string{"ky.toml": ky, "ky/run.sh": "rm"}, "which is no file of a language"},
		"another language's":          {map[string]string{"ky.toml": ky, "kk/glossary.tsv": "a\tb"}, "which is no file of a language"},
		"a verdict without weights":   {map[string]string{"ky.toml": ky, "ky/verdict.json": "{}"}, "which is no file of a language"},
		"about another language":      {map[string]string{"ky.toml": strings.Replace(ky, `"ky"`, `"kk"`, 1)}, "its language file is about kk"},
		"no language file":            {map[string]string{"ky/glossary.tsv": "a\tb"}, "the bundle has no ky.toml"},
		"a language file of nothing":  {map[string]string{"ky.toml": "tag = 7"}, "languages ky"},
		"a glossary of nothing":       {map[string]string{"ky.toml": ky, "ky/glossary.tsv": "one field"}, "glossary.tsv: line 1"},
	} {
		t.Run(name, func(t *testing.T) {
			var sources []bundle.Source
			for file, text := range tt.files {
				sources = append(sources, bundle.Source{Kind: bundle.Languages, Name: "ky", File: file,
					Fill: func(w io.Writer) (*bundle.Knowledge, error) { _, err := io.WriteString(w, text); return nil, err }})
			}
			path := filepath.Join(t.TempDir(), "x.tilgate")
			if _, err := bundle.Write(path, bundle.Head{Name: "x"}, secret, sources); err != nil {
				t.Fatal(err)
			}
			code, _, errOut := tilgate(t, "bundle", "import", "--config", c.district, path)
			if code != 1 || !strings.Contains(errOut, tt.says) || !strings.Contains(errOut, "nothing was changed") {
				t.Errorf("%d, %s, want %q", code, errOut, tt.says)
			}
			if left, _ := os.ReadDir(filepath.Join(c.dir, "district", "adapters")); slices.ContainsFunc(left, func(e os.DirEntry) bool { return e.Name() != ".lock" }) {
				t.Errorf("there are %v", left)
			}
		})
	}
}
