package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tilgate/serving/auth"
)

// TestStockClientsPassThrough has the clients ask a server that speaks
// OpenAI's API, behind Tilgate: what Ollama has not comes through as well.
func TestStockClientsPassThrough(t *testing.T) {
	dir := npmFolder(t)
	server := httptest.NewServer(http.HandlerFunc(openAIServer))
	t.Cleanup(server.Close)
	s := serveWith(t, fmt.Sprintf("[openai]\nurl = %q\nkind = \"other\"\n", server.URL))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	well(ctx, t, dir, 3, "passed.mjs", s.base, s.key, "upstream/model")
}

// serveWith serves one document with a configuration that ends in sections.
func serveWith(t *testing.T, sections string) *service {
	t.Helper()
	dir := t.TempDir()
	secret, key := auth.Generate()
	hash, err := key.Hash.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "tilgate.toml")
	write(t, config, fmt.Sprintf("data = %q\nlisten = \"127.0.0.1:0\"\n%s[[key]]\nname = \"desk\"\nhash = %q\n", filepath.Join(dir, "data"), sections, hash))
	write(t, filepath.Join(dir, "pension.txt"), "Аялдар 58 жаштан, эркектер 63 жаштан пенсияга чыгат. Пенсия ай сайын төлөнөт.")
	if code, _, errOut := tilgate(t, "ingest", "--config", config, "--kb", "office", "--lang", "ky", filepath.Join(dir, "pension.txt")); code != 0 {
		t.Fatal(errOut)
	}
	log := serveHere(t, config, noEnv)
	return &service{base: "http://" + address(t, log), key: secret}
}

// openAIServer answers as a server of OpenAI's API would: a tool call to who
// brings tools, JSON to who asks for it, else the last message in capitals.
func openAIServer(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var q struct {
		Messages []struct{ Content string }
		Tools    []any
		Format   any `json:"response_format"`
		Stream   bool
		N        int
		Prompt   []string
		Input    []any
		Docs     []string `json:"documents"`
		Extra    string   `json:"of_this_server"`
	}
	if err := json.Unmarshal(body, &q); len(body) > 0 && err != nil {
		http.Error(w, `{"error":{"message":"`+strings.ReplaceAll(err.Error(), `"`, "'")+`","type":"invalid_request_error","param":null,"code":null}}`, 400)
		return
	}
	switch r.URL.Path {
	case "/v1/models":
		say(w, `{"object":"list","data":[{"id":"upstream/model","object":"model","created":5,"owned_by":"vllm","root":"/models/base","parent":null}]}`)
	case "/v1/embeddings":
		say(w, listOf(len(q.Input), `{"object":"embedding","index":%d,"embedding":[0.25,-1]}`, `{"object":"list","model":"m","data":[%s],"usage":{"prompt_tokens":3,"total_tokens":3}}`))
	case "/v1/rerank":
		say(w, listOf(len(q.Docs), `{"index":%d,"relevance_score":0.5}`, `{"results":[%s]}`))
	case "/v1/completions":
		say(w, listOf(len(q.Prompt), `{"index":%d,"text":"on","logprobs":null,"finish_reason":"stop"}`, `{"id":"c","object":"text_completion","created":5,"model":"m","choices":[%s]}`))
	case "/v1/chat/completions":
		answer := `"content":` + inJSON(strings.ToUpper(q.Messages[len(q.Messages)-1].Content+q.Extra))
		finish := "stop"
		switch {
		case len(q.Tools) > 0:
			answer, finish = `"content":null,"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"weather","arguments":"{\"place\":\"Ош\"}"}}]`, "tool_calls"
		case q.Format != nil:
			answer = `"content":"{\"sure\":true}"`
		}
		const usage = `"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}`
		if !q.Stream {
			say(w, listOf(max(q.N, 1), `{"index":%d,"message":{"role":"assistant",`+strings.ReplaceAll(answer, "%", "%%")+`},"finish_reason":"`+finish+`"}`,
				`{"id":"c","object":"chat.completion","created":5,"model":"m","choices":[%s],`+usage+`}`))
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		for _, choices := range []string{`[{"index":0,"delta":{"role":"assistant",` + answer + `},"finish_reason":null}]`, `[{"index":0,"delta":{},"finish_reason":"` + finish + `"}]`} {
			fmt.Fprintf(w, "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":5,\"model\":\"m\",\"choices\":%s}\n\n", choices)
		}
		fmt.Fprintf(w, "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":5,\"model\":\"m\",\"choices\":[],%s}\n\ndata: [DONE]\n\n", usage)
	default:
		http.NotFound(w, r)
	}
}

func say(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, body)
}

// listOf writes a list of n things into what is around it.
func listOf(n int, one, around string) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(one, i)
	}
	return strings.Replace(around, "%s", strings.Join(list, ","), 1)
}

func inJSON(s string) string {
	data, _ := json.Marshal(s)
	return string(data)
}
