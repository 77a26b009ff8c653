package openai

import (
	"context"
	"encoding/json"
	"io"
	"iter"

	"tilgate/internal/fault"
	"tilgate/serving"
)

// Forward sends the caller's body on as it came, byte for byte, and yields
// what comes back in the same way.
func (c *Client) Forward(ctx context.Context, r serving.Raw) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		err := c.knows(ctx, r.Model)
		if err != nil {
			yield(nil, err)
			return
		}
		body, err := c.chat(ctx, r.Model, r.Body)
		if err != nil {
			yield(nil, asking(r.Model, err))
			return
		}
		defer body.Close()
		if !r.Stream {
			data, err := whole(ctx, body)
			if err != nil {
				data, err = nil, asking(r.Model, err)
			}
			yield(data, err)
			return
		}
		for p, err := range pieces(body) {
			if err != nil {
				yield(nil, asking(r.Model, streamFault(ctx, err)))
				return
			}
			if !yield(p.raw, nil) {
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
