// Package outbound is the one door through which Tilgate connects to anything:
// model servers, vectors, rerankers, Qdrant, Redis, identity providers, the
// collector of traces, the web sites of a knowledge base.
//
// A Way leads to one endpoint of the configuration. It promises:
//
//   - it connects to the address of its endpoint and to no other, whatever a
//     request says or a server answers; clients on it follow no redirect and
//     ask no proxy;
//   - where the endpoint is not marked as public, it connects to no address of
//     the public internet, as it stands after all names are resolved; where it
//     is one of the web, to no address but those; and never to where clouds tell
//     machines their secrets;
//   - a request whose caller may use some sites only is sent to none in
//     another, also over a connection that is open already;
//   - a request that came from another Tilgate is sent to none (hops.go).
//
// It does not look at what is sent, and knows of sites what the configuration
// says: that a machine stands where it is said to is for its operator.
package outbound

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"

	"google.golang.org/grpc"

	"tilgate/internal/fault"
)

// A Way leads to one endpoint. The zero Way leads anywhere in private networks.
type Way struct {
	What    string // "model server", "embedding server", for errors
	Site    string // where it stands; empty says nothing
	Peer    bool   // it is another Tilgate
	Address string // host:port; empty means whatever is dialled
	Public  bool   // it may be in the public internet
	Web     bool   // it is a web site, and must be there: its name, and where that leads, are up to strangers
	Private bool   // it is a web site that may be in private networks

	TLS      *tls.Config   // how TLS proves who both sides are, as a Proof makes it; nil is the usual
	Resolver *net.Resolver // of names; nil means the machine's
}

// DialContext connects to the endpoint.
func (w Way) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if err := w.Check(ctx); err != nil {
		return nil, err
	}
	if w.Address != "" && address != w.Address {
		return nil, fmt.Errorf("the %s is at %s; nothing is sent to %s", w.name(), w.Address, address)
	}
	d := net.Dialer{Timeout: 5 * time.Second, Control: w.control, Resolver: w.Resolver, KeepAliveConfig: alive}
	return d.DialContext(ctx, network, address)
}

// alive ends a connection over which nothing comes, half a minute after the
// other side was cut off; the system's own way takes minutes.
var alive = net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3}

func (w Way) name() string {
	if w.What == "" {
		return "server"
	}
	return w.What
}

// control looks at the address that is connected to, when it is known.
func (w Way) control(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	ip := unwrap(at.Addr())
	switch {
	case slices.Contains(metadata, ip):
		return fmt.Errorf("the %s may not be at %s, where clouds keep secrets", w.name(), ip)
	case w.Web && !w.Private && !web(at.Addr()):
		return fault.Forbidden.Errorf("%s, where the %s is, is no address of the public internet; if it is meant to be there, say private = true", ip, w.name())
	case !w.Web && !w.Public && public(ip):
		return fmt.Errorf("%s, where the %s is, is an address of the public internet; if it is meant to be there, say public = true in its section", ip, w.name())
	}
	return nil
}

// metadata are where clouds tell machines who they are, and their secrets.
var metadata = []netip.Addr{netip.MustParseAddr("169.254.169.254"), netip.MustParseAddr("fd00:ec2::254"), netip.MustParseAddr("100.100.100.200")}

// Ranges that lead to an address of IPv4 that they hold, from its place on.
var wrapped = []struct {
	prefix netip.Prefix
	at     int
}{
	{netip.MustParsePrefix("64:ff9b::/96"), 12}, // NAT64 (RFC 6052)
	{netip.MustParsePrefix("64:ff9b:1::/48"), 12},
	{netip.MustParsePrefix("2002::/16"), 2}, // 6to4 (RFC 3056)
	{netip.MustParsePrefix("::/96"), 12},    // as IPv4 was once written
}

// unwrap returns the address of IPv4 that an address stands for, or itself.
func unwrap(ip netip.Addr) netip.Addr {
	ip = ip.Unmap().WithZone("")
	if ip.Is4() || ip.IsLoopback() || ip.IsUnspecified() {
		return ip
	}
	for _, w := range wrapped {
		if w.prefix.Contains(ip) {
			b := ip.As16()
			return netip.AddrFrom4([4]byte(b[w.at : w.at+4]))
		}
	}
	return ip
}

