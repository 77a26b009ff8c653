package pool

import (
	"context"
	"errors"
	"io"

	"tilgate/internal/fault"
)

// A line is what leads to a peer. When the peer's site is cut off, nothing need
// come to tell of it: connections stay open, and no word comes over them. A
// model may be silent for minutes, but a gateway that is asked what it has
// answers at once; if it does not, again and again, and nothing else comes from
// it either, its line is taken for dead, and what waits on it is tried elsewhere.
type line struct {
	context.Context
	cut context.CancelFunc
}

func newLine() *line {
	ctx, cancel := context.WithCancel(context.Background())
	return &line{ctx, cancel}
}

// missesToCut is after how many looks in a row without an answer a line is dead.
const missesToCut = 3

// errLine ends what is on its way over a dead line.
var errLine = errors.New("the line is dead")

// answers notes whether a server has given a sign of life.
func (r *replica) answers(well bool) {
	switch {
	case !r.Peer:
	case well:
		if r.missed.Load() != 0 {
			r.missed.Store(0)
		}
	case r.missed.Add(1) >= missesToCut:
		r.line.Swap(newLine()).cut()
	}
}

// call returns the context of a request at the server, and what must be called
// after it.
func (r *replica) call(ctx context.Context) (context.Context, func()) {
	if !r.Peer {
		return ctx, func() {}
	}
	ours, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(r.line.Load(), func() { cancel(errLine) })
	return ours, func() {
		stop()
		cancel(nil)
	}
}

// why puts the dead line in the place of what came of it.
func (v *visit) why(err error) error {
	if err == nil || errors.Is(err, errLeft) || context.Cause(v.ctx) != errLine {
		return err
	}
	return fault.Unavailable.Wrap(errors.Join(errLine, io.ErrUnexpectedEOF), "the other site does not answer any more")
}
