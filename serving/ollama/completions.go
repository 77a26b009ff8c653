package ollama

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/ollama/ollama/api"

	"tilgate/internal/fault"
	"tilgate/serving"
)

// A texts is a request for OpenAI's older completions, on its way to Ollama's
// generate: text that goes on from text, with no roles and no template.
type texts struct {
	translation
	prompts []string
	suffix  string
	echo    bool
}

// textFields is how each field of a completion is read.
var textFields = allTextFields()

func allTextFields() map[string]func(*texts, value) error {
	all := map[string]func(*texts, value) error{
		"model":  func(_ *texts, v value) error { _, err := v.str(); return err },
		"stream": func(_ *texts, v value) error { _, err := v.boolean(); return err },
		"prompt": readPrompts,
		"suffix": func(t *texts, v value) (err error) { t.suffix, err = v.str(); return err },
		"echo":   func(t *texts, v value) (err error) { t.echo, err = v.boolean(); return err },
		"logprobs": func(t *texts, v value) error {
			n, err := v.integer(0, 20)
			t.Logprobs, t.TopLogprobs = true, int(n)
			return err
		},
		"best_of": func(t *texts, v value) error { return only("1", "it gives one answer to a prompt")(&t.translation, v) },
	}
	shared := map[string]func(*translation, value) error{"stream_options": readStreamOptions, "logit_bias": refusedFields["logit_bias"]}
	for _, name := range []string{"temperature", "top_p", "min_p", "frequency_penalty", "presence_penalty", "top_k", "seed", "max_tokens", "stop"} {
		shared[name] = samplingFields[name]
	}
	for _, name := range []string{"user", "n"} {
		shared[name] = harmlessFields[name]
	}
	for name, read := range shared {
		all[name] = func(t *texts, v value) error { return read(&t.translation, v) }
	}
	return all
}

// mostPrompts is how many prompts one request may hold.
const mostPrompts = 256

func readPrompts(t *texts, v value) error {
	one := func(v value) error {
		text, err := v.str()
		if err == nil && text == "" {
			err = fault.Invalid.Field(v.path, "%s is empty, which Ollama takes for a request to load the model", v.path)
		}
		t.prompts = append(t.prompts, text)
		return err
	}
	if v.raw[0] == '"' {
		return one(v)
	}
	list, err := v.list()
	if err != nil {
		return v.wrong("a string or a list of strings")
	}
	if len(list) > mostPrompts {
		return fault.Invalid.Field(v.path, "%s holds %d prompts; the most is %d", v.path, len(list), mostPrompts)
	}
	for _, item := range list {
		if item.raw[0] != '"' {
			return fault.Invalid.Field(item.path, "%s is %s; prompts of tokens cannot be passed on to Ollama, which takes text only; send strings", item.path, item.kind())
		}
		if err := one(item); err != nil {
			return err
		}
	}
	return nil
}

// tokensByDefault is what OpenAI and vLLM make of a request that does not say.
const tokensByDefault = 16

func (t *texts) translate(body []byte) error {
	whole, err := readBody(body)
	if err != nil {
		return err
	}
	members, err := whole.object()
	if err != nil {
		return err
	}
	// Who scores also sends tokens, or max_tokens 0, and would be told to change
	// these only to be refused again: so what asks for scores is read first.
	rank := func(m member) int { return slices.Index([]string{"logprobs", "echo"}, m.key) }
	slices.SortStableFunc(members, func(a, b member) int { return cmp.Compare(rank(b), rank(a)) })
	for _, m := range members {
		read, known := textFields[m.key]
		switch {
		case !known:
			return m.refuse("it is not a field that we know")
		case m.null():
			continue
		}
		if err := read(t, m.value); err != nil {
			return err
		}
		if t.echo && t.Logprobs {
			return fault.Invalid.Field("logprobs", "echo with logprobs asks for the log-probabilities of the prompt, which Ollama does not have; name a model on a server that has them, such as vLLM, or leave out one of the two")
		}
	}
	if len(t.prompts) == 0 {
		return fault.Invalid.Field("prompt", "prompt is missing or empty; it must be a string or a list of strings")
	}
	if t.maxTokens == 0 {
		t.Options["num_predict"] = tokensByDefault
	}
	return nil
}

