package gateway

import (
	"bytes"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"tilgate/internal/fault"
	"tilgate/serving"
)

const (
	maxHeader   = 8 << 10   // bytes of all headers together
	strangeBody = 16 << 10  // bytes of a body whose sender showed no key
	visitorBody = 256 << 10 // of one whose sender showed a page key, which anybody can, or may be staff
	chunkedTime = time.Minute
)

// readLimits says how much of a body is read, and for how long. It runs when
// the headers are there: of a stranger we read no more than a form takes.
func (g *Gateway) readLimits(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
	limit, n := g.opts.MaxBody, h.ContentLength()
	if n < 0 || n > strangeBody {
		limit = min(limit, g.mostOf(h))
	}
	wait := chunkedTime
	if n >= 0 {
		wait = g.opts.ReadTimeout + atSlowest(min(n, limit))
	}
	return fasthttp.RequestConfig{MaxRequestBodySize: limit, ReadTimeout: wait}
}

// apiCaller says who calls the API: by the Authorization header alone, since
// a browser adds cookies to requests that its user knows nothing of.
// A page key opens none of it but what asks for a visitor.
func (g *Gateway) apiCaller(h *fasthttp.RequestHeader) (serving.Caller, error) {
	secret, err := bearer(h)
	if err != nil {
		return serving.Caller{}, err
	}
	return g.private(secret)
}

// bearer returns the key in the Authorization header.
func bearer(h *fasthttp.RequestHeader) (string, error) {
	scheme, secret, _ := strings.Cut(string(h.Peek("Authorization")), " ")
	if scheme != "" && !strings.EqualFold(scheme, "Bearer") {
		return "", errNoKey
	}
	return strings.TrimSpace(secret), nil
}

// pageCaller says who asks on the page: by its cookie.
func (g *Gateway) pageCaller(h *fasthttp.RequestHeader) (serving.Caller, error) {
	return g.private(string(h.Cookie(cookieName)))
}

// private says who holds a key that is no page key.
func (g *Gateway) private(secret string) (serving.Caller, error) {
	caller, err := g.keys.Check(secret)
	if err == nil && caller.IsPage() {
		return serving.Caller{}, errPageKey
	}
	return caller, err
}

// known reports whether a request shows a key of any sort.
func (g *Gateway) known(h *fasthttp.RequestHeader) bool {
	if g.showsPageKey(h) {
		return true
	}
	_, err := g.apiCaller(h)
	if err != nil {
		_, err = g.pageCaller(h)
	}
	if err != nil {
		_, ok := g.sessions.read(string(h.Cookie(cookieSession)), time.Now())
		return ok
	}
	return true
}

// showsPageKey reports whether a request shows a page key, in its header or in
// the query of a frame.
func (g *Gateway) showsPageKey(h *fasthttp.RequestHeader) bool {
	_, err := g.apiCaller(h)
	at, query, _ := bytes.Cut(h.RequestURI(), []byte("?"))
	if path := string(at); path == embedPath || path == peoplePath {
		var args fasthttp.Args
		args.ParseBytes(query)
		_, err = g.private(string(args.Peek("key")))
	}
	return errors.Is(err, errPageKey)
}

// mostOf is how many bytes of a request's body are read.
func (g *Gateway) mostOf(h *fasthttp.RequestHeader) int {
	switch {
	case g.showsPageKey(h), isReply(string(h.RequestURI())):
		return visitorBody
	case g.known(h):
		return g.opts.MaxBody
	}
	return strangeBody
}

// unreadable answers what is not a request. fasthttp closes the connection
// afterwards; ours stays open until a client that is still sending has had
// time to read why.
func (g *Gateway) unreadable(rc *fasthttp.RequestCtx, err error) {
	setRequestID(rc, newID())
	linger := true
	var small *fasthttp.ErrSmallBuffer
	var timeout net.Error
	switch {
	case errors.As(err, &small):
		err = refuse(431, "headers_too_large", "the request's headers are larger than 8 KiB")
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		err = g.bodyTooLarge(rc)
	case errors.As(err, &timeout) && timeout.Timeout():
		linger = false // it is not sending
		err = refuse(408, "request_timeout", "the request did not arrive in time")
	default:
		err = fault.Invalid.Wrap(err, "this is not an HTTP request that can be read")
	}
	if c := connOf(rc.Conn()); c != nil {
		c.linger.Store(linger)
	}
	g.fail(rc, err)
}

// bodyTooLarge says so to those who may know: of a stranger we read less.
// After a body in chunks fasthttp has forgotten who asked.
func (g *Gateway) bodyTooLarge(rc *fasthttp.RequestCtx) error {
	h := &rc.Request.Header
	if len(h.Host()) > 0 && !g.known(h) {
		return errNoKey
	}
	return fault.TooLarge.Errorf("the request's body is too large; the most is %d bytes", g.opts.MaxBody)
}

var errNoKey = fault.Unauthorized.Errorf("this needs a valid key, in the header \"Authorization: Bearer tg-…\"")
