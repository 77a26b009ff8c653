package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"tilgate/rag"
)

const (
	killDocs = 1000
	kills    = 4
)

// TestKilledIngest kills the program while it ingests, again and again. In
// the end each document is stored once and whole.
func TestKilledIngest(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	want := writeCorpus(t, filepath.Join(dir, "docs.jsonl"))
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	died := 0
	for range kills {
		cmd := ingestProcess(t, dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, "data", "LOCK")); err != nil {
			waitFor(t, filepath.Join(dir, "data", "LOCK")) // the first time, so that it has begun
		}
		time.Sleep(time.Duration(100+rng.IntN(700)) * time.Millisecond)
		_ = cmd.Process.Kill()
		if err := cmd.Wait(); err != nil {
			died++
		}
	}
	t.Logf("%d of %d runs were killed before their end", died, kills)
	out, err := ingestProcess(t, dir).Output()
	if err != nil {
		t.Fatalf("the last run: %v, %s", err, out)
	}
	var report jobResult
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatal(err)
	}
	if n := report.Added + report.Changed + report.Unchanged; n != killDocs {
		t.Errorf("the last run saw %d documents, want %d: %+v", n, killDocs, report)
	}
	checkStored(t, filepath.Join(dir, "data"), want)
	checkFound(t, filepath.Join(dir, "tilgate.toml"))
}

// writeCorpus writes documents of one to three passages, and returns how many
// passages each has.
func writeCorpus(t *testing.T, path string) map[string]int {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	passages := map[string]int{}
	enc := json.NewEncoder(f)
	for i := range killDocs {
		text := ""
		for j := range 2 + 7*(i%3) {
			text += fmt.Sprintf("Айылдын %d-көчөсүндөгү %d-үйдүн суу эсептегичи быйыл алмаштырылат. ", i, j)
		}
		row := map[string]string{"id": fmt.Sprint("doc-", i), "title": fmt.Sprintf("%d-көчө", i), "text": text, "lang": "ky"}
		if err := enc.Encode(row); err != nil {
			t.Fatal(err)
		}
		passages[row["id"]] = len(rag.Split(rag.Document{ID: row["id"], Title: row["title"], Text: text, Lang: "ky"}))
	}
	config := fmt.Sprintf("data = %q\n[ollama]\nurl = \"\"\n", filepath.Join(filepath.Dir(path), "data"))
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "tilgate.toml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return passages
}

func ingestProcess(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("tilgate", "ingest", "--config", "tilgate.toml", "--kb", "streets", "--json", "docs.jsonl")
	cmd.Path, cmd.Dir = self, dir
	return cmd
}

func waitFor(t *testing.T, path string) {
	t.Helper()
	for range 1000 {
		if _, err := os.Stat(path); err == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s does not come", path)
}

// checkStored reads what the index holds.
func checkStored(t *testing.T, data string, want map[string]int) {
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
	if len(stored) != len(want) {
		t.Errorf("%d documents are stored, want %d", len(stored), len(want))
	}
	for key, s := range stored {
		if !s.Whole || s.Passages != want[key.Doc] || s.Hash == "" {
			t.Errorf("%s: %+v, want %d passages, whole", key.Doc, s, want[key.Doc])
		}
	}
}

// checkFound searches for one document, which must be found once.
func checkFound(t *testing.T, config string) {
	t.Helper()
	code, out, errOut := tilgate(t, "search", "--config", config, "--lang", "ky", "--k", "20", "--json", "Айылдын 789-көчөсүндөгү суу эсептегичи")
	if code != 0 {
		t.Fatalf("search: %d %s", code, errOut)
	}
	var found searchResult
	if err := json.Unmarshal([]byte(out), &found); err != nil {
		t.Fatal(err)
	}
	times := map[string]int{}
	for _, p := range found.Passages {
		times[p.Document+p.Text]++
		if times[p.Document+p.Text] > 1 {
			t.Errorf("%s is found twice", p.Document)
		}
	}
	if len(found.Passages) == 0 || found.Passages[0].Document != "doc-789" {
		t.Errorf("found %+v", found.Passages)
	}
}
