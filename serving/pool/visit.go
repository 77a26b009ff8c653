package pool

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"time"

	"tilgate/internal/fault"
	"tilgate/internal/outbound"
	"tilgate/serving"
)

// A visit is a request at a server. It ends once.
type visit struct {
	pool    *Pool
	replica *replica
	trial   bool
	served  serving.Served
	leave   func() // gives the room back; nil while there is none
	over    bool

	ctx   context.Context // of the request there, once it has begun
	hang  func()          // up, where the server is a peer
	began time.Time
}

// begin waits for room, and counts the request as running.
func (v *visit) begin(ctx context.Context, model string, asked time.Time) error {
	leave := func() {}
	if enter := v.replica.Enter; enter != nil {
		var err error
		if leave, err = enter(ctx, model); err != nil {
			return err
		}
	}
	v.leave = leave
	v.replica.running.Add(1)
	v.replica.waiting.Add(-1)
	v.replica.asks(model)
	v.ctx, v.hang = v.replica.call(ctx)
	v.began = time.Now()
	v.served = serving.Served{Backend: v.replica.Name, Model: model, Queued: v.began.Sub(asked)}
	return nil
}

// end lets go of the server. err is what came of it, nil that it did well.
func (v *visit) end(ctx context.Context, err error) {
	if v.over {
		return
	}
	v.over = true
	r := v.replica
	if v.leave != nil {
		v.leave()
		v.hang()
		r.running.Add(-1)
	} else {
		r.waiting.Add(-1)
	}
	o := outcomeOf(ctx, err)
	if o == well {
		r.hears()
		r.hold.add(time.Since(v.began))
	}
	if r.breaker.leave(v.trial, o) {
		go v.pool.canary(outbound.Unrestricted(context.WithoutCancel(ctx)), r)
	}
	r.closeIfDone()
}

// errLeft ends a visit whose reader stopped reading.
var errLeft = errors.New("the reader left")

// outcomeOf says what an error says about the server. What the caller did,
// leaving, asking nonsense or being impatient, says nothing.
func outcomeOf(ctx context.Context, err error) outcome {
	switch {
	case err == nil:
		return well
	case ctx.Err() != nil || errors.Is(err, errLeft) || errors.Is(err, serving.ErrBusy):
		return neither
	case fault.Timeout.Is(err):
		return suspect
	case !fault.Unavailable.Is(err):
		return neither
	case cut(err):
		return broken
	}
	return suspect
}

// cut reports whether a connection could not be made, or was lost.
func cut(err error) bool {
	var network *net.OpError
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.ECONNREFUSED)
}

// chat yields the answer of one server.
func (v *visit) chat(prompt serving.Prompt, yield func(serving.Chunk, error) bool) (begun bool, err error) {
	ended := false
	for chunk, err := range v.replica.Server.Chat(v.ctx, prompt) {
		if err != nil {
			return begun, v.why(err)
		}
		v.replica.answers(true)
		if !begun {
			v.replica.hears()
			chunk.Served = &v.served
		}
		begun, ended = true, chunk.Finish != ""
		if !yield(chunk, nil) {
			return true, errLeft
		}
	}
	if !ended {
		return begun, fault.Unavailable.Wrap(io.ErrUnexpectedEOF, "the model's answer broke off")
	}
	return begun, nil
}
