package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestHealth asks a service that is not there, and one that is.
func TestHealth(t *testing.T) {
	dir := t.TempDir()
	config, at := filepath.Join(dir, "tilgate.toml"), freeAddress(t)
	write(t, config, fmt.Sprintf("data = %q\nlisten = %q\n[ollama]\nurl = \"\"\n", filepath.Join(dir, "data"), strings.Replace(at, "127.0.0.1", "", 1)))
	if code, _, errOut := tilgate(t, "health", "--config", config); code != 1 || !strings.Contains(errOut, "the service at "+at+" does not answer") {
		t.Errorf("nothing is there: %d, %s", code, errOut)
	}
	if code, _, errOut := tilgate(t, "key", "create", "--config", config, "desk"); code != 0 {
		t.Fatal(errOut)
	}
	serveHere(t, config, noEnv)
	if code, out, errOut := tilgate(t, "health", "--config", config); code != 0 || out != "the service at "+at+" is ready\n" {
		t.Errorf("it is there: %d, %s%s", code, out, errOut)
	}
}

// TestComposeConfig goes the way of deploy/compose/up with the files that are
// mounted there: a key, the documents, the service, its health, a question.
// Only where things lie is changed, and there is neither Qdrant nor Ollama.
func TestComposeConfig(t *testing.T) {
	const folder = "../../deploy/compose/"
	dir, at := t.TempDir(), freeAddress(t)
	moved := strings.NewReplacer(`"/data"`, strconv.Quote(filepath.Join(dir, "data")), "/etc/tilgate/", dir+"/", "0.0.0.0:8080", at,
		`"qdrant:6334"`, `""`, "http://ollama:11434", "http://127.0.0.1:1")
	for _, name := range []string{"tilgate.toml", "desk.toml", "documents/about.md"} {
		text, err := os.ReadFile(folder + name)
		noFault(t, err)
		noFault(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		write(t, filepath.Join(dir, name), moved.Replace(string(text)))
	}
	write(t, filepath.Join(dir, "secret"), strings.Repeat("ab", 32))
	env := func(name string) string {
		return map[string]string{"TILGATE_CONFIG": filepath.Join(dir, "tilgate.toml"), "TILGATE_SESSION_SECRET_FILE": filepath.Join(dir, "secret"),
			"TILGATE_QDRANT_KEY_FILE": filepath.Join(dir, "secret")}[name]
	}
	do := func(args ...string) string {
		t.Helper()
		var out, errOut bytes.Buffer
		if code := run(t.Context(), args, env, strings.NewReader(""), &out, &errOut); code != 0 {
			t.Fatalf("%s: %d, %s", strings.Join(args, " "), code, &errOut)
		}
		return out.String()
	}
	key := regexp.MustCompile(`tg-\S+`).FindString(do("key", "create", "operator", "--admin"))
	do("kb", "sync", filepath.Join(dir, "desk.toml"))
	serveHere(t, filepath.Join(dir, "tilgate.toml"), env)
	do("health")
	s := &service{base: "http://" + at, key: key}
	if said := s.ask(t, "auto", "Where should I put my own documents?").message().Content; !strings.Contains(said, "Put your own there") {
		t.Errorf("%s", said)
	}
}
