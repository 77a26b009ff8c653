package gateway

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tilgate/internal/fault"
	"tilgate/serving"
)

// board is a Console that writes down what it is asked.
type board struct{ shown, done []Visit }

func (b *board) Show(_ context.Context, v Visit) (Sheet, error) {
	switch v.Path {
	case "none":
		return Sheet{}, fault.NotFound.Errorf("there is no page %q here", v.Path)
	case "report":
		return Sheet{Body: []byte("<script>1</script>"), Report: true}, nil
	case "panics":
		panic("at the disco")
	}
	b.shown = append(b.shown, v)
	return Sheet{Body: []byte("shown " + v.Path)}, nil
}

func (b *board) Do(_ context.Context, v Visit) (Sheet, error) {
	b.done = append(b.done, v)
	return Sheet{Next: "/admin/keys"}, nil
}

func (b *board) Say(v Visit, say string) Sheet {
	if v.Caller.Name == "" {
		return Sheet{Body: []byte("door: " + say)}
	}
	return Sheet{Body: []byte("said: " + say)}
}

// sessionOf signs in, and returns the cookie as a header.
func sessionOf(t *testing.T, base, key string) []string {
	t.Helper()
	resp, body := send(t, "POST", base+"/admin/login", url.Values{"key": {key}}.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	set := resp.Header.Get("Set-Cookie")
	for _, part := range []string{cookieSession + "=", "HttpOnly", "SameSite=Strict", "path=/admin"} {
		if resp.StatusCode != 303 || !strings.Contains(set, part) {
			t.Fatalf("signing in: %d %s, Set-Cookie %q lacks %q", resp.StatusCode, body, set, part)
		}
	}
	if strings.Contains(set, key) {
		t.Error("the cookie shows the key")
	}
	value, _, _ := strings.Cut(set, ";")
	return []string{"Cookie", value}
}

func TestConsole(t *testing.T) {
	b := new(board)
	addr, _ := startWith(t, &fake{}, ministry{}, Options{Console: b})
	base := "http://" + addr
	in := sessionOf(t, base, "aida")
	form := append([]string{"Content-Type", "application/x-www-form-urlencoded"}, in...)
	key := func(k string) string { return url.Values{"key": {k}}.Encode() }
	for _, tt := range []struct {
		name, method, path, body string
		header                   []string
		status                   int
		want                     string // in the body, or where it leads
	}{
		{"without a session", "GET", "/admin", "", nil, 200, "door: "},
		{"any path without a session", "GET", "/admin/keys", "", nil, 200, "door: "},
		{"with the cookie of the chat page", "GET", "/admin", "", []string{"Cookie", cookieName + "=aida"}, 200, "door: "},
		{"with a key in place of a session", "GET", "/admin", "", []string{"Authorization", "Bearer aida"}, 200, "door: "},
		{"with a cookie of somebody's own", "GET", "/admin", "", []string{"Cookie", cookieSession + "=aida"}, 200, "door: "},
		{"a form without a session", "POST", "/admin/keys", "name=x", form[:2], 200, "door: "},
		{"the first page", "GET", "/admin", "", in, 200, "shown "},
		{"a page", "GET", "/admin/languages/ky?days=7", "", in, 200, "shown languages/ky"},
		{"a form", "POST", "/admin/keys", "name=x", form, 303, "/admin/keys"},
		{"a form from elsewhere", "POST", "/admin/keys", "name=x", append(form, "Sec-Fetch-Site", "cross-site"), 403, "cross_site"},
		{"a form of a foreign origin", "POST", "/admin/keys", "name=x", append(form, "Origin", "https://evil.example"), 403, "unknown_origin"},
		{"signing in from elsewhere", "POST", "/admin/login", key("aida"), append(form, "Sec-Fetch-Site", "same-site"), 403, "cross_site"},
		{"a form that is too large", "POST", "/admin/keys", strings.Repeat("a", mostConsole+1), form, 413, "larger than"},
		{"no page", "GET", "/admin/none", "", in, 404, "said: there is no page"},
		{"a page that panics", "GET", "/admin/panics", "", in, 500, "error"},
		{"a wrong key", "POST", "/admin/login", key("tg-no"), form[:2], 401, "door: this key is not known"},
		{"a key that does not administer", "POST", "/admin/login", key(secret), form[:2], 403, "door: this key does not administer"},
		{"a key without end", "POST", "/admin/login", key(strings.Repeat("k", mostSecret+1)), form[:2], 400, "door: a key has at most"},
		{"the style, for anybody", "GET", "/admin/style.css?x", "", nil, 200, "shown style.css"},
		{"another method", "PUT", "/admin/keys", "", in, 405, "method_not_allowed"},
	} {
		resp, body := send(t, tt.method, base+tt.path, tt.body, tt.header...)
		if tt.status == 303 {
			body = resp.Header.Get("Location")
		}
		if resp.StatusCode != tt.status || !strings.Contains(body, tt.want) {
			t.Errorf("%s: %d %.200s, want %d %s", tt.name, resp.StatusCode, body, tt.status, tt.want)
		}
		if strings.HasPrefix(body, "shown") && tt.header != nil && resp.Header.Get("Content-Security-Policy") != scriptlessPolicy {
			t.Errorf("%s: policy %q", tt.name, resp.Header.Get("Content-Security-Policy"))
		}
	}
	if len(b.done) != 1 || b.done[0].Form.Get("name") != "x" || b.done[0].Caller.Name != "aida" {
		t.Errorf("done %+v", b.done)
	}
	if v := b.shown[1]; v.Form.Get("days") != "7" || v.Host != base {
		t.Errorf("the page was asked for with %+v", v)
	}
}

func TestConsoleReport(t *testing.T) {
	addr, _ := startWith(t, &fake{}, ministry{}, Options{Console: new(board)})
	resp, _ := send(t, "GET", "http://"+addr+"/admin/report", "", sessionOf(t, "http://"+addr, "bek")...)
	if policy := resp.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "sandbox allow-scripts; default-src 'none'") {
		t.Errorf("policy %q", policy)
	}
}

