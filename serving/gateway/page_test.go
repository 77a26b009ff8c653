package gateway

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"tilgate/internal/fault"
	"tilgate/rag"
	"tilgate/serving"
)

var signedIn = []string{"Cookie", cookieName + "=" + secret, "Content-Type", "application/x-www-form-urlencoded"}

func question1(text string) string { return url.Values{"question": {text}}.Encode() }

func TestPage(t *testing.T) {
	addr, _ := start(t, &fake{}, Options{})
	resp, body := send(t, "POST", "http://"+addr+"/ask", question1("Балам төрөлдү <b>\r\nЭмне кылам?"), signedIn...)
	if resp.StatusCode != 200 {
		t.Fatalf("%d %s", resp.StatusCode, body)
	}
	for _, want := range []string{
		`<h2 class="question" dir="ltr" lang="ky">Балам төрөлдү &lt;b&gt;` + "\nЭмне кылам?</h2>",
		`<div class="card coming" lang="ky" dir="ltr" aria-live="polite">` + "\n" + `<p class="text">30 күн ичинде [1]</p>`,
		`<div class="text" lang="ky" dir="ltr"><p>30 күн ичинде <a class="mark" id="c1" href="#p1" aria-label="Source 1">[1]</a></p></div>`,
		`<details id="p1" class="source" lang="ky" dir="ltr" open>`,
		`<blockquote><mark>Ата-энелер 30 күндүн ичинде кайрылышы керек.</mark></blockquote>`,
		`<option value="ky" lang="ky" selected>Кыргызча</option>`,
		`<input type="hidden" name="question" value="Балам төрөлдү &lt;b&gt;` + "\n",
		`<a href="https://example.org/birth" rel="noopener noreferrer"><bdi>https://example.org/birth</bdi></a>`,
		`<time datetime="2025-03-01">1 March 2025</time>`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in %s", want, body)
		}
	}
	checkPolicy(t, addr, resp.Header.Get("Content-Security-Policy"), body)
}

// checkPolicy checks that the policy lets in what we serve and nothing else,
// and that what the page asks for is there, to be kept for ever.
func checkPolicy(t *testing.T, addr, policy, body string) {
	t.Helper()
	if !strings.HasPrefix(policy, "default-src 'none'; style-src 'self'; script-src 'self';") || !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %s", policy)
	}
	if found := regexp.MustCompile(`<(img|iframe|style)|style=|\son\w+=|<script[^>]*>[^<]`).FindString(body); found != "" {
		t.Errorf("the page holds %q", found)
	}
	files := regexp.MustCompile(`(?:<script src|<link rel="[a-z]+" href)="([^"]*)"`).FindAllStringSubmatch(body, -1)
	if len(files) != 3 {
		t.Errorf("the page asks for %q", files)
	}
	for _, f := range files {
		resp, _ := send(t, "GET", "http://"+addr+f[1], "")
		if resp.StatusCode != 200 || !strings.Contains(resp.Header.Get("Cache-Control"), "immutable") || resp.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d %v", f[1], resp.StatusCode, resp.Header)
		}
	}
	if resp, _ := send(t, "GET", "http://"+addr+"/assets/page.0.js", ""); resp.StatusCode != 404 {
		t.Errorf("another file: %d", resp.StatusCode)
	}
}

func TestPageDirection(t *testing.T) {
	in := serving.Language{Tag: "ur", Confidence: 1}
	p := rag.Passage{Doc: "b1", Title: "اندراج", Text: "اندراج مفت ہے۔", Lang: "ur", Source: "javascript:alert(1)"}
	f := &fake{answer: func(_ context.Context, _ serving.Request, yield func(serving.Event, error) bool) {
		plan := serving.Plan{Language: in, Adapter: "ur", Passages: []rag.Passage{p}, Degraded: serving.NoModel, Model: "extract"}
		_ = yield(plan, nil) && yield(serving.Delta{Text: "اندراج مفت ہے۔ [1]"}, nil) &&
			yield(serving.Done{Finish: "stop", Plan: plan, Citations: []serving.Citation{{N: 1, Start: 15, End: 18, Passage: p}}}, nil)
	}}
	addr, _ := start(t, f, Options{})
	_, body := send(t, "POST", "http://"+addr+"/ask", question1("اندراج کتنے کا ہے؟"), append(signedIn, "Accept-Language", "ur-PK, en;q=0.5")...)
	for _, want := range []string{
		`<div class="card coming" lang="ur" dir="rtl" aria-live="polite">`,
		`<div class="text" lang="ur" dir="rtl">`,
		`<article class="answer" aria-label="جواب" data-notice="no_model">`, // which the answer's first words say; the page does not say it again
		`href="#p1" aria-label="ماخذ 1">[1]</a>`,
		`<details id="p1" class="source" lang="ur" dir="rtl" open>`,
		`<html lang="ur" dir="rtl">`,
		`<bdi>javascript:alert(1)</bdi>`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in %s", want, body)
		}
	}
}

func TestPageErrors(t *testing.T) {
	f := &fake{answer: func(_ context.Context, _ serving.Request, yield func(serving.Event, error) bool) {
		yield(nil, fault.Unavailable.Errorf("the model server is not answering"))
	}}
	addr, _ := start(t, f, Options{MaxQuestion: 10})
	for _, tt := range []struct {
		question string
		status   int
		want     string
	}{
		{"", 400, "The question is empty."},
		{"сөз сөз сөз", 413, "The question is 11 characters long; the most is 10."},
		{"Салам", 503, `This did not work. Please try again. <bdi lang="en">the model server is not answering</bdi>`},
	} {
		resp, body := send(t, "POST", "http://"+addr+"/ask", question1(tt.question), signedIn...)
		if resp.StatusCode != tt.status || !strings.Contains(body, `role="alert">`+tt.want) || !strings.Contains(body, ">"+tt.question+"</textarea>") {
			t.Errorf("%q: %d %s, want %d %s", tt.question, resp.StatusCode, body, tt.status, tt.want)
		}
	}
}

