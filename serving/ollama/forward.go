package ollama

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"

	"github.com/ollama/ollama/api"

	"tilgate/internal/fault"
	"tilgate/serving"
)

// Forward asks what r asks, in Ollama's words, and returns the answer in
// OpenAI's. A stream begins when it is read: reading a long prompt takes
// Ollama minutes without a sign of life.
func (c *Client) Forward(ctx context.Context, r serving.Raw) (serving.Reply, error) {
	switch {
	case r.Surface == serving.Ollama:
		return c.forwardNative(ctx, r)
	case r.Path == "/v1/completions":
		return c.forwardTexts(ctx, r)
	case r.Path == "/v1/embeddings":
		return c.forwardEmbeddings(ctx, r)
	case r.Path != "/v1/chat/completions":
		return serving.Reply{}, fault.NotFound.Field("model", "the model %q is served by Ollama, which has no %s; a model on vLLM or llama.cpp has", r.Model, r.Path)
	}
	t := translation{ChatRequest: c.request(r.Model)}
	if err := t.translate(r.Body); err != nil {
		return serving.Reply{}, err
	}
	if err := c.checkImages(ctx, t.ChatRequest); err != nil {
		return serving.Reply{}, err
	}
	r.Body = nil
	ans := &answer{raw: r, includeUsage: t.includeUsage}
	if r.Stream {
		return serving.Reply{Status: 200, Type: serving.EventStream, Stream: c.chunks(ctx, t.ChatRequest, ans)}, nil
	}
	for piece, err := range c.stream(ctx, t.ChatRequest) {
		if err != nil {
			return serving.Reply{}, fmt.Errorf("asking %s: %w", r.Model, err)
		}
		ans.add(piece)
	}
	data, err := json.Marshal(ans.whole())
	if err != nil {
		return serving.Reply{}, fault.Internal.Wrap(err, "the answer could not be written down")
	}
	return serving.Reply{Status: 200, Type: "application/json", Body: data}, nil
}

// chunks yields an answer as the events of OpenAI's stream.
func (c *Client) chunks(ctx context.Context, req *api.ChatRequest, ans *answer) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for piece, err := range c.stream(ctx, req) {
			if err != nil {
				yield(nil, fmt.Errorf("asking %s: %w", req.Model, err))
				return
			}
			for _, chunk := range ans.chunks(piece) {
				data, err := json.Marshal(chunk)
				if err != nil {
					yield(nil, fault.Internal.Wrap(err, "the answer could not be written down"))
					return
				}
				if !yield(serving.Frame(data), nil) {
					return
				}
			}
		}
		yield(serving.DoneFrame, nil)
	}
}

// checkImages refuses images for a model that cannot see: Ollama would show
// it the text alone.
func (c *Client) checkImages(ctx context.Context, req *api.ChatRequest) error {
	for i, m := range req.Messages {
		if len(m.Images) == 0 {
			continue
		}
		caps, err := c.capabilities(ctx, req.Model)
		if err != nil {
			return err
		}
		if !can(caps, "vision") {
			return fault.Invalid.Field(fmt.Sprintf("messages[%d].content", i), "messages[%d].content holds an image, which model %q cannot see", i, req.Model)
		}
		return nil
	}
	return nil
}
