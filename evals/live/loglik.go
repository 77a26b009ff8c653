package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tilgate/evals"
	"tilgate/internal/fault"
)

// A way is how a server tells log-likelihoods. Servers differ in what they
// take: a list of prompts or one, an answer of no token or of at least one.
type way struct {
	list   bool // all prompts in one request
	tokens int  // to be written, which nobody wants
	forced bool // in Ollama's words
}

// waysOf returns what to try, the best first.
func (a api) waysOf() []way {
	forced := []way{{forced: true}}
	echo := []way{{list: true}, {list: true, tokens: 1}, {}, {tokens: 1}}
	switch a {
	case ollama:
		return forced
	case tilgate:
		return append(echo, forced...)
	}
	return echo
}

// likelihoods returns how likely the model finds each continuation. What
// worked once for a model, or never can, is not looked for again.
func (t target) likelihoods(ctx context.Context, c evals.Case) (evals.Answer, error) {
	if t.own {
		return evals.Answer{}, fault.Invalid.Errorf("log-likelihoods need a plain model; as %s Tilgate answers, with prompts of its own", t.model)
	}
	ways := t.api.waysOf()
	switch known, _ := t.ways.Load(t.model); known := known.(type) {
	case error:
		return evals.Answer{}, known
	case way:
		ways = []way{known}
	}
	var refusals []error
	for _, w := range ways {
		if !w.forced && len(refusals) > 0 && errors.Is(refusals[len(refusals)-1], noEcho) {
			continue // it did all that was asked but the one thing
		}
		begun := time.Now()
		a, err := t.likely(ctx, c, w)
		if err == nil {
			t.ways.Store(t.model, w)
			a.Seconds = time.Since(begun).Seconds()
			return a, nil
		}
		if refusals = append(refusals, err); !otherwise(err) {
			break
		}
	}
	return evals.Answer{}, t.none(refusals)
}

// none returns what to say after refusals: the last if it may be over by the
// next try, else the first, and what came of asking in Ollama's words.
func (t target) none(refusals []error) error {
	first, last := refusals[0], refusals[len(refusals)-1]
	switch {
	case errors.Is(last, noEcho):
		t.ways.Store(t.model, last)
		return last
	case !otherwise(last):
		return last
	case t.api == tilgate && len(refusals) > 1:
		return fmt.Errorf("%w; asked in Ollama's words: %v", first, last)
	}
	return first
}

// otherwise reports whether another way may work where err came of one.
func otherwise(err error) bool {
	var r *refused
	if errors.As(err, &r) && r.status == http.StatusInternalServerError {
		return true // as some do for a list
	}
	return fault.Invalid.Is(err) || fault.NotFound.Is(err)
}

func (t target) likely(ctx context.Context, c evals.Case, w way) (evals.Answer, error) {
	if w.forced {
		return t.forced(ctx, c)
	}
	before, prompts := echoed(c)
	e := &echo{target: t, way: w, answer: evals.Answer{Model: t.model}}
	choices, err := e.ask(ctx, prompts)
	if err != nil {
		return e.answer, err
	}
	if !aligned(choices) {
		if err := e.count(ctx, before); err != nil {
			return e.answer, err
		}
	}
	for i, choice := range choices {
		from, to := e.inside(choice, before, prompts[i])
		sum, err := choice.sum(from, to)
		if err != nil {
			return e.answer, err
		}
		e.answer.LogLiks = append(e.answer.LogLiks, sum)
	}
	return e.answer, nil
}

// echoed returns what comes before each continuation, and the prompts. As in
// lm-evaluation-harness a space stands between the two, unless there is white
// space; that belongs to the continuation, since tokens begin with it.
func echoed(c evals.Case) (before string, prompts []string) {
	begin := c.Context()
	before = strings.TrimRightFunc(begin, unicode.IsSpace)
	if before == begin && begin != "" {
		begin += " "
	}
	for _, text := range c.Continuations {
		prompts = append(prompts, begin+text)
	}
	return before, prompts
}

// An echo has a server say prompts, with the log-probabilities of their tokens.
type echo struct {
	target
	way
	answer  evals.Answer
	counted int // tokens before the continuation; 0 if they tell where they stand
}

// The shapes of OpenAI's older completions, as far as they are read.
type (
	textRequest struct {
		Model       string `json:"model"`
		Prompt      any    `json:"prompt"` // a text or a list
		Echo        bool   `json:"echo"`
		Logprobs    int    `json:"logprobs"`
		MaxTokens   int    `json:"max_tokens"`
		Temperature int    `json:"temperature"`
		Seed        int64  `json:"seed"`
	}
	textObject struct {
		Model   string          `json:"model"`
		Choices []textChoice    `json:"choices"`
		Usage   *usage          `json:"usage"`
		Error   json.RawMessage `json:"error"`
	}
	textChoice struct {
		Index    int           `json:"index"`
		Text     string        `json:"text"`
		Logprobs *textLogprobs `json:"logprobs"`
	}
	textLogprobs struct {
		Tokens []string   `json:"tokens"`
		Logs   []*float64 `json:"token_logprobs"` // null for the first
		begins []int      // where each token begins in the text, in bytes; nil if that cannot be told
	}
)

