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

// Forward asks what r asks, in Ollama's words, and yields the answer in
// OpenAI's.
func (c *Client) Forward(ctx context.Context, r serving.Raw) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		t := translation{ChatRequest: c.request(r.Model)}
		if err := t.translate(r.Body); err != nil {
			yield(nil, err)
			return
		}
		if err := c.checkImages(ctx, t.ChatRequest); err != nil {
			yield(nil, err)
			return
		}
		ans := answer{raw: r, includeUsage: t.includeUsage}
		send := func(v any) bool {
			data, err := json.Marshal(v)
			if err != nil {
				yield(nil, fault.Internal.Wrap(err, "the answer could not be written down"))
				return false
			}
			return yield(data, nil)
		}
		for piece, err := range c.stream(ctx, t.ChatRequest) {
			if err != nil {
				yield(nil, fmt.Errorf("asking %s: %w", r.Model, err))
				return
			}
			if !r.Stream {
				ans.add(piece)
				continue
			}
			for _, chunk := range ans.chunks(piece) {
				if !send(chunk) {
					return
				}
			}
		}
		if !r.Stream {
			send(ans.whole())
		}
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
