package live

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"tilgate/evals"
	"tilgate/internal/fault"
)

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
	"vLLM, SGLang and llama-cpp-python do, and Ollama is asked in its own way with --api ollama; or leave out --loglik, and score the letter that the model writes")

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
