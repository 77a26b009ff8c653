// Package wire speaks HTTP/1.1 with model servers, for requests that go
// through as they came.
//
// It exists because of two wishes that no client at hand meets together:
// fasthttp's is fast, but a call of it cannot be ended; net/http's can, and
// takes twice the time of the whole gateway. Here each call has a connection
// to itself, which is closed when its context ends, whatever the call is
// waiting for just then. Headers are read with fasthttp, chunks with net/http.
//
// There is no redirect, no proxy, no cookie, no compression and no retry,
// except of a connection that had gone stale.
package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"tilgate/internal/outbound"
	"time"
)

// Options of a Client. The zero value works.
type Options struct {
	// Dial opens connections; nil means outbound's, to private networks.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Check says why a request may not be sent; nil sends all.
	Check func(ctx context.Context) error
	TLS   *tls.Config // for https; nil means the system's roots
	// Idle is how long a connection is kept for the next request. It must be
	// shorter than what the server has (uvicorn: 5 s); 0 means 4 s.
	Idle time.Duration
	// Silence is the longest wait for the head and for each next piece of an
	// answer, reading the prompt included; 0 means 5 min.
	Silence time.Duration
	MaxBody int // bytes of an answer that is no stream; 0 means 256 MiB
}

// ErrSilent ends a call whose server said nothing for Options.Silence.
var ErrSilent = errors.New("silent for too long")

// ErrTooLarge ends a call whose answer is beyond Options.MaxBody.
var ErrTooLarge = errors.New("the answer is too large")

// A DialError means that no connection was made, so that the server has seen
// nothing of the request.
type DialError struct{ error }

// Unwrap returns what dialling said.
func (e *DialError) Unwrap() error { return e.error }

// A Client asks one server. It is safe for concurrent use.
type Client struct {
	base    *url.URL
	address string
	opts    Options
	secure  *tls.Config

	mu     sync.Mutex
	idle   []*conn // the last used at the end
	pruner *time.Timer
}

// New returns a client of the server at base, http or https. It does not
// connect yet.
func New(base *url.URL, o Options) *Client {
	if o.Dial == nil {
		o.Dial = outbound.Way{}.DialContext
	}
	if o.Check == nil {
		o.Check = func(context.Context) error { return nil }
	}
	if o.Idle == 0 {
		o.Idle = 4 * time.Second
	}
	if o.Silence == 0 {
		o.Silence = 5 * time.Minute
	}
	if o.MaxBody == 0 {
		o.MaxBody = 256 << 20
	}
	c := &Client{base: base, address: base.Host, opts: o}
	port := "80"
	if base.Scheme == "https" {
		port, c.secure = "443", o.TLS.Clone()
		if c.secure == nil {
			c.secure = &tls.Config{}
		}
		if c.secure.ServerName == "" {
			c.secure.ServerName = base.Hostname()
		}
		c.secure.NextProtos = []string{"http/1.1"}
	}
	if base.Port() == "" {
		c.address = net.JoinHostPort(base.Hostname(), port)
	}
	return c
}

// A Request is sent as it stands.
type Request struct {
	Method string // empty means POST
	Path   string // beneath the base, escaped
	Header []Field
	Body   []byte // JSON; not kept
}

// A Field of a request's header.
type Field struct{ Name, Value string }

// Do sends a request and returns the head of the answer, whose Close or Whole
// must be called. The call ends when ctx does, which Do and all that reads the
// answer return as an error.
func (c *Client) Do(ctx context.Context, r *Request) (*Answer, error) {
	if err := c.opts.Check(ctx); err != nil {
		return nil, err
	}
	for {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		conn, reused, err := c.take(ctx)
		if err != nil {
			return nil, ended(ctx, &DialError{err})
		}
		a := &Answer{client: c, conn: conn, ctx: ctx}
		a.unwatch = context.AfterFunc(ctx, conn.abort)
		err = a.ask(r)
		if err == nil {
			return a, nil
		}
		a.Close()
		if reused && !conn.answered && ctx.Err() == nil && !errors.Is(err, ErrSilent) {
			continue // it had gone stale; the next is another, in the end a fresh one
		}
		return nil, ended(ctx, err)
	}
}

// ended puts the end of a context in the place of what it led to.
func ended(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("%w: %w", context.Cause(ctx), err)
	}
	return err
}

// take returns an idle connection or a fresh one.
func (c *Client) take(ctx context.Context) (conn *conn, reused bool, err error) {
	c.mu.Lock()
	for n := len(c.idle); n > 0; n = len(c.idle) {
		last := c.idle[n-1]
		c.idle = c.idle[:n-1]
		if time.Since(last.since) < c.opts.Idle {
			c.mu.Unlock()
			return last, true, nil
		}
		last.Close()
	}
	c.mu.Unlock()
	nc, err := c.opts.Dial(ctx, "tcp", c.address)
	if err != nil {
		return nil, false, err
	}
	if c.secure != nil {
		nc = tls.Client(nc, c.secure)
	}
	return newConn(nc), false, nil
}

// put keeps a connection for the next request.
func (c *Client) put(conn *conn) {
	conn.since = time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.idle = append(c.idle, conn)
	if c.pruner == nil {
		c.pruner = time.AfterFunc(c.opts.Idle, c.prune)
	}
}

// prune closes what has been idle for too long.
func (c *Client) prune() {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for n < len(c.idle) && time.Since(c.idle[n].since) >= c.opts.Idle {
		c.idle[n].Close()
		n++
	}
	c.idle = append(c.idle[:0], c.idle[n:]...)
	c.pruner = nil
	if len(c.idle) > 0 {
		c.pruner = time.AfterFunc(c.opts.Idle, c.prune)
	}
}

// Close closes idle connections. Calls on their way are not disturbed.
func (c *Client) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.idle {
		conn.Close()
	}
	c.idle = nil
}
