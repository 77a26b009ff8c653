package gateway

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"tilgate/serving"
)

func prefixes(list ...string) (out []netip.Prefix) {
	for _, text := range list {
		out = append(out, netip.MustParsePrefix(text))
	}
	return out
}

var behind = prefixes("10.0.0.0/8", "192.0.2.7/32", "fd00::/8")

func TestClientOf(t *testing.T) {
	for _, tt := range []struct{ name, peer, forwarded, want string }{
		{"no proxy", "203.0.113.5", "", "203.0.113.5"},
		{"not trusted", "203.0.113.5", "198.51.100.1", "203.0.113.5"},
		{"a proxy", "10.1.1.1", "203.0.113.5", "203.0.113.5"},
		{"a proxy that says nothing", "10.1.1.1", "", "10.1.1.1"},
		{"made up, before a proxy", "10.1.1.1", "198.51.100.1, 203.0.113.5", "203.0.113.5"},
		{"made up as a proxy's, before a proxy", "10.1.1.1", "10.9.9.9, 203.0.113.5", "203.0.113.5"},
		{"two proxies", "10.1.1.1", "198.51.100.1,203.0.113.5,192.0.2.7", "203.0.113.5"},
		{"proxies all the way", "10.1.1.1", "10.2.2.2, 10.3.3.3", "10.2.2.2"},
		{"no address", "10.1.1.1", "198.51.100.1, unknown", "10.1.1.1"},
		{"no address further left", "10.1.1.1", "<script>, 203.0.113.5", "203.0.113.5"},
		{"an empty part", "10.1.1.1", "203.0.113.5,", "10.1.1.1"},
		{"only commas", "10.1.1.1", ",,,", "10.1.1.1"},
		{"with a port", "10.1.1.1", "203.0.113.5:4711", "203.0.113.5"},
		{"IPv6", "fd00::1", "2001:db8::5", "2001:db8::5"},
		{"IPv6 in brackets", "fd00::1", "[2001:db8::5]", "2001:db8::5"},
		{"IPv6 with a port", "fd00::1", "[2001:db8::5]:443", "2001:db8::5"},
		{"IPv6 with a zone", "fd00::1", "fe80::1%eth0", "fe80::1"},
		{"IPv4 as IPv6", "10.1.1.1", "::ffff:203.0.113.5", "203.0.113.5"},
		{"a proxy as IPv6", "10.1.1.1", "203.0.113.5, ::ffff:10.2.2.2", "203.0.113.5"},
		{"a leading zero", "10.1.1.1", "010.0.0.1", "10.1.1.1"},
	} {
		if got := clientOf(netip.MustParseAddr(tt.peer), tt.forwarded, behind).String(); got != tt.want {
			t.Errorf("%s: clientOf(%s, %q) = %s, want %s", tt.name, tt.peer, tt.forwarded, got, tt.want)
		}
	}
	if got := clientOf(netip.Addr{}, "203.0.113.5", behind); got.IsValid() {
		t.Errorf("a peer without an address became %v", got)
	}
}

func TestNetwork(t *testing.T) {
	for _, tt := range []struct{ addr, want string }{
		{"203.0.113.5", "203.0.113.5"},
		{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"},
		{"2001:db8:1:2::9", "2001:db8:1:2::"},
		{"2001:db8:1:3::9", "2001:db8:1:3::"},
	} {
		if got := network(netip.MustParseAddr(tt.addr)); got != tt.want {
			t.Errorf("network(%s) = %s, want %s", tt.addr, got, tt.want)
		}
	}
	network(netip.Addr{})
}

// FuzzClientOf has anybody send anything. Unless a trusted peer speaks it means
// nothing; and what is added at the left changes nothing that was believed.
func FuzzClientOf(f *testing.F) {
	for _, seed := range []string{"", "1.2.3.4", "10.2.2.2,10.1.1.1", "[::1]:80, x", "::ffff:10.0.0.1", ",", "fe80::1%a,1.1.1.1"} {
		f.Add(seed, "198.51.100.1")
	}
	f.Fuzz(func(t *testing.T, forwarded, made string) {
		stranger, proxy := netip.MustParseAddr("203.0.113.5"), netip.MustParseAddr("10.0.0.1")
		if got := clientOf(stranger, forwarded, behind); got != stranger {
			t.Errorf("a stranger who sends %q became %v", forwarded, got)
		}
		got := clientOf(proxy, forwarded, behind)
		if !got.IsValid() || got.Zone() != "" || got.Is4In6() {
			t.Errorf("%q is from %#v", forwarded, got)
		}
		if trusted(got, behind) {
			return // what stands at the left may be believed yet
		}
		if again := clientOf(proxy, made+","+forwarded, behind); again != got {
			t.Errorf("%q is from %v, and from %v with %q before it", forwarded, got, again, made)
		}
	})
}

func TestWhom(t *testing.T) {
	all := []serving.Whom{whom("k1", "client a"), whom("k1", "client b"), whom("k2", "client a"), whom("k1", "session a"), whom("k1", "")}
	for i, w := range all {
		if slices.Index(all, w) != i || w == (serving.Whom{}) {
			t.Errorf("%d of %v is not one of its own", i, all)
		}
	}
	if whom("k1", "client a") != all[0] {
		t.Error("the same one is another")
	}
	if strings.Contains(string(all[0][:]), "client") {
		t.Error("it is no hash")
	}
}
