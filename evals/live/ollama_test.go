package live

import (
	"encoding/json"
	"math"
	"net/http"
	"strings"
	"testing"

	ollamaapi "github.com/ollama/ollama/api"

	"tilgate/evals"
	"tilgate/internal/fault"
	"tilgate/serving/ollama/ollamatest"
)

const (
	ollamaPiece = `{"model":"m:latest","created_at":"2026-01-01T00:00:00Z","message":{"role":"assistant","content":"58 "},"done":false}` + "\n"
	ollamaLast  = `{"model":"m:latest","message":{"role":"assistant","content":"сом"},"done":true,"done_reason":"stop","prompt_eval_count":7,"eval_count":3}` + "\n"
)

func TestOllama(t *testing.T) {
	want := evals.Answer{Text: "58 сом", Model: "m:latest", PromptTokens: 7, Tokens: 3, Finish: "stop"}
	for _, tt := range []struct {
		name, body string
		want       evals.Answer
	}{
		{"a stream", ollamaPiece + ollamaLast, want},
		{"with thought", `{"message":{"content":"","thinking":"hm"}}` + "\n\n" + ollamaPiece + ollamaLast, want},
		{"no line end", ollamaPiece + strings.TrimSpace(ollamaLast), want},
		{"one object", strings.Replace(ollamaLast, "сом", "58 сом", 1), want},
	} {
		f := serve(t, ollamaWith(map[string]http.HandlerFunc{"/api/chat": says(tt.body)}))
		a, err := dialed(t, f, Options{Seed: 5}).Target("m").Ask(t.Context(), question(evals.Open))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		same(t, a, tt.want)
		for _, field := range []string{`"truncate":false`, `"options":{"num_predict":256,"seed":5,"temperature":0}`} {
			if !strings.Contains(f.last("/api/chat"), field) {
				t.Errorf("asked %s without %s", f.last("/api/chat"), field)
			}
		}
	}
}

func TestOllamaFails(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		kind   fault.Kind
		words  string
	}{
		{"no such model", status(404, `{"error":"model 'm' not found"}`), fault.NotFound, "model 'm' not found"},
		{"busy", status(503, `{"error":"server busy, please try again.  maximum pending requests exceeded"}`), fault.Unavailable, "server busy"},
		{"an error in the stream", says(ollamaPiece + `{"error":"an error was encountered while running the model"}` + "\n"), fault.Unavailable, "an error was encountered"},
		{"no end", says(ollamaPiece), fault.Unavailable, "a stream without an end"},
		{"empty", says(""), fault.Unavailable, "empty"},
		{"cut", says(ollamaPiece + ollamaLast[:40]), fault.Unavailable, "not the JSON"},
		{"HTML", says("<html>"), fault.Unavailable, `"<html>"`},
		{"not UTF-8", says("{\"message\":{\"content\":\"\xff\"}}\n"), fault.Unavailable, "UTF-8"},
	} {
		f := serve(t, ollamaWith(map[string]http.HandlerFunc{"/api/chat": tt.answer}))
		_, err := dialed(t, f, Options{}).Target("m").Ask(t.Context(), question(evals.Open))
		if wrong(t, err, tt.kind, tt.words); t.Failed() {
			t.Fatal(tt.name)
		}
	}
}

func token(text string, log float64) ollamaapi.Logprob {
	return ollamaapi.Logprob{TokenLogprob: ollamaapi.TokenLogprob{Token: text, Logprob: log}}
}

