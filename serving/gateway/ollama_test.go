package gateway

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"tilgate/internal/fault"
	"tilgate/serving"
)

func TestOllamaAuto(t *testing.T) {
	f := &fake{}
	addr, _ := start(t, f, Options{})
	for path, ask := range map[string]string{
		"/api/chat":     `{"model":"auto:ky","messages":[{"role":"user","content":"Пенсия качан?"}],"options":{"num_predict":50,"num_ctx":4096,"temperature":0},"keep_alive":"5m"}`,
		"/api/generate": `{"model":"auto:ky","prompt":"Пенсия качан?","system":"Кыскача.","options":null}`,
	} {
		resp, body := send(t, "POST", "http://"+addr+path, ask)
		if resp.Header.Get("Content-Type") != "application/x-ndjson" {
			t.Errorf("%s: %s %s", path, resp.Header.Get("Content-Type"), body)
		}
		var text strings.Builder
		lines := strings.Split(strings.TrimSuffix(body, "\n"), "\n")
		for i, line := range lines {
			var p struct {
				Model    string
				Message  *ollamaMessage
				Response *string
				Done     bool
			}
			if err := json.Unmarshal([]byte(line), &p); err != nil {
				t.Fatalf("%s: %q: %v", path, line, err)
			}
			if p.Done != (i == len(lines)-1) || p.Model != "auto:ky" || (p.Message != nil) != (path == "/api/chat") || (p.Response != nil) != (path == "/api/generate") {
				t.Errorf("%s: line %d is %s", path, i, line)
			}
			if p.Message != nil {
				text.WriteString(p.Message.Content)
			} else {
				text.WriteString(*p.Response)
			}
		}
		if !strings.Contains(lines[0], `"tilgate":{"language":{"tag":"ky"`) || !strings.Contains(lines[len(lines)-1], `"annotations":[{"type":"url_citation"`) || text.Len() == 0 {
			t.Errorf("%s: %s", path, body)
		}
		_, whole := send(t, "POST", "http://"+addr+path, strings.Replace(ask, `"model"`, `"stream":false,"model"`, 1))
		if quoted, _ := json.Marshal(text.String()); !strings.Contains(whole, string(quoted)) || !strings.Contains(whole, `"done":true,"done_reason":"stop"`) {
			t.Errorf("%s: whole %s, streamed %q", path, whole, text.String())
		}
	}
}

func TestOllamaRefused(t *testing.T) {
	addr, _ := start(t, &fake{}, Options{})
	for _, tt := range []struct {
		path, body string
		status     int
		says       string
	}{
		{"/api/chat", `{"model":"auto","messages":[{"role":"user","content":"?а"}],"format":"json"}`, 400, `format is not available`},
		{"/api/chat", `{"model":"auto","messages":[{"role":"user","content":"а"}],"options":{"top_k":3}}`, 400, `options.top_k`},
		{"/api/chat", `{"model":"auto","messages":[{"role":"user","content":"а"}],"tilgate":{"flush":"sentence"}}`, 400, `streams of sentences`},
		{"/api/chat", `{"model":"auto","messages":[{"role":"user","content":"а"}],"prompt":"б"}`, 400, `do not go together`},
		{"/api/generate", `{"model":"auto","prompt":" "}`, 400, `the question is empty`},
		{"/api/generate", `{"model":"auto","name":"auto:ky","prompt":"а"}`, 400, `model and name mean the same and differ`},
		{"/api/chat", `{"model":"auto","messages":[{"role":"user","content":"а","images":["aGk="]}]}`, 400, `messages[0].images is not available`},
		{"/api/chat", `{"model":"auto","messages":[{"role":"user","content":"а","tool_name":"f"}]}`, 400, `messages[0].tool_name is not available`},
		{"/api/chat", `{"model":"auto","messages":[{"role":"tool","content":"а"}]}`, 400, `the role "tool"`},
		{"/api/chat", `{"model":"auto","messages":[{"role":"user","content":"а"}],"options":{"temperature":"0"}}`, 400, `options.temperature must be a number`},
		{"/api/chat", `{"model":"auto","messages":[{"role":"user","content":"а"}],"options":[]}`, 400, `options must be an object`},
		{"/api/chat", `{"model":"auto","messages":[{"role":"user","content":"а"}],"options":{"num_predict":1,"num_predict":2}}`, 400, `stands twice`},
		{"/api/chat", `{"model":"auto","messages":[{"role":"user","content":"а","Content":"б"}]}`, 400, `stands twice`},
		{"/api/blobs/sha256:00", `x`, 403, `its operator does`},
		{"/api/generate", `{"model":"auto","prompt":"а","context":[1]}`, 400, `context is not available`},
		{"/api/generate", `{"model":"auto","prompt":7}`, 400, `prompt must be a string`},
		{"/api/embed", `{"model":"auto","input":"а"}`, 400, `needs a plain model`},
		{"/api/pull", `{"model":"x"}`, 403, `its operator does`},
		{"/api/nothing", `{}`, 404, `there is nothing at`},
		{"/api/chat", `{"model":`, 400, `not valid JSON`},
	} {
		resp, body := send(t, "POST", "http://"+addr+tt.path, tt.body)
		var e ollamaError
		if err := json.Unmarshal([]byte(body), &e); err != nil || resp.StatusCode != tt.status || !strings.Contains(e.Error, tt.says) {
			t.Errorf("%s %s: %d %s", tt.path, tt.body, resp.StatusCode, body)
		}
	}
}

