package live

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"tilgate/evals"
	"tilgate/internal/fault"
)

// recorded is a stream of Tilgate's demo, without a model, with the texts of
// its passages shortened.
func recorded(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("testdata/tilgate.sse")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

const found = `{"language":{"tag":"ky"},"passages":[{"n":1,"document":"birth-registration","text":"Акысыз.","score":2.5},{"n":2,"document":"identity-card","text":"…","score":1}]}`

func TestTilgate(t *testing.T) {
	f := serve(t, tilgateWith(map[string]http.HandlerFunc{chatPath: says(recorded(t)), "/v1/search": says(found)}))
	s := dialed(t, f, Options{Extra: map[string]any{"weights": "base"}})
	c := question(evals.RAG)
	c.Task.Knowledge = []string{"namuna"}
	a, err := s.Target("auto").Ask(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(a.Text, "ошол эле күнү берет.” [2]") {
		t.Errorf("text %q", a.Text)
	}
	a.Text = ""
	same(t, a, evals.Answer{Model: "extract", Lang: "ky", Cites: []string{"maternity-benefit", "birth-registration"},
		Passages:     []evals.Passage{{Doc: "birth-registration", Text: "Акысыз.", Score: 2.5}, {Doc: "identity-card", Text: "…", Score: 1}},
		PromptTokens: 1111, Tokens: 134, Finish: "stop"})
	if want := `"tilgate":{"cache":false,"knowledge":["namuna"],"language":"ky","weights":"base"}}`; !strings.HasSuffix(f.last(chatPath), want) {
		t.Errorf("asked %s", f.last(chatPath))
	}
	if want := `{"k":10,"knowledge":["namuna"],"language":"ky","query":"Канча турат?"}`; f.last("/v1/search") != want {
		t.Errorf("searched %s", f.last("/v1/search"))
	}
}

// What is asked of whom under which name.
func TestTilgateNames(t *testing.T) {
	for _, tt := range []struct{ model, want string }{
		{"auto", `,"tilgate":{"cache":false,"language":"ky"}}`},
		{"auto:en", `,"tilgate":{"cache":false}}`},
		{"m:en", `,"tilgate":{"cache":false}}`},
		{"en", `,"tilgate":{"cache":false}}`},
		{"m", `"max_tokens":256}`},
		{"m:latest", `"max_tokens":256}`},
		{"odd:ky", `"max_tokens":256}`}, // a plain model of this name is there
		{"qwen3:8b", `"max_tokens":256}`},
	} {
		f := serve(t, tilgateWith(map[string]http.HandlerFunc{chatPath: says(piece("a") + doneData)}))
		if _, err := dialed(t, f, Options{}).Target(tt.model).Ask(t.Context(), question(evals.Open)); err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(f.last(chatPath), tt.want) {
			t.Errorf("%s: asked %s, want …%s", tt.model, f.last(chatPath), tt.want)
		}
	}
}

func TestDeclined(t *testing.T) {
	f := serve(t, tilgateWith(map[string]http.HandlerFunc{
		chatPath:     says(`{"model":"auto","choices":[{"index":0,"message":{"content":"Табылган жок.","annotations":[]},"finish_reason":"stop"}],"tilgate":{"language":{"tag":"ky"},"adapter":"ky","model":"none","degraded":"not_found","passages":[]}}`),
		"/v1/search": says(`{"passages":[]}`)}))
	a, err := dialed(t, f, Options{}).Target("auto").Ask(t.Context(), question(evals.RAG))
	if err != nil || a.Passages == nil {
		t.Errorf("%+v, %v", a, err) // that nothing was found is a finding
	}
	same(t, a, evals.Answer{Text: "Табылган жок.", Model: "none", Lang: "ky", Declined: true, Finish: "stop"})
}

func TestSearchFails(t *testing.T) {
	f := serve(t, tilgateWith(map[string]http.HandlerFunc{chatPath: says(recorded(t)), "/v1/search": status(503, `{"error":{"message":"no store"}}`)}))
	_, err := dialed(t, f, Options{}).Target("auto").Ask(t.Context(), question(evals.RAG))
	wrong(t, err, fault.Unavailable, "searching: ", "no store")
}

func TestDetect(t *testing.T) {
	f := serve(t, tilgateWith(map[string]http.HandlerFunc{"/v1/detect": says(`{"data":[{"tag":"ky","script":"Cyrl","confidence":0.9,"by":"text"}]}`), chatPath: says(piece("kk") + doneData)}))
	s := dialed(t, f, Options{})
	a, err := s.Target("auto").Ask(t.Context(), question(evals.Detection))
	if err != nil || f.last("/v1/detect") != `{"input":["Канча турат?"]}` {
		t.Errorf("%v, asked %s", err, f.last("/v1/detect"))
	}
	same(t, a, evals.Answer{Text: "ky", Lang: "ky", Model: "auto"})
	a, err = s.Target("m").Ask(t.Context(), question(evals.Detection))
	if err != nil || a.Text != "kk" {
		t.Errorf("a plain model: %+v, %v", a, err)
	}
}

func TestCited(t *testing.T) {
	e := extension{Passages: []passage{{N: 1, Document: "a", Source: "https://x/a", Title: "A"}, {N: 12, Document: "b", Source: "https://x/a", Title: "A"}}}
	for _, tt := range []struct {
		text       string
		start, end int
		url, title string
		want       string
	}{
		{"Ооба [12].", 5, 9, "https://x/a", "A", "b"}, // the number, where address and title are shared
		{"بلی [۱۲].", 4, 8, "https://x/a", "A", "b"},
		{"Ооба [1].", 5, 8, "", "", "a"},
		{"Ооба.", 40, 44, "https://x/a", "A", "a"},
		{"Ооба [3].", 5, 8, "https://x/c", "C", "https://x/c"}, // told of nowhere
	} {
		var n annotation
		n.Citation.URL, n.Citation.Title, n.Citation.Start, n.Citation.End = tt.url, tt.title, tt.start, tt.end
		if got := e.cited([]rune(tt.text), n); got != tt.want {
			t.Errorf("%s cites %s, want %s", tt.text, got, tt.want)
		}
	}
}
