package outbound

import (
	"context"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"tilgate/internal/fault"
	"tilgate/internal/outbound/outboundtest"
)

func TestAddresses(t *testing.T) {
	for _, tt := range []struct {
		address string
		public  bool // the way says so
		ok      bool
	}{
		{"127.0.0.1:1", false, true},
		{"10.1.2.3:1", false, true},
		{"192.168.0.9:1", false, true},
		{"100.64.1.1:1", false, true},
		{"[fd12::1]:1", false, true},
		{"[::1]:1", false, true},
		{"[fe80::1]:1", false, true},
		{"8.8.8.8:1", false, false},
		{"8.8.8.8:1", true, true},
		{"[2001:4860::1]:1", false, false},
		{"[2001:4860::1]:1", true, true},
		{"[::ffff:8.8.8.8]:1", false, false},
		{"[::ffff:10.0.0.1]:1", false, true},
		{"[64:ff9b::808:808]:1", false, false},
		{"[64:ff9b::a00:1]:1", false, true},
		{"[2002:808:808::1]:1", false, false},
		{"[::808:808]:1", false, false},
		{"169.254.169.254:80", true, false},
		{"[::ffff:169.254.169.254]:80", true, false},
		{"[64:ff9b::a9fe:a9fe]:80", true, false},
		{"[fd00:ec2::254]:80", true, false},
		{"100.100.100.200:80", false, false},
		{"nonsense", true, false},
	} {
		if err := (Way{Public: tt.public}).control("tcp", tt.address, nil); (err == nil) != tt.ok {
			t.Errorf("%s, public %v: %v", tt.address, tt.public, err)
		}
	}
	if got := unwrap(netip.MustParseAddr("2002:a00:1::5")); got != netip.MustParseAddr("10.0.0.1") {
		t.Errorf("%v", got)
	}
}

// A way to the web leads to no machine of our own, however its address is
// written.
func TestWebAddresses(t *testing.T) {
	for address, ok := range map[string]bool{
		"8.8.8.8:443":                   true,
		"212.112.96.1:80":               true,
		"223.255.255.1:80":              true,
		"[2a00:1450::1]:443":            true,
		"[::ffff:8.8.8.8]:80":           true,
		"[64:ff9b::808:808]:80":         true,
		"[2002:808:808::1]:80":          true,
		"127.0.0.1:80":                  false,
		"127.8.9.1:80":                  false,
		"0.0.0.0:80":                    false,
		"0.1.2.3:80":                    false,
		"10.1.2.3:80":                   false,
		"172.16.0.1:80":                 false,
		"192.168.0.9:80":                false,
		"100.64.1.1:80":                 false,
		"100.100.100.200:80":            false,
		"169.254.1.1:80":                false,
		"169.254.169.254:80":            false,
		"192.0.0.192:80":                false,
		"198.19.0.1:80":                 false,
		"224.0.0.1:80":                  false,
		"240.0.0.1:80":                  false,
		"255.255.255.255:80":            false,
		"[::]:80":                       false,
		"[::1]:80":                      false,
		"[fd12::1]:80":                  false,
		"[fe80::1]:80":                  false,
		"[fe80::1%eth0]:80":             false,
		"[fec0::1]:80":                  false,
		"[ff02::1]:80":                  false,
		"[fd00:ec2::254]:80":            false,
		"[2001:db8::1]:80":              false,
		"[::ffff:10.0.0.1]:80":          false,
		"[::ffff:169.254.169.254]:1":    false,
		"[::7f00:1]:80":                 false,
		"[64:ff9b::a00:1]:80":           false,
		"[64:ff9b::7f00:1]:80":          false,
		"[64:ff9b:1::808:808]:80":       false,
		"[2002:a00:1::5]:80":            false,
		"[2002:a9fe:a9fe::]:80":         false,
		"[2002:e000:1::]:80":            false,
		"[2001:0:1:2:3:4:f5ff:fffe]:80": false,
	} {
		w := Way{What: "web site", Web: true}
		if err := w.control("tcp", address, nil); (err == nil) != ok {
			t.Errorf("%s: %v", address, err)
		}
		w.Public = true
		if err := w.control("tcp", address, nil); (err == nil) != ok {
			t.Errorf("%s, public too: %v", address, err)
		}
	}
}

