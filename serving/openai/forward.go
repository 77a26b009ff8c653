package openai

import (
	"context"
	"encoding/json"
	"io"
	"iter"

	"tilgate/internal/fault"
	"tilgate/serving"
)

// Forward sends the caller's body on as it came, byte for byte, and returns
// what comes back in the same way.
func (c *Client) Forward(ctx context.Context, r serving.Raw) (serving.Reply, error) {
	if err := c.knows(ctx, r.Model); err != nil {
		return serving.Reply{}, err
	}
	body, err := c.chat(ctx, r.Model, r.Body)
	if err != nil {
		return serving.Reply{}, asking(r.Model, err)
	}
	if r.Stream {
		return serving.Reply{Status: 200, Type: serving.EventStream, Stream: forwarded(ctx, r.Model, body)}, nil
	}
	defer body.Close()
	data, err := whole(ctx, body)
	if err != nil {
		return serving.Reply{}, asking(r.Model, err)
	}
	return serving.Reply{Status: 200, Type: "application/json", Body: data}, nil
}

func forwarded(ctx context.Context, model string, body io.ReadCloser) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		defer body.Close()
		for p, err := range pieces(body) {
			if err != nil {
				yield(nil, asking(model, streamFault(ctx, err)))
				return
			}
			if !yield(serving.Frame(p.raw), nil) {
				return
			}
		}
		yield(serving.DoneFrame, nil)
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
