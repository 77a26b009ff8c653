package gateway

import (
	"context"
	"strings"
	"testing"

	"tilgate/internal/fault"
	"tilgate/rag"
	"tilgate/serving"
)

const scriptAsk = `{"model":"auto","stream":true,"messages":[{"role":"user","content":"Балам төрөлдү. Эмне кылам?"}]}`

func fromScript(more ...string) []string {
	return append([]string{"Cookie", cookieName + "=" + secret, "Authorization", "", "Content-Type", "application/json", "Sec-Fetch-Site", "same-origin"}, more...)
}

// TestAskScript checks what the script of the page is told: sentences whole,
// the sources once, and where they say it.
func TestAskScript(t *testing.T) {
	p := rag.Passage{Doc: "d", Text: "Каттоо акысыз. 😀 Мөөнөт 30 күн.", Lang: "ky", Date: "2025-03-01", Source: "https://example.org/d"}
	plan := plan1
	plan.Passages, plan.Degraded = []rag.Passage{p}, serving.OtherModel
	f := &fake{answer: func(_ context.Context, _ serving.Request, yield func(serving.Event, error) bool) {
		_ = yield(plan, nil) && yield(serving.Delta{Text: "Мөөнөт 30 "}, nil) && yield(serving.Delta{Text: "күн. [1] Каттоо"}, nil) &&
			yield(serving.Done{Finish: "length", Plan: plan}, nil)
	}}
	addr, _ := start(t, f, Options{})
	resp, body := send(t, "POST", "http://"+addr+"/ask", scriptAsk, fromScript("Accept-Language", "ru")...)
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != serving.EventStream {
		t.Fatalf("%d %v %s", resp.StatusCode, resp.Header, body)
	}
	id := strings.Replace(resp.Header.Get("X-Request-Id"), "req_", "chatcmpl-", 1)
	want := `data: {"plan":{"id":"` + id + `","taken":"ky","lang":"ky","dir":"ltr","notice":"other_model","sources":[{"n":1,"title":"d","text":"Каттоо акысыз. 😀 Мөөнөт 30 күн.",` +
		`"lang":"ky","dir":"ltr","where":"https://example.org/d","date":"2025-03-01","day":"1 марта 2025 г."}]}}

data: {"text":"Мөөнөт 30 күн. [1]"}

data: {"text":" Каттоо"}

data: {"done":{"id":"` + id + `","taken":"ky","lang":"ky","dir":"ltr","notice":"other_model","cut":true,"quotes":{"1":[[15,32]]}}}

data: [DONE]

`
	if body != want {
		t.Errorf("got\n%s\nwant\n%s", body, want)
	}
}

func TestAskScriptErrors(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		answer     error
		header     []string
		status     int
		want       string
	}{
		{"without a cookie", scriptAsk, nil, []string{"Authorization", "Bearer " + secret, "Content-Type", "application/json"}, 401, "invalid_api_key"},
		{"with a cookie that is none", scriptAsk, nil, []string{"Cookie", cookieName + "=tg-no", "Content-Type", "application/json"}, 401, "invalid_api_key"},
		{"from elsewhere", scriptAsk, nil, fromScript("Sec-Fetch-Site", "cross-site"), 403, "cross_site"},
		{"from a sister site", scriptAsk, nil, fromScript("Sec-Fetch-Site", "same-site"), 403, "cross_site"},
		{"from a page that may use the API", scriptAsk, nil, fromScript("Origin", "https://app.example.org", "Sec-Fetch-Site", "cross-site"), 403, "cross_site"},
		{"another model", strings.Replace(scriptAsk, "auto", "llama:8b", 1), nil, fromScript(), 400, "the page asks"},
		{"no stream", strings.Replace(scriptAsk, "true", "false", 1), nil, fromScript(), 400, "reads a stream"},
		{"no question", `{"model":"auto","stream":true,"messages":[]}`, nil, fromScript(), 400, "messages is missing"},
		{"no JSON", `question=a`, nil, fromScript(), 400, "invalid_request"},
		{"an answer that fails", scriptAsk, fault.Unavailable.Errorf("the model server is gone"), fromScript(), 503, "the model server is gone"},
	} {
		f := &fake{}
		if tt.answer != nil {
			f.answer = func(_ context.Context, _ serving.Request, yield func(serving.Event, error) bool) {
				yield(nil, tt.answer)
			}
		}
		addr, _ := start(t, f, Options{Origins: []string{"https://app.example.org"}})
		resp, body := send(t, "POST", "http://"+addr+"/ask", tt.body, tt.header...)
		if resp.StatusCode != tt.status || !strings.Contains(body, tt.want) {
			t.Errorf("%s: %d %s, want %d %s", tt.name, resp.StatusCode, body, tt.status, tt.want)
		}
	}
}

