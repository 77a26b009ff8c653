package gateway

import (
	"context"
	"errors"

	"github.com/valyala/fasthttp"

	"tilgate/internal/fault"
)

// A call is the work behind one request. Its context ends when the reader
// leaves, when shutting down took too long, or with end.
type call struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	id     string // of the request, for the log
	conn   *conn  // nil if it is not ours

	streaming bool // the stream ends the call, not the handler
}

// leave ends the call with its handler, unless a stream goes on.
func (c *call) leave() {
	if !c.streaming {
		c.end()
	}
}

func (g *Gateway) begin(rc *fasthttp.RequestCtx) *call {
	ctx, cancel := context.WithCancelCause(g.base)
	c := &call{ctx: ctx, cancel: cancel, id: requestID(rc), conn: connOf(rc.Conn())}
	if c.conn != nil {
		c.conn.begin(c)
	}
	return c
}

// end must be called; it may be called twice.
func (c *call) end() {
	if c.conn != nil {
		c.conn.end(c)
	}
	c.cancel(nil)
}

// traceOf returns the caller's span, if it sent one.
func traceOf(rc *fasthttp.RequestCtx) string {
	const length = len("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	if t := rc.Request.Header.Peek("traceparent"); len(t) == length {
		return string(t)
	}
	return ""
}

// explain returns err, or what stands behind it if we ended the call ourselves.
func (c *call) explain(err error) error {
	if errors.Is(context.Cause(c.ctx), errDraining) {
		return fault.Unavailable.Wrap(errors.Join(errDraining, err), "the server is shutting down; ask again")
	}
	return err
}
