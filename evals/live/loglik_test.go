package live

import (
	"encoding/json"
	"math"
	"net/http"
	"strings"
	"testing"

	"tilgate/evals"
	"tilgate/internal/fault"
)

// choices is a case with continuations.
func choices(texts ...string) evals.Case {
	return evals.Case{Task: &evals.Task{Kind: evals.MultipleChoice, Lang: "ky", LogLik: true}, Item: &evals.Item{ID: "1"},
		Turns: []evals.Turn{{Role: "user", Text: "Борбор шаар?"}}, Continuations: texts}
}

// An echoer answers /v1/completions as servers do that can say a prompt. Each
// token costs its number of bytes in nats.
type echoer struct {
	tokenise func(text string) []string // as the server shows them
	begin    string                     // a token before the text
	one      bool                       // lists are refused
	least    int                        // of max_tokens
	mute     bool                       // echo is passed over
}

func (e echoer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var req struct {
		Prompt    json.RawMessage
		MaxTokens int `json:"max_tokens"`
	}
	_ = json.NewDecoder(r.Body).Decode(&req)
	var prompts []string
	if json.Unmarshal(req.Prompt, &prompts) != nil {
		prompts = []string{""}
		_ = json.Unmarshal(req.Prompt, &prompts[0])
	} else if e.one {
		status(500, `{"error":{"message":"a list is too much"}}`)(w, r)
		return
	}
	if req.MaxTokens < e.least {
		status(400, `{"error":{"message":"max_tokens must be at least 1"}}`)(w, r)
		return
	}
	var list []map[string]any
	for i, p := range prompts {
		list = append([]map[string]any{e.choice(i, p, req.MaxTokens)}, list...) // in no order
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"model": "m-1", "choices": list, "usage": map[string]int{"prompt_tokens": 5 * len(prompts)}})
}

func (e echoer) choice(i int, prompt string, tokens int) map[string]any {
	if e.mute {
		return map[string]any{"index": i, "text": "!", "logprobs": nil}
	}
	text := prompt + strings.Repeat("!", tokens)
	all := e.tokenise(prompt)
	if e.begin != "" {
		all = append([]string{e.begin}, all...)
	}
	for range tokens {
		all = append(all, "!")
	}
	var logs []any
	for j, t := range all {
		if logs = append(logs, -float64(len(t))); j == 0 {
			logs[0] = nil
		}
	}
	return map[string]any{"index": i, "text": text, "logprobs": map[string]any{"tokens": all, "token_logprobs": logs, "text_offset": make([]int, len(all))}}
}

// words cuts text before each space, as tokenisers of GPT's kind do.
func words(text string) []string {
	var out []string
	for i, w := range strings.Split(text, " ") {
		if i > 0 {
			w = " " + w
		}
		out = append(out, w)
	}
	return out
}

// parts cuts text into bytes, of which those that are no ASCII are not shown.
func parts(text string) []string {
	var out []string
	for _, b := range []byte(text) {
		if b < 0x80 {
			out = append(out, string(rune(b)))
		} else {
			out = append(out, "\uFFFD")
		}
	}
	return out
}

// merged makes the end of the prompt and the continuation one token.
func merged(text string) []string {
	i := strings.Index(text, "р?")
	return []string{text[:i], text[i:]}
}

func TestLikelihoods(t *testing.T) {
	// " Бишкек" has 13 bytes, " Ош шаары" 16; in parts each letter has two of
	// three bytes, and the space one.
	whole, apart := []float64{-13, -16}, []float64{-37, -44}
	for _, tt := range []struct {
		name string
		e    echoer
		want []float64
	}{
		{"as text", echoer{tokenise: words}, whole},
		{"with a first token", echoer{tokenise: words, begin: "<|begin_of_text|>"}, whole},
		{"at least one token", echoer{tokenise: words, least: 1}, whole},
		{"no list", echoer{tokenise: words, one: true}, whole},
		{"no list, at least one token", echoer{tokenise: words, one: true, least: 1}, whole},
		{"parts of letters", echoer{tokenise: parts, begin: "<s>"}, apart},
		{"parts of letters, no list, at least one token", echoer{tokenise: parts, one: true, least: 1}, apart},
		{"a token across", echoer{tokenise: merged}, []float64{-16, -19}}, // it counts whole
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := serve(t, openAIWith(map[string]http.HandlerFunc{"/v1/completions": tt.e.ServeHTTP}))
			m := dialed(t, f, Options{}).Target("m")
			a, err := m.Ask(t.Context(), choices("Бишкек", "Ош шаары"))
			if err != nil {
				t.Fatal(err)
			}
			close := len(a.LogLiks) == 2 && math.Abs(a.LogLiks[0]-tt.want[0])+math.Abs(a.LogLiks[1]-tt.want[1]) < 1e-9
			if !close || a.Forced || a.Model != "m-1" || a.Seconds <= 0 || a.PromptTokens == 0 {
				t.Errorf("%+v, want %g", a, tt.want)
			}
			asked := f.count("/v1/completions")
			if _, err := m.Ask(t.Context(), choices("Бишкек", "Ош шаары")); err != nil {
				t.Fatal(err)
			}
			if more := f.count("/v1/completions") - asked; more > asked {
				t.Errorf("the way is looked for again: %d requests, then %d", asked, more)
			}
		})
	}
}

