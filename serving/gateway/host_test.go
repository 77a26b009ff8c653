package gateway

import (
	"net"
	"strings"
	"testing"
)

func TestHostAllowed(t *testing.T) {
	g := New(&fake{}, testKeys{}, Options{Hosts: []string{"Ask.Example.org", "tilgate:8080"}})
	for _, tt := range []struct {
		host, local string
		want        bool
	}{
		{"ask.example.org", "10.0.0.5:80", true},
		{"ASK.example.org.:8443", "10.0.0.5:80", true},
		{"tilgate", "10.0.0.5:80", true},
		{"evil.example", "10.0.0.5:80", false},
		{"evil.example", "127.0.0.1:80", false},
		{"ask.example.org.evil.example", "127.0.0.1:80", false},
		{"", "127.0.0.1:80", false},
		{"localhost:8080", "127.0.0.1:8080", true},
		{"localhost", "[::1]:80", true},
		{"localhost", "10.0.0.5:80", false},
		{"127.0.0.1:8080", "127.0.0.1:8080", true},
		{"127.0.0.9", "127.0.0.1:80", true},
		{"[::1]:8080", "[::1]:8080", true},
		{"127.0.0.1", "10.0.0.5:80", false},
		{"10.0.0.5:8080", "10.0.0.5:8080", true},
		{"10.0.0.6", "10.0.0.5:80", false},
		{"10.0.0.5", "[::ffff:10.0.0.5]:80", true},
		{"10.0.0.5@evil.example", "10.0.0.5:80", false},
	} {
		local, err := net.ResolveTCPAddr("tcp", tt.local)
		if err != nil {
			t.Fatal(err)
		}
		if got := g.hostAllowed(tt.host, local); got != tt.want {
			t.Errorf("hostAllowed(%q, %s) = %v, want %v", tt.host, tt.local, got, tt.want)
		}
	}
}

func TestAdmit(t *testing.T) {
	addr, _ := start(t, &fake{}, Options{Origins: []string{"https://app.example.org"}})
	for _, tt := range []struct {
		name   string
		header []string
		status int
		want   string
	}{
		{"no origin", nil, 200, ""},
		{"another host", []string{"Host", "evil.example"}, 403, `"code":"unknown_host"`},
		{"our own page", []string{"Origin", "http://" + addr}, 200, ""},
		{"an allowed page", []string{"Origin", "https://app.example.org"}, 200, ""},
		{"another page", []string{"Origin", "https://evil.example"}, 403, `"code":"unknown_origin"`},
		{"another scheme", []string{"Origin", "http://app.example.org"}, 403, `"code":"unknown_origin"`},
		{"a hidden page", []string{"Origin", "null"}, 403, `"code":"unknown_origin"`},
		{"a rebound page", []string{"Origin", "http://evil.example", "Host", "evil.example"}, 403, `"code":"unknown_host"`},
	} {
		resp, body := send(t, "GET", "http://"+addr+"/v1/models", "", tt.header...)
		if resp.StatusCode != tt.status || !strings.Contains(body, tt.want) {
			t.Errorf("%s: %d %s, want %d %s", tt.name, resp.StatusCode, body, tt.status, tt.want)
		}
		allowed := resp.Header.Get("Access-Control-Allow-Origin")
		if want := tt.name == "an allowed page"; (allowed != "") != want {
			t.Errorf("%s: Access-Control-Allow-Origin is %q", tt.name, allowed)
		}
	}
}

func TestPreflight(t *testing.T) {
	addr, _ := start(t, &fake{}, Options{Origins: []string{"https://app.example.org"}})
	for _, origin := range []string{"https://app.example.org", "https://evil.example"} {
		resp, body := send(t, "OPTIONS", "http://"+addr+"/v1/chat/completions", "", "Origin", origin, "Authorization", "",
			"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,x-stainless-lang")
		h := resp.Header
		if origin == "https://evil.example" {
			if resp.StatusCode != 403 || h.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s: %d %v", origin, resp.StatusCode, h)
			}
			continue
		}
		if resp.StatusCode != 204 || body != "" || h.Get("Access-Control-Allow-Origin") != origin || h.Get("Vary") != "Origin" ||
			h.Get("Access-Control-Allow-Methods") != "POST, OPTIONS" || h.Get("Access-Control-Allow-Headers") != "authorization,x-stainless-lang" {
			t.Errorf("%s: %d %v", origin, resp.StatusCode, h)
		}
	}
}

func TestRoutes(t *testing.T) {
	addr, _ := start(t, &fake{}, Options{})
	for _, tt := range []struct {
		method, path string
		status       int
		want         string
	}{
		{"GET", "/v1/nothing", 404, `there is nothing at \"/v1/nothing\"; there is /, /api/chat, `},
		{"GET", "/v1//models", 404, ""},
		{"GET", "/" + strings.Repeat("x", 300), 404, `xxx…\"`},
		{"GET", "/v1/../v1/models", 404, ""},
		{"GET", "/v1%2Fmodels", 404, ""},
		{"GET", "/healthz/", 404, ""},
		{"GET", "/v1/chat/completions", 405, `takes POST, OPTIONS, not \"GET\"`},
		{"DELETE", "/v1/models/auto", 405, `takes GET, HEAD, OPTIONS`},
		{"GET", "/v1/models?limit=3", 200, ""},
		{"OPTIONS", "/healthz", 204, ""},
	} {
		resp, body := send(t, tt.method, "http://"+addr+tt.path, "")
		if resp.StatusCode != tt.status || !strings.Contains(body, tt.want) {
			t.Errorf("%s %s: %d %s, want %d %s", tt.method, tt.path, resp.StatusCode, body, tt.status, tt.want)
		}
		if (tt.status == 405) != (resp.Header.Get("Allow") != "") && tt.status != 204 {
			t.Errorf("%s %s: Allow is %q", tt.method, tt.path, resp.Header.Get("Allow"))
		}
	}
}

func TestKeyNeeded(t *testing.T) {
	addr, _ := start(t, &fake{}, Options{})
	for _, tt := range []struct {
		header []string
		status int
	}{
		{[]string{"Authorization", ""}, 401},
		{[]string{"Authorization", "Bearer tg-wrong"}, 401},
		{[]string{"Authorization", "Basic " + secret}, 401},
		{[]string{"Authorization", secret}, 401},
		{[]string{"Authorization", "bearer  " + secret}, 200},
		{[]string{"Authorization", "", "Cookie", cookieName + "=" + secret}, 401}, // cookies are for the page
	} {
		for _, do := range [][3]string{{"GET", "/v1/models"}, {"GET", "/v1/models/auto"}, {"POST", "/v1/chat/completions", ask}} {
			resp, body := send(t, do[0], "http://"+addr+do[1], do[2], tt.header...)
			if resp.StatusCode != tt.status || tt.status == 401 && (!strings.Contains(body, `"code":"invalid_api_key"`) || resp.Header.Get("WWW-Authenticate") != "Bearer") {
				t.Errorf("%s %s with %q: %d %s", do[0], do[1], tt.header, resp.StatusCode, body)
			}
		}
	}
}
