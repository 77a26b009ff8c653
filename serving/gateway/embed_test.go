package gateway

import (
	"bytes"
	"compress/gzip"
	"io"
	"regexp"
	"strings"
	"testing"

	"tilgate/serving"
	"tilgate/serving/web"
)

func TestEmbedScript(t *testing.T) {
	addr, _ := startPages(t, Options{})
	resp, body := send(t, "GET", "http://"+addr+embedJS, "", "Authorization", "")
	h := resp.Header
	if resp.StatusCode != 200 || h.Get("Content-Type") != scriptType || h.Get("Cross-Origin-Resource-Policy") != "cross-origin" || h.Get("Cache-Control") != "public, max-age=3600" {
		t.Fatalf("%d %v", resp.StatusCode, h)
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	io.WriteString(w, body)
	w.Close()
	if packed.Len() >= 4<<10 {
		t.Errorf("%d bytes packed, of at most 4 kB", packed.Len())
	}
	t.Logf("%d bytes, %d packed", len(body), packed.Len())
	for _, want := range []string{`"en":["Ask in your language","ltr"]`, "attachShadow"} {
		if !strings.Contains(body, want) {
			t.Errorf("there is no %s in it", want)
		}
	}
	for _, wrong := range []string{"LABELS", "innerHTML", "eval(", "new Function", "cssText", "setAttribute('style'", "<style", "document.cookie"} {
		if strings.Contains(body, wrong) {
			t.Errorf("there is %s in it, which strict policies forbid", wrong)
		}
	}
	if resp, body := send(t, "GET", "http://"+addr+embedJS, "", "If-None-Match", h.Get("ETag")); resp.StatusCode != 304 || body != "" {
		t.Errorf("asked again: %d %q", resp.StatusCode, body)
	}
	if resp, _ := send(t, "GET", "http://"+addr+embedJS, "", "Origin", "https://anybody.example"); resp.StatusCode != 200 || resp.Header.Get("Access-Control-Allow-Origin") == "" {
		t.Errorf("a script tag with crossorigin: %d %v", resp.StatusCode, resp.Header)
	}
}

var embedded = embedPath + "?key=" + pageSecret

func TestEmbedHeaders(t *testing.T) {
	addr, _ := startPages(t, Options{})
	resp, body := send(t, "GET", "http://"+addr+embedded, "", "Authorization", "")
	h := resp.Header
	policy := h.Get("Content-Security-Policy")
	if resp.StatusCode != 200 || !strings.HasSuffix(policy, "; frame-ancestors https://moh.example https://www.moh.example") || !strings.HasPrefix(policy, "default-src 'none'; ") {
		t.Errorf("%d %s", resp.StatusCode, policy)
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
		t.Errorf("the policy is wide: %s", policy)
	}
	for name, want := range map[string]string{"X-Frame-Options": "", "Set-Cookie": "", "Cross-Origin-Embedder-Policy": "require-corp",
		"Cross-Origin-Resource-Policy": "cross-origin", "Cache-Control": "no-store", "Referrer-Policy": "same-origin"} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if strings.Contains(body, "style=") || strings.Contains(body, "onclick") {
		t.Error("something stands in the page that its policy forbids")
	}
}

var attributes = regexp.MustCompile(`(?:action|href|src)="([^"]*)"`)

// TestEmbedLeadsBack follows all that the page in a frame leads to: nothing
// leads out of the frame, or to what needs a cookie.
func TestEmbedLeadsBack(t *testing.T) {
	addr, _ := startPages(t, Options{Share: true})
	for _, tt := range []struct{ method, path, body string }{
		{"GET", embedded + "&session=s1&lang=en", ""},
		{"POST", embedded + "&session=s1&lang=en", question1("Балам төрөлдү")},
		{"POST", embedded + "&session=s1&lang=en", question1("")},
		{"POST", embedded + "&session=s1&lang=en", "question=%3Chead%3E%3C%2Fhead%3E+action%3D%22%2Fask%22+href%3D%22%2F%22"},
	} {
		resp, body := send(t, tt.method, "http://"+addr+tt.path, tt.body, "Authorization", "", "Origin", "http://"+addr, "Content-Type", "application/x-www-form-urlencoded")
		if resp.StatusCode != 200 && tt.body != question1("") {
			t.Fatalf("%d %s", resp.StatusCode, body)
		}
		base := "/embed?key=" + pageSecret + "&amp;session=s1&amp;lang="
		count := map[string]int{}
		for _, m := range attributes.FindAllStringSubmatch(body, -1) {
			link, _, _ := strings.Cut(m[1], "?v=")
			switch {
			case strings.HasPrefix(link, base):
				count["back"]++
			case strings.HasPrefix(link, "#") || link == birth.Source || strings.HasPrefix(link, "/assets/"):
			case link == frameJS || link == frameCSS:
				count[link]++
			default:
				t.Errorf("%s %s leads to %s", tt.method, tt.body, m[1])
			}
		}
		if count["back"] < 2 || count[frameJS] != 1 || count[frameCSS] != 1 {
			t.Errorf("%s %s: %v in %s", tt.method, tt.body, count, body)
		}
		if !strings.Contains(body, `data-origins="https://moh.example https://www.moh.example" data-session="s1"`) || strings.Index(body, frameJS) > strings.Index(body, "/assets/page") {
			t.Errorf("the script of the frame is not told of it, or comes too late: %s", body)
		}
		if strings.Contains(body, "data-share") || strings.Contains(body, " autofocus") || strings.Contains(body, "/forget") {
			t.Error("the frame offers what it cannot do")
		}
	}
}

func TestEmbedAsks(t *testing.T) {
	addr, seen := startPages(t, Options{})
	form := []string{"Authorization", "", "Content-Type", "application/x-www-form-urlencoded", "Origin", "http://" + addr, "Sec-Fetch-Site", "same-origin"}
	script := []string{"Authorization", "Bearer " + pageSecret, "Content-Type", "application/json", "Origin", "http://" + addr, "Sec-Fetch-Site", "same-origin", sessionName, "s1"}
	for _, tt := range []struct {
		name, path, body string
		header           []string
		status           int
		want             string
	}{
		{"the form", embedded + "&session=s1", question1("Балам төрөлдү"), form, 200, "30 күн ичинде"},
		{"the form, an empty question", embedded, question1(" "), form, 400, `role="alert"`},
		{"the form, another language", embedded, "language=%3C&" + question1("Бала"), form, 400, `role="alert"`},
		{"the script", embedPath, askStream, script, 200, `{"text":"30 күн`},
		{"the script, without a key", embedPath, askStream, but(script, "Authorization", ""), 401, "invalid_api_key"},
		{"the script, with a key for programs", embedPath, askStream, but(script, "Authorization", "Bearer "+secret), 403, "takes a page key"},
		{"the script, from elsewhere", embedPath, askStream, but(script, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"), 403, "unknown_origin"},
		{"a form of another site", embedded, question1("Бала"), but(form, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"), 403, "unknown_origin"},
		{"a form of a sandboxed frame", embedded, question1("Бала"), but(form, "Origin", "null"), 403, "unknown_origin"},
		{"a program", embedded, question1("Бала"), but(form, "Origin", "", "Sec-Fetch-Site", ""), 403, "this request has none"},
		{"no key", embedPath, question1("Бала"), form, 401, "needs a valid key"},
		{"a key for programs", embedPath + "?key=" + secret, question1("Бала"), form, 403, "takes a page key"},
	} {
		resp, body := send(t, "POST", "http://"+addr+tt.path, tt.body, tt.header...)
		if resp.StatusCode != tt.status || !strings.Contains(body, tt.want) || len(resp.Cookies()) > 0 {
			t.Errorf("%s: %d %s, want %d %s", tt.name, resp.StatusCode, body, tt.status, tt.want)
		}
		if tt.name == "the form" && (seen.from().Session == (serving.Whom{}) || !strings.Contains(resp.Header.Get("Content-Security-Policy"), "frame-ancestors https://moh.example")) {
			t.Errorf("from %v, %v", seen.from(), resp.Header)
		}
	}
}

// TestNotFramed has a page around it show why there is nothing.
func TestNotFramed(t *testing.T) {
	addr, _ := startPages(t, Options{})
	for path, want := range map[string]int{embedPath: 401, embedPath + "?key=tgp-expired": 401, embedPath + "?key=" + secret: 403} {
		resp, body := send(t, "GET", "http://"+addr+path, "", "Authorization", "Bearer "+secret)
		if h := resp.Header; resp.StatusCode != want || !strings.HasPrefix(h.Get("Content-Type"), "text/plain") || h.Get("Content-Security-Policy") != "default-src 'none'; frame-ancestors *" || h.Get("X-Frame-Options") != "" {
			t.Errorf("%s: %d %v %s", path, resp.StatusCode, h, body)
		}
	}
}

// TestEmbedWords reads the page in the language of the page around it.
func TestEmbedWords(t *testing.T) {
	addr, _ := startPages(t, Options{})
	g := New(&fake{}, pageKeys{}, Options{})
	for _, w := range g.site.Spoken() {
		_, body := send(t, "GET", "http://"+addr+embedded+"&lang="+string(w.Tag), "")
		if !strings.Contains(body, `<html lang="`+string(w.Tag)+`" dir="`+w.Dir+`">`) {
			t.Errorf("lang=%s: %.200s", w.Tag, body)
		}
		if !strings.Contains(string(g.embedded[embedJS].body), `"`+strings.ToLower(string(w.Tag))+`":["`) {
			t.Errorf("the button says nothing in %s", w.Tag)
		}
	}
}

// FuzzFrameAddress opens frames with anything in their query: nothing of it gets
// out of its attributes.
func FuzzFrameAddress(f *testing.F) {
	f.Add("s", "en")
	f.Add(`"><script>`, `"'<`)
	f.Add("</head>", "&#34;")
	g := New(&fake{}, pageKeys{}, Options{})
	plain, err := g.site.Parts(web.View{Words: g.site.Words("en", ""), MaxQuestion: 100}, "top", "form", "bottom")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, session, lang string) {
		fr := frame{key: pageSecret, session: session, caller: serving.Caller{Scope: siteScope}, words: g.site.Words(lang, ""), files: g.embedded}
		page, err := g.site.Parts(fr.fit(web.View{MaxQuestion: 100}), "top", "form", "bottom")
		if err != nil {
			t.Fatal(err)
		}
		body := string(page)
		if n := strings.Count(body, "<script"); n != strings.Count(string(plain), "<script")+1 {
			t.Errorf("%d scripts with %q, %q", n, session, lang)
		}
		if n := strings.Count(body, "</head>"); n != 1 {
			t.Errorf("%d ends of the head with %q, %q", n, session, lang)
		}
	})
}
