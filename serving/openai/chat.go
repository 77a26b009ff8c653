package openai

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"iter"
	"slices"

	"tilgate/internal/fault"
	"tilgate/serving"
)

var (
	_ serving.Model    = (*Client)(nil)
	_ serving.Upstream = (*Client)(nil)
)

type chatRequest struct {
	Model       string         `json:"model"`
	Messages    []chatMessage  `json:"messages"`
	Stream      bool           `json:"stream,omitempty"`
	Options     *streamOptions `json:"stream_options,omitempty"`
	Temperature *float64       `json:"temperature,omitempty"`
	TopP        *float64       `json:"top_p,omitempty"`
	MaxTokens   *int           `json:"max_tokens,omitempty"` // llama.cpp does not know the newer max_completion_tokens everywhere
	Seed        *int           `json:"seed,omitempty"`
	Stop        []string       `json:"stop,omitempty"`
	Logprobs    bool           `json:"logprobs,omitempty"`
	TopLogprobs int            `json:"top_logprobs,omitempty"`
	LoRA        []scaledLoRA   `json:"lora,omitempty"` // llama.cpp only
	// vLLM and SGLang go on with the last message then, in place of answering
	// it; llama.cpp does so by itself.
	Continue     bool  `json:"continue_final_message,omitempty"`
	AddAssistant *bool `json:"add_generation_prompt,omitempty"`
}

type chatMessage struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

type streamOptions struct {
	IncludeUsage bool `json:"include_usage"`
}

// Chat asks p and yields the answer as it grows.
func (c *Client) Chat(ctx context.Context, p serving.Prompt) iter.Seq2[serving.Chunk, error] {
	return func(yield func(serving.Chunk, error) bool) {
		req, err := c.prompt(ctx, p)
		if err != nil {
			yield(serving.Chunk{}, err)
			return
		}
		last := serving.Chunk{}
		for piece, err := range c.stream(ctx, req) {
			if err != nil {
				yield(serving.Chunk{}, asking(req.Model, err))
				return
			}
			if piece.Usage != nil {
				last.Usage = &serving.Usage{PromptTokens: piece.Usage.PromptTokens, CompletionTokens: piece.Usage.CompletionTokens}
			}
			last.Finish = cmp.Or(last.Finish, finish(piece.finish()))
			if len(piece.Choices) == 0 || piece.Choices[0].Delta.Content == "" {
				continue
			}
			if !yield(serving.Chunk{Text: piece.Choices[0].Delta.Content}, nil) {
				return
			}
		}
		if last.Finish != "" {
			yield(last, nil)
		}
	}
}

// finish gives a reason for ending as serving names it.
func finish(reason string) string {
	switch reason {
	case "", "length":
		return reason
	}
	return "stop"
}

func (c *Client) prompt(ctx context.Context, p serving.Prompt) (*chatRequest, error) {
	if len(p.Messages) == 0 {
		return nil, fault.Invalid.Field("messages", "messages is empty")
	}
	model, err := c.modelOr(ctx, p.Model)
	if err != nil {
		return nil, err
	}
	req := &chatRequest{Model: model, Stream: true, Options: &streamOptions{IncludeUsage: true},
		Temperature: p.Params.Temperature, TopP: p.Params.TopP, MaxTokens: p.Params.MaxTokens, Seed: p.Params.Seed, Stop: p.Params.Stop}
	for _, m := range p.Messages {
		req.Messages = append(req.Messages, chatMessage(m))
	}
	if p.Begun != "" {
		if err := c.goOn(ctx, req, p.Begun); err != nil {
			return nil, err
		}
	}
	scale := 1.0
	if p.Adapter != nil && p.Adapter.LoRA != nil {
		scale = cmp.Or(p.Adapter.LoRA.Scale, scale)
	}
	return req, c.choose(ctx, req, scale)
}

// goOn has the model go on with an answer that has begun.
func (c *Client) goOn(ctx context.Context, req *chatRequest, begun string) error {
	req.Messages = append(req.Messages, chatMessage{Role: "assistant", Content: begun})
	kind, err := c.Kind(ctx)
	if kind == Tilgate && err == nil { // what it has behind it is what goes on
		kind, err = c.behind(ctx, req.Model)
	}
	if kind == VLLM || kind == SGLang {
		req.Continue, req.AddAssistant = true, new(bool)
	}
	if kind == SGLang {
		req.AddAssistant = nil
	}
	return err
}

// behind returns what holds a model of another Tilgate, which passes on how its
// servers sign.
func (c *Client) behind(ctx context.Context, name string) (Kind, error) {
	list, err := c.models(ctx)
	return signed(slices.DeleteFunc(list, func(m model) bool { return m.ID != name })), err
}

func (c *Client) modelOr(ctx context.Context, named string) (string, error) {
	if name := cmp.Or(named, c.opts.Model); name != "" {
		return name, nil
	}
	held, err := c.Ready(ctx)
	if err != nil {
		return "", err
	}
	if len(held) == 0 {
		return "", fault.Unavailable.Errorf("the model server has no model yet")
	}
	return held[0].Name, nil
}

// stream sends req and yields the pieces of its answer, or one error and then
// nothing.
func (c *Client) stream(ctx context.Context, req *chatRequest) iter.Seq2[*piece, error] {
	return func(yield func(*piece, error) bool) {
		body, err := json.Marshal(req)
		if err != nil {
			yield(nil, fault.Internal.Wrap(err, "the request could not be written down"))
			return
		}
		answer, err := c.chat(ctx, req.Model, body)
		if err != nil {
			yield(nil, err)
			return
		}
		defer answer.Close()
		for p, err := range pieces(answer) {
			if err != nil {
				err = streamFault(ctx, err)
			}
			if !yield(p, err) || err != nil {
				return
			}
		}
	}
}

// whole reads an answer that is one object.
func whole(ctx context.Context, r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxAnswer))
	if err != nil {
		return nil, faultOf(ctx, err)
	}
	var p piece
	if err := json.Unmarshal(data, &p); err != nil {
		return nil, fault.Unavailable.Wrap(err, notOpenAI)
	}
	if wrong := p.fault(); wrong != nil {
		return nil, wrong
	}
	if len(p.Choices) == 0 {
		return nil, fault.Unavailable.Errorf(notOpenAI)
	}
	return data, nil
}
