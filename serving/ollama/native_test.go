package ollama

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"tilgate/internal/fault"
	"tilgate/serving"
)

// What is asked in Ollama's words goes through, byte for byte.
func TestForwardNative(t *testing.T) {
	raw := serving.Raw{Surface: serving.Ollama, Path: "/api/generate", Model: "m", Body: []byte(`{"model":"m", "unknown":  1}`)}
	var answer, kind string
	status := 200
	c := fake(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		if body(r) != string(raw.Body) || r.URL.Path != raw.Path {
			t.Errorf("sent %s to %s", body(r), r.URL.Path)
		}
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	})
	const whole, lines = "application/json; charset=utf-8", "application/x-ndjson"
	const end = `{"response":"","done":true,"prompt_eval_count":4,"eval_count":2}` + "\n"
	for _, tt := range []struct {
		kind, answer string
		status       int
		fault        fault.Kind
	}{
		{whole, `{"response":"Бишкек",  "done":true}`, 200, -1},
		{whole, `{"embeddings":[[0.1]]}`, 200, -1},
		{whole, `{"error":"model is required"}`, 400, -1},
		{whole, `{"error":"model 'm' not found"}`, 404, -1},
		{lines, `{"response":"Бишкек","done":false}` + "\n" + end, 200, -1},
		{lines, half + `{"error":"out of memory"}` + "\n", 200, -1},
		{lines, half, 200, fault.Unavailable},
		{lines, half[:10], 200, fault.Unavailable},
		{"text/html", "<html>", 200, fault.Unavailable},
		{whole, `{"error":"llama runner process has terminated"}`, 500, fault.Unavailable},
		{"text/html", "<html>", 502, fault.Unavailable},
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
		if tt.answer == tt.answer[:min(len(tt.answer), 40)]+end && reply.Tally.Usage.CompletionTokens != 2 {
			t.Errorf("%q: counted %+v", tt.answer, reply.Tally)
		}
	}
}

// Whether the reader leaves before the answer, in a silence or between
// pieces, the server sees it soon.
func TestLeaveNative(t *testing.T) {
	for _, pieces := range []int{0, 1, 1000} {
		left := make(chan struct{})
		c := fake(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
			defer close(left)
			w.Header().Set("Content-Type", "application/x-ndjson")
			for range pieces {
				if _, err := io.WriteString(w, half); err != nil {
					return
				}
				w.(http.Flusher).Flush()
				time.Sleep(5 * time.Millisecond)
			}
			<-r.Context().Done()
		})
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		reply, err := c.Forward(ctx, serving.Raw{Surface: serving.Ollama, Path: "/api/chat", Model: "m", Body: []byte(`{}`)})
		if err == nil {
			for _, err = range reply.Stream {
			}
		}
		if !fault.Timeout.Is(err) && ctx.Err() == nil {
			t.Errorf("after %d pieces: %v", pieces, err)
		}
		from := time.Now()
		<-left
		if late := time.Since(from); late > 400*time.Millisecond {
			t.Errorf("after %d pieces: the server sees it %v later", pieces, late)
		}
		cancel()
	}
}