// shared is for networks behind a carrier's NAT (RFC 6598).
var shared = netip.MustParsePrefix("100.64.0.0/10")

func public(ip netip.Addr) bool {
	return !(ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() || shared.Contains(ip))
}

// reserved are addresses that look public and lead to nobody, or back into
// private networks (RFC 6890).
var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("192.88.99.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("224.0.0.0/3"),
	netip.MustParsePrefix("2001::/23"), // with Teredo (RFC 4380), which holds an address of IPv4 in disguise
	netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("3fff::/20"),
}

// global are the addresses of IPv6 that are given out, and NAT64.
var global = []netip.Prefix{netip.MustParsePrefix("2000::/3"), netip.MustParsePrefix("64:ff9b::/96")}

// web reports whether an address is one that web sites have.
func web(ip netip.Addr) bool {
	ip = ip.Unmap()
	within := func(p netip.Prefix) bool { return p.Contains(ip) }
	if ip.Is6() && !slices.ContainsFunc(global, within) || slices.ContainsFunc(reserved, within) {
		return false
	}
	ip = unwrap(ip)
	return public(ip) && !slices.ContainsFunc(reserved, within)
}

type sitesKey struct{}

// WithSites returns a context whose requests may be sent to these sites only.
// Without any it returns ctx: nothing is said.
func WithSites(ctx context.Context, sites []string) context.Context {
	if len(sites) == 0 {
		return ctx
	}
	return context.WithValue(ctx, sitesKey{}, sites)
}

// Unrestricted returns a context of Tilgate's own, such as looks at whether
// servers are well: they carry nothing of a caller's.
func Unrestricted(ctx context.Context) context.Context {
	return WithHops(context.WithValue(ctx, sitesKey{}, []string(nil)), 0)
}

// Check returns why a request may not be sent this way.
func (w Way) Check(ctx context.Context) error {
	if w.Peer && hops(ctx) > 0 {
		return fault.Unavailable.Errorf("no %s of this site can take it, and from another site it is not sent on", w.name())
	}
	sites, _ := ctx.Value(sitesKey{}).([]string)
	if len(sites) == 0 || slices.Contains(sites, w.Site) {
		return nil
	}
	stands := "at no site that the configuration names"
	if w.Site != "" {
		stands = "at " + w.Site
	}
	return fault.Forbidden.Errorf("the %s stands %s, and this key may use only %s", w.name(), stands, strings.Join(sites, ", "))
}

// Transport makes HTTP over base go this way: it asks no proxy, and checks each
// request. base belongs to it.
func (w Way) Transport(base *http.Transport) http.RoundTripper {
	base.DialContext, base.Proxy = w.DialContext, nil
	if w.TLS != nil {
		base.TLSClientConfig = w.Secure("")
	}
	return checked{w, base}
}

// Client returns a client that follows no redirect.
func (w Way) Client() *http.Client {
	return &http.Client{
		Transport:     w.Transport(&http.Transport{TLSHandshakeTimeout: 5 * time.Second, MaxIdleConnsPerHost: 4, IdleConnTimeout: 90 * time.Second}),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

type checked struct {
	way  Way
	base *http.Transport
}

func (c checked) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := c.way.Check(r.Context()); err != nil {
		return nil, err
	}
	if c.way.Web {
		return c.base.RoundTrip(r)
	}
	onward := *r // which is the caller's, and stays as it is
	onward.Header = r.Header.Clone()
	onward.Header.Set(HopsHeader, Onward(r.Context()))
	return c.base.RoundTrip(&onward)
}

// CloseIdleConnections is what http.Client looks for.
func (c checked) CloseIdleConnections() { c.base.CloseIdleConnections() }

// GRPC returns what makes a connection of gRPC go this way.
func (w Way) GRPC() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithNoProxy(),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
			return w.DialContext(Unrestricted(ctx), "tcp", address) // connections are shared; calls are checked
		}),
		grpc.WithChainUnaryInterceptor(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			if err := w.Check(ctx); err != nil {
				return err
			}
			return invoke(ctx, method, req, reply, cc, opts...)
		}),
		grpc.WithChainStreamInterceptor(func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, stream grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
			if err := w.Check(ctx); err != nil {
				return nil, err
			}
			return stream(ctx, desc, cc, method, opts...)
		}),
	}
}
