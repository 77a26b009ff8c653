package ollama

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"

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