// An error in the middle of an answer is a line of its own.
func TestOllamaBreaksOff(t *testing.T) {
	f := &fake{answer: func(_ context.Context, _ serving.Request, yield func(serving.Event, error) bool) {
		if yield(plan1, nil) && yield(serving.Delta{Text: "30 күн "}, nil) {
			yield(nil, fault.Unavailable.Errorf("the model server broke off its answer"))
		}
	}}
	addr, _ := start(t, f, Options{})
	_, body := send(t, "POST", "http://"+addr+"/api/chat", `{"model":"auto","messages":[{"role":"user","content":"Пенсия?"}]}`)
	lines := strings.Split(strings.TrimSuffix(body, "\n"), "\n")
	if last := lines[len(lines)-1]; last != `{"error":"the model server broke off its answer"}` {
		t.Errorf("%s", body)
	}
}

// Clients have a model loaded before the first question.
func TestOllamaLoads(t *testing.T) {
	addr, _ := start(t, &fake{}, Options{})
	for _, tt := range []struct{ path, body, want string }{
		{"/api/generate", `{"model":"auto"}`, `"response":"","done":true,"done_reason":"load"}`},
		{"/api/generate", `{"model":"auto:ky","prompt":"","options":null,"keep_alive":0}`, `"response":"","done":true,"done_reason":"load"}`},
		{"/api/chat", `{"model":"auto","messages":[]}`, `"message":{"role":"assistant","content":""},"done":true,"done_reason":"load"}`},
	} {
		resp, body := send(t, "POST", "http://"+addr+tt.path, tt.body)
		if resp.StatusCode != 200 || !strings.HasSuffix(body, tt.want) {
			t.Errorf("%s %s: %d %s", tt.path, tt.body, resp.StatusCode, body)
		}
	}
}

// What clients send back of an earlier answer, and send empty, is read.
func TestOllamaSentBack(t *testing.T) {
	q, err := decodeOllama([]byte(`{"model":"","name":"auto","messages":[{"role":"user","content":"а","images":[],"tool_calls":null},`+
		`{"role":"assistant","content":"б","thinking":"в","tool_calls":[],"images":null},{"role":"user","content":"г"}]}`), 10)
	if err != nil || len(q.Messages) != 3 || q.Messages[1].Content != "б" || q.model != "auto" {
		t.Errorf("%+v, %v", q, err)
	}
}

// An answer tells how long its text took, whole and streamed.
func TestOllamaDurations(t *testing.T) {
	f := &fake{answer: func(_ context.Context, _ serving.Request, yield func(serving.Event, error) bool) {
		if yield(plan1, nil) && yield(serving.Delta{Text: "30 "}, nil) {
			yield(serving.Done{Plan: plan1, Finish: "stop", Usage: serving.Usage{CompletionTokens: 2}}, nil)
		}
	}}
	addr, _ := start(t, f, Options{})
	for _, stream := range []string{"true", "false"} {
		_, body := send(t, "POST", "http://"+addr+"/api/generate", `{"model":"auto","prompt":"Пенсия?","stream":`+stream+`}`)
		var last ollamaCounts
		lines := strings.Split(strings.TrimSpace(body), "\n")
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || last.EvalTime <= 0 || last.Total < last.PromptTime+last.EvalTime {
			t.Errorf("stream %s: %v %s", stream, err, body)
		}
	}
}

// FuzzDecodeOllama checks that nothing panics and that what is read holds what
// was promised.
func FuzzDecodeOllama(f *testing.F) {
	f.Add([]byte(`{"model":"auto","prompt":"а","system":"б","options":{"num_predict":-1,"stop":["."],"num_ctx":1}}`))
	f.Add([]byte(`{"name":"auto","messages":[{"role":"user","content":"а","images":[],"thinking":""}],"tilgate":{"language":"ky"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		q, err := decodeOllama(body, 100)
		switch {
		case err != nil:
			checkFault(t, err)
		case q.load:
			if len(q.Messages) != 0 {
				t.Errorf("%s is taken for nothing asked", body)
			}
		default:
			checkQuestion(t, q)
		}
	})
}

func TestOllamaLists(t *testing.T) {
	addr, _ := start(t, &fake{}, Options{})
	for path, want := range map[string]string{
		"/api/tags":    `{"models":[{"name":"auto","model":"auto"`,
		"/api/ps":      `{"models":[{"name":"llama:8b","model":"llama:8b"`,
		"/api/version": `{"version":"`,
	} {
		if resp, body := send(t, "GET", "http://"+addr+path, ""); resp.StatusCode != 200 || !strings.HasPrefix(body, want) {
			t.Errorf("%s: %d %s", path, resp.StatusCode, body)
		}
	}
	// Ollama's own client falls over a short digest and takes a model without
	// an end for one that is being stopped.
	for _, path := range []string{"/api/tags", "/api/ps"} {
		var list struct{ Models []ollamaRunning }
		_, body := send(t, "GET", "http://"+addr+path, "")
		if err := json.Unmarshal([]byte(body), &list); err != nil {
			t.Fatal(err)
		}
		for _, m := range list.Models {
			if len(m.Digest) < 12 || path == "/api/ps" && !m.ExpiresAt.After(time.Now()) {
				t.Errorf("%s: %+v", path, m)
			}
		}
	}
	if _, body := send(t, "POST", "http://"+addr+"/api/show", `{"model":"","name":"auto:ky"}`); !strings.Contains(body, `"capabilities":["completion"]`) {
		t.Errorf("show: %s", body)
	}
}
