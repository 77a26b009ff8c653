package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"tilgate/serving/ollama/ollamatest"
	"time"
)

// TestStockClients has the OpenAI client from npm ask, as a newcomer would.
func TestStockClients(t *testing.T) {
	dir := npmFolder(t)
	s := startDemo(t, t.TempDir(), "--no-model")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	well(ctx, t, dir, 1, "check.mjs", s.base, s.key)
}

// TestStockClientsOfModels has the clients of OpenAI, Ollama and LangChain ask
// models of a real Ollama, and Tilgate itself.
func TestStockClientsOfModels(t *testing.T) {
	dir := npmFolder(t)
	server := ollamatest.Start(t)
	server.Create("tiny")
	server.CreateTiny("vectors", ollamatest.Tiny{Seed: 2, Embeds: true})
	s := startDemo(t, t.TempDir(), "--ollama", server.URL)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	well(ctx, t, dir, 3, "plain.mjs", s.base, s.key, "tiny", "vectors")
}

// well runs a script with node, which must say so of each of its clients.
func well(ctx context.Context, t *testing.T, dir string, clients int, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(ctx, "node", args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Count(string(out), ": well\n") != clients {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

// npmFolder returns a copy of tools/clients with what its lock file names
// installed. It stays in the user's cache; without npm or a way to fetch, the
// test is skipped.
func npmFolder(t *testing.T) string {
	t.Helper()
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no %s here, so the stock clients cannot ask", tool)
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Skipf("nowhere to install the stock clients: %v", err)
	}
	dir := filepath.Join(cache, "tilgate", "clients")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	fresh := copyNew(t, dir, "package-lock.json")
	copyNew(t, dir, "package.json")
	copyNew(t, dir, "check.mjs")
	copyNew(t, dir, "plain.mjs")
	copyNew(t, dir, "passed.mjs")
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "@langchain")); err == nil && !fresh {
		return dir
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		_ = os.Remove(filepath.Join(dir, "package-lock.json")) // so that the next run tries again
		t.Skipf("npm cannot install the stock clients: %v\n%s", err, out)
	}
	return dir
}

// copyNew copies a file of tools/clients and reports whether it was another.
func copyNew(t *testing.T, dir, name string) bool {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "tools", "clients", name))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	if old, err := os.ReadFile(path); err == nil && string(old) == string(text) {
		return false
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return true
}
