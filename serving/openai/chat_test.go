package openai

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"go.uber.org/goleak"

	"tilgate/adapters"
	"tilgate/internal/fault"
	"tilgate/serving"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake returns a client of a stand-in for a server, which answers chats with
// answer and lists one model, "m".
func fake(t *testing.T, o Options, answer http.HandlerFunc) *Client {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/models", says(200, `{"object":"list","data":[{"id":"m","created":5,"owned_by":"sglang"}]}`))
	mux.HandleFunc("POST /v1/chat/completions", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // a server sees a reader leave only after that
		answer(w, r.WithContext(context.WithValue(r.Context(), bodyKey{}, string(body))))
	})
	return standIn(t, o, mux)
}

// standIn returns a client of a server made of handlers.
func standIn(t *testing.T, o Options, h http.Handler) *Client {
	t.Helper()
	s := httptest.NewServer(h)
	c, err := New(s.URL, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		s.CloseClientConnections()
		s.Close()
	})
	return c
}

type bodyKey struct{}

// body returns what a fake was sent.
func body(r *http.Request) string {
	text, _ := r.Context().Value(bodyKey{}).(string)
	return text
}

func says(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
}

// Pieces of a stream as vLLM and llama.cpp write them.
const (
	role    = `data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}` + "\n\n"
	half    = `data: {"choices":[{"index":0,"delta":{"content":"Бишкек"},"finish_reason":null}]}` + "\n\n"
	stopped = `data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\n"
	counted = `data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}}` + "\n\n"
	done    = "data: [DONE]\n\n"
)

func then(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, half)
		_ = http.NewResponseController(w).Flush()
		next(w, r)
	}
}

func reset(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_ = conn.(*net.TCPConn).SetLinger(0)
		_ = conn.Close()
	}
}

func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func question() serving.Prompt {
	return serving.Prompt{Model: "m", Messages: []serving.Message{{Role: "user", Content: "Кайда?"}}}
}

// gather returns the text, the last chunk and the error of an answer, and
// fails if the answer goes on after its end.
func gather(t *testing.T, c *Client, p serving.Prompt) (string, serving.Chunk, error) {
	t.Helper()
	var text strings.Builder
	var last serving.Chunk
	var failed error
	for chunk, err := range c.Chat(t.Context(), p) {
		if last.Finish != "" || failed != nil {
			t.Errorf("%+v, %v after the end", chunk, err)
		}
		text.WriteString(chunk.Text)
		last, failed = chunk, err
	}
	if failed == nil && last.Finish == "" {
		t.Error("the answer just stops")
	}
	return text.String(), last, failed
}

func TestChat(t *testing.T) {
	temperature, seed, tokens := 0.0, 3, 40
	var sent map[string]any
	answer := role + half + stopped + counted + done
	c := fake(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		if err := json.Unmarshal([]byte(body(r)), &sent); err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(w, answer)
	})
	p := question()
	p.Params = serving.Params{Temperature: &temperature, Seed: &seed, MaxTokens: &tokens, Stop: []string{"."}}
	p.Adapter = &adapters.Adapter{LoRA: &adapters.Weights{Scale: 2}} // which is for llama.cpp alone
	text, last, err := gather(t, c, p)
	if err != nil || text != "Бишкек" || last.Finish != "stop" || last.Usage == nil || *last.Usage != (serving.Usage{PromptTokens: 7, CompletionTokens: 3}) {
		t.Errorf("%q, %+v, %v", text, last, err)
	}
	want := map[string]any{"model": "m", "messages": []any{map[string]any{"role": "user", "content": "Кайда?"}}, "stream": true,
		"stream_options": map[string]any{"include_usage": true}, "temperature": 0.0, "seed": 3.0, "max_tokens": 40.0, "stop": []any{"."}}
	if !reflect.DeepEqual(sent, want) {
		t.Errorf("sent %v, want %v", sent, want)
	}

	// Nobody counted, no closing [DONE], and a length that was reached.
	answer = strings.ReplaceAll(half+stopped, "stop", "length")
	p.Model = ""
	if text, last, err = gather(t, c, p); err != nil || text != "Бишкек" || last.Finish != "length" || last.Usage != nil || sent["model"] != "m" {
		t.Errorf("%q, %+v, %v, of %v", text, last, err, sent["model"])
	}
}

// However the stream is cut into pieces and lines, the answer is the same.
func TestStreamShapes(t *testing.T) {
	plain := role + half + half + stopped + done
	for name, stream := range map[string]string{
		"LF":             plain,
		"CRLF":           strings.ReplaceAll(plain, "\n", "\r\n"),
		"CR":             strings.ReplaceAll(plain, "\n", "\r"),
		"comments":       ": ping\n\n" + strings.ReplaceAll(plain, "data", ":\nevent: message\nid: 1\nretry: 5\ndata"),
		"no space":       strings.ReplaceAll(plain, "data: ", "data:"),
		"two data lines": strings.ReplaceAll(plain, `"index":0,`, "\ndata: \"index\":0,"),
		"BOM":            "\uFEFF" + plain,
		"open end":       strings.TrimSpace(plain),
	} {
		for how, r := range map[string]io.Reader{"whole": strings.NewReader(stream), "bytes": iotest.OneByteReader(strings.NewReader(stream)),
			"halves": iotest.HalfReader(strings.NewReader(stream))} {
			var text strings.Builder
			finish := ""
			for p, err := range pieces(r) {
				if err != nil {
					t.Errorf("%s, %s: %v", name, how, err)
					break
				}
				text.WriteString(p.Choices[0].Delta.Content)
				finish += p.finish()
			}
			if text.String() != "БишкекБишкек" || finish != "stop" {
				t.Errorf("%s, %s: %q, %q", name, how, text.String(), finish)
			}
		}
	}
}

// At a CR the event is passed on, though a LF may follow.
func TestEventsDoNotWait(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	go func() { _, _ = io.WriteString(w, "data: a\r\n\r") }()
	for data, err := range events(r) {
		if string(data) != "a" || err != nil {
			t.Errorf("%q, %v", data, err)
		}
		break
	}
}

func TestMisbehaviour(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		text   string // what came before the fault
		kind   fault.Kind
		says   string
	}{
		{"a web page", says(200, "<!DOCTYPE html>\n<p>Welcome"), "", fault.Unavailable, notOpenAI},
		{"an object", says(200, `{"object":"chat.completion"}`), "", fault.Unavailable, notOpenAI},
		{"nothing", says(200, ""), "", fault.Unavailable, "the model server broke off its answer"},
		{"only [DONE]", says(200, done), "", fault.Unavailable, "the model server broke off its answer"},
		{"no reason to end", says(200, half+done), "Бишкек", fault.Unavailable, "the model server broke off its answer"},
		{"half an event", says(200, half+`data: {"choices":[{"ind`), "Бишкек", fault.Unavailable, notOpenAI},
		{"a reset", then(reset), "Бишкек", fault.Unavailable, "the model server broke off its answer"},
		{"a reset at once", reset, "", fault.Unavailable, "the model server broke off its answer"},
		{"silence at once", hang, "", fault.Timeout, "the model server fell silent"},
		{"silence halfway", then(hang), "Бишкек", fault.Timeout, "the model server fell silent"},
		{"an error halfway", says(200, half+`data: {"error":{"message":"CUDA /secret/path","code":500}}`+"\n\n"+done), "Бишкек", fault.Unavailable, "the model server failed"},
		{"an error by llama.cpp", says(200, half+`error: {"error":{"code":400,"message":"context length /secret","type":"exceed_context_size_error"}}`+"\n\n"), "Бишкек", fault.TooLarge, "the text is longer than the context of the model"},
		{"an error that is a sentence", says(200, `data: {"error":"no"}`+"\n\n"), "", fault.Unavailable, "the model server failed"},
		{"busy", says(503, `{"error":{"message":"Loading model","code":503}}`), "", fault.Unavailable, "the model server is busy"},
		{"no such model", says(404, `{"object":"error","message":"The model m does not exist."}`), "", fault.NotFound, `the model server has no model "m", or cannot do this`},
		{"too long", says(400, `{"object":"error","message":"This model's maximum context length is 512 tokens."}`), "", fault.TooLarge, "the text is longer than the context of the model"},
		{"an endless line", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "data: ")
			for range maxLine>>10 + 1 {
				_, _ = io.WriteString(w, strings.Repeat("x", 1<<10))
			}
		}, "", fault.Unavailable, notOpenAI},
	} {
		t.Run(tt.name, func(t *testing.T) {
			silence := 10 * time.Second
			if tt.kind == fault.Timeout {
				silence = 100 * time.Millisecond
			}
			c := fake(t, Options{Silence: silence}, tt.answer)
			text, _, err := gather(t, c, question())
			public, _ := fault.Public(err)
			if text != tt.text || fault.Of(err) != tt.kind || public != tt.says {
				t.Errorf("%q, then %v %q (%v); want %q, then %v %q", text, fault.Of(err), public, err, tt.text, tt.kind, tt.says)
			}
		})
	}
}

