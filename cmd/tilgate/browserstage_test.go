package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// controls is what a script may tell the stage, each by a POST.
func (s *stage) controls() http.Handler {
	mux := http.NewServeMux()
	for path, do := range map[string]func(){"/calm": s.calm, "/cut": s.line.cut, "/down": s.line.down, "/up": s.line.up} {
		mux.HandleFunc("POST "+path, func(http.ResponseWriter, *http.Request) { do() })
	}
	mux.HandleFunc("POST /say", func(w http.ResponseWriter, r *http.Request) {
		var say saying
		if err := json.NewDecoder(r.Body).Decode(&say); err != nil {
			http.Error(w, err.Error(), 400)
			return
		}
		s.speaker.set(say)
	})
	mux.HandleFunc("GET /asked", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, s.speaker.count()) })
	mux.HandleFunc("GET /tickets", s.tickets.list)
	mux.HandleFunc("GET /speaking", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, s.speaker.speaking.Load()) })
	return mux
}

// calm has everything go well again.
func (s *stage) calm() {
	s.line.up()
	s.speaker.set(saying{})
}

// A line leads to an address, until it is cut.
type line struct {
	listener net.Listener
	to       string

	mu    sync.Mutex
	dead  bool // nobody gets through
	conns map[net.Conn]bool
}

func newLine(t *testing.T, to string) *line {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &line{listener: ln, to: to, conns: map[net.Conn]bool{}}
	t.Cleanup(func() { ln.Close(); l.cut() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go l.pass(conn)
		}
	}()
	return l
}

func (l *line) base() string { return "http://" + l.listener.Addr().String() }

func (l *line) pass(from net.Conn) {
	defer from.Close()
	to, err := net.Dial("tcp", l.to)
	if err != nil {
		return
	}
	defer to.Close()
	if !l.hold(from, to) {
		return
	}
	defer l.letGo(from, to)
	go func() {
		io.Copy(to, from)
		to.Close()
	}()
	io.Copy(from, to)
}

func (l *line) hold(conns ...net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range conns {
		l.conns[c] = true
	}
	return !l.dead
}

func (l *line) letGo(conns ...net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range conns {
		delete(l.conns, c)
	}
}

// cut ends what is on its way; who calls again gets through.
func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		c.Close()
	}
}

// down ends what is on its way, and what comes, until up.
func (l *line) down() {
	l.mu.Lock()
	l.dead = true
	l.mu.Unlock()
	l.cut()
}

func (l *line) up() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dead = false
}

// A saying is how the model server answers. The zero one quotes the first
// passage of the prompt, in small steps.
type saying struct {
	Text  string // said in place of the quote
	Pause int    // milliseconds between words
	Fails bool   // answers with an error, though it says that it is well
}

// A speaker is a model server that speaks OpenAI's API, word by word.
type speaker struct {
	mu    sync.Mutex
	next  saying
	asked int

	speaking atomic.Int32 // answers that are being said
}

func (s *speaker) set(next saying) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next = next
}

func (s *speaker) take() saying {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	return s.next
}

func (s *speaker) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func (s *speaker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/v1/models" {
		say(w, `{"object":"list","data":[{"id":"m","object":"model","owned_by":"vllm"}]}`)
		return
	}
	var q struct {
		Messages []struct{ Content string }
		Most     int `json:"max_tokens"`
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil || len(q.Messages) == 0 {
		http.Error(w, "no messages", 400)
		return
	}
	next := saying{Text: "."}
	if q.Most != 1 { // who wants one token only asks how the server is
		next = s.take()
	}
	if next.Fails {
		http.Error(w, `{"error":{"message":"out of memory","type":"server_error"}}`, 500)
		return
	}
	if next.Text == "" {
		next.Text = quoteFrom(q.Messages[0].Content)
	}
	s.speaking.Add(1)
	defer s.speaking.Add(-1)
	w.Header().Set("Content-Type", "text/event-stream")
	for _, word := range strings.SplitAfter(next.Text, " ") {
		fmt.Fprintf(w, "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":%s},\"finish_reason\":null}]}\n\n", inJSON(word))
		w.(http.Flusher).Flush()
		select {
		case <-r.Context().Done():
			return
		case <-time.After(time.Duration(next.Pause) * time.Millisecond):
		}
	}
	io.WriteString(w, "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
}

var (
	passage1 = regexp.MustCompile(`(?s)<passage n="1">\n[^\n]*\n(.*?)\n</passage>`)
	ending   = regexp.MustCompile(`[.!?؟۔។።]`)
)

// quoteFrom returns what a diligent model would say: two sentences of the
// first passage, each with its mark.
func quoteFrom(prompt string) string {
	m := passage1.FindStringSubmatch(prompt)
	if m == nil {
		return ""
	}
	text := strings.Join(strings.Fields(m[1]), " ")
	var said []string
	for range 2 {
		end := ending.FindStringIndex(text)
		if end == nil {
			break
		}
		said = append(said, text[:end[0]]+" [1]"+text[end[0]:end[1]])
		text = strings.TrimSpace(text[end[1]:])
	}
	return strings.Join(said, " ")
}