// TestAskScriptBreaksOff checks that what came is told, and then that it broke.
func TestAskScriptBreaksOff(t *testing.T) {
	f := &fake{answer: func(_ context.Context, _ serving.Request, yield func(serving.Event, error) bool) {
		_ = yield(plan1, nil) && yield(serving.Delta{Text: "30 күн. Ал "}, nil) && yield(nil, fault.Unavailable.Errorf("the model server is gone"))
	}}
	addr, _ := start(t, f, Options{})
	_, body := send(t, "POST", "http://"+addr+"/ask", scriptAsk, fromScript()...)
	if !strings.Contains(body, `{"text":"30 күн."}`) || !strings.Contains(body, `{"text":" Ал "}`) || !strings.Contains(body, `data: {"error":{"message":"the model server is gone"`) || strings.Contains(body, `"done"`) {
		t.Errorf("got %s", body)
	}
}

// TestAskInLanguage checks that the form can ask in another language.
func TestAskInLanguage(t *testing.T) {
	var got serving.Request
	f := &fake{answer: func(ctx context.Context, r serving.Request, yield func(serving.Event, error) bool) {
		got = r
		script(ctx, r, yield)
	}}
	addr, _ := start(t, f, Options{})
	for _, tt := range []struct {
		form, want string
		status     int
	}{
		{"&language=ky-Latn", "ky-Latn", 200},
		{"&language=", "", 200},
		{"&language=%3Cb%3E", "", 400},
	} {
		got = serving.Request{}
		resp, body := send(t, "POST", "http://"+addr+"/ask", question1("Салам")+tt.form, signedIn...)
		if resp.StatusCode != tt.status || string(got.Language) != tt.want {
			t.Errorf("%s: %d %q %s", tt.form, resp.StatusCode, got.Language, body)
		}
	}
}

// TestPageLanguage checks that a reader's choice goes before the browser's.
func TestPageLanguage(t *testing.T) {
	addr, _ := start(t, &fake{}, Options{})
	resp, _ := send(t, "GET", "http://"+addr+"/?lang=ur", "", signedIn...)
	if resp.StatusCode != 303 || !strings.HasPrefix(resp.Header.Get("Set-Cookie"), cookieSpeaks+"=ur;") {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
	for _, tt := range []struct{ cookie, accept, want string }{
		{"", "km, en;q=0.5", `<html lang="km" dir="ltr">`},
		{"; " + cookieSpeaks + "=ur", "km", `<html lang="ur" dir="rtl">`},
		{"; " + cookieSpeaks + "=<b>", "", `<html lang="en" dir="ltr">`},
	} {
		_, body := send(t, "GET", "http://"+addr+"/", "", "Cookie", cookieName+"="+secret+tt.cookie, "Accept-Language", tt.accept)
		if !strings.Contains(body, tt.want) {
			t.Errorf("%q %q: no %s in %.300s", tt.cookie, tt.accept, tt.want, body)
		}
	}
}

// TestPageOffers checks that the page offers what its operator chose, and no more.
func TestPageOffers(t *testing.T) {
	for _, share := range []bool{false, true} {
		addr, _ := start(t, &fake{}, Options{Share: share})
		_, body := send(t, "GET", "http://"+addr+"/", "", signedIn...)
		if strings.Contains(body, `data-do="share"`) != share || strings.Contains(body, " data-share") != share {
			t.Errorf("share %v: %s", share, body)
		}
		if strings.Contains(body, `class="feedback"`) {
			t.Errorf("feedback is asked for where none is taken: %s", body)
		}
	}
}
