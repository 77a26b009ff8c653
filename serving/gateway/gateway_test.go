package gateway

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"iter"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/rag"
	"tilgate/serving"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2")) // sleeps up to 10 s after Stop
}

const secret = "tg-of-the-tests"

type testKeys struct{}

func (testKeys) Check(s string) (serving.Caller, error) {
	if s != secret {
		return serving.Caller{}, errNoKey
	}
	return serving.Caller{Name: "tests"}, nil
}

// A fake answers by script.
type fake struct {
	answer   func(ctx context.Context, r serving.Request, yield func(serving.Event, error) bool)
	forward  func(ctx context.Context, r serving.Raw, yield func([]byte, error) bool)
	ready    error
	lack     serving.Lack
	searched serving.Search
	models   error
}

func (f *fake) Route(_ context.Context, model string) serving.Route {
	name, tag, _ := strings.Cut(model, ":")
	if name != "auto" {
		return serving.Route{}
	}
	return serving.Route{Auto: true, Language: lang.Tag(tag)}
}

func (f *fake) Answer(ctx context.Context, r serving.Request) iter.Seq2[serving.Event, error] {
	return func(yield func(serving.Event, error) bool) { f.answer(ctx, r, yield) }
}

// Forward makes a reply of what f.forward yields: JSON.
func (f *fake) Forward(ctx context.Context, _ serving.Caller, r serving.Raw) (reply serving.Reply, err error) {
	reply = serving.Reply{Status: 200, Type: "application/json; charset=utf-8"}
	if r.Stream {
		reply.Type, reply.Stream = serving.EventStream, func(yield func([]byte, error) bool) {
			ended := false
			f.forward(ctx, r, func(piece []byte, err error) bool {
				if err == nil {
					piece = serving.Frame(piece)
				}
				ended = err != nil || !yield(piece, err)
				return !ended
			})
			if !ended {
				yield(serving.DoneFrame, nil)
			}
		}
		return reply, nil
	}
	f.forward(ctx, r, func(piece []byte, wrong error) bool {
		reply.Body, err = piece, wrong
		return err == nil
	})
	return reply, err
}

func (f *fake) Models(context.Context, serving.Caller) ([]serving.ModelInfo, error) {
	return []serving.ModelInfo{
		{Name: "auto", Owner: "tilgate"},
		{Name: "hf.co/meta/llama:8b", Owner: "ollama", Created: time.Unix(1700000000, 0)},
	}, f.models
}

func (f *fake) Running(context.Context, serving.Caller) ([]serving.ModelInfo, error) {
	return []serving.ModelInfo{{Name: "llama:8b", Owner: "ollama", Size: 5, Digest: "d"}}, nil
}

func (f *fake) Search(_ context.Context, _ serving.Caller, q serving.Search) (serving.Found, error) {
	f.searched = q
	if q.Query == "nowhere" {
		return serving.Found{}, fault.NotFound.Field("tilgate.knowledge", "there is no knowledge base %q", q.Knowledge)
	}
	if q.Query == "old" {
		return serving.Found{Language: plan1.Language, Passages: superseded}, nil
	}
	return serving.Found{Language: plan1.Language, Passages: []rag.Passage{birth}}, nil
}

func (f *fake) Detect(texts []string) []serving.Language {
	out := make([]serving.Language, len(texts))
	for i := range texts {
		out[i] = plan1.Language
	}
	return out
}

func (f *fake) Languages(context.Context) []serving.Spoken {
	return []serving.Spoken{{Tag: "ky", Name: "Кыргызча", English: "Kyrgyz", Scripts: []lang.Script{"Cyrl"}, Direction: "ltr", Kind: "prompt_only", Model: "qwen3:8b"}}
}

func (f *fake) Knowledge(_ context.Context, c serving.Caller) ([]serving.KnowledgeBase, error) {
	return []serving.KnowledgeBase{{Name: "civil", Version: 2, Documents: 3, Passages: 9, Languages: map[lang.Tag]int{"ky": 3}}}, nil
}

func (f *fake) Ready(context.Context) (serving.Lack, error) { return f.lack, f.ready }

// birth is the passage that the scripted answer cites.
var birth = rag.Passage{KB: "civil", Doc: "birth", Title: "Туулганды каттоо", Text: "Ата-энелер 30 күндүн ичинде кайрылышы керек.",
	Lang: "ky", Source: "https://example.org/birth", Date: "2025-03-01", Sector: "civil", Score: 7.5}

var plan1 = serving.Plan{Language: serving.Language{Tag: "ky", Script: "Cyrl", Confidence: 0.98}, Adapter: "ky",
	Passages: []rag.Passage{birth}, Grounded: true, Model: "qwen3:8b"}

var done1 = serving.Done{Finish: "stop", Usage: serving.Usage{PromptTokens: 12, CompletionTokens: 5, Estimated: true},
	Citations: []serving.Citation{{N: 1, Start: 14, End: 17, Passage: birth}}, Plan: plan1}

