package ollama

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ollama/ollama/api"

	"tilgate/internal/fault"
	"tilgate/serving"
	"tilgate/serving/wire"
)

// forwardNative sends a request in Ollama's own words on as it came, and
// returns what comes back in the same way.
func (c *Client) forwardNative(ctx context.Context, r serving.Raw) (serving.Reply, error) {
	if !c.opts.AnyOptions {
		if err := c.sameRunner(r.Body); err != nil {
			return serving.Reply{}, err
		}
	}
	call := &nativeCall{client: c, ctx: ctx, model: r.Model, tally: new(serving.Tally)}
	call.ours, call.cancel = outliving(ctx, &call.begun)
	a, err := c.wire.Do(call.ours, &wire.Request{Path: r.Path, Body: r.Body})
	if err != nil {
		call.cancel(nil)
		return serving.Reply{}, call.fault(err)
	}
	reply := serving.Reply{Status: a.Status, Type: a.Type, Exact: true, Tally: call.tally}
	if a.Status == http.StatusOK && strings.HasPrefix(a.Type, "application/x-ndjson") {
		reply.Stream = call.relayed(a)
		return reply, nil
	}
	defer call.cancel(nil)
	if reply.Body, err = a.Whole(); err != nil {
		return serving.Reply{}, call.fault(err)
	}
	switch {
	case a.Status == http.StatusOK && call.tally.Object(reply.Body):
	case a.Status >= 500, a.Status >= 400 && !json.Valid(reply.Body):
		e := api.StatusError{StatusCode: a.Status, ErrorMessage: string(reply.Body[:min(len(reply.Body), 400)])}
		_ = json.Unmarshal(reply.Body, &e) // or it is no JSON, and all of it is the message
		return serving.Reply{}, call.fault(e)
	case a.Status < 400:
		return serving.Reply{}, fault.Unavailable.Errorf("what answers is not an Ollama server")
	}
	return reply, nil
}

// A nativeCall is a request on its way in Ollama's own words.
type nativeCall struct {
	client *Client
	ctx    context.Context // of the caller
	ours   context.Context // ends later: see hangUpAfter
	cancel context.CancelCauseFunc
	begun  atomic.Bool
	model  string
	tally  *serving.Tally
}

func (n *nativeCall) fault(err error) error {
	if errors.Is(err, wire.ErrSilent) {
		n.client.revive(n.ctx, n.model)
		err = errSilent
	}
	return fmt.Errorf("asking %s: %w", n.model, n.client.faultOf(n.ctx, n.model, err))
}

// relayed yields a stream as it comes off the wire. One that ends without
// "done" is broken off. Who leaves does so in a lull.
func (n *nativeCall) relayed(a *wire.Answer) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		defer n.cancel(nil)
		defer a.Close()
		var lines serving.Lines
		piece := make([]byte, 4<<10)
		left := false
		for {
			size, err := a.Read(piece)
			n.begun.Store(true)
			lines.Add(piece[:size], n.tally.Line)
			if left || n.ctx.Err() != nil {
				time.Sleep(lull)
			}
			switch {
			case left:
				return
			case n.ctx.Err() != nil:
				yield(nil, n.fault(n.ctx.Err()))
				return
			case size > 0 && !yield(piece[:size], nil):
				if n.tally.Ended {
					return
				}
				left = true
				defer time.AfterFunc(hangUpAfter, func() { n.cancel(nil) }).Stop()
				continue
			}
			if err == io.EOF {
				if lines.End(n.tally.Line); n.tally.Ended {
					return
				}
				err = errNoDone
			}
			if err != nil {
				yield(nil, n.fault(err))
				return
			}
		}
	}
}
