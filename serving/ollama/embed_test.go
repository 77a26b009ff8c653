package ollama_test

import (
	"encoding/json"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tilgate/internal/fault"
	"tilgate/serving/ollama"
	"tilgate/serving/ollama/ollamatest"
)

func TestEmbedFaults(t *testing.T) {
	for _, tt := range []struct {
		status int
		body   string
		kind   fault.Kind
	}{
		{500, `{"error":"failed to encode response: json: unsupported value: NaN"}`, fault.Unavailable},
		{400, `{"error":"the input length exceeds the context length"}`, fault.TooLarge},
		{500, `{"error":"the input length exceeds the context length"}`, fault.TooLarge},
		{404, `{"error":"model \"bge-m3\" not found, try pulling it first"}`, fault.NotFound},
		{200, `{"embeddings":[[1,2]]}`, fault.Unavailable}, // one for two
		{200, `<html>`, fault.Unavailable},
	} {
		var sent map[string]any
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := json.NewDecoder(r.Body).Decode(&sent); err != nil || r.URL.Path != "/api/embed" {
				t.Errorf("asked %s: %v", r.URL.Path, err)
			}
			w.WriteHeader(tt.status)
			io.WriteString(w, tt.body)
		}))
		c, err := ollama.New(s.URL, ollama.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Embedder("bge-m3", 0).Embed(t.Context(), []string{"бир", "эки"}); !tt.kind.Is(err) {
			t.Errorf("%d %s: %v, want %v", tt.status, tt.body, err, tt.kind)
		}
		if sent["truncate"] != false || sent["model"] != "bge-m3" {
			t.Errorf("sent %v", sent)
		}
		s.Close()
	}
}

func TestRealEmbed(t *testing.T) {
	s := ollamatest.Start(t)
	s.CreateTiny("vectors", ollamatest.Tiny{Seed: 2, Embeds: true})
	c, err := ollama.New(s.URL, ollama.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	e := c.Embedder("vectors", 0)
	both, err := e.Embed(t.Context(), []string{"Бишкек кайда?", "Ош кайда?"})
	if err != nil || len(both) != 2 || len(both[0]) != 64 {
		t.Fatalf("%d vectors, %v", len(both), err)
	}
	alone, err := e.Embed(t.Context(), []string{"Ош кайда?"})
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range alone[0] {
		if math.Abs(float64(x-both[1][i])) > 1e-3 {
			t.Fatalf("number %d of a vector is %v alone and %v in a batch", i, x, both[1][i])
		}
	}
	if _, err := e.Embed(t.Context(), []string{strings.Repeat("сөз ", 40000)}); !fault.TooLarge.Is(err) {
		t.Errorf("a text that is too long: %v, want %v", err, fault.TooLarge)
	}
	if _, err := c.Embedder("nobody", 0).Embed(t.Context(), []string{"сөз"}); !fault.NotFound.Is(err) {
		t.Errorf("a model that is not there: %v, want %v", err, fault.NotFound)
	}
}
