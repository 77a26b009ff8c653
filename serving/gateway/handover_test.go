package gateway

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"tilgate/internal/fault"
	"tilgate/serving"
	"tilgate/serving/handover"
	"tilgate/serving/ledger"
)

// An office is told of cases, and notes them.
type office struct {
	mu    sync.Mutex
	cases []handover.Case
}

func (o *office) Check(context.Context) error { return nil }

func (o *office) Send(_ context.Context, c handover.Case) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.cases = append(o.cases, c)
	return nil
}

// told waits for the case of an id.
func (o *office) told(t *testing.T, id string) handover.Case {
	t.Helper()
	for range 500 {
		o.mu.Lock()
		for _, c := range o.cases {
			if c.ID == id {
				o.mu.Unlock()
				return c
			}
		}
		o.mu.Unlock()
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("the office was not told of %s", id)
	return handover.Case{}
}

// startOffice runs a gateway whose staff are told of cases, over a real ledger.
func startOffice(t *testing.T, f *fake, keys Keys, opts Options, onGuard bool) (base string, o *office) {
	t.Helper()
	l, err := ledger.Open(t.Context(), ledger.Options{Folder: t.TempDir(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	o = &office{}
	opts.Handover = handover.NewDesk(l, handover.Options{Sender: o, OnGuard: onGuard, Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { opts.Handover.Run(ctx); close(ended) }()
	t.Cleanup(func() { cancel(); <-ended })
	addr, _ := startWith(t, f, keys, opts)
	return "http://" + addr, o
}

const conversation = `"messages":[{"role":"user","content":"Паспортум жоголду. Мен Айда, +996 555 123456."},{"role":"assistant","content":"Билбейм."}]`

type made struct{ ID, Token, State string }

// hand hands a conversation over as somebody.
func hand(t *testing.T, base, body string, header ...string) made {
	t.Helper()
	resp, text := send(t, "POST", base+"/v1/handover", body, header...)
	var m made
	if err := json.Unmarshal([]byte(text), &m); err != nil || resp.StatusCode != 201 {
		t.Fatalf("%d %s", resp.StatusCode, text)
	}
	return m
}

// A citizen asks, staff are told and answer with their secret, and the citizen
// reads the answer with their token. Each step is as it is described.
func TestHandover(t *testing.T) {
	base, o := startOffice(t, &fake{answer: script}, ministry{}, Options{}, false)
	m := hand(t, base, `{`+conversation+`,"contact":"aida@mail.kg","language":"ky"}`)
	c := o.told(t, m.ID)
	if c.Messages[0].Content != "Паспортум жоголду. Мен Айда, +996 555 123456." || c.Contact != "aida@mail.kg" || c.Language != "ky" || c.Key != "page" {
		t.Errorf("told %+v", c)
	}
	one := base + "/v1/handover/" + m.ID
	asCitizen, asStaff := []string{"Authorization", "", tokenName, m.Token}, []string{"Authorization", "", tokenName, c.Secret}
	read := func(url string, header ...string) (int, caseObject, string) {
		resp, text := send(t, "GET", url, "", header...)
		var got caseObject
		_ = json.Unmarshal([]byte(text), &got)
		return resp.StatusCode, got, text
	}
	waitFor(t, func() bool { _, got, _ := read(one, asCitizen...); return got.Sent })
	if status, got, text := read(one, asCitizen...); status != 200 || got.State != handover.Waiting || got.staffPart != nil || strings.Contains(text, "Айда") {
		t.Errorf("the citizen reads %d %s", status, text)
	}
	reply := `{"text":"<b>Келиңиз</b>\nсаат 9да"}`
	for _, tt := range []struct {
		name   string
		header []string
		body   string
		status int
		says   string
	}{
		{"the citizen", asCitizen, reply, 403, "this token is the citizen's"},
		{"nobody", []string{"Authorization", ""}, reply, 401, ""},
		{"a page", nil, reply, 403, "may not read"},
		{"another ministry", []string{"Authorization", "Bearer abroad"}, reply, 404, "no such case"},
		{"a guess", []string{"Authorization", "", tokenName, strings.Repeat("a", 26)}, reply, 404, "no such case"},
		{"staff, with nothing to say", asStaff, `{}`, 400, "text is missing"},
		{"staff, misspelt", asStaff, `{"txt":"x"}`, 400, `there is no field \"txt\"`},
		{"staff, at length", asStaff, `{"text":"` + strings.Repeat("ы", 8001) + `"}`, 413, "8001 characters"},
		{"staff", asStaff, reply, 200, `"state":"answered"`},
		{"staff, twice", asStaff, reply, 200, `"state":"answered"`},
		{"an administrator", []string{"Authorization", "Bearer aida"}, `{"text":"Дагы.","close":true}`, 200, `"by":"aida"`},
		{"staff, too late", asStaff, `{"text":"Кеч."}`, 400, "closed"},
	} {
		resp, text := send(t, "POST", one+"/reply", tt.body, tt.header...)
		if resp.StatusCode != tt.status || !strings.Contains(text, tt.says) {
			t.Errorf("%s: %d %s, want %d %s", tt.name, resp.StatusCode, text, tt.status, tt.says)
		}
		if resp.StatusCode == 200 {
			described(t, "post", "/v1/handover/{id}/reply", "200", text)
		}
	}
	status, got, text := read(one+"?after=1", asCitizen...)
	if status != 200 || got.State != handover.Closed || len(got.Replies) != 1 || got.Replies[0].Text != "Дагы." || got.Replies[0].By != "" {
		t.Errorf("the citizen reads %d %s", status, text)
	}
	described(t, "get", "/v1/handover/{id}", "200", text)
	if _, got, text := read(one, asStaff...); len(got.Replies) != 2 || got.Replies[0].Text != "<b>Келиңиз</b>\nсаат 9да" || !strings.Contains(text, "Мен Айда") {
		t.Errorf("staff read %s", text)
	} else {
		described(t, "get", "/v1/handover/{id}", "200", text)
	}
	for _, wrong := range []string{"?after=-1", "?after=x"} {
		if status, _, text := read(one+wrong, asCitizen...); status != 400 {
			t.Errorf("%s: %d %s", wrong, status, text)
		}
	}
}

func waitFor(t *testing.T, so func() bool) {
	t.Helper()
	for range 500 {
		if so() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("it did not come to be so")
}

// described fails unless an answer is as the description has it.
func described(t *testing.T, method, path, status, text string) {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(string(openAPIJSON())))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("openapi.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile(schemaAt(t, path, method, status))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err == nil {
		err = schema.Validate(answer)
	}
	if err != nil {
		t.Errorf("%s %s: %v\n%s", method, path, err, text)
	}
}

// Who may ask for a person, from where, and with what.
func TestHandoverCallers(t *testing.T) {
	base, _ := startOffice(t, &fake{answer: script}, ministry{}, Options{Origins: []string{"https://app.example"}, Limits: &oneLimit{}}, false)
	short := `{"messages":[{"role":"user","content":"Кайда?"}]}`
	for _, tt := range []struct {
		name, body string
		header     []string
		status     int
		says       string
	}{
		{"a key", short, nil, 201, `"state":"waiting"`},
		{"no key", short, []string{"Authorization", ""}, 401, ""},
		{"the page, by its cookie", short, []string{"Authorization", "", "Cookie", cookieName + "=" + secret, "Sec-Fetch-Site", "same-origin"}, 201, ""},
		{"another site, by our cookie", short, []string{"Authorization", "", "Cookie", cookieName + "=" + secret, "Sec-Fetch-Site", "cross-site"}, 403, "another site"},
		{"an allowed origin, by our cookie", short, []string{"Authorization", "", "Cookie", cookieName + "=" + secret, "Origin", "https://app.example"}, 403, ""},
		{"an allowed origin, with a key", short, []string{"Origin", "https://app.example", "Sec-Fetch-Site", "cross-site"}, 201, ""},
		{"an origin that is not", short, []string{"Origin", "https://evil.example"}, 403, ""},
		{"over the limit", `{` + conversation + `}`, nil, 429, "too much"},
		{"no conversation", `{"contact":"x"}`, nil, 400, "messages is missing"},
		{"an unknown field", `{"messages":[],"mood":1}`, nil, 400, `there is no field \"mood\"`},
		{"an unknown field inside", `{"messages":[{"role":"user","content":"а","html":"x"}]}`, nil, 400, "messages[0].html"},
		{"a wrong type", `{"messages":{"role":"user"}}`, nil, 400, "messages must be"},
		{"a role", `{"messages":[{"role":"root","content":"а"}]}`, nil, 400, "role"},
		{"no JSON", `messages=1`, nil, 400, ""},
	} {
		resp, text := send(t, "POST", base+"/v1/handover", tt.body, tt.header...)
		if resp.StatusCode != tt.status || !strings.Contains(text, tt.says) {
			t.Errorf("%s: %d %s, want %d %s", tt.name, resp.StatusCode, text, tt.status, tt.says)
		}
		if resp.StatusCode == 201 {
			described(t, "post", "/v1/handover", "201", text)
		}
	}
	for _, tt := range []struct {
		key, query string
		status, n  int
	}{
		{"aida", "", 200, 3}, {"aida", "?state=waiting&limit=2", 200, 2}, {"aida", "?state=closed", 200, 0}, {"abroad", "", 200, 0}, {secret, "", 403, 0}, {"no", "", 401, 0},
		{"aida", "?state=open", 400, 0}, {"aida", "?limit=0", 400, 0}, {"aida", "?limit=101", 400, 0}, {"aida", "?contact=x", 400, 0}, {"aida", "?after=ho-1", 404, 0},
	} {
		resp, text := send(t, "GET", base+"/v1/handover"+tt.query, "", "Authorization", "Bearer "+tt.key)
		var out struct{ Data []caseObject }
		_ = json.Unmarshal([]byte(text), &out)
		if resp.StatusCode != tt.status || len(out.Data) != tt.n {
			t.Errorf("%s lists %s: %d %s", tt.key, tt.query, resp.StatusCode, text)
		}
		if resp.StatusCode == 200 {
			described(t, "get", "/v1/handover", "200", text)
		}
	}
	addr, _ := start(t, &fake{}, Options{})
	for _, tt := range [][2]string{{"POST", "/v1/handover"}, {"GET", "/v1/handover/" + handover.IDOf("x")}, {"GET", "/handover/" + handover.IDOf("x")}} {
		if resp, text := send(t, tt[0], "http://"+addr+tt[1], short, tokenName, strings.Repeat("x", 30)); resp.StatusCode != 404 || !strings.Contains(text, "asks no people") {
			t.Errorf("%v where none is configured: %d %s", tt, resp.StatusCode, text)
		}
	}
}

// A visitor of a page with a page key may ask, and read the answer, from there.
func TestHandoverVisitor(t *testing.T) {
	base, _ := startOffice(t, &fake{answer: script}, pageKeys{}, Options{Pages: pageKeys{}}, false)
	m := hand(t, base, `{`+conversation+`}`, asPage...)
	from := []string{"Authorization", "", "Origin", "https://moh.example", tokenName, m.Token}
	resp, text := send(t, "GET", base+"/v1/handover/"+m.ID, "", from...)
	if resp.StatusCode != 200 || resp.Header.Get("Access-Control-Allow-Origin") != "https://moh.example" {
		t.Errorf("%d %v %s", resp.StatusCode, resp.Header, text)
	}
	resp, _ = send(t, "OPTIONS", base+"/v1/handover/"+m.ID, "", "Origin", "https://moh.example", "Access-Control-Request-Headers", strings.ToLower(tokenName))
	if resp.StatusCode != 204 || !strings.EqualFold(resp.Header.Get("Access-Control-Allow-Headers"), tokenName) {
		t.Errorf("asked before: %d %v", resp.StatusCode, resp.Header)
	}
	if resp, text := send(t, "POST", base+"/v1/handover", `{`+conversation+`}`, but(asPage, "Origin", "https://evil.example")...); resp.StatusCode != 403 {
		t.Errorf("another page: %d %s", resp.StatusCode, text)
	}
}

// ends answers, and ends as it is told.
func ends(degraded string, err error) *fake {
	return &fake{answer: func(_ context.Context, _ serving.Request, yield func(serving.Event, error) bool) {
		plan := plan1
		plan.Degraded = degraded
		done := done1
		done.Plan = plan
		if !yield(plan, nil) || !yield(serving.Delta{Text: "Билбейм."}, nil) {
			return
		}
		if err != nil {
			yield(nil, err)
			return
		}
		yield(done, nil)
	}}
}

var errLeftLanguage = fault.Blocked.Errorf("the model left the language of the answer, which was stopped")

// keeping is a ministry's page, whose policy lets text be kept or not.
type keeping bool

func (k keeping) Check(s string) (serving.Caller, error) {
	if s != secret {
		return serving.Caller{}, errNoKey
	}
	return serving.Caller{Name: "page", Scope: &serving.Scope{Policy: serving.Policy{LogText: bool(k)}}}, nil
}

// What an answer says of asking people, on each surface.
func TestOffer(t *testing.T) {
	for _, tt := range []struct {
		name     string
		degraded string
		err      error
		onGuard  bool
		keeps    keeping
		want     string
	}{
		{"an answer", "", nil, true, true, "offered"},
		{"quoted", serving.NoModel, nil, true, true, "offered"},
		{"nothing found", serving.NotFound, nil, true, true, "urged"},
		{"the guard gave up", serving.Unable, nil, false, true, "urged"},
		{"the guard gave up, and nothing may be kept", serving.Unable, nil, true, false, "urged"},
		{"the guard gave up, and asks", serving.Unable, nil, true, true, "made"},
		{"the guard stopped it", "", errLeftLanguage, false, true, "urged"},
		{"the guard stopped it, and asks", "", errLeftLanguage, true, true, "made"},
		{"the model failed", "", fault.Unavailable.Errorf("down"), true, true, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			base, o := startOffice(t, ends(tt.degraded, tt.err), tt.keeps, Options{}, tt.onGuard)
			surfaces := map[string][2]string{
				"stream":    {"/v1/chat/completions", `{"model":"auto","stream":true,` + conversationAsked + `}`},
				"sentences": {"/v1/chat/completions", `{"model":"auto","stream":true,"tilgate":{"flush":"sentence"},` + conversationAsked + `}`},
				"script":    {"/ask", `{"model":"auto","stream":true,` + conversationAsked + `}`},
			}
			if tt.err == nil {
				surfaces["whole"] = [2]string{"/v1/chat/completions", `{"model":"auto",` + conversationAsked + `}`}
				surfaces["ollama"] = [2]string{"/api/chat", `{"model":"auto","stream":false,` + conversationAsked + `}`}
			}
			for surface, at := range surfaces {
				_, text := send(t, "POST", base+at[0], at[1], "Cookie", cookieName+"="+secret, "Content-Type", "application/json")
				found := regexp.MustCompile(`"handover":\{"state":"(\w+)"(?:,"id":"([^"]+)","token":"([^"]+)")?\}`).FindStringSubmatch(text)
				if found == nil {
					found = make([]string, 4)
				}
				if found[1] != tt.want || (found[2] != "") != (tt.want == "made") {
					t.Errorf("%s: %q, want %q: %s", surface, found, tt.want, text)
					continue
				}
				if tt.want != "made" {
					continue
				}
				c := o.told(t, found[2])
				if n := len(c.Messages); n != 4 || c.Why != handover.OnGuard || c.Messages[3] != (handover.Message{Role: handover.Assistant, Content: "Билбейм."}) || c.Messages[2].Content != "Кайда барам?" {
					t.Errorf("%s: told %+v", surface, c)
				}
				if resp, text := send(t, "GET", base+"/v1/handover/"+found[2], "", tokenName, found[3]); resp.StatusCode != 200 {
					t.Errorf("%s: its token opens %d %s", surface, resp.StatusCode, text)
				}
			}
		})
	}
}

const conversationAsked = `"messages":[{"role":"system","content":"secret"},{"role":"user","content":"Паспортум жоголду."},{"role":"assistant","content":"Кандай?"},{"role":"user","content":"Кайда барам?"}]`

// The whole way without script: the form under an answer, the page of the case,
// and the page on which staff answer.
func TestHandoverPages(t *testing.T) {
	base, o := startOffice(t, ends("", nil), ministry{}, Options{}, false)
	asReader := []string{"Authorization", "", "Cookie", cookieName + "=" + secret, "Sec-Fetch-Site", "same-origin", "Content-Type", "application/x-www-form-urlencoded", "Accept-Language", "ky"}
	_, page := send(t, "POST", base+"/ask", url.Values{"question": {"Паспортум <b>жоголду</b>?"}}.Encode(), asReader...)
	token := regexp.MustCompile(`name="token" value="([^"]+)"`).FindStringSubmatch(page)
	if token == nil || !strings.Contains(page, `action="/handover"`) || !strings.Contains(page, `name="answer" value="Билбейм."`) {
		t.Fatal(page)
	}
	form := url.Values{"token": {token[1]}, "question": {"Паспортум <b>жоголду</b>?"}, "answer": {"Билбейм."}, "contact": {`"><script>alert(1)</script>`}}
	if resp, text := send(t, "POST", base+"/handover", form.Encode(), but(asReader, "Sec-Fetch-Site", "cross-site")...); resp.StatusCode != 403 {
		t.Errorf("from another site: %d %s", resp.StatusCode, text)
	}
	if resp, text := send(t, "POST", base+"/handover", form.Encode(), but(asReader, "Cookie", "")...); resp.StatusCode != 401 {
		t.Errorf("without a key: %d %s", resp.StatusCode, text)
	}
	seen := ""
	for range 2 { // the form is sent again, and is the same case
		resp, text := send(t, "POST", base+"/handover", form.Encode(), asReader...)
		if resp.StatusCode != 303 {
			t.Fatalf("%d %s", resp.StatusCode, text)
		}
		if at := resp.Header.Get("Location"); seen != "" && at != seen {
			t.Errorf("sent again it is %s, not %s", at, seen)
		} else {
			seen = at
		}
	}
	c := o.told(t, handover.IDOf(token[1]))
	if c.Contact != `"><script>alert(1)</script>` || c.Language != "ky" {
		t.Errorf("told %+v", c)
	}
	resp, text := send(t, "GET", base+seen, "", "Authorization", "", "Accept-Language", "ky")
	if resp.StatusCode != 200 || !strings.Contains(text, `http-equiv="refresh" content="30"`) || strings.Contains(text, "<form") || strings.Contains(text, "script") || strings.Contains(text, "Паспортум") {
		t.Errorf("the citizen's page: %d %s", resp.StatusCode, text)
	}
	for name, want := range map[string]string{"Content-Security-Policy": scriptlessPolicy, "Cache-Control": "no-store", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin"} {
		if got := resp.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	at := base + "/handover/" + c.ID
	resp, text = send(t, "GET", at+"?secret="+c.Secret, "", "Authorization", "")
	if resp.StatusCode != 200 || !strings.Contains(text, "Паспортум &lt;b&gt;жоголду&lt;/b&gt;?") || strings.Contains(text, "<script") || !strings.Contains(text, `name="secret" value="`+c.Secret+`"`) || strings.Contains(text, "refresh") {
		t.Errorf("the staff's page: %d %s", resp.StatusCode, text)
	}
	for _, tt := range []struct {
		name   string
		form   url.Values
		site   string
		status int
	}{
		{"from another site", url.Values{"secret": {c.Secret}, "text": {"x"}}, "cross-site", 403},
		{"without the secret", url.Values{"text": {"x"}}, "same-origin", 404},
		{"with the citizen's token", url.Values{"secret": {token[1]}, "text": {"x"}}, "same-origin", 403},
		{"too long", url.Values{"secret": {c.Secret}, "text": {strings.Repeat("ខ", 8001)}}, "same-origin", 413},
		{"nothing", url.Values{"secret": {c.Secret}}, "same-origin", 303},
		{"an answer in a large script", url.Values{"secret": {c.Secret}, "text": {strings.Repeat("ខ", 8000)}}, "same-origin", 303},
		{"an answer", url.Values{"secret": {c.Secret}, "text": {"<img src=x onerror=alert(1)> Келиңиз."}, "close": {"1"}}, "same-origin", 303},
		{"another", url.Values{"secret": {c.Secret}, "text": {"Кеч."}}, "same-origin", 400},
	} {
		resp, text := send(t, "POST", at, tt.form.Encode(), "Authorization", "", "Sec-Fetch-Site", tt.site, "Content-Type", "application/x-www-form-urlencoded")
		if resp.StatusCode != tt.status {
			t.Errorf("%s: %d %s, want %d", tt.name, resp.StatusCode, text, tt.status)
		}
	}
	_, text = send(t, "GET", base+seen, "", "Authorization", "")
	if !strings.Contains(text, "&lt;img src=x onerror=alert(1)&gt; Келиңиз.") || strings.Contains(text, "refresh") {
		t.Errorf("the citizen's page, in the end: %s", text)
	}
	for _, path := range []string{"/handover/", "/handover/x/y", "/handover/" + c.ID, "/handover/" + c.ID + "?token=x", "/v1/handover/", "/v1/handover/a/b/reply", "/v1/handover/" + c.ID + "/close"} {
		if resp, text := send(t, "GET", base+path, "", tokenName, "x"); resp.StatusCode != 404 {
			t.Errorf("%s: %d %s", path, resp.StatusCode, text)
		}
	}
}

// In a frame on somebody else's page, the form leads back into the frame.
func TestHandoverFramed(t *testing.T) {
	base, _ := startOffice(t, ends(serving.NotFound, nil), pageKeys{}, Options{Pages: pageKeys{}}, false)
	inFrame := []string{"Authorization", "", "Origin", base, "Sec-Fetch-Site", "same-origin", "Content-Type", "application/x-www-form-urlencoded"}
	query := "?key=" + pageSecret + "&session=s1&lang=ky"
	_, page := send(t, "POST", base+"/embed"+query, url.Values{"question": {"Кайда?"}}.Encode(), inFrame...)
	action := regexp.MustCompile(`action="(/handover[^"]+)"`).FindStringSubmatch(page)
	if action == nil || !strings.Contains(page, `<details class="person" open>`) {
		t.Fatal(page)
	}
	at := strings.ReplaceAll(action[1], "&amp;", "&")
	long := url.Values{"question": {strings.Repeat("ы", 15_000)}, "answer": {"Билбейм."}}
	for _, form := range []url.Values{{"question": {"Кайда?"}}, long} {
		resp, text := send(t, "POST", base+at, form.Encode(), inFrame...)
		if resp.StatusCode != 303 {
			t.Fatalf("%d %s", resp.StatusCode, text)
		}
		resp, text = send(t, "GET", base+resp.Header.Get("Location"), "", "Authorization", "")
		if policy := resp.Header.Get("Content-Security-Policy"); resp.StatusCode != 200 || !strings.Contains(policy, "frame-ancestors https://moh.example") || !strings.Contains(text, `lang="ky"`) {
			t.Errorf("%d %s\n%s", resp.StatusCode, policy, text)
		}
	}
	if resp, text := send(t, "POST", base+at, "question=a", but(inFrame, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")...); resp.StatusCode != 403 {
		t.Errorf("from another page: %d %s", resp.StatusCode, text)
	}
}

func FuzzDecodeHandover(f *testing.F) {
	f.Add([]byte(`{` + conversation + `,"contact":"x","language":"ky","token":null}`))
	f.Add([]byte(`{"text":"a","close":true}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if a, err := decodeHandover(body); err == nil && len(a.Messages) > handover.MostMessages+1 {
			t.Errorf("%d messages", len(a.Messages))
		}
		if a, err := decodeAnswering(body); err == nil && a.text == "" && !a.close {
			t.Error("an answer that says nothing")
		}
	})
}
