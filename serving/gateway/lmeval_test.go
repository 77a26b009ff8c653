package gateway

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"tilgate/serving"
	"tilgate/serving/ollama"
	"tilgate/serving/openai"
)

// What lm-evaluation-harness 0.4.13 sends, as recorded from its models
// local-completions and local-chat-completions with items of ours: a token is a
// byte, and 256 ends a text. The answers are in vLLM's shape.
var lmEvalAsks = []struct {
	name, path, body string
	answer           string
	onOllama         string // in the answer if the model is there
}{
	{"scores of tokens", completionsPath,
		`{"model": "m", "prompt": [[50, 43, 50, 61, 32, 52]], "temperature": 0, "max_tokens": 1, "logprobs": 1, "seed": 1234, "echo": true}`,
		`{"id":"cmpl-1","object":"text_completion","created":5,"model":"m","choices":[{"index":0,"text":"2+2= 4.","logprobs":{"text_offset":[0,1,2,3,4,5,6],"token_logprobs":[null,-3.5,-0.75,-1.0e-05,-0.25,-0.0,-2],"tokens":["2","+","2","="," ","4","."],"top_logprobs":[null,{"+":-3.5,"2":-1},{"2":-0.75},{"=":-1.0e-05},{" ":-0.25},{"4":-0.0},{".":-2}]},"finish_reason":"length","stop_reason":null,"prompt_logprobs":null}],"usage":{"prompt_tokens":6,"total_tokens":7,"completion_tokens":1,"prompt_tokens_details":null}}` + "\n",
		noScores},
	{"scores of tokens, several, told out of turn", completionsPath,
		`{"model": "m", "prompt": [[208, 158, 209, 136, 63, 32, 208, 190, 208, 190, 208, 177, 208, 176], [208, 158, 209, 136, 63, 32, 208, 182, 208, 190, 208, 186]], "temperature": 0, "max_tokens": 1, "logprobs": 1, "seed": 1234, "echo": true}`,
		`{"object":"text_completion","choices":[{"index":1,"text":"Ош? жок.","logprobs":{"tokens":["token_id:208"],"token_logprobs":[null],"top_logprobs":[null],"text_offset":[0]}}, {"index":0,"text":"Ош? ооба.","logprobs":{"tokens":["token_id:208"],"token_logprobs":[null],"top_logprobs":[null],"text_offset":[0]}}]}`,
		noScores},
	{"scores of text", completionsPath,
		`{"model": "m", "prompt": "\u041e\u0448? \u043e\u043e\u0431\u0430", "temperature": 0, "max_tokens": 1, "logprobs": 1, "seed": 1234, "echo": true}`,
		`{"object":"text_completion","choices":[{"index":0,"text":"Ош? ооба.","logprobs":{"tokens":["О"],"token_logprobs":[null],"top_logprobs":[null],"text_offset":[0]}}]}`,
		noScores},
	{"scores of text, several", completionsPath,
		`{"model": "m", "prompt": ["2+2= 4", "2+2= 5"], "temperature": 0, "max_tokens": 1, "logprobs": 1, "seed": 1234, "echo": true}`,
		`{"object":"text_completion","choices":[{"index":0,"text":"2+2= 4."},{"index":1,"text":"2+2= 5."}]}`,
		noScores},
	{"perplexity, in windows", completionsPath,
		`{"model": "m", "prompt": [[208, 182, 208, 190, 208, 186], [256, 208, 158, 209, 136, 63, 32]], "temperature": 0, "max_tokens": 1, "logprobs": 1, "seed": 1234, "echo": true}`,
		`{"object":"text_completion","choices":[{"index":0,"text":"жок."},{"index":1,"text":"Ош? ж"}]}`,
		noScores},
	{"as other harnesses score, without a token more", completionsPath,
		`{"model": "m", "prompt": [[50, 43, 50, 61, 32, 52]], "max_tokens": 0, "logprobs": 1, "echo": true}`,
		`{"object":"text_completion","choices":[{"index":0,"text":"2+2= 4"}]}`,
		noScores},
	{"text after tokens", completionsPath,
		`{"prompt": [[50, 43, 50, 61], [51, 43, 51, 61]], "model": "m", "max_tokens": 8, "temperature": 0.0, "stop": ["\n", "<eos>"], "seed": 1234}`,
		`{"object":"text_completion","choices":[{"index":0,"text":" 4"},{"index":1,"text":" 6"}]}`,
		`"message":"prompt[0] is a list; prompts of tokens cannot be passed on to Ollama, which takes text only; send strings"`},
	{"text after text", completionsPath,
		`{"prompt": "2+2=", "model": "m", "max_tokens": 8, "temperature": 0.0, "stop": ["\n"], "seed": 1234}`,
		`{"object":"text_completion","choices":[{"index":0,"text":" 4"}]}`,
		`"choices":[{"index":0,"text":" 4","logprobs":null,"finish_reason":"stop"}]`},
	{"text after text, several", completionsPath,
		`{"prompt": ["\u041e\u0448?", "2+2="], "model": "m", "max_tokens": 8, "temperature": 0.0, "stop": ["\n"], "seed": 1234}`,
		`{"object":"text_completion","choices":[{"index":0,"text":" ооба"},{"index":1,"text":" 4"}]}`,
		`"choices":[{"index":0,"text":" 4","logprobs":null,"finish_reason":"stop"},{"index":1,"text":" 4",`},
	{"chat", chatPath,
		`{"messages": [{"role": "user", "content": "2+2="}], "model": "m", "max_tokens": 8, "temperature": 0.0, "stop": [], "seed": 1234}`,
		`{"object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":" 4","reasoning_content":null},"finish_reason":"stop"}]}`,
		`"message":{"role":"assistant","content":" 4"`},
	{"chat, with an example before", chatPath,
		`{"messages": [{"role": "system", "content": "\u041a\u044b\u0441\u043a\u0430."}, {"role": "user", "content": "3+3="}, {"role": "assistant", "content": "6"}, {"role": "user", "content": "2+2="}], "model": "m", "max_tokens": 8, "temperature": 0.0, "stop": ["\n", "<|end|>"], "seed": 1234}`,
		`{"object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"4"},"finish_reason":"stop"}]}`,
		`"message":{"role":"assistant","content":" 4"`},
}

