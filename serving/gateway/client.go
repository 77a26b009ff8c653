package gateway

import (
	"crypto/hmac"
	"crypto/sha256"
	"net/netip"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"tilgate/serving"
)

// client returns the address that a request comes from: the one that is
// connected, or the one that a proxy which we trust says it comes from.
func (g *Gateway) client(rc *fasthttp.RequestCtx) netip.Addr {
	var forwarded []string
	for _, line := range rc.Request.Header.PeekAll("X-Forwarded-For") {
		forwarded = append(forwarded, string(line))
	}
	peer := addrOf(rc.RemoteAddr())
	if len(forwarded) > 0 && !trusted(peer, g.opts.Proxies) {
		g.strangers.Do(func() {
			g.log.Warn("X-Forwarded-For comes from an address that is not among proxies, and is ignored; if a proxy stands in front, all who come through it count as one client")
		})
	}
	return clientOf(peer, strings.Join(forwarded, ","), g.opts.Proxies)
}

// clientOf walks from the peer back, as long as who speaks is trusted. Each
// proxy adds at the right whom it was asked by; what stands further left may be
// anybody's invention. It ends at the last address that can be believed.
func clientOf(peer netip.Addr, forwarded string, proxies []netip.Prefix) netip.Addr {
	for peer.IsValid() && trusted(peer, proxies) && forwarded != "" {
		at := strings.LastIndexByte(forwarded, ',')
		next, ok := forwardedAddr(forwarded[at+1:])
		if !ok {
			break
		}
		peer, forwarded = next, forwarded[:max(at, 0)]
	}
	return peer
}

func trusted(a netip.Addr, proxies []netip.Prefix) bool {
	for _, p := range proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// forwardedAddr reads an address as proxies write it, some with the port.
func forwardedAddr(text string) (netip.Addr, bool) {
	text = strings.Trim(text, " \t")
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	if err != nil {
		var with netip.AddrPort
		with, err = netip.ParseAddrPort(text)
		a = with.Addr()
	}
	return a.Unmap().WithZone(""), err == nil
}

// networkBits is how much of an IPv6 address stands for one client: whoever has
// one has all the others of the same 64 bits.
const networkBits = 64

// network returns what is one client for limits.
func network(a netip.Addr) string {
	if a.Is6() {
		p, _ := a.Prefix(networkBits) // fails for more bits than there are
		a = p.Addr()
	}
	return a.String()
}

// whom hashes who asks, so that neither memory nor Redis says who it was: with
// the key that was shown, which is kept nowhere, and with the day, so that
// nobody can be followed for longer.
func whom(secret, value string) (w serving.Whom) {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(time.Now().UTC().Format(time.DateOnly) + "\x00" + value))
	copy(w[:], mac.Sum(nil))
	return w
}