// Names are resolved by its resolver, and the address that comes out is what
// is checked.
func TestResolver(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	_, port, err := net.SplitHostPort(ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	resolver := outboundtest.Resolver(map[string]string{"ministry.example.": "127.0.0.1"})
	address := net.JoinHostPort("ministry.example", port)
	conn, err := Way{Resolver: resolver}.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	_, err = Way{What: "web site", Web: true, Resolver: resolver}.DialContext(t.Context(), "tcp", address)
	if !fault.Forbidden.Is(err) || !strings.Contains(err.Error(), "127.0.0.1, where the web site is, is no address of the public internet") {
		t.Errorf("%v", err)
	}
	if _, err = (Way{Resolver: resolver}).DialContext(t.Context(), "tcp", "other.example:1"); err == nil || !strings.Contains(err.Error(), "no such host") {
		t.Errorf("%v", err)
	}
}

func TestOnlyItsAddress(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") }))
	defer other.Close()
	s := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	defer s.Close()
	t.Setenv("HTTP_PROXY", other.URL)
	t.Setenv("http_proxy", other.URL)
	w := Way{What: "model server", Address: strings.TrimPrefix(s.URL, "http://")}
	client := w.Client()
	defer client.CloseIdleConnections()
	resp, err := client.Get(s.URL)
	if err != nil || resp.StatusCode != http.StatusTemporaryRedirect {
		t.Errorf("%v, %v", resp, err)
	}
	if _, err := client.Get(other.URL); err == nil || !strings.Contains(err.Error(), "nothing is sent to") {
		t.Errorf("%v", err)
	}
}

// Nothing of a request reaches a site that its caller may not use, whatever
// connections are open already.
func TestSites(t *testing.T) {
	names := []string{"kg", "kz", "uz", ""}
	var got [4]atomic.Int64
	var clients [4]*http.Client
	var urls [4]string
	for i, site := range names {
		s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { got[i].Add(1) }))
		t.Cleanup(s.Close)
		urls[i], clients[i] = s.URL, Way{What: "model server", Site: site, Address: strings.TrimPrefix(s.URL, "http://")}.Client()
		t.Cleanup(clients[i].CloseIdleConnections)
	}
	rapid.Check(t, func(r *rapid.T) {
		sites := rapid.SliceOfDistinct(rapid.SampledFrom(names[:3]), rapid.ID[string]).Draw(r, "sites")
		ctx := WithSites(context.Background(), sites)
		ours := rapid.Bool().Draw(r, "our own")
		if ours {
			ctx = Unrestricted(ctx)
		}
		i := rapid.IntRange(0, 3).Draw(r, "to")
		before := got[i].Load()
		req, err := http.NewRequestWithContext(ctx, "POST", urls[i], strings.NewReader("text"))
		if err != nil {
			r.Fatal(err)
		}
		resp, err := clients[i].Do(req)
		if err == nil {
			resp.Body.Close()
		}
		may := ours || len(sites) == 0 || slices.Contains(sites, names[i])
		if arrived := got[i].Load() > before; arrived != may || (err == nil) != may || err != nil && !fault.Forbidden.Is(err) {
			r.Errorf("for %v to %q: arrived %v, %v", sites, names[i], arrived, err)
		}
	})
}

func TestDialChecks(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	w := Way{Site: "kz"}
	if _, err := w.DialContext(WithSites(t.Context(), []string{"kg"}), "tcp", ln.Addr().String()); !fault.Forbidden.Is(err) || !strings.Contains(err.Error(), "stands at kz, and this key may use only kg") {
		t.Errorf("%v", err)
	}
	conn, err := w.DialContext(t.Context(), "tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

// around is how programs connect to others without asking here.
var around = regexp.MustCompile(`\b(net\.Dial\w*\(|net\.Dialer\{|tls\.Dial\w*\(|http\.(Get|Post|PostForm|Head)\(|http\.Default(Client|Transport)|http\.Transport\{|http\.Client\{|grpc\.(NewClient|Dial\w*)\()`)

// elsewhere are files that may, and why.
var elsewhere = map[string]string{
	"rag/engine/client.go":      "the embedded engine, over a pipe in memory",
	"serving/ollama/ollama.go":  "its Transport is a Way's",
	"serving/openai/openai.go":  "its Transport is a Way's",
	"evals/live/live.go":        "its Transport is a Way's",
	"rag/crawl/fetch.go":        "its Transport is a Way's",
	"serving/ollama/ollamatest": "servers of tests",
}

// TestNoWayAround reads all of Tilgate's source.
func TestNoWayAround(t *testing.T) {
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if slices.Contains([]string{"bench", "tools", ".git", ".ci"}, name) || name == filepath.Join("internal", "outbound") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if _, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ImportsOnly); err != nil {
			return err
		}
		for i, line := range strings.Split(string(text), "\n") {
			code, _, _ := strings.Cut(line, "//")
			if m := around.FindString(code); m != "" && !allowed(filepath.ToSlash(name)) {
				t.Errorf("%s:%d: %s connects without internal/outbound", name, i+1, fmt.Sprintf("%q", m))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func allowed(name string) bool {
	for prefix := range elsewhere {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// What came from another Tilgate goes to model servers, and to no third; what
// has come farther is refused, whatever the header says.
func TestHops(t *testing.T) {
	for _, tt := range []struct {
		said string
		n    int // -1 is refused
	}{{"0", 0}, {"1", 1}, {"2", -1}, {"-1", -1}, {"", -1}, {"1, 1", -1}, {"99999999999999999999", -1}, {"\xff", -1}} {
		n, err := ReadHops([]byte(tt.said))
		if (err != nil) != (tt.n < 0) || err == nil && n != tt.n {
			t.Errorf("%q: %d, %v", tt.said, n, err)
		}
	}
	came := WithHops(t.Context(), 1)
	peer, server := Way{What: "model server", Peer: true}, Way{What: "model server"}
	if peer.Check(t.Context()) != nil || server.Check(came) != nil {
		t.Error("what may be sent is not")
	}
	if err := peer.Check(came); !fault.Unavailable.Is(err) {
		t.Errorf("what came from another goes on to a third: %v", err)
	}
	if err := peer.Check(Unrestricted(came)); err != nil {
		t.Errorf("a look of our own: %v", err)
	}
	if Onward(t.Context()) != "1" || Onward(came) != "2" {
		t.Errorf("sent on are %s and %s", Onward(t.Context()), Onward(came))
	}
}

func FuzzReadHops(f *testing.F) {
	f.Add([]byte("1"))
	f.Fuzz(func(t *testing.T, value []byte) {
		if n, err := ReadHops(value); err == nil && n != 0 && n != 1 {
			t.Errorf("%q: %d", value, n)
		}
	})
}