const (
	completionsPath = "/v1/completions"
	chatPath        = "/v1/chat/completions"

	noScores = `{"error":{"message":"echo with logprobs asks for the log-probabilities of the prompt, which Ollama does not have; ` +
		`name a model on a server that has them, such as vLLM, or leave out one of the two","type":"invalid_request_error","param":"logprobs","code":"invalid_request"}}`
)

// arrivals are what a model server was sent.
type arrivals struct {
	mu   sync.Mutex
	list []string
}

// add returns the path and the body.
func (l *arrivals) add(r *http.Request) string {
	body, _ := io.ReadAll(r.Body)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, r.URL.Path+" "+string(body))
	return l.list[len(l.list)-1]
}

// taken returns what came since it was last called.
func (l *arrivals) taken() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := l.list
	l.list = nil
	return list
}

type forwarder interface {
	Forward(ctx context.Context, r serving.Raw) (serving.Reply, error)
	Close()
}

// startBefore serves on a loopback port, in front of a model server.
func startBefore(t *testing.T, answer http.HandlerFunc, client func(url string) (forwarder, error)) (addr string) {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	c, err := client(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	addr, _ = start(t, &fake{forward: func(ctx context.Context, r serving.Raw, yield func([]byte, error) bool) {
		reply, err := c.Forward(ctx, r)
		yield(reply.Body, err)
	}}, Options{})
	return addr
}

// To a server of OpenAI's API, and back, goes what came, byte for byte.
func TestLMEval(t *testing.T) {
	var log arrivals
	answers := map[string]string{}
	for _, tt := range lmEvalAsks {
		answers[tt.path+" "+tt.body] = tt.answer
	}
	addr := startBefore(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/v1/models" {
			_, _ = io.WriteString(w, `{"object":"list","data":[{"id":"m","object":"model","owned_by":"vllm"}]}`)
			return
		}
		_, _ = io.WriteString(w, answers[log.add(r)])
	}, func(url string) (forwarder, error) { return openai.New(url, openai.Options{Kind: openai.VLLM}) })
	for _, tt := range lmEvalAsks {
		resp, got := send(t, "POST", "http://"+addr+tt.path, tt.body, "Content-Type", "application/json")
		if asked := log.taken(); !slices.Equal(asked, []string{tt.path + " " + tt.body}) {
			t.Errorf("%s: the model server was sent %q", tt.name, asked)
		}
		if resp.StatusCode != 200 || got != tt.answer {
			t.Errorf("%s: %d %q, want %q", tt.name, resp.StatusCode, got, tt.answer)
		}
	}
}

// Ollama scores no prompts: it is not asked to, and the answer says so.
func TestLMEvalOnOllama(t *testing.T) {
	var log arrivals
	addr := startBefore(t, func(w http.ResponseWriter, r *http.Request) {
		log.add(r)
		w.Header().Set("Content-Type", "application/x-ndjson")
		_, _ = io.WriteString(w, `{"model":"m","response":" 4","message":{"role":"assistant","content":" 4"},"done":true,"done_reason":"stop"}`+"\n")
	}, func(url string) (forwarder, error) { return ollama.New(url, ollama.Options{}) })
	for _, tt := range lmEvalAsks {
		status := 200
		if strings.Contains(tt.onOllama, `"message":"`) {
			status = 400
		}
		resp, got := send(t, "POST", "http://"+addr+tt.path, tt.body, "Content-Type", "application/json")
		if resp.StatusCode != status || !strings.Contains(got, tt.onOllama) {
			t.Errorf("%s: %d %s, want %d %s", tt.name, resp.StatusCode, got, status, tt.onOllama)
		}
		asked := strings.Join(log.taken(), "\n")
		for _, want := range []string{`2+2=`, `"num_predict":8`, `"seed":1234`, `"temperature":0`} {
			if strings.Contains(asked, want) != (status == 200) {
				t.Errorf("%s: Ollama was sent %q", tt.name, asked)
			}
		}
	}
}