func TestQuoted(t *testing.T) {
	for _, tt := range []struct {
		text   string
		tokens []ollamaapi.Logprob
		want   float64
	}{
		{"ka", []ollamaapi.Logprob{token(`"`, -9), token("k", -1), token("a", -2), token(`"`, -9)}, -3},
		{"ka", []ollamaapi.Logprob{token(`"`, -9), token("ka", -1), token("\"\n", -9), token("\n ", -9)}, -1},
		{"ka", []ollamaapi.Logprob{token(`"k`, -1), token(`a"`, -2)}, -3}, // beside text it counts whole
		{`a"`, []ollamaapi.Logprob{token(`"`, -9), token("a", -1), token(`\`, -2), token(`"`, -4), token(`"`, -9)}, -7},
		{"Б", []ollamaapi.Logprob{token(`"`, -9), token("\uFFFD", -1), token("\uFFFD", -2), token(`"`, -9)}, -3},
		{"", []ollamaapi.Logprob{token(`"`, -9), token(`"`, -9)}, 0},
	} {
		wrote, _ := json.Marshal(tt.text)
		got, err := quoted(ollamaText{GenerateResponse: ollamaapi.GenerateResponse{Response: string(wrote) + "\n", Logprobs: tt.tokens}}, tt.text)
		if err != nil || got != tt.want {
			t.Errorf("%q: %g, %v, want %g", tt.text, got, err, tt.want)
		}
	}
	_, err := quoted(ollamaText{GenerateResponse: ollamaapi.GenerateResponse{Response: "Of course!"}}, "ka")
	wrong(t, err, fault.Invalid, "does not hold the model to a text", "Of course!")
	_, err = quoted(ollamaText{GenerateResponse: ollamaapi.GenerateResponse{Response: `"ka"`}}, "ka")
	wrong(t, err, fault.Invalid, "tells no log-probabilities")
}

func TestForcedFails(t *testing.T) {
	for _, tt := range []struct{ body, words string }{
		{`{"response":"\"a","done":false}`, "gave up"},
		{`{"response":"\"a","done":true,"done_reason":"length"}`, "num_ctx"},
	} {
		f := serve(t, ollamaWith(map[string]http.HandlerFunc{"/api/generate": says(tt.body)}))
		_, err := dialed(t, f, Options{}).Target("m").Ask(t.Context(), choices("aaa"))
		wrong(t, err, fault.Invalid, tt.words)
	}
}

// A real server: TILGATE_OLLAMA, the one on the PATH, or what
// tools/ollama/build.sh has built; skipped without one.
func TestRealOllama(t *testing.T) {
	server := ollamatest.Start(t)
	server.Create("tiny")
	s, err := Dial(t.Context(), Options{URL: server.URL, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	tiny := s.Target("tiny").(target)
	t.Run("chat", func(t *testing.T) {
		a, err := tiny.Ask(t.Context(), question(evals.Open))
		if err != nil || a.Text == "" || a.Tokens == 0 || a.PromptTokens == 0 || a.TTFT <= 0 || a.TTFT > a.Seconds || a.Model != "tiny" {
			t.Errorf("%+v, %v", a, err)
		}
		again, err := tiny.Ask(t.Context(), question(evals.Open))
		if err != nil || again.Text != a.Text {
			t.Errorf("%q, then %q, %v", a.Text, again.Text, err)
		}
	})
	t.Run("forced as free", func(t *testing.T) { forcedAsFree(t, tiny) })
	t.Run("hard texts", func(t *testing.T) {
		a, err := tiny.Ask(t.Context(), choices(`ka "Б\n</`, "ёлка", "a\tb", " ka", "zu \u2028 🙂"))
		if err != nil || !a.Forced || len(a.LogLiks) != 5 {
			t.Errorf("%+v, %v", a, err)
		}
	})
	t.Run("another model", func(t *testing.T) {
		_, err := s.Target("none").Ask(t.Context(), choices("ka"))
		wrong(t, err, fault.NotFound, "none")
	})
}

// forcedAsFree compares forced log-probabilities with those that the model has
// when nothing is forced: of what it says after a quotation mark by itself, and
// of texts that it would not say, letter by letter.
func forcedAsFree(t *testing.T, tiny target) {
	c := choices()
	free := generate(t, tiny, c.Context()+`"`, 8)
	c.Continuations = []string{free.Response, "ka", "zu ne"}
	want := []float64{0, 0, 0}
	for _, l := range free.Logprobs {
		want[0] += l.Logprob
	}
	for i, text := range c.Continuations[1:] {
		for at := range text {
			want[i+1] += next(t, tiny, c.Context()+`"`+text[:at], text[at:at+1])
		}
	}
	a, err := tiny.Ask(t.Context(), c)
	if err != nil || len(a.LogLiks) != len(want) {
		t.Fatalf("%+v, %v", a, err)
	}
	for i, text := range c.Continuations {
		t.Logf("%q: forced %.6f, free %.6f", text, a.LogLiks[i], want[i])
		if math.Abs(a.LogLiks[i]-want[i]) > 1e-3 {
			t.Errorf("%q: forced %.6f, free %.6f", text, a.LogLiks[i], want[i])
		}
	}
}

func generate(t *testing.T, tiny target, prompt string, tokens int) (got ollamaapi.GenerateResponse) {
	t.Helper()
	no := false
	err := tiny.post(t.Context(), "/api/generate", ollamaapi.GenerateRequest{Model: "tiny", Prompt: prompt, Raw: true, Stream: &no, Logprobs: true, TopLogprobs: 20,
		Options: map[string]any{"temperature": 0, "num_predict": tokens, "repeat_penalty": 1}}, func(r *reply) error { return r.object(&got) })
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// next returns the log-probability of a letter among the 20 likeliest.
func next(t *testing.T, tiny target, prompt, letter string) float64 {
	t.Helper()
	for _, l := range generate(t, tiny, prompt, 1).Logprobs[0].TopLogprobs {
		if l.Token == letter {
			return l.Logprob
		}
	}
	t.Fatalf("%q is not among the 20 likeliest after %q", letter, prompt)
	return 0
}
