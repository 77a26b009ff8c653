package ollama

import (
	"context"
	"fmt"
	"iter"

	"github.com/ollama/ollama/api"

	"tilgate/internal/fault"
	"tilgate/serving"
)

// Chat asks p and yields the answer as it grows.
func (c *Client) Chat(ctx context.Context, p serving.Prompt) iter.Seq2[serving.Chunk, error] {
	return func(yield func(serving.Chunk, error) bool) {
		req, err := c.prompt(ctx, p)
		if err != nil {
			yield(serving.Chunk{}, err)
			return
		}
		for piece, err := range c.stream(ctx, req) {
			if err != nil {
				yield(serving.Chunk{}, fmt.Errorf("asking %s: %w", req.Model, err))
				return
			}
			chunk := serving.Chunk{Text: piece.Message.Content}
			if piece.Done {
				chunk.Finish = finish(piece.DoneReason)
				chunk.Usage = &serving.Usage{PromptTokens: piece.PromptEvalCount, CompletionTokens: piece.EvalCount}
			}
			if chunk.Text == "" && chunk.Finish == "" {
				continue // a piece of thinking
			}
			if !yield(chunk, nil) {
				return
			}
		}
	}
}

func (c *Client) prompt(ctx context.Context, p serving.Prompt) (*api.ChatRequest, error) {
	model, err := c.modelOr(ctx, p.Model)
	if err != nil {
		return nil, err
	}
	if len(p.Messages) == 0 {
		return nil, fault.Invalid.Field("messages", "messages is empty")
	}
	req := c.request(model)
	req.Think = &api.ThinkValue{Value: c.opts.Think}
	if c.opts.Think {
		req.Think = nil // true is refused by models that cannot; nil lets those think that can
	}
	for _, m := range p.Messages {
		req.Messages = append(req.Messages, api.Message{Role: m.Role, Content: m.Content})
	}
	if p.Begun != "" { // it goes on with what an assistant has said last
		req.Messages = append(req.Messages, api.Message{Role: "assistant", Content: p.Begun})
	}
	setOption(req, "temperature", p.Params.Temperature)
	setOption(req, "top_p", p.Params.TopP)
	setOption(req, "seed", p.Params.Seed)
	setOption(req, "num_predict", p.Params.MaxTokens)
	if len(p.Params.Stop) > 0 {
		req.Options["stop"] = p.Params.Stop
	}
	return req, nil
}

func (c *Client) modelOr(ctx context.Context, named string) (string, error) {
	if named != "" {
		return named, nil
	}
	if c.opts.Model != "" {
		return c.opts.Model, nil
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

// request returns what all requests have in common.
func (c *Client) request(model string) *api.ChatRequest {
	yes, no := true, false
	req := &api.ChatRequest{
		Model:  model,
		Stream: &yes, // always: silence is then short, and hanging up is seen at once
		// Left to itself, Ollama drops the oldest turns of a prompt that is too
		// long, and while answering forgets the middle. We want to be told.
		Truncate: &no,
		Shift:    &no,
		Options:  map[string]any{},
	}
	if c.opts.NumCtx > 0 {
		req.Options["num_ctx"] = c.opts.NumCtx
	}
	if c.opts.KeepAlive != 0 {
		req.KeepAlive = &api.Duration{Duration: c.opts.KeepAlive}
	}
	return req
}

func setOption[T any](req *api.ChatRequest, name string, v *T) {
	if v != nil {
		req.Options[name] = *v
	}
}

// finish gives Ollama's reason for ending as serving and OpenAI name it.
func finish(doneReason string) string {
	if doneReason == "length" {
		return "length"
	}
	return "stop"
}
