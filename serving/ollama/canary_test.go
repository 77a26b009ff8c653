package ollama_test

import (
	"strings"
	"testing"

	"github.com/ollama/ollama/api"

	"tilgate/internal/fault"
	"tilgate/serving"
	"tilgate/serving/ollama"
	"tilgate/serving/ollama/ollamatest"
)

// loads returns what is in memory, and its context in tokens.
func loads(t *testing.T, s *ollamatest.Server) (name string, context int) {
	t.Helper()
	running, err := s.API.ListRunning(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(running.Models) == 0 {
		return "", 0
	}
	return running.Models[0].Name, running.Models[0].ContextLength
}

// A canary asks what is in memory as it is there, and loads nothing.
func TestRealCanary(t *testing.T) {
	c, s := realClient(t)
	other, err := ollama.New(s.URL, ollama.Options{NumCtx: 2048}) // whose questions would load it anew
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	for _, client := range []*ollama.Client{c, other} {
		if err := client.Canary(t.Context(), "another:8b"); err != nil {
			t.Error(err)
		}
		if name, context := loads(t, s); name != "tiny:latest" || context != ollamatest.NumCtx {
			t.Errorf("in memory is %s with %d tokens", name, context)
		}
	}
	if err := c.Unload(t.Context(), "tiny"); err != nil {
		t.Fatal(err)
	}
	for name, _ := loads(t, s); name != ""; name, _ = loads(t, s) {
	}
	if err := c.Canary(t.Context(), "tiny"); err != nil {
		t.Error(err)
	}
	if name, _ := loads(t, s); name != "" {
		t.Errorf("the canary loaded %s", name)
	}
	s.Kill()
	if err := c.Canary(t.Context(), "tiny"); !fault.Unavailable.Is(err) {
		t.Errorf("a killed server: %v", err)
	}
}

// goingOn is how templates of Ollama's library end: what an assistant said
// last is left open.
const goingOn = `{{ range $i, $m := .Messages }}{{ $last := eq (len (slice $.Messages $i)) 1 }}{{ .Role }}: {{ .Content }}{{ if or (ne .Role "assistant") (not $last) }}
{{ end }}{{ if and (ne .Role "assistant") $last }}assistant: {{ end }}{{ end }}`

// A model goes on with what an assistant has said last: its prompt ends there.
func TestRealGoOn(t *testing.T) {
	c, s := realClient(t)
	err := s.API.Create(t.Context(), &api.CreateRequest{Model: "library", From: "tiny", Template: goingOn}, func(api.ProgressResponse) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	cold, ten, twenty := 0.0, 10, 20
	p := ask("library", "Бишкек кайда?")
	p.Params = serving.Params{Temperature: &cold, MaxTokens: &twenty}
	whole, _, err := gather(c.Chat(t.Context(), p))
	if err != nil || len(whole) < 15 {
		t.Fatalf("%q, %v", whole, err)
	}
	p.Begun, p.Params.MaxTokens = whole[:10], &ten
	rest, last, err := gather(c.Chat(t.Context(), p))
	if err != nil || last.Usage.PromptTokens != len("user: Бишкек кайда?\nassistant: "+p.Begun) {
		t.Fatalf("%q, %+v, %v", rest, last.Usage, err)
	}
	if !strings.HasPrefix(whole, p.Begun+rest[:min(len(rest), 5)]) {
		t.Errorf("%q goes on after %q with %q", whole, p.Begun, rest)
	}
}
