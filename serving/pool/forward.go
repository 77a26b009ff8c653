package pool

import (
	"bytes"
	"context"
	"errors"
	"iter"

	"tilgate/serving"
)

// Forward sends a request for a plain model to a server that holds it.
func (p *Pool) Forward(ctx context.Context, r serving.Raw) (serving.Reply, error) {
	if model := p.named(r.Model); model != r.Model {
		body, err := rename(r.Body, model)
		if err != nil {
			return serving.Reply{}, err
		}
		r.Model, r.Body = model, body
	}
	w := want{model: r.Model, adapter: r.Adapter, surface: r.Surface, path: r.Path}
	if len(p.all()) > 1 {
		w.key = ofBody(ctx, r.Model, r.Body)
		if r.Stream {
			r.Body = bytes.Clone(r.Body) // it may be sent again when Forward has returned
		}
	}
	t := p.tries(ctx, w)
	reply, v, err := t.forward(r)
	if err == nil && reply.Stream != nil {
		reply.Stream = t.relay(r, reply, v)
	}
	return reply, err
}

// forward returns the first answer that a server gives. The visit goes on
// while the answer streams.
func (t *tries) forward(r serving.Raw) (serving.Reply, *visit, error) {
	for {
		v, err := t.next()
		if err != nil {
			return serving.Reply{}, nil, err
		}
		reply, err := v.replica.Server.Forward(v.ctx, r)
		err = v.why(err)
		if err != nil || reply.Stream == nil {
			v.end(t.ctx, err)
		}
		if err == nil {
			reply.Served = &v.served
			return reply, v, nil
		}
		if !t.again(err) {
			return serving.Reply{}, nil, err
		}
	}
}

// relay yields a stream. One that fails before its first piece is asked for
// again; one that breaks off later ends with the error.
func (t *tries) relay(r serving.Raw, reply serving.Reply, v *visit) iter.Seq2[[]byte, error] {
	now := reply
	return func(yield func([]byte, error) bool) {
		for {
			begun, err := pieces(now.Stream, v.replica, yield)
			err = v.why(err)
			v.end(t.ctx, err)
			if now.Tally != reply.Tally {
				*reply.Tally = *now.Tally
			}
			if err == nil || errors.Is(err, errLeft) {
				return
			}
			if begun || !t.again(err) {
				yield(nil, err)
				return
			}
			next, visit, failed := t.forward(r)
			if failed != nil {
				yield(nil, failed)
				return
			}
			if !alike(next, reply) { // the caller has been told what comes
				drop(t.ctx, next, visit)
				yield(nil, err)
				return
			}
			now, v, *reply.Served = next, visit, visit.served
		}
	}
}

// pieces yields a stream, and returns how it ended.
func pieces(stream iter.Seq2[[]byte, error], r *replica, yield func([]byte, error) bool) (begun bool, err error) {
	for piece, err := range stream {
		if err != nil {
			return begun, err
		}
		if !begun {
			r.hears()
		}
		r.answers(true)
		begun = true
		if !yield(piece, nil) {
			return true, errLeft
		}
	}
	return begun, nil
}

// alike reports whether one stream can take the place of another.
func alike(a, b serving.Reply) bool {
	return a.Stream != nil && a.Status == b.Status && a.Type == b.Type && a.Exact == b.Exact && (a.Tally == nil) == (b.Tally == nil)
}

// drop ends an answer that nobody reads.
func drop(ctx context.Context, r serving.Reply, v *visit) {
	if r.Stream == nil {
		return
	}
	for range r.Stream {
		break
	}
	v.end(ctx, errLeft)
}
