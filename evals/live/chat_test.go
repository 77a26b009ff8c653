package live

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"tilgate/evals"
	"tilgate/internal/fault"
)

// piece is a chunk of a stream that says text.
func piece(text string) string {
	return `data: {"model":"m-1","choices":[{"index":0,"delta":{"content":"` + text + `"},"finish_reason":null}],"usage":null}` + "\n\n"
}

const (
	stop     = `data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\n"
	used     = `data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}}` + "\n\n"
	doneData = "data: [DONE]\n\n"
)

func TestChat(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		want       evals.Answer
	}{
		{"a stream", ": ping\n" + piece("") + piece("58 ") + piece("сом") + stop + used + doneData,
			evals.Answer{Text: "58 сом", Model: "m-1", PromptTokens: 7, Tokens: 3, Finish: "stop"}},
		{"lines as in Windows, no space, names of events", "event: x\r\ndata:{\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"length\"}]}\r\n\r\ndata: [DONE]\r\n\r\n",
			evals.Answer{Text: "a", Finish: "length"}},
		{"data in two lines", "data: {\"choices\":[{\"delta\":\ndata: {\"content\":\"a\"}}]}\n\n" + doneData, evals.Answer{Text: "a"}},
		{"no [DONE], but a reason", piece("a") + stop, evals.Answer{Text: "a", Model: "m-1", Finish: "stop"}},
		{"an event at the end without an empty line", piece("a") + strings.TrimSpace(stop), evals.Answer{Text: "a", Model: "m-1", Finish: "stop"}},
		{"no stream", ` {"model":"m-1","choices":[{"index":0,"message":{"role":"assistant","content":"58 сом"},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":3}}`,
			evals.Answer{Text: "58 сом", Model: "m-1", PromptTokens: 7, Tokens: 3, Finish: "stop"}},
		{"content of null", `{"choices":[{"message":{"content":null},"finish_reason":"length"}]}`, evals.Answer{Finish: "length"}},
		{"a refusal", `{"choices":[{"message":{"content":null,"refusal":"No."},"finish_reason":"stop"}]}`, evals.Answer{Text: "No.", Finish: "stop"}},
		{"a second choice", `{"choices":[{"index":1,"message":{"content":"b"}},{"index":0,"message":{"content":"a"}}]}`, evals.Answer{Text: "a"}},
		{"reasoning apart", `data: {"choices":[{"delta":{"reasoning_content":"hm"}}]}` + "\n\n" + piece("a") + doneData, evals.Answer{Text: "a", Model: "m-1"}},
		{"a thought", piece("<thi") + piece("nk>hm</th") + piece("ink>\\n\\na") + stop, evals.Answer{Text: "a", Model: "m-1", Finish: "stop"}},
		{"a thought that the template opened", piece("hm</think>a") + stop, evals.Answer{Text: "a", Model: "m-1", Finish: "stop"}},
		{"nothing but a thought", piece("<think>hm") + doneData, evals.Answer{Model: "m-1"}},
		{"filtered at the end", piece("Ба") + `data: {"choices":[{"delta":{},"finish_reason":"content_filter"}]}` + "\n\n" + doneData,
			evals.Answer{Text: "Ба", Model: "m-1", Finish: "content_filter", Blocked: true}},
		{"filtered by an error", piece("Ба") + `data: {"error":{"message":"no","type":"invalid_request_error","code":"content_filter"}}` + "\n\n",
			evals.Answer{Text: "Ба", Model: "m-1", Finish: "content_filter", Blocked: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := serve(t, openAIWith(map[string]http.HandlerFunc{chatPath: says(tt.body)}))
			a, err := dialed(t, f, Options{}).Target("m").Ask(t.Context(), question(evals.Open))
			if err != nil {
				t.Fatal(err)
			}
			same(t, a, tt.want)
			if (a.TTFT > 0) != (a.Text != "") || a.TTFT > a.Seconds || a.Seconds <= 0 {
				t.Errorf("first text after %g s of %g s", a.TTFT, a.Seconds)
			}
		})
	}
}

