package openai

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"iter"
	"net/http"
	"strings"

	"tilgate/internal/fault"
	"tilgate/serving"
	"tilgate/serving/wire"
)

// Forward sends the caller's body on as it came, byte for byte, and returns
// what comes back in the same way, refusals of the request included. That the
// server itself failed, or does not speak OpenAI's API, is an error of ours.
func (c *Client) Forward(ctx context.Context, r serving.Raw) (serving.Reply, error) {
	if r.Surface == serving.Ollama {
		return serving.Reply{}, fault.NotFound.Field("model", "the model %q is served over OpenAI's API; ask for it at /v1", r.Model)
	}
	if err := c.knows(ctx, r.Model); err != nil {
		return serving.Reply{}, err
	}
	a, err := c.wire.Do(ctx, &wire.Request{Path: r.Path, Header: c.credentials, Body: r.Body})
	if err != nil {
		return serving.Reply{}, asking(r.Model, faultOf(ctx, err))
	}
	reply := serving.Reply{Status: a.Status, Type: a.Type, Exact: true}
	if a.Status == http.StatusOK && strings.HasPrefix(a.Type, "text/event-stream") {
		reply.Tally = new(serving.Tally)
		reply.Stream = relayed(ctx, r.Model, a, reply.Tally)
		return reply, nil
	}
	if reply.Body, err = a.Whole(); err != nil {
		return serving.Reply{}, asking(r.Model, faultOf(ctx, err))
	}
	if a.Status == http.StatusOK {
		reply.Tally = new(serving.Tally)
		if !reply.Tally.Object(reply.Body) {
			return serving.Reply{}, asking(r.Model, fault.Unavailable.Errorf(notOpenAI))
		}
		return reply, nil
	}
	err = judge(r.Model, reply)
	if key := c.opts.APIKey; err == nil && key != "" && bytes.Contains(reply.Body, []byte(key)) {
		err = statusFault(r.Model, reply.Status, reply.Body) // a server that quotes our key
	}
	if err != nil {
		return serving.Reply{}, asking(r.Model, err)
	}
	return reply, nil
}

// judge returns an error for an answer other than 200 that is not for the
// caller.
func judge(model string, r serving.Reply) error {
	switch {
	case r.Status == http.StatusUnauthorized || r.Status == http.StatusForbidden,
		r.Status == http.StatusTooManyRequests, r.Status >= 500:
		return statusFault(model, r.Status, r.Body)
	case r.Status >= 400 && !json.Valid(r.Body):
		return statusFault(model, r.Status, r.Body)
	case r.Status < 400:
		return fault.Unavailable.Errorf(notOpenAI)
	}
	return nil
}

// relayed yields a stream as it comes off the wire. One that ends without
// having come to its end is broken off.
func relayed(ctx context.Context, model string, a *wire.Answer, t *serving.Tally) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		defer a.Close()
		var lines serving.Lines
		piece := make([]byte, 4<<10)
		for {
			n, err := a.Read(piece)
			lines.Add(piece[:n], t.Line)
			if n > 0 && !yield(piece[:n], nil) {
				return
			}
			if err == io.EOF {
				if lines.End(t.Line); t.Ended {
					return
				}
				err = errNoEnd
			}
			if err != nil {
				yield(nil, asking(model, streamFault(ctx, err)))
				return
			}
		}
	}
}
