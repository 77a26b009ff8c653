package gateway

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"tilgate/serving"
)

const pageSecret = "tgp-of-the-tests"

// pageKeys know a page key beside that of all tests.
type pageKeys struct{}

var siteScope = &serving.Scope{Page: true, Origins: []string{"https://moh.example", "https://www.moh.example"}}

func (pageKeys) Check(s string) (serving.Caller, error) {
	switch s {
	case pageSecret:
		return serving.Caller{Name: "site", Tenant: "moh", Scope: siteScope}, nil
	case "tg-app":
		return serving.Caller{Name: "app", Scope: &serving.Scope{Each: serving.Each{User: serving.Share{Requests: 1}}}}, nil
	}
	return testKeys{}.Check(s)
}

func (pageKeys) Lists(origin string) bool { return slices.Contains(siteScope.Origins, origin) }

// callersSeen notes who is admitted, and lets all in.
type callersSeen struct {
	mu   sync.Mutex
	last serving.Caller
}

func (c *callersSeen) Admit(_ context.Context, caller serving.Caller, _ int) (serving.Grant, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = caller
	return serving.Grant{}, nil
}

func (c *callersSeen) from() serving.From {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last.From
}

func startPages(t testing.TB, opts Options) (string, *callersSeen) {
	t.Helper()
	seen := new(callersSeen)
	opts.Limits, opts.Pages = seen, pageKeys{}
	addr, _ := startWith(t, &fake{}, pageKeys{}, opts)
	return addr, seen
}

// asPage is what a browser sends for a page of the key.
var asPage = []string{"Authorization", "Bearer " + pageSecret, "Origin", "https://moh.example", "Sec-Fetch-Site", "cross-site"}

// but changes headers; an empty value takes one away.
func but(header []string, change ...string) []string { return append(slices.Clone(header), change...) }

func TestPageOrigin(t *testing.T) {
	addr, seen := startPages(t, Options{Origins: []string{"https://app.example.org"}})
	for _, tt := range []struct {
		name   string
		header []string
		status int
		want   string
	}{
		{"its page", asPage, 200, ""},
		{"its other page", but(asPage, "Origin", "https://www.moh.example", "Sec-Fetch-Site", "same-site"), 200, ""},
		{"an old browser", but(asPage, "Sec-Fetch-Site", ""), 200, ""},
		{"our own page", but(asPage, "Origin", "http://"+addr, "Sec-Fetch-Site", "same-origin"), 200, ""},
		{"no origin", but(asPage, "Origin", ""), 403, "says in the header Origin which page asks; this request has none"},
		{"a hidden page", but(asPage, "Origin", "null"), 403, "unknown_origin"},
		{"another page", but(asPage, "Origin", "https://evil.example"), 403, "unknown_origin"},
		{"another page that the operator lets call with keys of its own", but(asPage, "Origin", "https://app.example.org"), 403, `pages of \"https://app.example.org\" may not use this key`},
		{"another scheme", but(asPage, "Origin", "http://moh.example"), 403, "unknown_origin"},
		{"another port", but(asPage, "Origin", "https://moh.example:8443"), 403, "unknown_origin"},
		{"a name that begins so", but(asPage, "Origin", "https://moh.example.evil.example"), 403, "unknown_origin"},
		{"opened by hand", but(asPage, "Sec-Fetch-Site", "none"), 403, "contradict"},
		{"from elsewhere, and our own", but(asPage, "Sec-Fetch-Site", "same-origin"), 403, "contradict"},
		{"our own, and from elsewhere", but(asPage, "Origin", "http://"+addr), 403, "contradict"},
		{"with a key for programs", but(asPage, "Authorization", "Bearer "+secret), 403, "unknown_origin"},
	} {
		resp, body := send(t, "POST", "http://"+addr+"/v1/chat/completions", ask, tt.header...)
		if resp.StatusCode != tt.status || !strings.Contains(body, tt.want) {
			t.Errorf("%s: %d %s, want %d %s", tt.name, resp.StatusCode, body, tt.status, tt.want)
		}
		if tt.name == "its page" && (resp.Header.Get("Access-Control-Allow-Origin") != "https://moh.example" || seen.from().Client == (serving.Whom{})) {
			t.Errorf("%v, from %v", resp.Header, seen.from())
		}
	}
	h := []string{"Authorization", "Bearer " + secret, "Origin", "https://app.example.org"}
	if resp, body := send(t, "POST", "http://"+addr+"/v1/chat/completions", ask, h...); resp.StatusCode != 200 {
		t.Errorf("an allowed origin with a key for programs: %d %s", resp.StatusCode, body)
	}
}