// ask returns what comes back for each prompt, in their order.
func (e *echo) ask(ctx context.Context, prompts []string) ([]textChoice, error) {
	if e.list {
		return e.post(ctx, prompts, prompts)
	}
	var all []textChoice
	for _, p := range prompts {
		one, err := e.post(ctx, p, []string{p})
		if err != nil {
			return nil, err
		}
		all = append(all, one...)
	}
	return all, nil
}

func (e *echo) post(ctx context.Context, prompt any, prompts []string) ([]textChoice, error) {
	req := textRequest{Model: e.model, Prompt: prompt, Echo: true, Logprobs: 1, MaxTokens: e.tokens, Seed: e.seed()}
	var got textObject
	err := e.target.post(ctx, "/v1/completions", req, func(r *reply) error {
		if err := r.object(&got); err != nil {
			return err
		}
		return said(got.Error)
	})
	if err != nil {
		return nil, err
	}
	if got.Model != "" {
		e.answer.Model = got.Model
	}
	if got.Usage != nil {
		e.answer.PromptTokens += got.Usage.Prompt
	}
	return sorted(got.Choices, prompts)
}

// sorted puts choices into the order of their prompts, and sees that each says
// its prompt and tells the log-probabilities.
func sorted(choices []textChoice, prompts []string) ([]textChoice, error) {
	out := make([]textChoice, len(prompts))
	if len(choices) != len(prompts) {
		return nil, fault.Invalid.Errorf("the server answers %d prompts with %d completions", len(prompts), len(choices))
	}
	for _, c := range choices {
		if c.Index < 0 || c.Index >= len(out) || out[c.Index].Logprobs != nil {
			return nil, fault.Invalid.Errorf("the server numbers its completions in no order that is known")
		}
		l := c.Logprobs
		if l == nil || len(l.Tokens) == 0 || len(l.Tokens) != len(l.Logs) || !strings.HasPrefix(c.Text, prompts[c.Index]) {
			return nil, noEcho
		}
		l.begins = begins(l.Tokens, c.Text)
		out[c.Index] = c
	}
	return out, nil
}

var noEcho = fault.Invalid.Errorf("this server does not tell the log-probabilities of a prompt (echo with logprobs at /v1/completions); " +
	"vLLM, SGLang and llama-cpp-python do, and Ollama is asked in its own way with the API ollama; or score without log-likelihoods, by the letter that the model writes")

// begins returns where each token begins in text, or nil if the tokens are not
// the text. Then some are parts of letters, which servers write as U+FFFD, and
// their own text_offset is of no use either: vLLM adds up the lengths of what
// it shows. A first token that is not in the text, such as <s>, begins at 0.
func begins(tokens []string, text string) []int {
	out := make([]int, len(tokens))
	at := 0
	for i, token := range tokens {
		out[i] = at
		switch {
		case strings.HasPrefix(text[at:], token):
			at += len(token)
		case i > 0 && at < len(text):
			return nil
		}
	}
	if at != len(text) || strings.Contains(text, string(utf8.RuneError)) {
		return nil
	}
	return out
}

func aligned(choices []textChoice) bool {
	for _, c := range choices {
		if c.Logprobs.begins == nil {
			return false
		}
	}
	return true
}

// count asks how many tokens what comes before the continuations has, which is
// how lm-evaluation-harness parts the two.
func (e *echo) count(ctx context.Context, before string) error {
	if before == "" {
		return fault.Invalid.Errorf("there is nothing before the continuations, and the server's tokens are not their text: where they begin cannot be told")
	}
	alone, err := e.ask(ctx, []string{before})
	if err != nil {
		return fmt.Errorf("counting the tokens before the continuations: %w", err)
	}
	e.counted = len(alone[0].Logprobs.Tokens) - e.tokens
	return nil
}

// inside returns which tokens belong to the continuation: those that end in
// it. One that begins before it counts whole. Where tokens were counted, they
// are all after those, but for what the server was made to write.
func (e *echo) inside(c textChoice, before, prompt string) (from, to int) {
	tokens := c.Logprobs.Tokens
	if e.counted > 0 {
		return e.counted, len(tokens) - e.tokens
	}
	from, to = -1, 0
	for i, at := range c.Logprobs.begins {
		ends := at + len(tokens[i])
		if from < 0 && (ends > len(before) || at >= len(before)) && strings.HasPrefix(c.Text[at:], tokens[i]) {
			from = i
		}
		if at < len(prompt) {
			to = i + 1
		}
	}
	if from < 0 {
		from = to
	}
	return from, to
}

// sum adds up log-probabilities.
func (c textChoice) sum(from, to int) (float64, error) {
	if from >= to {
		return 0, fault.Invalid.Errorf("the continuation has no token of its own in %s", shown([]byte(c.Text)))
	}
	sum := 0.0
	for _, log := range c.Logprobs.Logs[from:to] {
		if log == nil {
			return 0, fault.Invalid.Errorf("the server does not tell how likely the first token is, and nothing comes before the continuation")
		}
		sum += *log
	}
	return sum, nil
}
