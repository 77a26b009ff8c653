package gateway

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"tilgate/internal/fault"
	"tilgate/serving"
	"tilgate/serving/feedback"
)

// A shelf is a store of feedback in memory.
type shelf struct {
	mu   sync.Mutex
	rows map[string]feedback.Feedback
}

func (s *shelf) PutFeedback(_ context.Context, f feedback.Feedback) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows[f.ID] = f
	return nil
}

func (s *shelf) Feedback(_ context.Context, tenant, id string) (feedback.Feedback, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.rows[id]
	if !ok || f.Tenant != tenant {
		return f, fault.NotFound.Errorf("there is no feedback %q", id)
	}
	return f, nil
}

func (s *shelf) ListFeedback(_ context.Context, q feedback.Query) (list []feedback.Feedback, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range slices.SortedFunc(maps.Values(s.rows), func(a, b feedback.Feedback) int { return cmp.Compare(a.ID, b.ID) }) {
		if f.Tenant == q.Tenant && (q.State == "" || f.State() == q.State) && f.ID > q.After && len(list) < q.Limit {
			list = append(list, f)
		}
	}
	return list, nil
}

func (s *shelf) ReviewFeedback(_ context.Context, tenant, id string, r feedback.Review) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.rows[id]
	f.Reviews = append(slices.Clone(f.Reviews), r)
	s.rows[id] = f
	return nil
}

func (s *shelf) EraseFeedback(context.Context, string, feedback.Whose) ([]string, error) {
	return nil, nil
}

// ministry holds the keys of a ministry's page, of its people, and of another's.
type ministry struct{}

func (ministry) Check(s string) (serving.Caller, error) {
	keeps := serving.Policy{LogText: true}
	switch s {
	case secret:
		return serving.Caller{Name: "page", Scope: &serving.Scope{Policy: keeps}}, nil
	case "aida", "bek":
		return serving.Caller{Name: s, Scope: &serving.Scope{Admin: true, Policy: keeps}}, nil
	case "abroad":
		return serving.Caller{Name: "page", Tenant: "abroad", Scope: &serving.Scope{Admin: true, Policy: keeps}}, nil
	}
	return serving.Caller{}, errNoKey
}

// startDesk runs a gateway that takes feedback.
func startDesk(t *testing.T, opts Options) (base string, s *shelf) {
	t.Helper()
	f := &fake{answer: script}
	s = &shelf{rows: map[string]feedback.Feedback{}}
	opts.Feedback = &feedback.Desk{Memory: feedback.NewMemory(0, 0), Store: s, Knows: f, Mask: strings.Clone}
	addr, _ := startWith(t, f, ministry{}, opts)
	return "http://" + addr, s
}

// askedAs asks as a caller, in one way or another, and returns the answer's id.
func askedAs(t *testing.T, base, key string, stream bool) string {
	t.Helper()
	body := `{"model":"auto","messages":[{"role":"user","content":"Балам качан катталат?"}]}`
	if stream {
		body = strings.Replace(body, "{", `{"stream":true,`, 1)
	}
	resp, text := send(t, "POST", base+"/v1/chat/completions", body, "Authorization", "Bearer "+key)
	if stream {
		text = events(t, text)[0]
	}
	var c struct{ ID string }
	if err := json.Unmarshal([]byte(text), &c); err != nil || c.ID == "" {
		t.Fatalf("%d %s", resp.StatusCode, text)
	}
	return c.ID
}