// TestTwoOrigins sends what no browser does.
func TestTwoOrigins(t *testing.T) {
	addr, _ := startPages(t, Options{})
	req, err := http.NewRequest("POST", "http://"+addr+"/v1/chat/completions", strings.NewReader(ask))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{"Authorization": {"Bearer " + pageSecret}, "Origin": {"https://moh.example", "https://evil.example"}}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 403 {
		t.Error(resp.Status)
	}
}

// TestPageKeyOpens tries a page key on everything there is.
func TestPageKeyOpens(t *testing.T) {
	addr, _ := startPages(t, Options{Origins: siteScope.Origins})
	free := []string{"/", "/healthz", "/readyz", "/openapi.json", "/api/version", "/key", "/forget", embedPath, embedJS, frameJS, frameCSS, personPath}
	g := New(&fake{}, pageKeys{}, Options{})
	for path, methods := range g.routes {
		for method := range methods {
			if slices.Contains(free, path) || strings.HasPrefix(path, "/assets/") {
				continue
			}
			at := path
			if path == handoverPath {
				at += map[string]string{"GET": "ho-x", "POST": "ho-x/reply"}[method]
			}
			resp, body := send(t, method, "http://"+addr+at, ask, but(asPage, "Cookie", cookieName+"="+pageSecret)...)
			open := path == "/v1/chat/completions" || method == "POST" && (path == "/v1/feedback" || path == handoversPath)
			if refused := resp.StatusCode == 403 || resp.StatusCode == 401; refused == open {
				t.Errorf("%s %s: %d %s", method, path, resp.StatusCode, body)
			}
		}
	}
	if resp, body := send(t, "GET", "http://"+addr+"/", "", "Authorization", "", "Cookie", cookieName+"="+pageSecret); !strings.Contains(body, `action="/key"`) {
		t.Errorf("the page takes a page key for a cookie: %d", resp.StatusCode)
	}
}

func TestPagePreflight(t *testing.T) {
	addr, _ := startPages(t, Options{})
	for _, tt := range []struct {
		origin, path string
		status       int
	}{
		{"https://moh.example", "/v1/chat/completions", 204},
		{"https://moh.example", "/v1/feedback", 204},
		{"https://moh.example", "/v1/models", 403},
		{"https://moh.example", "/v1/embeddings", 403},
		{"https://moh.example", "/ask", 403},
		{"https://evil.example", "/v1/chat/completions", 403},
		{"https://anything.example", embedJS, 204},
	} {
		resp, _ := send(t, "OPTIONS", "http://"+addr+tt.path, "", "Origin", tt.origin, "Authorization", "",
			"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,x-tilgate-session")
		h := resp.Header
		allowed := h.Get("Access-Control-Allow-Origin") == tt.origin && h.Get("Access-Control-Allow-Headers") == "authorization,x-tilgate-session"
		if resp.StatusCode != tt.status || allowed != (tt.status == 204) || h.Get("Vary") != "Origin" || h.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s of %s: %d %v", tt.path, tt.origin, resp.StatusCode, h)
		}
	}
}

// TestSpoofing has one client pass for others.
func TestSpoofing(t *testing.T) {
	for _, tt := range []struct {
		name      string
		proxies   []string
		forwarded [2]string
		same      bool
	}{
		{"nobody is trusted", nil, [2]string{"198.51.100.1", "198.51.100.2"}, true},
		{"others are trusted", []string{"10.0.0.0/8"}, [2]string{"198.51.100.1", "198.51.100.2"}, true},
		{"a proxy that we trust", []string{"127.0.0.0/8"}, [2]string{"198.51.100.1", "198.51.100.2"}, false},
		{"made up before it", []string{"127.0.0.0/8"}, [2]string{"198.51.100.1, 203.0.113.5", "198.51.100.2, 203.0.113.5"}, true},
		{"the same network", []string{"127.0.0.0/8"}, [2]string{"2001:db8::1", "2001:db8::ffff"}, true},
		{"another network", []string{"127.0.0.0/8"}, [2]string{"2001:db8::1", "2001:db8:0:1::1"}, false},
	} {
		addr, seen := startPages(t, Options{Proxies: prefixes(tt.proxies...)})
		var got [2]serving.From
		for i, forwarded := range tt.forwarded {
			resp, body := send(t, "POST", "http://"+addr+"/v1/chat/completions", ask, but(asPage, "X-Forwarded-For", forwarded, "X-Real-IP", forwarded,
				"Forwarded", "for="+forwarded, sessionName, "s")...)
			if resp.StatusCode != 200 {
				t.Fatal(resp.StatusCode, body)
			}
			got[i] = seen.from()
		}
		if (got[0] == got[1]) != tt.same {
			t.Errorf("%s: %v, want the same: %v", tt.name, got, tt.same)
		}
	}
}

