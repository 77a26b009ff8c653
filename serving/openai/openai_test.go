package openai

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"tilgate/internal/fault"
	"tilgate/rag"
)

// serve answers every request with status and body, and keeps the last one.
func serve(t *testing.T, status int, body string, o Options) (*Client, *http.Request, *map[string]any) {
	t.Helper()
	last, sent := new(http.Request), new(map[string]any)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*last = *r.Clone(t.Context())
		data, _ := io.ReadAll(r.Body)
		if err := json.Unmarshal(data, sent); err != nil {
			t.Error(err)
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	c, err := New(s.URL+"/v1", o)
	if err != nil {
		t.Fatal(err)
	}
	return c, last, sent
}

func TestEmbed(t *testing.T) {
	c, req, sent := serve(t, 200, `{"object":"list","data":[{"index":1,"embedding":[0,1]},{"index":0,"embedding":[1,0.5]}]}`,
		Options{Model: "BAAI/bge-m3", APIKey: "secret"})
	got, err := c.Embed(t.Context(), []string{"бир", "эки"})
	if want := [][]float32{{1, 0.5}, {0, 1}}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
	if req.URL.Path != "/v1/embeddings" || req.Header.Get("Authorization") != "Bearer secret" {
		t.Errorf("asked %s with %q", req.URL.Path, req.Header.Get("Authorization"))
	}
	if want := fmt.Sprint(map[string]any{"model": "BAAI/bge-m3", "input": []string{"бир", "эки"}, "encoding_format": "float"}); fmt.Sprint(*sent) != want {
		t.Errorf("sent %v, want %v", *sent, want)
	}
}

func TestRerank(t *testing.T) {
	c, req, sent := serve(t, 200, `{"model":"m","results":[{"index":0,"relevance_score":-3.1},{"index":2,"relevance_score":0.98,"document":{"text":"x"}},{"index":1,"relevance_score":0.2}]}`,
		Options{Model: "bge-reranker-v2-m3"})
	got, err := c.Rerank(t.Context(), "кайда?", []string{"a", "b", "c"})
	if want := []rag.Reranked{{Index: 2, Score: 0.98}, {Index: 1, Score: 0.2}, {Index: 0, Score: -3.1}}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
	want := map[string]any{"model": "bge-reranker-v2-m3", "query": "кайда?", "documents": []any{"a", "b", "c"}, "top_n": 3.0}
	if req.URL.Path != "/v1/rerank" || !reflect.DeepEqual(*sent, want) {
		t.Errorf("asked %s %v, want %v", req.URL.Path, *sent, want)
	}
}

// Whatever a server answers, it is an error of the right kind or a good answer.
func TestFaults(t *testing.T) {
	for _, tt := range []struct {
		status int
		body   string
		kind   fault.Kind
	}{
		{500, `{"error":{"message":"json: unsupported value: NaN"}}`, fault.Unavailable},
		{400, `{"error":{"message":"This model's maximum context length is 512 tokens."}}`, fault.TooLarge},
		{500, `{"error":{"message":"input is too large to process. increase the physical batch size"}}`, fault.TooLarge},
		{413, ``, fault.TooLarge},
		{422, `{"detail":"x"}`, fault.Invalid},
		{404, `{"detail":"Not Found"}`, fault.NotFound},
		{401, ``, fault.Unavailable},
		{429, ``, fault.Unavailable},
		{302, ``, fault.Unavailable},
		{200, `<html>`, fault.Unavailable},
		{200, `{"data":[]}`, fault.Unavailable},
		{200, `{"data":[{"index":7,"embedding":[1]}]}`, fault.Unavailable},
		{200, `{"data":[{"index":-1,"embedding":[1]}]}`, fault.Unavailable},
		{200, `{"results":[{"index":0},{"index":0}]}`, fault.Unavailable},
	} {
		c, _, _ := serve(t, tt.status, tt.body, Options{Model: "m"})
		if _, err := c.Embed(t.Context(), []string{"сөз"}); !tt.kind.Is(err) {
			t.Errorf("Embed answered %d %q: %v, want %v", tt.status, tt.body, err, tt.kind)
		}
		_, err := c.Rerank(t.Context(), "сөз", []string{"сөз", "сөз"})
		if !tt.kind.Is(err) {
			t.Errorf("Rerank answered %d %q: %v, want %v", tt.status, tt.body, err, tt.kind)
		}
		if said, _ := fault.Public(err); strings.Contains(said, "NaN") {
			t.Errorf("callers read %q", said)
		}
	}
}

func TestSlowAndDown(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // a server that has not read all does not see the client leave
		<-r.Context().Done()
	}))
	c, err := New(s.URL, Options{Timeout: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Embed(t.Context(), []string{"сөз"}); !fault.Timeout.Is(err) {
		t.Errorf("slow: %v", err)
	}
	s.CloseClientConnections()
	s.Close()
	if _, err := c.Embed(t.Context(), []string{"сөз"}); !fault.Unavailable.Is(err) {
		t.Errorf("down: %v", err)
	}
	if _, err := New("localhost:8000", Options{}); err == nil {
		t.Error("an address without http:// is taken")
	}
}