func TestFeedback(t *testing.T) {
	base, s := startDesk(t, Options{})
	const ok = `"consent":{"training":true,"language":"ky","version":"1"}`
	mine, streamed, theirs := askedAs(t, base, secret, false), askedAs(t, base, secret, true), askedAs(t, base, "aida", false)
	for _, tt := range []struct {
		body   string
		status int
		says   string
	}{
		{`{"exchange":"MINE","rating":-1,"reasons":["wrong_source"],"correction":"30 күндө","person":"p",` + ok + `}`, 201, `"words":true}`},
		{`{"exchange":"STREAMED","rating":1,"correction":null,` + ok + `}`, 201, `"words":true}`},
		{`{"exchange":"MINE","rating":1,"person":"q"}`, 201, `"words":false}`},
		{`{"exchange":"MINE","rating":1,"consent":null}`, 201, `"words":false}`},
		{`{"exchange":"THEIRS","rating":1}`, 404, "no exchange"},
		{`{"exchange":"chatcmpl-unknown","rating":1,` + ok + `}`, 400, "send its question"},
		{`{"exchange":"chatcmpl-unknown","rating":1,"question":"Кайда?","answer":"Ошто.",` + ok + `}`, 201, `"words":true}`},
		{`{"exchange":"MINE","rating":1,"mood":"good"}`, 400, `there is no field \"mood\"`},
		{`{"exchange":"MINE","rating":1,"consent":{"traning":true}}`, 400, `there is no field \"consent.traning\"`},
		{`{"exchange":"MINE","rating":1,"Rating":-1}`, 400, "stands twice"},
		{`{"exchange":"MINE","rating":"1"}`, 400, "rating must be a whole number"},
		{`{"exchange":"MINE","rating":0.5}`, 400, "rating must be a whole number"},
		{`{"exchange":"MINE","rating":7}`, 400, "neither 1 nor -1"},
		{`{"exchange":"MINE"}`, 400, "rating is missing"},
		{`{"rating":1}`, 400, "exchange is missing"},
		{`{"exchange":"MINE","rating":1,"reasons":["ugly"]}`, 400, "is no reason"},
		{`{"exchange":"MINE","rating":1,"reasons":[` + strings.Repeat(`"other",`, 16) + `"other"]}`, 400, "more than 16 reasons"},
		{`{"exchange":"MINE","rating":1,"consent":{"training":"yes"}}`, 400, "consent.training must be true or false"},
		{`{"exchange":"MINE","rating":1,"consent":{"training":true,"language":"кыргызча"}}`, 400, "consent.language"},
		{`{"exchange":"MINE","rating":1,"comment":"\u0000"}`, 400, "control characters"},
		{`{"exchange":"MINE","rating":1,"comment":"` + strings.Repeat("ы", 4001) + `"}`, 413, "4001 characters"},
		{`{"exchange":"MINE","rating":1,"comment":"` + strings.Repeat("ы", 300_000) + `"}`, 413, "the most is 524288"},
		{`[1]`, 400, "must be an object"},
		{``, 400, ""},
	} {
		body := strings.NewReplacer("MINE", mine, "STREAMED", streamed, "THEIRS", theirs).Replace(tt.body)
		resp, text := send(t, "POST", base+"/v1/feedback", body)
		if resp.StatusCode != tt.status || !strings.Contains(text, tt.says) {
			t.Errorf("%.120s: %d %s, want %d %s", tt.body, resp.StatusCode, text, tt.status, tt.says)
		}
	}
	list, _ := s.ListFeedback(t.Context(), feedback.Query{Tenant: "default", State: feedback.Open, Limit: 9})
	verified := 0
	for _, f := range list {
		if f.Verified && f.Question == "Балам качан катталат?" && f.Answer == "30 күн ичинде [1]" && f.Passages[0].Version == 2 && f.Passages[0].Cited {
			verified++
		}
	}
	if len(list) != 3 || verified != 2 {
		t.Errorf("%d are kept with words, %d of them as they were answered: %+v", len(list), verified, list)
	}
}