// A reader who takes long over a piece does not make the server silent.
func TestSlowReader(t *testing.T) {
	c := fake(t, Options{Silence: 50 * time.Millisecond}, says(200, half+half+stopped+done))
	for _, err := range c.Chat(t.Context(), question()) {
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// Hanging up is seen by the server, whether the reader stops reading or its
// context ends.
func TestLeaving(t *testing.T) {
	for _, how := range []string{"break", "cancel"} {
		seen := make(chan struct{})
		c := fake(t, Options{}, then(func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			close(seen)
		}))
		ctx, cancel := context.WithCancel(t.Context())
		for _, err := range c.Chat(ctx, question()) {
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v", how, err)
			}
			if how == "break" {
				break
			}
			cancel()
		}
		cancel()
		select {
		case <-seen:
		case <-time.After(5 * time.Second):
			t.Errorf("%s: the server does not see the end", how)
		}
	}
}

// What goes through is the same on both sides, byte for byte.
func TestForward(t *testing.T) {
	object := `{"id":"c", "choices":[{"index":0,"message":{"role":"assistant","content":"Ош"},"finish_reason":"stop"}],  "extra": [1]}`
	raw := serving.Raw{Model: "m", Path: "/v1/chat/completions", Body: []byte(`{"model":"m",  "unknown": 1, "messages":[]}`)}
	var answer, kind string
	status := 200
	c := fake(t, Options{APIKey: "ours"}, func(w http.ResponseWriter, r *http.Request) {
		if got := body(r); got != string(raw.Body) || r.URL.Path != raw.Path || r.Header.Get("Authorization") != "Bearer ours" {
			t.Errorf("sent %s to %s", got, r.URL.Path)
		}
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	})
	const object200, events = "application/json", "text/event-stream"
	for _, tt := range []struct {
		kind, answer string
		status       int
		fault        fault.Kind
	}{
		{object200, object, 200, -1},
		{"application/json; charset=utf-8", ` {"error":{"message":"n is too large"}}` + "\n", 400, -1},
		{object200, `{"detail":[{"loc":["body","n"]}]}`, 422, -1},
		{events, role + half + stopped + counted + done, 200, -1},
		{events, ": ping\r\n\r\n" + half + stopped, 200, -1}, // no [DONE], as some do
		{events, half + `data: {"error":{"code":429}}` + "\n\n", 200, -1},
		{object200, "<html>", 200, fault.Unavailable},
		{object200, object[:50], 200, fault.Unavailable},
		{"text/html", "<html>", 502, fault.Unavailable},
		{"text/html", "<html>", 400, fault.Invalid},
		{object200, "{}", 500, fault.Unavailable},
		{object200, "{}", 401, fault.Unavailable},
		{object200, "{}", 307, fault.Unavailable},
		{events, half, 200, fault.Unavailable},
		{events, half[:20], 200, fault.Unavailable},
	} {
		answer, kind, status = tt.answer, tt.kind, tt.status
		reply, err := c.Forward(t.Context(), raw)
		got := string(reply.Body)
		if err == nil && reply.Stream != nil {
			for piece, broken := range reply.Stream {
				got += string(piece)
				err = broken
			}
		}
		if (err == nil) != (tt.fault < 0) || err != nil && fault.Of(err) != tt.fault {
			t.Errorf("%q: %v, want %v", tt.answer, err, tt.fault)
		}
		if err == nil && (got != tt.answer || reply.Status != tt.status || reply.Type != tt.kind || !reply.Exact) {
			t.Errorf("%q became %d %s %q", tt.answer, reply.Status, reply.Type, got)
		}
	}
}