// forwardTexts answers /v1/completions.
func (c *Client) forwardTexts(ctx context.Context, r serving.Raw) (serving.Reply, error) {
	t := &texts{translation: translation{ChatRequest: c.request(r.Model)}}
	if err := t.translate(r.Body); err != nil {
		return serving.Reply{}, err
	}
	w := textWriter{raw: r, usage: t.includeUsage}
	if r.Stream {
		return serving.Reply{Status: http.StatusOK, Type: serving.EventStream, Tally: &w.tally, Stream: c.streamTexts(ctx, t, &w)}, nil
	}
	out := w.object()
	for i := range t.prompts {
		one := textChoice{Index: i}
		for piece, err := range c.generate(ctx, t, i) {
			if err != nil {
				return serving.Reply{}, err
			}
			w.add(&one, piece, t.TopLogprobs)
		}
		out.Choices = append(out.Choices, one)
	}
	out.Usage = w.counted()
	data, err := json.Marshal(out)
	if err != nil {
		return serving.Reply{}, fault.Internal.Wrap(err, "the answer could not be written down")
	}
	w.tally.Object(data)
	return serving.Reply{Status: http.StatusOK, Type: "application/json", Body: data, Tally: &w.tally}, nil
}

func (c *Client) streamTexts(ctx context.Context, t *texts, w *textWriter) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		send := func(out textObject) bool {
			data, err := json.Marshal(out)
			if err != nil {
				return yield(nil, fault.Internal.Wrap(err, "the answer could not be written down"))
			}
			w.tally.Line(data)
			return yield(serving.Frame(data), nil)
		}
		for i := range t.prompts {
			for piece, err := range c.generate(ctx, t, i) {
				if err != nil {
					yield(nil, err)
					return
				}
				one := textChoice{Index: i}
				w.add(&one, piece, t.TopLogprobs)
				out := w.object()
				if out.Choices = append(out.Choices, one); !send(out) {
					return
				}
			}
		}
		if t.includeUsage {
			out := w.object()
			if out.Usage = w.counted(); !send(out) {
				return
			}
		}
		yield(serving.DoneFrame, nil)
	}
}

// generate yields the pieces that follow prompt i. With echo the first is the
// prompt itself.
func (c *Client) generate(ctx context.Context, t *texts, i int) iter.Seq2[api.GenerateResponse, error] {
	return func(yield func(api.GenerateResponse, error) bool) {
		if t.echo && !yield(api.GenerateResponse{Response: t.prompts[i]}, nil) {
			return
		}
		body, err := json.Marshal(&api.GenerateRequest{Model: t.Model, Prompt: t.prompts[i], Suffix: t.suffix, Raw: t.suffix == "", Stream: t.Stream,
			Options: t.Options, KeepAlive: t.KeepAlive, Truncate: t.Truncate, Shift: t.Shift, Logprobs: t.Logprobs, TopLogprobs: t.TopLogprobs})
		if err != nil {
			yield(api.GenerateResponse{}, fault.Internal.Wrap(err, "the request could not be written down"))
			return
		}
		reply, err := c.forwardNative(ctx, serving.Raw{Surface: serving.Ollama, Path: "/api/generate", Model: t.Model, Stream: true, Body: body})
		if err == nil && reply.Stream == nil {
			e := api.StatusError{StatusCode: reply.Status}
			_ = json.Unmarshal(reply.Body, &e) // it is JSON, as forwardNative has seen
			err = fmt.Errorf("asking %s: %w", t.Model, c.statusFault(t.Model, e))
		}
		if err != nil {
			yield(api.GenerateResponse{}, c.ofPrompt(err, t.Model))
			return
		}
		for piece, err := range generated(reply.Stream) {
			if err != nil {
				err = c.ofPrompt(fmt.Errorf("asking %s: %w", t.Model, c.faultOf(ctx, t.Model, err)), t.Model)
			}
			if !yield(piece, err) {
				return
			}
		}
	}
}

