package gateway

import (
	"context"
	"errors"
	"sync/atomic"
)

// errLeft is why the context of a request ends whose reader closed the
// connection. A reader who closes only its sending half counts as gone, as in
// net/http: the two cannot be told apart before something is written.
var errLeft = errors.Join(errors.New("the reader left"), context.Canceled)

// A watched is what is known of a connection's other end. The watcher sees it
// hang up at any time; the call of the moment, if there is one, is ended. A
// request costs two atomic writes, and no system call.
type watched struct {
	gone atomic.Bool
	call atomic.Pointer[call]
}

// begin makes c the call of the moment.
func (w *watched) begin(c *call) {
	w.call.Store(c)
	if w.gone.Load() {
		c.cancel(errLeft)
	}
}

func (w *watched) end(c *call) { w.call.CompareAndSwap(c, nil) }

func (w *watched) hangUp() {
	w.gone.Store(true)
	if c := w.call.Load(); c != nil {
		c.cancel(errLeft)
	}
}
