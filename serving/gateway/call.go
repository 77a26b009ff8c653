package gateway

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"tilgate/internal/fault"
	"tilgate/internal/outbound"
	"tilgate/serving"
)

// A call is the work behind one request. Its context ends when the reader
// leaves, when shutting down took too long, or with end.
type call struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	id     string // of the request, for the log
	caller string // whose it is; empty for nobody's
	conn   *conn  // nil if it is not ours

	release  func() // gives back what a limit lent; nil if none did
	released atomic.Bool

	streaming bool // the stream ends the call, not the handler
}

// leave ends the call with its handler, unless a stream goes on.
func (c *call) leave() {
	if !c.streaming {
		c.end()
	}
}

func (g *Gateway) begin(rc *fasthttp.RequestCtx, caller serving.Caller) *call {
	ctx, cancel := context.WithCancelCause(came(g.base, rc))
	c := &call{ctx: ctx, cancel: cancel, id: requestID(rc), caller: caller.Name, conn: connOf(rc.Conn())}
	if c.conn != nil {
		c.conn.begin(c)
	}
	return c
}

// came returns ctx with the number of other Tilgates that a request has come
// through. dispatch has refused those that have come too far.
func came(ctx context.Context, rc *fasthttp.RequestCtx) context.Context {
	said := rc.Request.Header.Peek(outbound.HopsHeader)
	if said == nil {
		return ctx
	}
	hops, _ := outbound.ReadHops(said)
	return outbound.WithHops(ctx, hops)
}

// end must be called; it may be called twice.
func (c *call) end() {
	if c.conn != nil {
		c.conn.end(c)
	}
	c.cancel(nil)
	if c.release != nil && c.released.CompareAndSwap(false, true) {
		c.release()
	}
}

// limit asks whether the caller's limits let a request of so many characters
// in, and tells the caller what is left.
func (g *Gateway) limit(rc *fasthttp.RequestCtx, c *call, caller serving.Caller, chars int) error {
	if g.opts.Limits == nil {
		return nil
	}
	grant, err := g.opts.Limits.Admit(c.ctx, caller, chars)
	if err != nil {
		return c.explain(err)
	}
	c.release = grant.Release
	if grant.Limit > 0 {
		setNumber(rc, limitName, grant.Limit)
		setNumber(rc, leftName, grant.Left)
	}
	return nil
}

var (
	limitName = []byte("X-Ratelimit-Limit-Requests")
	leftName  = []byte("X-Ratelimit-Remaining-Requests")
)

func setNumber(rc *fasthttp.RequestCtx, name []byte, n int64) {
	var digits [20]byte
	rc.Response.Header.SetCanonical(name, strconv.AppendInt(digits[:0], n, 10))
}

// errRevoked is why what a caller is being answered ends.
var errRevoked = errors.New("the key was revoked")

// twice is how long after a key ended its calls are ended again: some may have
// been on their way in.
const twice = time.Second

// EndCaller ends, with an error, all that the caller of that name is being
// answered.
func (g *Gateway) EndCaller(name string) {
	end := func() {
		g.open.endCaller(name)
		g.answers.endCaller(name)
	}
	end()
	time.AfterFunc(twice, end)
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
	if errors.Is(context.Cause(c.ctx), errRevoked) {
		return fault.Unauthorized.Wrap(errors.Join(errRevoked, err), "this key was revoked while the answer was on its way")
	}
	if errors.Is(context.Cause(c.ctx), errElsewhere) {
		return errReadElsewhere
	}
	return err
}
