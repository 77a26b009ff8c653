package gateway

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/base64"
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
		`<h1 class="question" dir="auto" lang="ky">Балам төрөлдү &lt;b&gt;` + "\nЭмне кылам?</h1>",
		`<div class="card coming" lang="ky" dir="ltr" aria-live="polite">` + "\n" + `<p class="text">30 күн ичинде [1]</p>`,
		`<div class="card" lang="ky" dir="ltr">`,
		`30 күн ичинде <a class="mark" id="c1" href="#p1" aria-label="source 1">[1]</a></p>`,
		`<li id="p1" class="source" lang="ky" dir="ltr">`,
		`<blockquote>Ата-энелер 30 күндүн ичинде кайрылышы керек.</blockquote>`,
		`<a href="https://example.org/birth" rel="noopener noreferrer"><bdi>https://example.org/birth</bdi></a>`,
		`<time datetime="2025-03-01">2025-03-01</time>`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in %s", want, body)
		}
	}
	checkPolicy(t, resp.Header.Get("Content-Security-Policy"), body)
}

// checkPolicy checks that the policy lets the style in, and that there is
// nothing else to let in.
func checkPolicy(t *testing.T, policy, body string) {
	t.Helper()
	style := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(body)
	if style == nil {
		t.Fatal("no style")
	}
	sum := sha256.Sum256([]byte(style[1]))
	if want := "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(policy, want) || !strings.HasPrefix(policy, "default-src 'none';") {
		t.Errorf("policy %s, want style %s", policy, want)
	}
	if found := regexp.MustCompile(`<(script|img|link|iframe)|style=|\son\w+=|url\(|@import`).FindString(body); found != "" {
		t.Errorf("the page holds %q", found)
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
	_, body := send(t, "POST", "http://"+addr+"/ask", question1("اندراج کتنے کا ہے؟"), signedIn...)
	for _, want := range []string{
		`<div class="card coming" lang="ur" dir="rtl" aria-live="polite">`,
		`<div class="card" lang="ur" dir="rtl">`,
		`<p class="notice" lang="en" dir="ltr" role="status">No model is running.`,
		`href="#p1" aria-label="source 1">[1]</a>`,
		`<li id="p1" class="source" lang="ur" dir="rtl">`,
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
		{"Салам", 503, "the model server is not answering"},
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
	for _, want := range []string{"30 &lt;күн</p>", `role="alert">the model server is gone`, ">Салам</textarea>", "</html>"} {
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

func TestPieces(t *testing.T) {
	for _, tt := range []struct {
		text      string
		citations []serving.Citation
		want      []piece
	}{
		{"ок", nil, []piece{{Text: "ок"}}},
		{"[1][2]", []serving.Citation{{N: 2, Start: 3, End: 6}, {N: 1, Start: 0, End: 3}}, []piece{{"[1]", 1, 1}, {"[2]", 2, 2}}},
		{"ок [1]", []serving.Citation{{N: 1, Start: 3, End: 9}, {N: 1, Start: -1, End: 2}, {N: 1, Start: 2, End: 2}}, []piece{{Text: "ок [1]"}}},
	} {
		got := pieces(tt.text, tt.citations)
		if len(got) != len(tt.want) {
			t.Errorf("pieces(%q) = %v, want %v", tt.text, got, tt.want)
			continue
		}
		for i := range got {
			if got[i] != tt.want[i] {
				t.Errorf("pieces(%q) = %v, want %v", tt.text, got, tt.want)
			}
		}
	}
}