func TestModels(t *testing.T) {
	c := fake(t, Options{}, hang)
	models, err := c.Models(t.Context())
	if want := []serving.ModelInfo{{Name: "m", Created: time.Unix(5, 0).UTC(), Owner: "sglang"}}; err != nil || !reflect.DeepEqual(models, want) {
		t.Errorf("%+v, %v", models, err)
	}
	if held, err := c.Ready(t.Context()); err != nil || !slices.Equal(heldNames(held), []string{"m"}) {
		t.Errorf("ready: %v, %v", held, err)
	}
	for _, answer := range []string{"<html>", "{}", `{"data":null}`, `[]`} {
		c := standIn(t, Options{}, says(200, answer))
		if _, err := c.Ready(t.Context()); !fault.Unavailable.Is(err) {
			t.Errorf("%q: %v", answer, err)
		}
	}
}

// Whatever a server sends, each event is what stands in it, and an answer ends
// well or with one error.
func FuzzPieces(f *testing.F) {
	for _, s := range []string{role + half + stopped + counted + done, half + done, ": x\r\rdata\r\n\r\n", "error: 1\n\n", "<html>", "data: {\"error\":0}\n\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, stream string) {
		read := func(r io.Reader) (raw []string, failed error) {
			for p, err := range pieces(r) {
				if failed != nil {
					t.Fatalf("%q goes on after its end", stream)
				}
				if failed = err; err == nil {
					p.finish()
					raw = append(raw, string(p.raw))
				}
			}
			return raw, failed
		}
		a, errA := read(strings.NewReader(stream))
		b, errB := read(iotest.OneByteReader(strings.NewReader(stream)))
		if !slices.Equal(a, b) || (errA == nil) != (errB == nil) {
			t.Errorf("%q is read as %q, %v, and byte by byte as %q, %v", stream, a, errA, b, errB)
		}
	})
}

func heldNames(held []serving.Held) []string {
	var out []string
	for _, h := range held {
		out = append(out, h.Name)
	}
	return out
}
