package live

import (
	"bytes"
	"context"
	"encoding/json"

	ollamaapi "github.com/ollama/ollama/api"

	"tilgate/evals"
	"tilgate/internal/fault"
)

// forced asks for log-likelihoods where none can be had of a given text: a
// grammar leaves the model nothing to write but the continuation, and its
// log-probabilities are still those of a free choice. They are of a string of
// JSON: after an opening quotation mark, with JSON's escapes, in the tokens
// that the model likes best, and without the end. A token that holds a
// quotation mark beside text counts whole.
func (t target) forced(ctx context.Context, c evals.Case) (evals.Answer, error) {
	a := evals.Answer{Model: t.model, Forced: true}
	prompt := c.Context()
	if prompt == "" {
		return a, fault.Invalid.Errorf("there is nothing before the continuations, which Ollama takes for a request to load the model")
	}
	for _, text := range c.Continuations {
		got, err := t.force(ctx, prompt, text)
		if err != nil {
			return a, err
		}
		logLik, err := quoted(got, text)
		if err != nil {
			return a, err
		}
		a.LogLiks = append(a.LogLiks, logLik)
		a.Model = got.Model
		a.PromptTokens += got.PromptEvalCount
	}
	return a, nil
}

type ollamaText struct {
	ollamaapi.GenerateResponse
	Error json.RawMessage `json:"error"`
}

// force has a model write text after a prompt.
func (t target) force(ctx context.Context, prompt, text string) (got ollamaText, err error) {
	format, err := json.Marshal(map[string]string{"const": text})
	if err != nil {
		return got, err
	}
	no := false
	options := t.options(6*len(text) + 64) // escapes, and the white space that grammars let follow
	options["repeat_penalty"] = 1          // it would pick other tokens
	req := ollamaapi.GenerateRequest{Model: t.model, Prompt: prompt, Raw: true, Stream: &no, Format: format, Logprobs: true, Truncate: &no, Shift: &no, Options: options}
	err = t.post(ctx, "/api/generate", req, func(r *reply) error {
		if err := r.object(&got); err != nil {
			return err
		}
		if err := said(got.Error); err != nil {
			return err
		}
		return unfinished(got, text)
	})
	return got, err
}

// unfinished is the error about a continuation that did not end, or nil.
func unfinished(got ollamaText, text string) error {
	switch {
	case !got.Done:
		return fault.Invalid.Errorf("the server gave up in the middle of %s, as Ollama does after 30 equal tokens", shown([]byte(text)))
	case got.DoneReason == "length":
		return fault.Invalid.Errorf("the model's context is full before the end of %s; give the model a larger num_ctx", shown([]byte(text)))
	}
	return nil
}

// quoted adds up the log-probabilities of the tokens of text in an answer that
// is text as a string of JSON.
func quoted(got ollamaText, text string) (float64, error) {
	var wrote string
	if err := json.Unmarshal([]byte(got.Response), &wrote); err != nil || wrote != text {
		return 0, fault.Invalid.Errorf("log-likelihoods cannot be had: the server does not hold the model to a text; it wrote %s for %s", shown([]byte(got.Response)), shown([]byte(text)))
	}
	tokens := got.Logprobs
	for len(tokens) > 0 && blank(tokens[len(tokens)-1].Token) {
		tokens = tokens[:len(tokens)-1]
	}
	if len(tokens) == 0 {
		return 0, fault.Invalid.Errorf("log-likelihoods cannot be had: the server tells no log-probabilities of what it writes; newer versions of Ollama do")
	}
	if quotation(tokens[0]) {
		tokens = tokens[1:]
	}
	if n := len(tokens); n > 0 && quotation(tokens[n-1]) {
		tokens = tokens[:n-1]
	}
	sum := 0.0
	for _, l := range tokens {
		sum += l.Logprob
	}
	return sum, nil
}

func blank(token string) bool { return len(bytes.TrimSpace([]byte(token))) == 0 }

// quotation reports whether a token is a quotation mark and nothing else.
func quotation(l ollamaapi.Logprob) bool { return string(bytes.TrimSpace([]byte(l.Token))) == `"` }
