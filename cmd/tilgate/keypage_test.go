package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"tilgate/serving/auth"
)

// startPageSite serves the Kyrgyz sample to the pages of an origin, without a
// model. limits are lines of the key.
func startPageSite(t *testing.T, origin, limits string) *service {
	t.Helper()
	dir := t.TempDir()
	secret, key := auth.GeneratePage()
	hash, _ := key.Hash.MarshalText()
	config := filepath.Join(dir, "tilgate.toml")
	write(t, config, fmt.Sprintf(`data = %q
listen = "127.0.0.1:0"
languages = ["ky"]
proxies = ["127.0.0.0/8"]
[ollama]
url = ""
[[key]]
name = "site"
hash = %q
page = true
origins = [%q]
%s`, filepath.Join(dir, "data"), hash, origin, limits))
	if code, _, errOut := tilgate(t, "ingest", "--config", config, "--kb", "desk", "--lang", "ky", "../../rag/sample/kb/ky"); code != 0 {
		t.Fatal(errOut)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s, ended := &service{key: secret, out: &output{}}, make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"serve", "--config", config}, noEnv, strings.NewReader(""), &output{}, s.out)
	}()
	t.Cleanup(func() {
		cancel()
		if code := <-ended; code != 0 {
			t.Errorf("serve ended with %d: %s", code, s.out)
		}
	})
	s.base = "http://" + address(t, s.out)
	return s
}

// TestPageKey has visitors of a ministry's page ask, some too much, behind a
// proxy that says who they are.
func TestPageKey(t *testing.T) {
	t.Parallel()
	s := startPageSite(t, "https://moh.example", "[key.each.client]\nrequests = 2\nchars = 10000\n[key.each.session]\nrequests = 1\n")
	ask := func(origin, address, session string) (*http.Response, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), "POST", s.base+"/v1/chat/completions", strings.NewReader(chatBody("auto", demoQuestion, false)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header = http.Header{"Authorization": {"Bearer " + s.key}, "Origin": {origin}, "X-Forwarded-For": {address}, "X-Tilgate-Session": {session}}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp, string(body)
	}
	for i, tt := range []struct {
		origin, client, session string
		status                  int
		want                    string
	}{
		{"https://evil.example", "203.0.113.1", "a", 403, "unknown_origin"},
		{"https://moh.example", "203.0.113.1", "a", 200, "58"},
		{"https://moh.example", "203.0.113.1", "a", 429, "each visit may use 1 requests a minute"},
		{"https://moh.example", "198.51.100.9, 203.0.113.1", "b", 200, "58"},
		{"https://moh.example", "198.51.100.8, 203.0.113.1", "c", 429, "each address may use 2 requests a minute"},
		{"https://moh.example", "203.0.113.2", "a", 200, "58"},
	} {
		resp, body := ask(tt.origin, tt.client, tt.session)
		if resp.StatusCode != tt.status || !strings.Contains(body, tt.want) {
			t.Errorf("%d: %d %s, want %d %s", i, resp.StatusCode, body, tt.status, tt.want)
		}
		if n, err := strconv.Atoi(resp.Header.Get("Retry-After")); (err == nil && n > 0) != (tt.status == 429) {
			t.Errorf("%d: Retry-After is %q", i, resp.Header.Get("Retry-After"))
		}
	}
	if strings.Contains(s.out.String(), "203.0.113.") {
		t.Errorf("the log says where visitors come from: %s", s.out)
	}
}