// script answers "30 күн ичинде [1]".
func script(_ context.Context, _ serving.Request, yield func(serving.Event, error) bool) {
	for _, e := range []serving.Event{plan1, serving.Delta{Text: "30 күн "}, serving.Delta{Text: "ичинде [1]"}, done1} {
		if !yield(e, nil) {
			return
		}
	}
}

// start serves f on a loopback port until the test ends.
func start(t testing.TB, f *fake, opts Options) (addr string, g *Gateway) {
	t.Helper()
	return startWith(t, f, testKeys{}, opts)
}

// startWith is start, with callers of one's own.
func startWith(t testing.TB, f *fake, keys Keys, opts Options) (addr string, g *Gateway) {
	t.Helper()
	if f.answer == nil {
		f.answer = script
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g = New(f, keys, opts)
	served := make(chan error, 1)
	go func() { served <- g.Serve(ln) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		g.Shutdown(ctx)
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return ln.Addr().String(), g
}

// send sends a request and returns the answer with its body.
func send(t testing.TB, method, url, body string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
		req.Header.Set(header[i], header[i+1])
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(data)
}

const ask = `{"model":"auto","messages":[{"role":"user","content":"Балам төрөлдү. Эмне кылам?"}]}`

var askStream = strings.Replace(ask, `{"model"`, `{"stream":true,"model"`, 1)

func TestAnswer(t *testing.T) {
	addr, _ := start(t, &fake{}, Options{})
	resp, body := send(t, "POST", "http://"+addr+"/v1/chat/completions", ask)
	if resp.StatusCode != 200 {
		t.Fatalf("%d %s", resp.StatusCode, body)
	}
	var got struct {
		completion
		Usage   usage `json:"usage"`
		Tilgate struct {
			plan
			Passages  []passage
			Chars     int
			Estimated bool `json:"usage_estimated"`
		} `json:"tilgate"`
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	m := got.Choices[0].Message
	if m.Content != "30 күн ичинде [1]" || m.Role != "assistant" || *got.Choices[0].Finish != "stop" {
		t.Errorf("message %+v", m)
	}
	if got.Object != "chat.completion" || "req_"+strings.TrimPrefix(got.ID, "chatcmpl-") != resp.Header.Get("X-Request-Id") {
		t.Errorf("object %q, id %q of request %q", got.Object, got.ID, resp.Header.Get("X-Request-Id"))
	}
	want := citation{URL: birth.Source, Title: birth.Title, Start: 14, End: 17, Date: birth.Date}
	if len(m.Annotations) != 1 || m.Annotations[0].Citation != want {
		t.Errorf("annotations %+v, want %+v", m.Annotations, want)
	}
	if got.Usage != (usage{12, 5, 17}) || !got.Tilgate.Estimated || got.Tilgate.Chars != 17 || got.Tilgate.Adapter != "ky" {
		t.Errorf("usage %+v, tilgate %+v", got.Usage, got.Tilgate)
	}
	if len(got.Tilgate.Passages) != 1 || got.Tilgate.Passages[0] != passageOf(1, birth) {
		t.Errorf("passages %+v", got.Tilgate.Passages)
	}
}

// events reads a stream of events to its end.
func events(t testing.TB, body string) []string {
	t.Helper()
	var list []string
	lines := bufio.NewScanner(strings.NewReader(body))
	for lines.Scan() {
		switch line := lines.Text(); {
		case strings.HasPrefix(line, "data: "):
			list = append(list, strings.TrimPrefix(line, "data: "))
		case line != "" && line != ": ping":
			t.Errorf("line %q is no event", line)
		}
	}
	return list
}

func TestStream(t *testing.T) {
	addr, _ := start(t, &fake{}, Options{})
	withUsage := strings.Replace(askStream, `{"stream"`, `{"stream_options":{"include_usage":true},"stream"`, 1)
	resp, body := send(t, "POST", "http://"+addr+"/v1/chat/completions", withUsage)
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/event-stream; charset=utf-8" {
		t.Fatalf("%d %s %s", resp.StatusCode, resp.Header, body)
	}
	got := events(t, body)
	for i, want := range []string{
		`"delta":{"role":"assistant","content":""}`,
		`"delta":{"content":"30 күн "}`,
		`"delta":{"content":"ичинде [1]"}`,
		`"delta":{"content":"","annotations":[{"type":"url_citation"`,
		`"delta":{},"logprobs":null,"finish_reason":"stop"`,
		`"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":5,"total_tokens":17},"tilgate":{"usage_estimated":true}`,
		`[DONE]`,
	} {
		if i >= len(got) || !strings.Contains(got[i], want) {
			t.Fatalf("event %d of %q is not %s", i, got, want)
		}
	}
	if !strings.Contains(got[0], `"tilgate":{"language":{"tag":"ky","script":"Cyrl"`) || !strings.Contains(got[4], `"chars":17`) {
		t.Errorf("the state is missing in %q or %q", got[0], got[4])
	}
	_, body = send(t, "POST", "http://"+addr+"/v1/chat/completions", askStream)
	if got := events(t, body); len(got) != 6 || strings.Contains(body, `"usage":`) {
		t.Errorf("unasked for usage, or lost events: %q", got)
	}
}

func TestForward(t *testing.T) {
	plain := `{"model":"llama3:8b","weird":[1,{"x":"\u0061"}],"messages":null}`
	f := &fake{forward: func(_ context.Context, r serving.Raw, yield func([]byte, error) bool) {
		if !r.Stream {
			if string(r.Body) != plain || r.Model != "llama3:8b" {
				t.Errorf("forwarded %q", r.Body)
			}
			yield([]byte(`{"object":"chat.completion"}`), nil)
			return
		}
		piece := []byte("{\"n\":1}")
		if yield(piece, nil) {
			copy(piece, "{\r\n\"n\"") // a piece is valid until the next
			yield([]byte("{\r\n\"n\":2}"), nil)
		}
	}}
	addr, _ := start(t, f, Options{})
	if _, body := send(t, "POST", "http://"+addr+"/v1/chat/completions", plain); body != `{"object":"chat.completion"}` {
		t.Errorf("got %s", body)
	}
	_, body := send(t, "POST", "http://"+addr+"/v1/chat/completions", `{"model":"llama3:8b","stream":true}`)
	if want := "data: {\"n\":1}\n\ndata: { \"n\":2}\n\ndata: [DONE]\n\n"; body != want {
		t.Errorf("got %q, want %q", body, want)
	}
}

func TestModels(t *testing.T) {
	addr, _ := start(t, &fake{}, Options{})
	for _, tt := range []struct {
		path   string
		status int
		want   string
	}{
		{"/v1/models", 200, `{"object":"list","data":[{"id":"auto","object":"model","created":0,"owned_by":"tilgate"},{"id":"hf.co/meta/llama:8b"`},
		{"/v1/models/auto", 200, `{"id":"auto"`},
		{"/v1/models/hf.co/meta/llama:8b", 200, `{"id":"hf.co/meta/llama:8b","object":"model","created":1700000000,"owned_by":"ollama"}`},
		{"/v1/models/hf.co%2Fmeta%2Fllama%3A8b", 200, `{"id":"hf.co/meta/llama:8b"`},
		{"/v1/models/hf.co%252Fmeta%252Fllama", 404, `"code":"not_found"`},
		{"/v1/models/", 404, `"param":"model"`},
	} {
		resp, body := send(t, "GET", "http://"+addr+tt.path, "")
		if resp.StatusCode != tt.status || !strings.Contains(body, tt.want) {
			t.Errorf("GET %s: %d %s, want %d %s", tt.path, resp.StatusCode, body, tt.status, tt.want)
		}
	}
}

func TestReady(t *testing.T) {
	f := &fake{ready: fault.Unavailable.Errorf("the model server is not answering")}
	addr, _ := start(t, f, Options{})
	if resp, body := send(t, "GET", "http://"+addr+"/readyz", ""); resp.StatusCode != 503 || !strings.Contains(body, "not ready: the model server is not answering") {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	for _, path := range []string{"/healthz", "/v1/models"} {
		if resp, body := send(t, "GET", "http://"+addr+path, ""); resp.StatusCode != 200 {
			t.Errorf("GET %s: %d %s", path, resp.StatusCode, body)
		}
	}
	for _, tt := range []struct {
		lack serving.Lack
		want string
	}{
		{serving.Lack{}, `{"status":"ready"}`},
		{serving.Lack{What: serving.NoStore, Why: "the store is away"}, `{"status":"degraded","degraded":"no_store","message":"the store is away"}`},
	} {
		other, _ := start(t, &fake{lack: tt.lack}, Options{})
		if resp, body := send(t, "GET", "http://"+other+"/readyz", ""); resp.StatusCode != 200 || body != tt.want {
			t.Errorf("lacking %q: %d %s, want 200 %s", tt.lack.What, resp.StatusCode, body, tt.want)
		}
	}
	resp, body := send(t, "HEAD", "http://"+addr+"/healthz", "")
	if resp.StatusCode != 200 || body != "" || resp.ContentLength != int64(len(`{"status":"ok"}`)) {
		t.Errorf("HEAD: %d %q, length %d", resp.StatusCode, body, resp.ContentLength)
	}
}

// TestShutdownFirst: whoever is told to stop before it has begun stops well.
func TestShutdownFirst(t *testing.T) {
	g := New(&fake{}, pageKeys{}, Options{})
	if err := g.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Serve(ln); err != nil {
		t.Error(err)
	}
	if _, err := ln.Accept(); err == nil {
		t.Error("the door is open")
	}
}