// Who may give feedback, and from where.
func TestFeedbackCallers(t *testing.T) {
	base, _ := startDesk(t, Options{Origins: []string{"https://app.example"}, Limits: &oneLimit{}})
	const body = `{"exchange":"chatcmpl-x","rating":1}`
	for _, tt := range []struct {
		name   string
		header []string
		status int
	}{
		{"a key", nil, 201},
		{"no key", []string{"Authorization", ""}, 401},
		{"a wrong key", []string{"Authorization", "Bearer no"}, 401},
		{"the page, by its cookie", []string{"Authorization", "", "Cookie", cookieName + "=" + secret, "Sec-Fetch-Site", "same-origin"}, 201},
		{"another site, by our cookie", []string{"Authorization", "", "Cookie", cookieName + "=" + secret, "Sec-Fetch-Site", "cross-site"}, 403},
		{"an allowed origin, by our cookie", []string{"Authorization", "", "Cookie", cookieName + "=" + secret, "Origin", "https://app.example"}, 403},
		{"an allowed origin, with a key", []string{"Origin", "https://app.example", "Sec-Fetch-Site", "cross-site"}, 201},
		{"an origin that is not", []string{"Origin", "https://evil.example"}, 403},
	} {
		resp, text := send(t, "POST", base+"/v1/feedback", body, tt.header...)
		if resp.StatusCode != tt.status {
			t.Errorf("%s: %d %s, want %d", tt.name, resp.StatusCode, text, tt.status)
		}
		if allowed := resp.Header.Get("Access-Control-Allow-Origin"); tt.name == "an allowed origin, with a key" && allowed != "https://app.example" {
			t.Errorf("%s: Access-Control-Allow-Origin is %q", tt.name, allowed)
		}
	}
	if resp, text := send(t, "POST", base+"/v1/feedback", `{"exchange":"`+strings.Repeat("x", 200)+`","rating":1}`); resp.StatusCode != 429 {
		t.Errorf("over the limit: %d %s", resp.StatusCode, text)
	}
	addr, _ := start(t, &fake{}, Options{})
	if resp, text := send(t, "POST", "http://"+addr+"/v1/feedback", body); resp.StatusCode != 404 || !strings.Contains(text, "takes no feedback") {
		t.Errorf("where none is kept: %d %s", resp.StatusCode, text)
	}
}

// oneLimit lets in what is short.
type oneLimit struct{}

func (oneLimit) Admit(_ context.Context, _ serving.Caller, chars int) (serving.Grant, error) {
	if chars > 100 {
		return serving.Grant{}, fault.Limited.Errorf("too much")
	}
	return serving.Grant{Release: func() {}}, nil
}

// The queue is for keys that administer, of the same tenant.
func TestFeedbackReview(t *testing.T) {
	base, _ := startDesk(t, Options{})
	id := askedAs(t, base, secret, false)
	const hostile = `<script>alert(1)</script>`
	if resp, text := send(t, "POST", base+"/v1/feedback", `{"exchange":"`+id+`","rating":-1,"correction":"`+hostile+`","person":"p","consent":{"training":true,"language":"ky","version":"1"}}`); resp.StatusCode != 201 {
		t.Fatal(text)
	}
	read := func(key, query string) (status int, list []feedbackObject, text string) {
		resp, text := send(t, "GET", base+"/v1/feedback"+query, "", "Authorization", "Bearer "+key)
		var out struct{ Data []feedbackObject }
		_ = json.Unmarshal([]byte(text), &out)
		return resp.StatusCode, out.Data, text
	}
	for _, tt := range []struct {
		key, query string
		status, n  int
	}{
		{"aida", "", 200, 1}, {"aida", "?state=open", 200, 1}, {"aida", "?state=agreed", 200, 0}, {"abroad", "", 200, 0}, {secret, "", 403, 0}, {"no", "", 401, 0},
		{"aida", "?state=closed", 400, 0}, {"aida", "?limit=0", 400, 0}, {"aida", "?limit=201", 400, 0}, {"aida", "?person=p", 400, 0},
	} {
		if status, list, text := read(tt.key, tt.query); status != tt.status || len(list) != tt.n {
			t.Errorf("%s lists %s: %d %s", tt.key, tt.query, status, text)
		}
	}
	_, list, text := read("aida", "?state=open")
	f := list[0]
	if f.Correction != hostile || strings.Contains(text, `"person"`) {
		t.Errorf("shown to reviewers: %s", text)
	}
	for _, tt := range []struct {
		key, id, body string
		status        int
		says          string
	}{
		{secret, f.ID, `{"verdict":"agree","revision":"REVISION"}`, 403, "administers"},
		{"abroad", f.ID, `{"verdict":"agree","revision":"REVISION"}`, 404, "no feedback"},
		{"aida", "fb-nothing", `{"verdict":"agree","revision":"REVISION"}`, 404, "no feedback"},
		{"aida", f.ID, `{"verdict":"agree"}`, 400, "read it again"},
		{"aida", f.ID, `{"verdict":"agree","revision":"REVISION","note":"x"}`, 400, "no field"},
		{"aida", f.ID, `{"verdict":"agree","revision":"REVISION"}`, 200, `"state":"open"`},
		{"bek", f.ID, `{"verdict":"agree","revision":"REVISION"}`, 200, `"state":"agreed"`},
	} {
		resp, text := send(t, "POST", base+"/v1/feedback/"+tt.id+"/review", strings.Replace(tt.body, "REVISION", f.Revision, 1), "Authorization", "Bearer "+tt.key)
		if resp.StatusCode != tt.status || !strings.Contains(text, tt.says) {
			t.Errorf("%s sends %s: %d %s, want %d %s", tt.key, tt.body, resp.StatusCode, text, tt.status, tt.says)
		}
	}
	for _, path := range []string{"/v1/feedback/", "/v1/feedback//review", "/v1/feedback/a/b/review", "/v1/feedback/a/delete"} {
		if resp, text := send(t, "POST", base+path, `{}`, "Authorization", "Bearer aida"); resp.StatusCode != 404 {
			t.Errorf("%s: %d %s", path, resp.StatusCode, text)
		}
	}
}

