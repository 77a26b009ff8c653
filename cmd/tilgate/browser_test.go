package main

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"tilgate/serving/auth"
)

// TestBrowser has people ask on the page, in a real browser: each script of
// tools/browser is told where a Tilgate with the sample knowledge base is, and
// how to have its model server and its network misbehave. The browser is the
// machine's Chromium; TILGATE_BROWSER is the folder in which npm installed what
// drives it. Screenshots go to TILGATE_SCREENSHOTS, if that is set.
func TestBrowser(t *testing.T) {
	scripts, env := browserScripts(t)
	s := newStage(t)
	env = append(env, "TILGATE_URL="+s.line.base(), "TILGATE_KEY="+s.key, "TILGATE_ADMINS="+strings.Join(s.admins, " "), "TILGATE_CONTROL="+s.control)
	for _, path := range scripts {
		name, _, _ := strings.Cut(filepath.Base(path), ".")
		t.Run(name, func(t *testing.T) {
			s.calm()
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, "node", path)
			cmd.Env = append(os.Environ(), env...)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			t.Logf("%s", out)
		})
	}
}

// browserScripts returns the scripts and what they need to know of this
// machine. Without a browser or what drives it, the test is skipped.
func browserScripts(t *testing.T) (scripts, env []string) {
	t.Helper()
	modules := os.Getenv("TILGATE_BROWSER")
	if modules == "" {
		t.Skip("TILGATE_BROWSER is not set; after npm ci in tools/browser it can be that folder")
	}
	modules, err := filepath.Abs(modules)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(modules, "node_modules", "playwright-core")); err != nil {
		t.Fatalf("TILGATE_BROWSER is not a folder with what npm ci installs: %v", err)
	}
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("no node here, so no browser can be driven")
	}
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium here, so nobody can ask in a browser")
	}
	shots := os.Getenv("TILGATE_SCREENSHOTS")
	if shots == "" {
		if shots, err = os.MkdirTemp("", "tilgate-screenshots-"); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("screenshots are in %s", shots)
	scripts, err = filepath.Glob(filepath.Join("..", "..", "tools", "browser", "*.test.mjs"))
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	return scripts, []string{"TILGATE_BROWSER=" + modules, "TILGATE_CHROMIUM=" + chromium, "TILGATE_SCREENSHOTS=" + shots}
}

// A stage is Tilgate between a line that can be cut and a model server that
// says what it is told to.
type stage struct {
	key     string
	admins  []string // keys of people who administer
	tickets tickets  // whom conversations are handed over to
	line    *line
	speaker *speaker
	control string // address for the scripts
}

// hostile is a document as whoever can write to a web site that is read could
// write it. It is found by the word for telescope alone.
const hostile = `{"id":"hostile","title":"<img src=x onerror=alert(1)> Телескоп\"><script>alert(2)</script>","lang":"ky",` +
	`"source":"javascript:alert(3)","text":"Телескоп музейи ишембиде ачык. <script>alert(4)</script><svg onload=alert(5)> [тийиңиз](javascript:alert(6)) ![](https://elsewhere.example/x.png)"}`

// newStage serves the sample knowledge base and the hostile document.
func newStage(t *testing.T) *stage {
	t.Helper()
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	demo := startDemo(t, data, "--no-model")
	demo.get(t, "/readyz")
	if code := demo.stop(); code != 0 {
		t.Fatal("the sample was not stored")
	}
	secret, key := auth.Generate()
	hash, err := key.Hash.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{key: secret, speaker: &speaker{}}
	model := httptest.NewServer(s.speaker)
	t.Cleanup(model.Close)
	config := filepath.Join(dir, "tilgate.toml")
	write(t, config, fmt.Sprintf("data = %q\nlisten = \"127.0.0.1:0\"\n[cache]\nmegabytes = 0\n%s[openai]\nurl = %q\nkind = \"vllm\"\n[[key]]\nname = \"desk\"\nhash = %q\n", data, s.tickets.config(t), model.URL, hash))
	s.admins = addAdmins(t, config, "aida", "bek")
	write(t, filepath.Join(dir, "hostile.jsonl"), hostile+"\n")
	if code, _, errOut := tilgate(t, "ingest", "--config", config, "--kb", "hostile", filepath.Join(dir, "hostile.jsonl")); code != 0 {
		t.Fatal(errOut)
	}
	s.line = newLine(t, s.serve(t, config))
	control := httptest.NewServer(s.controls())
	t.Cleanup(control.Close)
	s.control = control.URL
	return s
}

// addAdmins gives people keys that administer.
func addAdmins(t *testing.T, config string, names ...string) (secrets []string) {
	t.Helper()
	for _, name := range names {
		code, out, errOut := tilgate(t, "key", "create", name, "--config", config, "--admin", "--log-text")
		if code != 0 {
			t.Fatal(errOut)
		}
		secrets = append(secrets, regexp.MustCompile(`tg-[\w-]+`).FindString(out))
	}
	return secrets
}

// serve serves until the test ends, and returns the address.
func (s *stage) serve(t *testing.T, config string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	log, ended := &output{}, make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"serve", "--config", config}, s.tickets.env, strings.NewReader(""), &output{}, log)
	}()
	t.Cleanup(func() {
		cancel()
		if code := <-ended; code != 0 || t.Failed() {
			t.Errorf("exit code %d:\n%s", code, log)
		}
	})
	return address(t, log)
}
