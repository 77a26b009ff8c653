package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Model servers follow the file; a faulty one leaves those in force.
func TestFollowBackends(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"data":[{"id":"m","owned_by":"vllm"}]}`)
	}))
	defer server.Close()
	path := filepath.Join(t.TempDir(), "tilgate.toml")
	text := func(names ...string) string {
		all := "fallback = \"m\"\n"
		for _, name := range names {
			all += fmt.Sprintf("[[backend]]\nname = %q\nkind = \"vllm\"\nurl = %q\n", name, server.URL)
		}
		return all
	}
	write(t, path, text("one"))
	file := configFile{path, stampOf(path)}
	c, err := loadConfig(path, noEnv)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	models, err := openPool(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	log, ended := &output{}, make(chan struct{})
	go func() {
		defer close(ended)
		followBackends(ctx, file, noEnv, 5*time.Millisecond, models, slog.New(slog.NewJSONHandler(log, nil)))
	}()
	names := func() string {
		var all []string
		for _, s := range models.States() {
			all = append(all, s.Name)
		}
		return strings.Join(all, " ")
	}
	until := func(what string, done func() bool) {
		for end := time.Now().Add(10 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%s does not come; there are %s:\n%s", what, names(), log)
			}
		}
	}
	replace := func(text string) { // as editors do, for half a file may be a good one
		write(t, path+".new", text)
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
	replace(text("one", "two"))
	until("the second", func() bool { return names() == "one two" })
	replace(text("one", "two", "two", "three"))
	until("the fault", func() bool { return strings.Contains(log.String(), "backend two: its name was there before") })
	if names() != "one two" {
		t.Errorf("a faulty file is in force: %s", names())
	}
	replace(text("three"))
	until("the third alone", func() bool { return names() == "three" })
	cancel()
	<-ended
}