// What is answered is as described.
func TestFeedbackDescribed(t *testing.T) {
	base, _ := startDesk(t, Options{})
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(string(openAPIJSON())))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("openapi.json", document); err != nil {
		t.Fatal(err)
	}
	check := func(path, method, status, key, at, body string) (text string) {
		_, text = send(t, strings.ToUpper(method), base+at, body, "Authorization", "Bearer "+key)
		schema, err := compiler.Compile(schemaAt(t, path, method, status))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err == nil {
			err = schema.Validate(answer)
		}
		if err != nil {
			t.Errorf("%s %s: %v\n%s", method, at, err, text)
		}
		return text
	}
	id := askedAs(t, base, secret, true)
	check("/v1/feedback", "post", "201", secret, "/v1/feedback", `{"exchange":"`+id+`","rating":1,"consent":{"training":true,"language":"ky","version":"1"}}`)
	check("/v1/feedback", "post", "default", secret, "/v1/feedback", `{}`)
	var out struct{ Data []feedbackObject }
	if err := json.Unmarshal([]byte(check("/v1/feedback", "get", "200", "aida", "/v1/feedback", "")), &out); err != nil || len(out.Data) != 1 {
		t.Fatal(err, len(out.Data))
	}
	check("/v1/feedback/{id}/review", "post", "200", "aida", "/v1/feedback/"+out.Data[0].ID+"/review", `{"verdict":"edit","correction":"30 күндө","revision":"`+out.Data[0].Revision+`"}`)
}

// FuzzFeedback checks that no body panics, and that what is refused is refused
// in words.
func FuzzFeedback(f *testing.F) {
	f.Add([]byte(`{"exchange":"chatcmpl-x","rating":-1,"reasons":["other"],"correction":"а","comment":"б","consent":{"training":true,"language":"ky","version":"1"},"conversation":"c","person":"p","question":"q","answer":"a"}`))
	f.Add([]byte(`{"verdict":"edit","revision":"00","correction":"а"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		given, err := decodeFeedback(body)
		if err != nil {
			checkFault(t, err)
		} else if !utf8.ValidString(given.Correction) || len(given.Reasons) > mostReasons {
			t.Errorf("%s is read as %+v", body, given)
		}
		if _, err := decodeReview(body); err != nil {
			checkFault(t, err)
		}
	})
}
