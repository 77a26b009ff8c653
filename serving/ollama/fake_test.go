package ollama

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tilgate/internal/fault"
	"tilgate/serving"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake returns a client of a server that answers with answer.
func fake(t *testing.T, opts Options, answer http.HandlerFunc) *Client {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body) // a server sees a reader leave only after that
		answer(w, r.WithContext(context.WithValue(r.Context(), bodyKey{}, string(text))))
	}))
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	c, err := New(s.URL, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

type bodyKey struct{}

// body returns what a fake was sent.
func body(r *http.Request) string {
	text, _ := r.Context().Value(bodyKey{}).(string)
	return text
}

const chatPath = "/v1/chat/completions"

const half = `{"message":{"role":"assistant","content":"Бишкек"},"done":false}` + "\n"

func says(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
}

// then says half an answer and goes on with next.
func then(next func(w http.ResponseWriter, r *http.Request)) http.HandlerFunc {
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

func hang(_ http.ResponseWriter, r *http.Request) {
	if !strings.Contains(body(r), `"keep_alive":"0s"`) { // it unloads all the same
		<-r.Context().Done()
	}
}

func question() serving.Prompt {
	return serving.Prompt{Model: "m", Messages: []serving.Message{{Role: "user", Content: "Кайда?"}}}
}

func TestMisbehaviour(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		text   string // what came before the fault
		kind   fault.Kind
		says   string
	}{
		{"a web page", says(200, "<!DOCTYPE html>\n<p>Welcome"), "", fault.Unavailable, "what answers is not an Ollama server, or broke off"},
		{"a web page with 404", says(404, "<p>model? not found"), "", fault.Unavailable, "what answers is not an Ollama server"},
		{"a redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://other.test/", http.StatusTemporaryRedirect)
		}, "", fault.Unavailable, "what answers is not an Ollama server"},
		{"nothing", says(200, ""), "", fault.Unavailable, "the model server broke off its answer"},
		{"half a line", says(200, half+`{"message":{"role":"assis`), "Бишкек", fault.Unavailable, "what answers is not an Ollama server, or broke off"},
		{"no done", says(200, half), "Бишкек", fault.Unavailable, "the model server broke off its answer"},
		{"a reset", then(reset), "Бишкек", fault.Unavailable, "the model server broke off its answer"},
		{"a reset at once", reset, "", fault.Unavailable, "the model server broke off its answer"},
		{"silence at once", hang, "", fault.Timeout, "the model server fell silent"},
		{"silence halfway", then(hang), "Бишкек", fault.Timeout, "the model server fell silent"},
		{"an error halfway", says(200, half+`{"error":"cuda: /secret/path"}`), "Бишкек", fault.Unavailable, "the model server failed"},
		{"busy", says(503, `{"error":"server busy, please try again. maximum pending requests exceeded"}`), "", fault.Unavailable, "the model server is busy"},
		{"no memory", says(500, `{"error":"model requires more system memory (9 GiB) than is available (2 GiB)"}`), "", fault.Unavailable, "the model does not fit into the model server's memory"},
		{"no LoRA", says(500, `{"error":"loras are not yet implemented"}`), "", fault.Unavailable, "the model server cannot put a LoRA on a model of this architecture"},
		{"declined", says(400, `{"error":"any.host/library/m:latest does not support tools"}`), "", fault.Invalid, "the model server declined: m:latest does not support tools"},
		{"declined with a path", says(400, `{"error":"open /srv/x: no"}`), "", fault.Invalid, "the model server declined the request"},
		{"locked", says(401, `{"error":"unauthorized"}`), "", fault.Unavailable, "the model server does not let us in"},
		{"an endless line", func(w http.ResponseWriter, _ *http.Request) {
			for range maxLine>>10 + 1 {
				_, _ = io.WriteString(w, strings.Repeat("x", 1<<10))
			}
		}, "", fault.Unavailable, "what answers is not an Ollama server, or broke off"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			silence := 10 * time.Second
			if tt.kind == fault.Timeout {
				silence = 100 * time.Millisecond
			}
			c := fake(t, Options{Silence: silence}, tt.answer)
			var text strings.Builder
			var err error
			for chunk, e := range c.Chat(t.Context(), question()) {
				text.WriteString(chunk.Text)
				err = e
			}
			public, _ := fault.Public(err)
			if text.String() != tt.text || fault.Of(err) != tt.kind || public != tt.says {
				t.Errorf("%q, then %v %q (%v); want %q, then %v %q", text.String(), fault.Of(err), public, err, tt.text, tt.kind, tt.says)
			}
		})
	}
}

// A model that falls silent is unloaded, so that its lost slot comes back.
func TestSilenceUnloads(t *testing.T) {
	var unloads atomic.Int32
	c := fake(t, Options{Silence: 50 * time.Millisecond}, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(body(r), `"keep_alive":"0s"`) {
			unloads.Add(1)
			return
		}
		hang(w, r)
	})
	for _, err := range c.Chat(t.Context(), question()) {
		if !fault.Timeout.Is(err) {
			t.Errorf("%v", err)
		}
	}
	if n := unloads.Load(); n != 1 {
		t.Errorf("unloaded %d times", n)
	}
}

func TestNotThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	c, err := New("http://"+l.Addr().String(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range c.Chat(t.Context(), question()) {
		if public, _ := fault.Public(err); fault.Of(err) != fault.Unavailable || public != "the model server is not answering" {
			t.Errorf("Chat: %v", err)
		}
	}
	if _, err := c.Models(t.Context()); fault.Of(err) != fault.Unavailable {
		t.Errorf("Models: %v", err)
	}
	for _, address := range []string{"", "localhost:11434", "ftp://x", "http://", "http://a b"} {
		if _, err := New(address, Options{}); err == nil {
			t.Errorf("%q is taken for an address", address)
		}
	}
}

func TestNotOllama(t *testing.T) {
	c := fake(t, Options{}, says(200, "<!DOCTYPE html>"))
	_, err := c.Ready(t.Context())
	if public, _ := fault.Public(err); fault.Of(err) != fault.Unavailable || !strings.Contains(public, "not an Ollama server") {
		t.Errorf("Ready: %v", err)
	}
}

// Hanging up is seen by the model server, whether the reader stops reading or
// its context ends.
func TestLeaving(t *testing.T) {
	for _, how := range []string{"break", "cancel", "deadline"} {
		t.Run(how, func(t *testing.T) {
			seen := make(chan struct{})
			c := fake(t, Options{}, then(func(_ http.ResponseWriter, r *http.Request) {
				<-r.Context().Done()
				close(seen)
			}))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			want := context.Canceled
			if how == "deadline" {
				ctx, cancel = context.WithTimeout(ctx, 100*time.Millisecond)
				defer cancel()
				want = context.DeadlineExceeded
			}
			for _, err := range c.Chat(ctx, question()) {
				if err != nil && !errors.Is(err, want) {
					t.Errorf("%v, want %v", err, want)
				}
				if how == "break" {
					break
				}
				if how == "cancel" {
					cancel()
				}
			}
			select {
			case <-seen:
			case <-time.After(500 * time.Millisecond):
				t.Error("the server did not see the end in 500 ms")
			}
		})
	}
}

// A connection that was closed while idle is not the caller's concern.
func TestStaleConnection(t *testing.T) {
	s := httptest.NewServer(says(200, half+`{"done":true}`))
	defer s.Close()
	c, err := New(s.URL, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range 50 {
		for _, err := range c.Chat(t.Context(), question()) {
			if err != nil {
				t.Fatal(err)
			}
		}
		s.CloseClientConnections()
	}
}

func TestToolCalls(t *testing.T) {
	c := fake(t, Options{}, says(200, `{"message":{"role":"assistant","content":"","thinking":"Аба ырайы керек."},"done":false}
{"message":{"role":"assistant","content":"","tool_calls":[{"id":"c1","function":{"index":0,"name":"weather","arguments":{"z":"Ош","a":1}}}]},"done":false}
{"message":{"role":"assistant","content":"","tool_calls":[{"id":"c2","function":{"index":0,"name":"weather","arguments":{}}}]},"done":false}
{"message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":4,"eval_count":3}
`))
	raw := serving.Raw{ID: "chatcmpl-1", Path: chatPath, Created: time.Unix(5, 0), Model: "m", Body: []byte(`{` + hello + `, "stream_options": {"include_usage": true}}`)}
	const head = `{"id":"chatcmpl-1","object":"chat.completion%s","created":5,"model":"m","choices":[`
	chunk := func(delta, finish string) string {
		return fmt.Sprintf(head, ".chunk") + `{"index":0,"delta":` + delta + `,"logprobs":null,"finish_reason":` + finish + `}]}`
	}
	const usage = `"usage":{"prompt_tokens":4,"completion_tokens":3,"total_tokens":7}}`
	for stream, want := range map[bool][]string{
		false: {fmt.Sprintf(head, "") + `{"index":0,"message":{"role":"assistant","content":null,"refusal":null,"reasoning":"Аба ырайы керек.","tool_calls":[` +
			`{"id":"c1","type":"function","function":{"name":"weather","arguments":"{\"z\":\"Ош\",\"a\":1}"}},{"id":"c2","type":"function","function":{"name":"weather","arguments":"{}"}}]},` +
			`"logprobs":null,"finish_reason":"tool_calls"}],` + usage},
		true: {
			chunk(`{"role":"assistant","content":""}`, "null"),
			chunk(`{"reasoning":"Аба ырайы керек."}`, "null"),
			chunk(`{"tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"weather","arguments":"{\"z\":\"Ош\",\"a\":1}"}}]}`, "null"),
			chunk(`{"tool_calls":[{"index":1,"id":"c2","type":"function","function":{"name":"weather","arguments":"{}"}}]}`, "null"),
			chunk(`{}`, `"tool_calls"`),
			fmt.Sprintf(head, ".chunk") + `],` + usage,
		},
	} {
		raw.Stream = stream
		reply, err := c.Forward(t.Context(), raw)
		if err != nil {
			t.Fatal(err)
		}
		got := []string{string(reply.Body)}
		if stream {
			got = nil
			for piece, err := range reply.Stream {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, strings.TrimPrefix(strings.TrimSpace(string(piece)), "data: "))
			}
			want = append(want, "[DONE]")
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("stream %v: got\n%s\nwant\n%s", stream, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// Whatever a server sends, an answer ends with one done or one error.
func FuzzPieces(f *testing.F) {
	f.Add(half + `{"done":true}`)
	f.Add(half + `{"error":"x"}`)
	f.Add("\n\n<html>")
	f.Add(`{"message":{"tool_calls":[{"function":{"arguments":{"a":[]}}}]},"logprobs":[{"token":"\ufffd"}],"done":true}`)
	f.Fuzz(func(t *testing.T, body string) {
		ended := 0
		a := answer{includeUsage: true}
		for piece, err := range pieces(strings.NewReader(body)) {
			if ended > 0 {
				t.Fatalf("%q goes on after its end", body)
			}
			if err != nil || piece.Done {
				ended++
			}
			a.chunks(piece)
			a.add(piece)
		}
		a.whole()
		if ended != 1 {
			t.Errorf("%q ends %d times", body, ended)
		}
	})
}
