package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"tilgate/internal/fault"
	"tilgate/rag"
)

// embeddings is a server of OpenAI's /v1/embeddings, whose model knows two
// words in several languages, and of /v1/rerank, which turns the order round.
func embeddings(t *testing.T, down *atomic.Bool, texts *atomic.Int64) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var req struct{ Input, Documents []string }
		if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
			t.Error(err)
		}
		if down.Load() {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		type result struct {
			Index     int       `json:"index"`
			Embedding []float32 `json:"embedding,omitempty"`
			Score     float64   `json:"relevance_score,omitempty"`
		}
		answer := struct {
			Data    []result `json:"data,omitempty"`
			Results []result `json:"results,omitempty"`
		}{}
		for i, text := range req.Input {
			texts.Add(1)
			v := []float32{0.1, 0.1, 0.1, 0}
			for k, words := range []string{"пенси pension карылык", "паспорт passport"} {
				for _, word := range strings.Fields(words) {
					if strings.Contains(strings.ToLower(text), word) {
						v[k] = 1
					}
				}
			}
			answer.Data = append(answer.Data, result{Index: i, Embedding: v})
		}
		for i := range req.Documents {
			answer.Results = append(answer.Results, result{Index: i, Score: float64(i + 1)})
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(s.Close)
	return s
}

// A knowledge base is ingested with an embedding model, searched across
// languages, and goes on by words while the model is down.
func TestEmbedding(t *testing.T) {
	var down atomic.Bool
	var texts atomic.Int64
	server := embeddings(t, &down, &texts)
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	plain := fmt.Sprintf("data = %q\n", filepath.Join(dir, "data"))
	config := write("tilgate.toml", plain+fmt.Sprintf("[embed]\nurl = %q\nmodel = \"bge-m3\"\napi = \"openai\"\nthreshold = 0.5\n", server.URL))
	another := write("another.toml", plain+fmt.Sprintf("[embed]\nurl = %q\nmodel = \"other\"\napi = \"openai\"\n", server.URL))
	reranked := write("reranked.toml", plain+fmt.Sprintf("[rerank]\nurl = %q\nmodel = \"m\"\n", server.URL))
	docs := write("docs.jsonl", `{"id":"age","lang":"ru","text":"Пенсию назначают с 60 лет."}
{"id":"age","lang":"ky","text":"Карылык жөлөкпулу алтымыш жаштан берилет."}
{"id":"pass","lang":"ky","text":"Паспорт он жылга берилет."}
`)
	run := func(want, wantErr string, args ...string) {
		t.Helper()
		code, out, errOut := tilgate(t, args...)
		if code != 0 || !strings.Contains(out, want) || !strings.Contains(errOut, wantErr) || wantErr == "" && errOut != "" {
			t.Errorf("tilgate %s: %d\n%s%s\nwant %q, %q", strings.Join(args, " "), code, out, errOut, want, wantErr)
		}
	}

	down.Store(true)
	run("3 documents added", "3 passages have no dense vector", "ingest", "--config", config, "--kb", "desk", docs)
	run("nothing found", "left out: encoding the question", "search", "--config", config, "--lang", "ky", "pension")
	down.Store(false)
	run("3 unchanged; 3 passages stored", "", "ingest", "--config", config, "--kb", "desk", docs)
	run("3 unchanged; 0 passages stored", "", "ingest", "--config", config, "--kb", "desk", docs)
	run("cosine 1.00  ", "", "search", "--config", config, "--lang", "ky", "pension")
	run("Пенсию назначают", "", "search", "--config", config, "--lang", "ky", "--also", "ru", "pension")
	run("nothing found", "", "search", "--config", write("off.toml", plain), "--lang", "ky", "pension")

	// Another model makes another version; back to the first, its vectors are
	// still on disk.
	run("3 unchanged; 3 passages stored", "", "ingest", "--config", another, "--kb", "desk", docs)
	before := texts.Load()
	run("3 unchanged; 3 passages stored", "", "ingest", "--config", config, "--kb", "desk", docs)
	if asked := texts.Load() - before; asked != 1 { // for the dimension
		t.Errorf("the model embedded %d texts that it had embedded before", asked-1)
	}

	run("[1]", "", "search", "--config", reranked, "--lang", "ky", "берилет")
	_, first, _ := tilgate(t, "search", "--json", "--config", write("off.toml", plain), "--lang", "ky", "паспорт жөлөкпулу берилет")
	_, second, _ := tilgate(t, "search", "--json", "--config", reranked, "--lang", "ky", "паспорт жөлөкпулу берилет")
	if a, b := documentsOf(t, first), documentsOf(t, second); len(a) != 2 || a[0] != b[1] || a[1] != b[0] {
		t.Errorf("reranked %v to %v", a, b)
	}
	down.Store(true)
	run("[2]", "left out: reranking", "search", "--config", reranked, "--lang", "ky", "паспорт жөлөкпулу берилет")
}

func documentsOf(t *testing.T, out string) []string {
	t.Helper()
	var r struct {
		Passages []struct{ Document string }
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var names []string
	for _, p := range r.Passages {
		names = append(names, p.Document)
	}
	return names
}

func TestEmbedConfigFaults(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tilgate.toml")
	text := "[embed]\nurl = \"localhost\"\napi = \"grpc\"\ndimension = -1\nthreshold = 2.0\n[rerank]\nmodel = \"m\"\n[retrieve]\ndiversity = 1.5\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, errOut := tilgate(t, "config", "--config", path)
	for _, want := range []string{"embed.url", "embed.model", "embed.api", "embed.dimension", "embed.threshold", "rerank.url", "retrieve.diversity"} {
		if !strings.Contains(errOut, want+": ") {
			t.Errorf("%s is not named: %d %s", want, code, errOut)
		}
	}
}

// Documents go to an embedding server only where texts may be sent.
func TestEmbedSites(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		say(w, `{"object":"list","model":"m","data":[{"object":"embedding","index":0,"embedding":[0.6,0.8]}]}`)
	}))
	defer server.Close()
	c := Config{Embed: EmbedConfig{URL: server.URL, Model: "m", API: "openai", PlaceConfig: PlaceConfig{Site: "kz"}}}
	model, err := openModel(c, nil)
	if err != nil {
		t.Fatal(err)
	}
	passages := []rag.Passage{{Text: "Пенсия ай сайын төлөнөт."}}
	if _, err := (bound{model, []string{"kg"}}).Passages(t.Context(), passages); !fault.Forbidden.Is(err) || asked != 0 {
		t.Errorf("bound to kg: %v, asked %d times", err, asked)
	}
	if _, err := (bound{model, []string{"kg", "kz"}}).Passages(t.Context(), passages); err != nil || asked != 1 {
		t.Errorf("bound to both: %v, asked %d times", err, asked)
	}
}
