package live

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tilgate/evals"
	"tilgate/internal/fault"
)

func TestMain(m *testing.M) {
	if chunks, err := strconv.Atoi(os.Getenv(fakeChunks)); err == nil {
		serveChunks(chunks)
		return
	}
	goleak.VerifyTestMain(m)
}

// A fake is a server that answers each path with a function.
type fake struct {
	*httptest.Server
	mu   sync.Mutex
	sent map[string][]string // bodies, by path
}

func serve(t testing.TB, paths map[string]http.HandlerFunc) *fake {
	t.Helper()
	f := &fake{sent: map[string][]string{}}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		f.mu.Lock()
		f.sent[r.URL.Path] = append(f.sent[r.URL.Path], string(body))
		f.mu.Unlock()
		answer, ok := paths[r.URL.Path]
		if !ok {
			http.Error(w, `{"error":{"message":"no such path"}}`, 404)
			return
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		answer(w, r)
	}))
	t.Cleanup(f.Close)
	return f
}

// last returns the last body sent to a path, with its keys in order.
func (f *fake) last(path string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.sent[path]) == 0 {
		return ""
	}
	return f.sent[path][len(f.sent[path])-1]
}

func (f *fake) count(path string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.sent[path])
}

// says answers with a text.
func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
}

const (
	chatPath  = "/v1/chat/completions"
	languages = `{"data":[{"tag":"en"},{"tag":"ky"}]}`
	models    = `{"object":"list","data":[{"id":"auto","owned_by":"tilgate"},{"id":"m:latest","owned_by":"ollama"},{"id":"odd:ky","owned_by":"ollama"}]}`
	modelList = `{"object":"list","data":[{"id":"m","object":"model"}]}`
	version   = `{"version":"0.17.4"}`
)

// The three kinds of server, as far as Dial looks, with more paths.
func tilgateWith(paths map[string]http.HandlerFunc) map[string]http.HandlerFunc {
	paths["/v1/languages"], paths["/v1/models"], paths["/api/version"] = says(languages), says(models), says(version)
	return paths
}

func ollamaWith(paths map[string]http.HandlerFunc) map[string]http.HandlerFunc {
	paths["/api/version"] = says(version)
	return paths
}

func openAIWith(paths map[string]http.HandlerFunc) map[string]http.HandlerFunc {
	paths["/v1/models"] = says(modelList)
	return paths
}

func dialed(t testing.TB, f *fake, o Options) *Server {
	t.Helper()
	o.URL = f.URL
	s, err := Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// question is a case of a kind, in Kyrgyz.
func question(kind evals.Kind) evals.Case {
	return evals.Case{Task: &evals.Task{Kind: kind, Lang: "ky"}, Item: &evals.Item{ID: "1", Text: "Канча турат?"},
		Turns: []evals.Turn{{Role: "system", Text: "Кыска жооп бер."}, {Role: "user", Text: "Канча турат?"}}}
}

// same reports whether a is the answer want, times aside.
func same(t *testing.T, a, want evals.Answer) {
	t.Helper()
	a.TTFT, a.Seconds = 0, 0
	got, _ := json.Marshal(a)
	wanted, _ := json.Marshal(want)
	if string(got) != string(wanted) {
		t.Errorf("got  %s\nwant %s", got, wanted)
	}
}

// wrong checks an error: its kind, and words that it must hold.
func wrong(t *testing.T, err error, kind fault.Kind, words ...string) {
	t.Helper()
	if !kind.Is(err) {
		t.Errorf("the error is of kind %s, want %s: %v", fault.Of(err), kind, err)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q does not say %q", err, w)
		}
	}
}

// slowly writes pieces with a pause after each but the last.
func slowly(pause time.Duration, pieces ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for i, p := range pieces {
			_, _ = io.WriteString(w, p)
			if i == len(pieces)-1 {
				return
			}
			w.(http.Flusher).Flush()
			select {
			case <-r.Context().Done():
				return
			case <-time.After(pause):
			}
		}
	}
}
