package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestServe goes the way of an operator: make a key, write the configuration,
// ingest, serve. The log has one line for each question, and not its words.
func TestServe(t *testing.T) {
	dir := t.TempDir()
	_, out, _ := tilgate(t, "key", "create", "desk")
	secret := regexp.MustCompile(`tg-\S+`).FindString(out)
	_, key, _ := strings.Cut(out, "[[key]]")
	config := filepath.Join(dir, "tilgate.toml")
	write(t, config, fmt.Sprintf("data = %q\nlisten = \"127.0.0.1:0\"\norigins = [\"https://app.example\"]\n[ollama]\nurl = \"\"\n[[key]]%s", filepath.Join(dir, "data"), key))
	article := "Шаардык китепкана дүйшөмбүдөн ишембиге чейин саат тогуздан кечки жетиге чейин ачык."
	write(t, filepath.Join(dir, "library.txt"), article)
	if code, _, errOut := tilgate(t, "ingest", "--config", config, "--kb", "office", "--lang", "ky", filepath.Join(dir, "library.txt")); code != 0 {
		t.Fatal(errOut)
	}
	ctx, cancel := context.WithCancel(t.Context())
	log, ended := &output{}, make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"serve", "--config", config}, noEnv, strings.NewReader(""), &output{}, log)
	}()
	s := &service{base: "http://" + address(t, log), key: secret}
	if a := s.ask(t, "auto", "Шаардык китепкана качан ачык?"); !strings.Contains(a.message().Content, "тогуздан") {
		t.Errorf("%+v", a)
	}
	if status, body := s.post(t, chatBody("auto", "Китепкана?", false), "Origin", "https://app.example"); status != 200 {
		t.Errorf("a page that may call: %d %s", status, body)
	}
	if got := s.get(t, "/readyz"); got != `{"status":"ready"}` {
		t.Errorf("readyz: %s", got)
	}
	cancel()
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d", code)
	}
	if n := strings.Count(log.String(), `"msg":"exchange"`); n != 2 || strings.Contains(log.String(), "итепкана") || strings.Contains(log.String(), secret) {
		t.Errorf("%d records in the log:\n%s", n, log)
	}
	if !strings.Contains(log.String(), `"caller":"desk"`) {
		t.Errorf("who asked is not in the log:\n%s", log)
	}
}

// address waits for the line of the log that says where it serves.
func address(t *testing.T, log *output) string {
	t.Helper()
	serving := regexp.MustCompile(`"msg":"serving","address":"([^"]+)"`)
	for range 1000 {
		if m := serving.FindStringSubmatch(log.String()); m != nil {
			return m[1]
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("it does not say where it serves:\n%s", log)
	return ""
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