func TestEchoed(t *testing.T) {
	for _, tt := range []struct{ context, before, prompt string }{
		{"Жооп:", "Жооп:", "Жооп: Б"},
		{"Жооп: ", "Жооп:", "Жооп: Б"},
		{"Жооп:\n", "Жооп:", "Жооп:\nБ"},
		{"", "", "Б"},
	} {
		c := choices("Б")
		c.Turns[0].Text = tt.context
		before, prompts := echoed(c)
		if before != tt.before || prompts[0] != tt.prompt {
			t.Errorf("%q: %q and %q", tt.context, before, prompts[0])
		}
	}
}

func TestLikelihoodsFail(t *testing.T) {
	f := serve(t, openAIWith(map[string]http.HandlerFunc{"/v1/completions": echoer{mute: true, one: true}.ServeHTTP}))
	m := dialed(t, f, Options{}).Target("m")
	for _, requests := range []int{3, 3} { // two with a list; the second time none
		_, err := m.Ask(t.Context(), choices("a", "b"))
		wrong(t, err, fault.Invalid, "does not tell the log-probabilities", "--api ollama", "vLLM", "--loglik")
		if got := f.count("/v1/completions"); got != requests {
			t.Errorf("%d requests, want %d", got, requests)
		}
	}
	f = serve(t, openAIWith(map[string]http.HandlerFunc{"/v1/completions": status(503, `{"error":"busy"}`)}))
	_, err := dialed(t, f, Options{}).Target("m").Ask(t.Context(), choices("a"))
	wrong(t, err, fault.Unavailable, "busy")
	if f.count("/v1/completions") != 1 {
		t.Error("it asks a busy server in other ways")
	}
	f = serve(t, openAIWith(map[string]http.HandlerFunc{"/v1/completions": echoer{tokenise: words}.ServeHTTP}))
	c := choices("Бишкек")
	c.Turns = nil
	_, err = dialed(t, f, Options{}).Target("m").Ask(t.Context(), c)
	wrong(t, err, fault.Invalid, "how likely the first token is")
}

const noEchoHere = `{"error":{"message":"logprobs of the prompt cannot be had from Ollama","code":"invalid_request"}}`

// Tilgate may stand before an Ollama.
func TestLikelihoodsBehindTilgate(t *testing.T) {
	forced := `{"model":"m","response":"\"a\"","done":true,"done_reason":"stop","prompt_eval_count":4,"logprobs":[{"token":"\"","logprob":-9},{"token":"a","logprob":-2},{"token":"\"","logprob":-9}]}`
	f := serve(t, tilgateWith(map[string]http.HandlerFunc{"/v1/completions": status(400, noEchoHere), "/api/generate": says(forced)}))
	s := dialed(t, f, Options{})
	for range 2 {
		a, err := s.Target("m").Ask(t.Context(), choices("a"))
		if err != nil {
			t.Fatal(err)
		}
		same(t, a, evals.Answer{Model: "m", LogLiks: []float64{-2}, Forced: true, PromptTokens: 4})
	}
	if n := f.count("/v1/completions"); n != 4 {
		t.Errorf("%d requests for an echo, want the 4 of the first time", n)
	}
	_, err := s.Target("auto").Ask(t.Context(), choices("a"))
	wrong(t, err, fault.Invalid, "plain model")

	f = serve(t, tilgateWith(map[string]http.HandlerFunc{"/v1/completions": status(400, noEchoHere)}))
	_, err = dialed(t, f, Options{}).Target("m").Ask(t.Context(), choices("a"))
	wrong(t, err, fault.Invalid, "cannot be had from Ollama", "in Ollama's words", "404")
}