// TestVisits has visits told apart, where they come from one address.
func TestVisits(t *testing.T) {
	addr, seen := startPages(t, Options{})
	from := func(session string) serving.From {
		t.Helper()
		if resp, body := send(t, "POST", "http://"+addr+"/v1/chat/completions", ask, but(asPage, sessionName, session)...); resp.StatusCode != 200 {
			t.Fatal(resp.StatusCode, body)
		}
		return seen.from()
	}
	a, b, again, none := from("a"), from("b"), from("a"), from("")
	if a == b || a != again || a.Client != b.Client || none.Session != (serving.Whom{}) || none.Client != a.Client {
		t.Errorf("%v, %v, %v, %v", a, b, again, none)
	}
	resp, body := send(t, "POST", "http://"+addr+"/v1/chat/completions", ask, but(asPage, sessionName, strings.Repeat("x", maxSession+1))...)
	if resp.StatusCode != 400 || !strings.Contains(body, "at most 64 bytes") {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
}

// TestUsers has a program's users told apart, by what its requests say.
func TestUsers(t *testing.T) {
	addr, seen := startPages(t, Options{})
	from := func(key, field string) serving.From {
		t.Helper()
		body := strings.Replace(ask, `{"model"`, `{`+field+`"model"`, 1)
		if resp, body := send(t, "POST", "http://"+addr+"/v1/chat/completions", body, "Authorization", "Bearer "+key); resp.StatusCode != 200 {
			t.Fatal(resp.StatusCode, body)
		}
		return seen.from()
	}
	a, escaped, b, none, number := from("tg-app", `"user":"a",`), from("tg-app", `"user":"\u0061",`), from("tg-app", `"user":"b",`), from("tg-app", ""), from("tg-app", `"user":7,`)
	if a != escaped || a == b || none == a || none == (serving.From{}) || number != none || a.Client != (serving.Whom{}) {
		t.Errorf("%v, %v, %v, %v, %v", a, escaped, b, none, number)
	}
	if plain := from(secret, `"user":"a",`); plain != (serving.From{}) {
		t.Errorf("of a key without such a limit %v is known", plain)
	}
	if resp, body := send(t, "POST", "http://"+addr+"/v1/chat/completions", `{"user":"a","user":"b",`+ask[1:], "Authorization", "Bearer tg-app"); resp.StatusCode != 400 {
		t.Errorf("two users: %d %s", resp.StatusCode, body)
	}
}

// TestPageBodies reads less of who shows a page key than of others, and more
// than of nobody.
func TestPageBodies(t *testing.T) {
	addr, _ := startPages(t, Options{})
	for _, tt := range []struct {
		path, key string
		size      int
		status    int
	}{
		{"/v1/chat/completions", secret, visitorBody + 1000, 200},
		{"/v1/chat/completions", pageSecret, visitorBody - 1000, 200},
		{"/v1/chat/completions", pageSecret, visitorBody + 1000, 413},
		{"/v1/chat/completions", "tgp-no", strangeBody + 1000, 401},
		{embedPath + "?key=" + pageSecret, "", strangeBody + 1000, 400},
		{embedPath + "?key=" + pageSecret, "", visitorBody + 1000, 413},
		{embedPath + "?key=tgp-no", "", strangeBody + 1000, 401},
	} {
		body := `{"model":"auto","messages":[{"role":"system","content":"` + strings.Repeat("x", tt.size) + `"},{"role":"user","content":"Салам"}]}`
		header := []string{"Authorization", "Bearer " + tt.key}
		if tt.key != secret {
			header = append(header, "Origin", "http://"+addr)
		}
		resp, got := send(t, "POST", "http://"+addr+tt.path, body, header...)
		if resp.StatusCode != tt.status {
			t.Errorf("%d bytes to %s with %q: %d %s, want %d", tt.size, tt.path, tt.key, resp.StatusCode, got, tt.status)
		}
	}
}
