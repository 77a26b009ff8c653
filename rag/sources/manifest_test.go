package sources

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"tilgate/internal/lang"
)

const manifest = `
name = "health"
tenant = "moh"
title = "Ден соолук"
site = "kg"
languages = ["kir", "ru"]
licence = "CC-BY-4.0"
every = "24h"
keep = 3
max_removed = 0.5

[check]
questions = "questions.jsonl"
max_drop = 1.5

[[source]]
path = "docs"
include = ["**/*.pdf", "*.docx"]
lang = "ky"
sector = "health"
base = "https://moh.example/docs/"

[[source]]
site = "https://moh.example/ky/"
depth = 5
rate = 2.0

[[source]]
path = "corpus.jsonl"
[source.fields]
text = "content"
lang = "language"
domains = ["health"]
`

func TestManifest(t *testing.T) {
	file := filepath.Join(t.TempDir(), "health.toml")
	if err := os.WriteFile(file, []byte(manifest), 0o644); err != nil {
		t.Fatal(err)
	}
	m, err := ReadManifest(file)
	if err != nil {
		t.Fatal(err)
	}
	if m.Name != "health" || !reflect.DeepEqual(m.Languages, []lang.Tag{"ky", "ru"}) || time.Duration(m.Every) != 24*time.Hour ||
		len(m.Sources) != 3 || m.Sources[2].Fields.Text != "content" || *m.Check.MaxDrop != 1.5 {
		t.Errorf("%+v", m)
	}
	if got, want := m.Place("docs"), filepath.Join(filepath.Dir(file), "docs"); got != want {
		t.Errorf("docs lie in %s, want %s", got, want)
	}
	if got := m.Sources[0].published("буйрук 5.pdf"); got != "https://moh.example/docs/%D0%B1%D1%83%D0%B9%D1%80%D1%83%D0%BA%205.pdf" {
		t.Errorf("published at %s", got)
	}
}

// TestManifestFaults: all faults are told at once.
func TestManifestFaults(t *testing.T) {
	_, err := parse([]byte(`
nam = "x"
tenant = "МоН"
languages = ["кыргызча"]
keep = -1
max_removed = 3.0
[split]
letters = 5
[[source]]
[[source]]
path = "a"
site = "b"
[[source]]
path = "a"
rate = 1.0
include = ["[a"]
[[source]]
site = "ftp://a.example"
lang = "??"
`), "")
	if err == nil {
		t.Fatal("no fault is told")
	}
	for _, want := range []string{"nam: there is no such key", "name: name the knowledge base", "tenant:", "languages:", "keep is -1", "max_removed is 3",
		"split.letters is 5", "source 1: name a path or a site", "source 2: name a path or a site", "source 3: depth, pages, rate", `"[a" is not a pattern`,
		`source 4: site: "ftp://a.example" is not a URL`, "source 4: lang:"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q:\n%v", want, err)
		}
	}
	if _, err := parse([]byte("name = \"x\"\nevery = \"daily\"\n[[source]]\npath = \"a\""), ""); err == nil || !strings.Contains(err.Error(), "not a length of time") {
		t.Errorf("%v", err)
	}
	if _, err := parse([]byte("name = \"x\""), ""); err == nil || !strings.Contains(err.Error(), "[[source]]: there is none") {
		t.Errorf("%v", err)
	}
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(manifest))
	f.Add([]byte("[[source]]\npath = 5"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := parse(data, "")
		if err == nil && (m.Name == "" || len(m.Sources) == 0) {
			t.Errorf("%+v", m)
		}
	})
}
