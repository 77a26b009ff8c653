package gateway

import (
	"slices"
	"strings"

	"github.com/valyala/fasthttp"

	"tilgate/internal/fault"
	"tilgate/serving"
)

// A page key stands in the source of web pages, where everybody can read it. So
// it opens little, from few places, and for little at a time: only what stands
// in visitorPaths, only for pages of its origins and for our own, and within
// limits by address and by visit. What a program makes up, and no browser
// sends, is stopped by the limits alone.

// Pages knows which pages there are keys for.
type Pages interface {
	// Lists reports whether there is a page key for pages of an origin.
	Lists(origin string) bool
}

// visitorPaths are those of the API that page keys open.
var visitorPaths = []string{"/v1/chat/completions", "/v1/feedback", handoversPath}

// sessionName is the header in which a page says which visit asks: a random
// name, as long as the page is open.
const sessionName = "X-Tilgate-Session"

// maxSession is how long the name of a visit may be.
const maxSession = 64

var errPageKey = fault.Forbidden.Errorf(`this key stands in web pages, and is for asking questions alone, at %s; a program needs a key of its own`, strings.Join(visitorPaths, ", "))

// pageOrigin reports whether web pages of an origin may call a path, provided
// that they show a page key that lists it. The script of embedding is anybody's.
func (g *Gateway) pageOrigin(origin, path string) bool {
	if g.opts.Pages == nil {
		return false
	}
	return path == embedJS || (slices.Contains(visitorPaths, path) || strings.HasPrefix(path, handoverPath)) && g.opts.Pages.Lists(origin)
}

// visitor says who calls what page keys open too.
func (g *Gateway) visitor(rc *fasthttp.RequestCtx) (serving.Caller, error) {
	h := &rc.Request.Header
	secret, err := bearer(h)
	if err != nil {
		return serving.Caller{}, err
	}
	caller, err := g.keys.Check(secret)
	if err != nil {
		return serving.Caller{}, err
	}
	if caller.IsPage() {
		return g.visit(rc, caller, secret, string(h.Peek(sessionName)))
	}
	origin := string(h.Peek("Origin"))
	if origin != "" && !sameOrigin(origin, string(h.Host())) && !slices.Contains(g.opts.Origins, origin) {
		return serving.Caller{}, unknownOrigin(origin) // let in for a page key only
	}
	return caller, nil
}

// visit lets a page key in from its pages, and notes who of their visitors asks.
func (g *Gateway) visit(rc *fasthttp.RequestCtx, caller serving.Caller, secret, session string) (serving.Caller, error) {
	if err := fromPage(&rc.Request.Header, caller.Scope.Origins); err != nil {
		return serving.Caller{}, err
	}
	if len(session) > maxSession {
		return serving.Caller{}, fault.Invalid.Errorf("the name of a visit, in the header %s, has at most %d bytes", sessionName, maxSession)
	}
	address := network(g.client(rc))
	caller.From.Client = whom(secret, "client "+address)
	if session != "" {
		caller.From.Session = whom(secret, "session "+address+" "+session)
	}
	return caller, nil
}

// fromPage returns an error unless a request comes from a page of one of the
// origins, or of our own, by what browsers say of themselves.
func fromPage(h *fasthttp.RequestHeader, origins []string) error {
	list := h.PeekAll("Origin")
	if len(list) == 0 || len(list[0]) == 0 {
		return fault.Forbidden.Errorf("this key is for web pages, whose browser says in the header Origin which page asks; this request has none, and a program needs a key of its own")
	}
	origin, site := string(list[0]), string(h.Peek("Sec-Fetch-Site"))
	own := sameOrigin(origin, string(h.Host()))
	switch {
	case len(list) > 1:
		return fault.Forbidden.Errorf("the request has more than one header Origin")
	case origin == "null":
		return fault.Forbidden.Errorf("this page hides where it comes from, as a file or a sandboxed frame does, and this key is bound to pages")
	case !own && !slices.Contains(origins, origin):
		return fault.Forbidden.Errorf("pages of %s may not use this key; its owner can make one for them", quote(origin))
	case site != "" && own != (site == "same-origin") || site == "none":
		return fault.Forbidden.Errorf("the headers Origin and Sec-Fetch-Site contradict each other")
	}
	return nil
}

func unknownOrigin(origin string) error {
	return refuse(403, "unknown_origin", "pages of "+quote(origin)+" may not call this server; its operator can add it to the allowed origins")
}