func TestChatNonsense(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		kind       fault.Kind
		words      []string
	}{
		{"empty", "", fault.Unavailable, []string{"empty"}},
		{"white space", " \r\n\n", fault.Unavailable, []string{"empty"}},
		{"HTML", "<!doctype html><title>Login</title>" + strings.Repeat("x", 500), fault.Unavailable, []string{`"<!doctype html><title>Login</title>xxx`, `…"`}},
		{"cut JSON", `{"choices":[{"message":{"content":"a`, fault.Unavailable, []string{"not the JSON", `choices`}},
		{"other JSON", `{"hello":1}`, fault.Unavailable, []string{"not the answer to a chat", "hello"}},
		{"cut event", `data: {"choices":[{"delta":{"cont`, fault.Unavailable, []string{"not the JSON"}},
		{"no end", piece("a"), fault.Unavailable, []string{"a stream without an end", "m-1"}},
		{"only pings", ": ping\n\n: ping\n\n", fault.Unavailable, []string{"a stream without an end"}},
		{"not UTF-8", `{"choices":[{"message":{"content":"` + "\xff" + `"}}]}`, fault.Unavailable, []string{"not UTF-8"}},
		{"not UTF-8 in a stream", "data: \xff\n\n", fault.Unavailable, []string{"not UTF-8"}},
		{"an error in the stream", piece("a") + `data: {"error":{"message":"out of memory","type":"server_error"}}` + "\n\n", fault.Unavailable, []string{"out of memory"}},
		{"with a status", `{"error":{"message":"too long","code":400}}`, fault.Invalid, []string{"too long"}},
		{"too busy", `data: {"error":{"message":"busy","code":"rate_limit_exceeded"}}` + "\n\n", fault.Limited, []string{"busy"}},
		{"a line without end", "data: " + strings.Repeat("x", maxLine+1), fault.TooLarge, []string{"4 MiB"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := serve(t, openAIWith(map[string]http.HandlerFunc{chatPath: says(tt.body)}))
			_, err := dialed(t, f, Options{}).Target("m").Ask(t.Context(), question(evals.Open))
			wrong(t, err, tt.kind, tt.words...)
			if err != nil && len(err.Error()) > 600 {
				t.Errorf("%d bytes of error", len(err.Error()))
			}
		})
	}
}

func TestChatTooLong(t *testing.T) {
	f := serve(t, openAIWith(map[string]http.HandlerFunc{chatPath: func(w http.ResponseWriter, r *http.Request) {
		for comment := []byte(":" + strings.Repeat("x", 1<<20) + "\n"); ; {
			if _, err := w.Write(comment); err != nil {
				return
			}
		}
	}}))
	_, err := dialed(t, f, Options{}).Target("m").Ask(t.Context(), question(evals.Open))
	wrong(t, err, fault.TooLarge, "64 MiB")
}

func TestChatAsks(t *testing.T) {
	f := serve(t, openAIWith(map[string]http.HandlerFunc{chatPath: func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Authorization"); got != "Bearer k" {
			t.Errorf("Authorization: %s", got)
		}
		says(piece("a")+doneData)(w, r)
	}}))
	s := dialed(t, f, Options{Key: "k", Seed: 5, Extra: map[string]any{"weights": "base"}})
	if _, err := s.Target("m").Ask(t.Context(), question(evals.Open)); err != nil {
		t.Fatal(err)
	}
	want := `{"model":"m","messages":[{"role":"system","content":"Кыска жооп бер."},{"role":"user","content":"Канча турат?"}],` +
		`"stream":true,"stream_options":{"include_usage":true},"temperature":0,"seed":5,"max_tokens":256}`
	if got := f.last(chatPath); got != want {
		t.Errorf("asked %s\nwant  %s", got, want)
	}
}

func TestFirstTextIsNoThought(t *testing.T) {
	const pause = 60 * time.Millisecond
	f := serve(t, openAIWith(map[string]http.HandlerFunc{chatPath: slowly(pause, piece("<think>hm"), piece("</think>\\n"), piece("a"), stop+doneData)}))
	a, err := dialed(t, f, Options{}).Target("m").Ask(t.Context(), question(evals.Open))
	if err != nil || a.Text != "a" || a.TTFT < (2*pause).Seconds()*0.9 || a.Seconds < a.TTFT+pause.Seconds()*0.9 {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestBreaksOff(t *testing.T) {
	f := serve(t, openAIWith(map[string]http.HandlerFunc{chatPath: func(w http.ResponseWriter, r *http.Request) {
		says(piece("a"))(w, r)
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}}))
	_, err := dialed(t, f, Options{}).Target("m").Ask(t.Context(), question(evals.Open))
	wrong(t, err, fault.Unavailable, "broke off", "m-1")
}

func TestTimeoutAndCancel(t *testing.T) {
	f := serve(t, openAIWith(map[string]http.HandlerFunc{chatPath: slowly(time.Minute, piece("a"), stop)}))
	_, err := dialed(t, f, Options{Timeout: 50 * time.Millisecond}).Target("m").Ask(t.Context(), question(evals.Open))
	wrong(t, err, fault.Timeout, "within 50ms")

	left := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(50*time.Millisecond, func() { cancel(left) })
	if _, err = dialed(t, f, Options{}).Target("m").Ask(ctx, question(evals.Open)); err != left {
		t.Errorf("after a cancel: %v", err)
	}
}

// A server that says [DONE] and then holds the line must not hold the run.
func TestHoldsTheLine(t *testing.T) {
	f := serve(t, openAIWith(map[string]http.HandlerFunc{chatPath: slowly(time.Minute, piece("a")+stop+doneData, "")}))
	begun := time.Now()
	a, err := dialed(t, f, Options{}).Target("m").Ask(t.Context(), question(evals.Open))
	if err != nil || a.Text != "a" || a.Seconds > 5 || time.Since(begun) > 10*time.Second {
		t.Errorf("%+v, %v, after %s", a, err, time.Since(begun))
	}
}
