package main

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestKeysFollowed makes a key for a service that runs, and takes it back.
func TestKeysFollowed(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "tilgate.toml")
	write(t, config, fmt.Sprintf("data = %q\nlisten = \"127.0.0.1:0\"\n[ollama]\nurl = \"\"\n", filepath.Join(dir, "data")))
	create := func(args ...string) string {
		code, out, errOut := tilgate(t, append([]string{"key", "create", "--config", config}, args...)...)
		if code != 0 {
			t.Fatal(errOut)
		}
		return regexp.MustCompile(`tg-\S+`).FindString(out)
	}
	first := create("desk")
	ctx, cancel := context.WithCancel(t.Context())
	log, ended := &output{}, make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"serve", "--config", config}, noEnv, strings.NewReader(""), &output{}, log)
	}()
	base := "http://" + address(t, log)
	becomes := func(secret string, want int, when string) {
		t.Helper()
		s := &service{base: base, key: secret}
		status := 0
		for range 100 {
			if status, _ = s.post(t, chatBody("auto:fr", "Bonjour?", false)); status == want {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Errorf("%s: status %d, want %d", when, status, want)
	}
	becomes(first, 200, "the first key")
	second := create("clinic", "--languages", "ky")
	becomes(second, 403, "a key made later, for another language")
	if code, _, errOut := tilgate(t, "key", "revoke", "clinic", "--config", config); code != 0 {
		t.Fatal(errOut)
	}
	becomes(second, 401, "the key taken back")
	becomes(first, 200, "the other key")
	cancel()
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d", code)
	}
}
