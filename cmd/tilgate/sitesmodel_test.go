package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// said is what the model servers of the sites answer, in Kyrgyz, with the mark
// of the passage that it stands in.
const said = "Аялдар 58 жаштан пенсияга чыгат [1]. Эркектер 63 жаштан пенсияга чыгат [1]. Пенсия ай сайын төлөнөт [1]. " +
	"Аялдар 58 жаштан, эркектер 63 жаштан пенсияга чыгат, жана пенсия ай сайын төлөнөт [1]."

// A siteModel is a model server, as vLLM is, that can be stopped and started.
type siteModel struct {
	address string
	pace    atomic.Int64 // time between two words of a stream
	server  *http.Server

	mu   sync.Mutex
	seen map[string]int // requests, by who asked
}

var whoAsks = regexp.MustCompile(`token-[a-z]+`)

func newSiteModel(t *testing.T) *siteModel {
	m := &siteModel{address: freeAddress(t), seen: map[string]int{}}
	m.start(t)
	t.Cleanup(m.stop)
	return m
}

func (m *siteModel) start(t *testing.T) {
	t.Helper()
	var ln net.Listener
	var err error
	for range 100 { // the kernel may keep the address for a moment
		if ln, err = net.Listen("tcp", m.address); err == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err != nil {
		t.Fatal(err)
	}
	m.server = &http.Server{Handler: m}
	go m.server.Serve(ln)
}

func (m *siteModel) stop() { m.server.Close() }

// count returns how many requests of somebody have come.
func (m *siteModel) count(who string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.seen["token-"+who]
}

func (m *siteModel) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/v1/models" {
		say(w, `{"object":"list","data":[{"id":"m","object":"model","owned_by":"vllm"}]}`)
		return
	}
	var q struct {
		Messages []struct{ Role, Content string }
		Stream   bool
		Goes     bool `json:"continue_final_message"`
	}
	if json.NewDecoder(r.Body).Decode(&q) != nil || len(q.Messages) == 0 {
		http.Error(w, `{"error":{"message":"no messages"}}`, 400)
		return
	}
	last, text := q.Messages[len(q.Messages)-1], said
	if q.Goes {
		text = strings.TrimPrefix(said, last.Content)
	}
	m.mu.Lock()
	for _, message := range q.Messages {
		if who := whoAsks.FindString(message.Content); who != "" {
			m.seen[who]++
			break
		}
	}
	m.mu.Unlock()
	const usage = `"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}`
	if !q.Stream {
		say(w, `{"id":"x","object":"chat.completion","created":5,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":`+inJSON(text)+`},"finish_reason":"stop"}],`+usage+`}`)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	for _, word := range strings.SplitAfter(text, " ") {
		fmt.Fprintf(w, "data: {\"id\":\"x\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"content\":%s},\"finish_reason\":null}]}\n\n", inJSON(word))
		w.(http.Flusher).Flush()
		select {
		case <-time.After(time.Duration(m.pace.Load())):
		case <-r.Context().Done():
			return
		}
	}
	fmt.Fprint(w, "data: {\"id\":\"x\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"+
		"data: {\"id\":\"x\",\"object\":\"chat.completion.chunk\",\"choices\":[],"+usage+"}\n\ndata: [DONE]\n\n")
}