// TestPageBreaksOff checks that what came stays, and that the reader is told.
func TestPageBreaksOff(t *testing.T) {
	f := &fake{answer: func(_ context.Context, _ serving.Request, yield func(serving.Event, error) bool) {
		_ = yield(plan1, nil) && yield(serving.Delta{Text: "30 <күн"}, nil) && yield(nil, fault.Unavailable.Errorf("the model server is gone"))
	}}
	addr, _ := start(t, f, Options{})
	resp, body := send(t, "POST", "http://"+addr+"/ask", question1("Салам"), signedIn...)
	for _, want := range []string{"30 &lt;күн</p>", `role="alert">This did not work. Please try again. <bdi lang="en">the model server is gone</bdi>`, ">Салам</textarea>", "</html>"} {
		if !strings.Contains(body, want) {
			t.Errorf("%d: no %s in %s", resp.StatusCode, want, body)
		}
	}
}

// TestPageStreams checks that the top and the text arrive before the end.
func TestPageStreams(t *testing.T) {
	next := make(chan struct{})
	f := &fake{answer: func(ctx context.Context, r serving.Request, yield func(serving.Event, error) bool) {
		if yield(plan1, nil) && yield(serving.Delta{Text: "30 күн"}, nil) {
			<-next
			yield(done1, nil)
		}
	}}
	addr, _ := start(t, f, Options{})
	body := question1("Салам")
	resp, err := http.ReadResponse(bufio.NewReader(dial(t, addr, fmt.Sprintf("POST /ask HTTP/1.1\r\nHost: localhost\r\nCookie: %s=%s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
		cookieName, secret, len(body), body))), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var got strings.Builder
	for buf := make([]byte, 512); !strings.Contains(got.String(), `<p class="text">30 күн`); {
		n, err := resp.Body.Read(buf)
		if got.Write(buf[:n]); err != nil {
			t.Fatalf("%v after %s", err, &got)
		}
	}
	close(next)
	if rest, err := io.ReadAll(resp.Body); err != nil || !strings.HasSuffix(string(rest), "</html>\n") {
		t.Errorf("%v after %s", err, rest)
	}
}

func TestSigningIn(t *testing.T) {
	addr, _ := start(t, &fake{}, Options{})
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	for _, tt := range []struct {
		name, method, path, body string
		header                   []string
		status                   int
		want                     string // in the body, or of the cookie if the status is 303
	}{
		{"without a key", "GET", "/", "", nil, 200, `action="/key"`},
		{"with a wrong cookie", "GET", "/", "", []string{"Cookie", cookieName + "=tg-no"}, 200, `action="/key"`},
		{"with a cookie", "GET", "/", "", signedIn, 200, `action="/ask"`},
		{"by a link", "GET", "/?key=" + secret, "", nil, 303, secret},
		{"by a wrong link", "GET", "/?key=tg-no", "", nil, 401, "not known here"},
		{"by the form", "POST", "/key", "key=+" + secret + "+", form, 303, secret},
		{"by the form, wrongly", "POST", "/key", "key=tg-no", form, 401, "not known here"},
		{"by a form elsewhere", "POST", "/key", "key=" + secret, append(form, "Sec-Fetch-Site", "cross-site"), 403, "cross_site"},
		{"by a form on a sister site", "POST", "/key", "key=" + secret, append(form, "Sec-Fetch-Site", "same-site"), 403, "cross_site"},
		{"by a form with a foreign origin", "POST", "/key", "key=" + secret, append(form, "Origin", "https://evil.example"), 403, "unknown_origin"},
		{"by a form of our own", "POST", "/key", "key=" + secret, append(form, "Sec-Fetch-Site", "same-origin", "Origin", "http://"+addr), 303, secret},
		{"after a link from elsewhere", "GET", "/", "", []string{"Sec-Fetch-Site", "cross-site"}, 200, `http-equiv="refresh"`},
		{"asking without a key", "POST", "/ask", question1("Салам"), form, 401, `action="/key"`},
		{"asking from elsewhere", "POST", "/ask", question1("Салам"), append(signedIn, "Sec-Fetch-Site", "cross-site"), 403, "cross_site"},
		{"forgetting", "POST", "/forget", "", signedIn, 303, ""},
	} {
		resp, body := send(t, tt.method, "http://"+addr+tt.path, tt.body, tt.header...)
		if resp.StatusCode != tt.status || tt.status != 303 && !strings.Contains(body, tt.want) {
			t.Errorf("%s: %d %s, want %d %s", tt.name, resp.StatusCode, body, tt.status, tt.want)
			continue
		}
		if tt.status != 303 {
			if len(resp.Cookies()) > 0 {
				t.Errorf("%s: set %v", tt.name, resp.Cookies())
			}
			continue
		}
		set := resp.Header.Get("Set-Cookie")
		if resp.Header.Get("Location") != "/" || !strings.HasPrefix(set, cookieName+"="+tt.want+";") ||
			!strings.Contains(set, "HttpOnly") || !strings.Contains(set, "SameSite=Strict") {
			t.Errorf("%s: Location %q, Set-Cookie %q", tt.name, resp.Header.Get("Location"), set)
		}
	}
}
