package ollama_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tilgate/adapters/push"
	"tilgate/internal/fault"
	"tilgate/serving/ollama"
	"tilgate/serving/ollama/ollamatest"
)

func loraFile(t *testing.T, l ollamatest.TinyLoRA) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "lora.gguf")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := ollamatest.WriteTinyLoRA(f, l); err != nil {
		t.Fatal(err)
	}
	return path
}

// models are the names on the server.
func models(t *testing.T, c *ollama.Client) string {
	t.Helper()
	list, err := c.Models(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range list {
		names = append(names, m.Name)
	}
	slices.Sort(names) // models of one moment are listed in either order
	return strings.Join(names, " ")
}

func TestRealServe(t *testing.T) {
	c, s := realClient(t)
	var steps []string
	p := push.Plan{Name: "ky1", Base: "tiny", Path: loraFile(t, ollamatest.TinyLoRA{Seed: 1}), Progress: func(s string) { steps = append(steps, s) }}
	prove := func(name string) error {
		if name != p.Trial() || strings.Contains(models(t, c), "ky1:") {
			t.Errorf("proved as %s beside %s", name, models(t, c))
		}
		e, err := push.Probe(t.Context(), c, "tiny", name, []string{"Салам!", "Кайда?"})
		t.Log(e)
		return err
	}
	if err := c.Serve(t.Context(), p, prove); err != nil {
		t.Fatal(err)
	}
	if got := models(t, c); got != "ky1:latest tiny:latest" {
		t.Errorf("the server has %s", got)
	}
	// What was loaded to be proved is what answers: no second load.
	if ps, err := s.API.ListRunning(t.Context()); err != nil || len(ps.Models) != 1 {
		t.Errorf("loaded are %+v, %v", ps, err)
	}
	if _, last, err := gather(c.Chat(t.Context(), ask("ky1", "Кайда?"))); err != nil || last.Usage == nil {
		t.Errorf("%+v, %v", last, err)
	}

	// Weights that are there are not sent again.
	steps = nil
	if err := c.Serve(t.Context(), p, prove2(nil)); err != nil || strings.Contains(strings.Join(steps, "\n"), "sending") {
		t.Errorf("%q, %v", steps, err)
	}
	m, err := c.Describe(t.Context(), "ky1")
	if err != nil || m.Engine != push.Ollama || len(m.Digest) != 64 || m.Info["general.architecture"] != "llama" {
		t.Errorf("%+v, %v", m, err)
	}
	for range 2 {
		if err := c.Drop(t.Context(), "ky1"); err != nil || models(t, c) != "tiny:latest" {
			t.Errorf("dropped: %v; the server has %s", err, models(t, c))
		}
	}
	if _, err := c.Describe(t.Context(), "ky1"); !fault.NotFound.Is(err) || !strings.Contains(err.Error(), "ollama pull") {
		t.Errorf("%v", err)
	}
}

func prove2(err error) func(string) error { return func(string) error { return err } }

// Whatever goes wrong, the server has what it had.
func TestRealServeFaults(t *testing.T) {
	c, _ := realClient(t)
	good := loraFile(t, ollamatest.TinyLoRA{Seed: 1})
	serve := func(name, path string, prove func(string) error) error {
		return c.Serve(t.Context(), push.Plan{Name: name, Base: "tiny", Path: path, Progress: func(string) {}}, prove)
	}
	if err := serve("ky1", good, prove2(nil)); err != nil {
		t.Fatal(err)
	}
	before := models(t, c)
	unproved := errors.New("unproved")
	if err := serve("ky2", good, prove2(unproved)); !errors.Is(err, unproved) {
		t.Errorf("%v", err)
	}
	// Ollama creates these, and fails at the first load.
	for name, l := range map[string]ollamatest.TinyLoRA{"wide": {Width: 128}, "arch": {Arch: "qwen2"}} {
		err := serve(name, loraFile(t, l), func(string) error { t.Errorf("%s is loaded", name); return nil })
		if err == nil || !strings.Contains(err.Error(), "loading it") {
			t.Errorf("%s: %v", name, err)
		}
	}
	garbage := filepath.Join(t.TempDir(), "x.gguf")
	if err := os.WriteFile(garbage, []byte("not a model"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := serve("garbage", garbage, prove2(nil)); err == nil || !strings.Contains(err.Error(), "making a model") {
		t.Errorf("%v", err)
	}
	if got := models(t, c); got != before {
		t.Errorf("the server has %s, had %s", got, before)
	}
	zero := loraFile(t, ollamatest.TinyLoRA{Zero: true})
	err := serve("zero", zero, func(name string) error {
		e, err := push.Probe(t.Context(), c, "tiny", name, []string{"Салам!", "Кайда?"})
		t.Log(e)
		return err
	})
	if !fault.Unavailable.Is(err) || !strings.Contains(err.Error(), "answers with the base") {
		t.Errorf("zero: %v", err)
	}
	if got := models(t, c); got != before {
		t.Errorf("the server has %s, had %s", got, before)
	}
}
