package main

import (
	"context"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"tilgate/serving/ollama/ollamatest"
)

// TestOllamaProgram has the program that Ollama's users know ask Tilgate. It
// sends no key, so a proxy does.
func TestOllamaProgram(t *testing.T) {
	server := ollamatest.Start(t)
	server.Create("tiny")
	demo := startDemo(t, t.TempDir(), "--ollama", server.URL)
	ask := ollamaProgram(t, demo)
	quotes := ollamaProgram(t, startDemo(t, t.TempDir(), "--no-model"))
	for _, tt := range []struct {
		ask   func(args ...string) (string, error)
		args  string
		fails bool
		says  []string
	}{
		{ask, "list", false, []string{"auto:ky", "tiny:latest"}},
		{ask, "show tiny", false, []string{"llama", "completion"}},
		{ask, "show auto:ky", false, []string{"completion"}},
		{ask, "stop auto:ky", false, nil}, // which asks for the model with nothing to say
		{ask, "stop tiny", true, []string{"would unload the model for everybody"}},
		{ask, "rm tiny", true, []string{"its operator does so"}},
		{ask, "pull tiny", true, []string{"its operator does so"}},
		{ask, "cp tiny other", true, []string{"its operator does so"}},
		{ask, "-v", false, []string{"ollama version is 0."}},
		{quotes, "list", false, []string{"auto:ky"}},
		{quotes, "run auto:ky " + demoQuestion, false, []string{"58"}},
		{quotes, "run nobody hello", true, []string{"its operator does so"}}, // it would pull it
	} {
		out, err := tt.ask(strings.SplitN(tt.args, " ", 3)...)
		if (err != nil) != tt.fails {
			t.Errorf("ollama %s: %v\n%s", tt.args, err, out)
		}
		for _, want := range tt.says {
			if !strings.Contains(out, want) {
				t.Errorf("ollama %s does not say %q:\n%s", tt.args, want, out)
			}
		}
	}
	if code, body := demo.post(t, `{"model":"tiny","max_tokens":4,"messages":[{"role":"user","content":"a"}]}`); code != 200 {
		t.Fatalf("%d %s", code, body)
	}
	if out, err := ask("ps"); err != nil || !strings.Contains(out, "tiny:latest") || strings.Contains(out, "Stopping") {
		t.Errorf("ollama ps: %v\n%s", err, out)
	}
}

// ollamaProgram returns what runs the program on a service.
func ollamaProgram(t *testing.T, s *service) func(args ...string) (string, error) {
	t.Helper()
	binary, err := ollamatest.Find()
	if err != nil {
		t.Skip(err)
	}
	to, err := url.Parse(s.base)
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Header.Set("Authorization", "Bearer "+s.key)
	}})
	t.Cleanup(front.Close)
	home := t.TempDir()
	return func(args ...string) (string, error) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, binary, args...)
		cmd.Env = append(os.Environ(), "OLLAMA_HOST="+front.URL, "HOME="+home)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
}
