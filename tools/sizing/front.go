package main

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"

	"github.com/ollama/ollama/api"
)

// A front stands between Tilgate and Ollama, keeps the prompts that Tilgate
// makes, and answers them with a word.
type front struct {
	http.Server
	address string
	mu      sync.Mutex
	prompts []string
}

func startFront(o *ollama) (*front, error) {
	to, err := url.Parse(o.url)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	f := &front{address: "http://" + l.Addr().String()}
	mux := http.NewServeMux()
	mux.Handle("/", &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }, Transport: client().Transport})
	mux.HandleFunc("POST /api/chat", f.chat)
	f.Handler = mux
	go func() { _ = f.Serve(l) }() // until it is closed
	return f, nil
}

func (f *front) chat(w http.ResponseWriter, r *http.Request) {
	var req api.ChatRequest
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var text strings.Builder
	for _, m := range req.Messages {
		text.WriteString(m.Content + "\n")
	}
	f.mu.Lock()
	f.prompts = append(f.prompts, text.String())
	f.mu.Unlock()
	answer := api.ChatResponse{Model: req.Model, Message: api.Message{Role: "assistant", Content: "Namuna [1]."}, Done: true, DoneReason: "stop"}
	answer.PromptEvalCount, answer.EvalCount = 1, 1
	_ = json.NewEncoder(w).Encode(answer) // who has gone needs none
}

// take returns the first prompt since the last call. Tilgate may ask again if
// an answer is in the wrong language.
func (f *front) take() (string, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := f.prompts
	if f.prompts = nil; len(list) == 0 {
		return "", false
	}
	return list[0], true
}
