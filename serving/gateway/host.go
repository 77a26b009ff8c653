package gateway

import (
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/valyala/fasthttp"
)

// A page elsewhere on the web can have its own name point to this machine
// (DNS rebinding), and then a visitor's browser talks to us as if to that
// page. Such a request carries the foreign name in its Host header, so names
// are served by list. It is refused with 403: 421 would be the better word,
// but invites clients to try again on another connection.

func hostSet(names []string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[hostname(name)] = true
	}
	return set
}

// hostname returns the name in a Host header: without port and final dot, in
// lower case.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// hostAllowed reports whether a Host header names us: by a name on the list,
// by the address that was dialled, which needs no DNS and cannot be rebound,
// or as localhost on a loopback connection.
func (g *Gateway) hostAllowed(host string, local net.Addr) bool {
	name := hostname(host)
	if name == "" {
		return false
	}
	if g.hosts[name] {
		return true
	}
	here := addrOf(local)
	if name == "localhost" {
		return !here.IsValid() || here.IsLoopback()
	}
	named, err := netip.ParseAddr(name)
	if err != nil {
		return false
	}
	return named.Unmap() == here || named.IsLoopback() && here.IsLoopback()
}

// addrOf returns the IP address of a socket; the zero Addr if it has none.
func addrOf(a net.Addr) netip.Addr {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}

// admit checks who the request is addressed to and what page it comes from.
func (g *Gateway) admit(rc *fasthttp.RequestCtx, path string) error {
	host := string(rc.Request.Header.Host())
	c := connOf(rc.Conn())
	known := c != nil && c.host == host && host != "" // let in on this connection before
	if !known && !g.hostAllowed(host, rc.LocalAddr()) {
		return refuse(403, "unknown_host", "this server does not answer to the name "+quote(host)+"; its operator can add it to the allowed hosts")
	}
	if c != nil {
		c.host = host
	}
	if len(g.opts.Origins) > 0 || g.opts.Pages != nil {
		rc.Response.Header.Set("Vary", "Origin")
	}
	origin := string(rc.Request.Header.Peek("Origin"))
	switch {
	case origin == "" || sameOrigin(origin, host):
		return nil
	case slices.Contains(g.opts.Origins, origin) || g.pageOrigin(origin, path):
		allowOrigin(rc, origin)
		return nil
	}
	return unknownOrigin(origin)
}

// sameOrigin compares host and port only: a proxy in front may speak HTTPS.
func sameOrigin(origin, host string) bool {
	_, of, ok := strings.Cut(origin, "://")
	return ok && strings.EqualFold(of, host)
}

func allowOrigin(rc *fasthttp.RequestCtx, origin string) {
	h := &rc.Response.Header
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", "X-Request-Id, Retry-After")
}

// options answers a browser that asks before it calls, and anyone else who
// asks what a path takes. It needs no key: browsers send none here.
func (g *Gateway) options(rc *fasthttp.RequestCtx, allow string) {
	h := &rc.Response.Header
	h.Set("Allow", allow)
	if len(h.Peek("Access-Control-Allow-Origin")) > 0 {
		h.Set("Access-Control-Allow-Methods", allow)
		// SDKs send headers of their own, such as X-Stainless-Lang.
		if asked := rc.Request.Header.Peek("Access-Control-Request-Headers"); len(asked) > 0 {
			h.SetBytesV("Access-Control-Allow-Headers", asked)
		}
		h.Set("Access-Control-Max-Age", "600")
	}
	rc.SetStatusCode(204)
}

// crossSite reports whether a form was sent from a page of another site. A
// browser that sends neither header is too old to be told apart from none.
func crossSite(rc *fasthttp.RequestCtx) bool {
	h := &rc.Request.Header
	if site := string(h.Peek("Sec-Fetch-Site")); site != "" {
		return site != "same-origin" && site != "none"
	}
	origin := string(h.Peek("Origin"))
	return origin != "" && !sameOrigin(origin, string(h.Host()))
}