func TestNoConsole(t *testing.T) {
	addr, _ := startWith(t, &fake{}, ministry{}, Options{})
	if resp, body := send(t, "GET", "http://"+addr+"/admin", ""); resp.StatusCode != 404 {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
}

// A link from elsewhere finds its reader signed in at the second look.
func TestConsoleFromElsewhere(t *testing.T) {
	addr, _ := startWith(t, &fake{}, ministry{}, Options{Console: new(board)})
	resp, _ := send(t, "GET", "http://"+addr+"/admin/feedback", "", "Sec-Fetch-Site", "cross-site")
	if resp.Header.Get("Refresh") != "0" {
		t.Errorf("Refresh %q", resp.Header.Get("Refresh"))
	}
}

func TestSigningOut(t *testing.T) {
	addr, _ := startWith(t, &fake{}, ministry{}, Options{Console: new(board)})
	base := "http://" + addr
	in := sessionOf(t, base, "aida")
	resp, _ := send(t, "POST", base+"/admin/logout", "", append(in, "Content-Type", "application/x-www-form-urlencoded")...)
	if resp.StatusCode != http.StatusSeeOther || !strings.Contains(resp.Header.Get("Set-Cookie"), cookieSession+"=;") {
		t.Errorf("%d, Set-Cookie %q", resp.StatusCode, resp.Header.Get("Set-Cookie"))
	}
	if _, body := send(t, "GET", base+"/admin", "", in...); !strings.HasPrefix(body, "door") {
		t.Errorf("the session that was left shows %s", body)
	}
}

func TestSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSessions("")
		x := session{Key: "k", Began: time.Now(), Seen: time.Now(), ID: "1"}
		text := s.write(x)
		opens := func(s *sessions, text string) bool { _, ok := s.read(text, time.Now()); return ok }
		if got, ok := s.read(text, time.Now()); !ok || got.Key != "k" {
			t.Fatalf("%+v %t", got, ok)
		}
		if opens(newSessions(""), text) {
			t.Error("another process opens it")
		}
		shared := strings.Repeat("s", 32)
		if !opens(newSessions(shared), newSessions(shared).write(x)) {
			t.Error("a process with the same secret does not open it")
		}
		time.Sleep(sessionIdle - time.Second)
		if !opens(s, text) {
			t.Error("it is over too soon")
		}
		time.Sleep(2 * time.Second)
		if opens(s, text) {
			t.Error("it is not over after a while in which nothing was asked")
		}
		x.Seen = x.Began.Add(sessionMost)
		time.Sleep(sessionMost - sessionIdle)
		if opens(s, s.write(x)) {
			t.Error("it is not over after its time")
		}
	})
}

// A key that is taken back ends the session that was made with it.
func TestSessionOfLostKey(t *testing.T) {
	keys := &mortal{open: true}
	addr, _ := startWith(t, &fake{}, keys, Options{Console: new(board)})
	in := sessionOf(t, "http://"+addr, "aida")
	keys.open = false
	resp, body := send(t, "GET", "http://"+addr+"/admin", "", in...)
	if resp.StatusCode != 401 || !strings.Contains(body, "not valid any more") {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
}

type mortal struct{ open bool }

func (m *mortal) Check(string) (serving.Caller, error) {
	if !m.open {
		return serving.Caller{}, errNoKey
	}
	return serving.Caller{Name: "aida", Scope: &serving.Scope{Admin: true}}, nil
}

func FuzzSession(f *testing.F) {
	s := newSessions("")
	f.Add(s.write(session{Key: "k"}))
	f.Add("")
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, text string) {
		if x, ok := s.read(text, time.Now()); ok {
			t.Errorf("%q opens %+v", text, x)
		}
	})
}