// generated reads the lines of a stream.
func generated(stream iter.Seq2[[]byte, error]) iter.Seq2[api.GenerateResponse, error] {
	return func(yield func(api.GenerateResponse, error) bool) {
		var lines serving.Lines
		var pieces []api.GenerateResponse
		var wrong error
		read := func(line []byte) {
			var p struct {
				api.GenerateResponse
				Error string `json:"error"`
			}
			switch err := json.Unmarshal(line, &p); {
			case len(bytes.TrimSpace(line)) == 0 || wrong != nil:
			case err != nil:
				wrong = err
			case p.Error != "":
				wrong = api.StatusError{StatusCode: http.StatusInternalServerError, ErrorMessage: p.Error}
			default:
				pieces = append(pieces, p.GenerateResponse)
			}
		}
		for bytes, err := range stream {
			if err != nil {
				yield(api.GenerateResponse{}, err)
				return
			}
			lines.Add(bytes, read)
			for _, p := range pieces {
				if !yield(p, nil) {
					return
				}
			}
			if pieces = pieces[:0]; wrong != nil {
				yield(api.GenerateResponse{}, wrong)
				return
			}
		}
	}
}

// The shape of OpenAI's completions.
type (
	textObject struct {
		ID      string       `json:"id"`
		Object  string       `json:"object"`
		Created int64        `json:"created"`
		Model   string       `json:"model"`
		Choices []textChoice `json:"choices"`
		Usage   *usage       `json:"usage,omitempty"`
	}
	textChoice struct {
		Index    int           `json:"index"`
		Text     string        `json:"text"`
		Logprobs *textLogprobs `json:"logprobs"`
		Finish   *string       `json:"finish_reason"`
	}
	textLogprobs struct {
		Tokens []string             `json:"tokens"`
		Logs   []float64            `json:"token_logprobs"`
		Top    []map[string]float64 `json:"top_logprobs"`
		Offset []int                `json:"text_offset"` // of the token, in code points
	}
)

// A textWriter puts Ollama's pieces into that shape.
type textWriter struct {
	raw    serving.Raw
	usage  bool
	tally  serving.Tally
	tokens api.Metrics
	offset int
}

func (w *textWriter) object() textObject {
	return textObject{ID: "cmpl-" + strings.TrimPrefix(w.raw.ID, "chatcmpl-"), Object: "text_completion",
		Created: w.raw.Created.Unix(), Model: w.raw.Model, Choices: []textChoice{}}
}

func (w *textWriter) counted() *usage {
	return &usage{w.tokens.PromptEvalCount, w.tokens.EvalCount, w.tokens.PromptEvalCount + w.tokens.EvalCount}
}

// add appends a piece to a choice. top is how many other tokens are told for
// each.
func (w *textWriter) add(to *textChoice, p api.GenerateResponse, top int) {
	to.Text += p.Response
	for _, l := range p.Logprobs {
		if to.Logprobs == nil {
			to.Logprobs = &textLogprobs{}
		}
		lp := to.Logprobs
		lp.Tokens, lp.Logs, lp.Offset = append(lp.Tokens, l.Token), append(lp.Logs, l.Logprob), append(lp.Offset, w.offset)
		w.offset += len([]rune(l.Token))
		others := map[string]float64{}
		for i, o := range l.TopLogprobs {
			if i < top {
				others[tokenName(o, others)] = o.Logprob
			}
		}
		lp.Top = append(lp.Top, others)
	}
	if p.Done {
		reason := finish(p.DoneReason)
		to.Finish = &reason
		w.offset = 0
		w.tokens.PromptEvalCount += p.PromptEvalCount
		w.tokens.EvalCount += p.EvalCount
	}
}

// tokenName keeps apart tokens that look the same, parts of characters say.
func tokenName(t api.TokenLogprob, taken map[string]float64) string {
	name := t.Token
	for i := 2; ; i++ {
		if _, there := taken[name]; !there {
			return name
		}
		name = t.Token + "#" + strconv.Itoa(i)
	}
}
