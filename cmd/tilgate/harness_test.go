package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// A service is the program, running in this process.
type service struct {
	base, key string
	out       *output
	stop      func() int // waits for the end and returns the exit code
}

// An output is written by the program and read by the test.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

var askHere = regexp.MustCompile(`Ask here +(http://\S+)/\?key=(\S+)`)

// startDemo runs the demo on a free port until the test ends.
func startDemo(t testing.TB, data string, args ...string) *service {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s := &service{out: &output{}}
	errOut, ended := &output{}, make(chan struct{})
	code := -1
	go func() {
		defer close(ended)
		args := append([]string{"demo", "--data", data, "--listen", "127.0.0.1:0"}, args...)
		code = run(ctx, args, noEnv, strings.NewReader(""), s.out, errOut)
	}()
	s.stop = func() int {
		cancel()
		<-ended
		return code
	}
	t.Cleanup(func() {
		if code := s.stop(); code != 0 {
			t.Errorf("the demo ended with %d: %s", code, errOut)
		}
	})
	for !strings.Contains(s.out.String(), "Ctrl-C stops it.") {
		select {
		case <-ended:
			t.Fatalf("the demo ended with %d: %s", code, errOut)
		case <-time.After(10 * time.Millisecond):
		}
	}
	m := askHere.FindStringSubmatch(s.out.String())
	s.base, s.key = m[1], m[2]
	return s
}

// client leaves no connections behind.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// post sends a body to the chat completions and returns what comes back.
func (s *service) post(t testing.TB, body string, header ...string) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "POST", s.base+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.key)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		if req.Header.Set(header[i], header[i+1]); header[i] == "Host" {
			req.Host = header[i+1]
		}
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%v after %q", err, data)
	}
	return resp.StatusCode, data
}

// The part of OpenAI's shapes that the tests read.
type chatAnswer struct {
	Object  string
	Model   string
	Choices []struct {
		Message, Delta chatMessage
		FinishReason   string `json:"finish_reason"`
	}
	Usage struct {
		Prompt     int `json:"prompt_tokens"`
		Completion int `json:"completion_tokens"`
		Total      int `json:"total_tokens"`
	}
	Tilgate chatExtension
	Error   *struct{ Message, Type, Code string }
}

type chatMessage struct {
	Role, Content string
	Annotations   []struct {
		Citation struct {
			URL, Title string
			Start      int `json:"start_index"`
			End        int `json:"end_index"`
		} `json:"url_citation"`
	}
}

type chatExtension struct {
	Language     struct{ Tag, Script string }
	Adapter      string
	Why, Weights string
	Model        string
	Grounded     bool
	Degraded     string
	Cached       bool
	Chars        int
	Estimated    bool                                `json:"usage_estimated"`
	Passages     []struct{ Document, Source string } `json:"passages"`
}

func (a chatAnswer) message() chatMessage {
	if len(a.Choices) == 0 {
		return chatMessage{}
	}
	return a.Choices[0].Message
}

// chatBody is a request with one question.
func chatBody(model, question string, stream bool) string {
	body, err := json.Marshal(map[string]any{"model": model, "stream": stream,
		"messages": []map[string]string{{"role": "user", "content": question}}})
	if err != nil {
		panic(err) // nothing in it can fail
	}
	return string(body)
}

// ask asks one question and wants an answer.
func (s *service) ask(t *testing.T, model, question string) chatAnswer {
	t.Helper()
	status, data := s.post(t, chatBody(model, question, false))
	if status != 200 {
		t.Fatalf("%q: %d %s", question, status, data)
	}
	return parseAnswer(t, data)
}

func parseAnswer(t *testing.T, data []byte) chatAnswer {
	t.Helper()
	var a chatAnswer
	if err := json.Unmarshal(data, &a); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	return a
}

// askStream asks the same as a stream, and puts the chunks together.
func (s *service) askStream(t *testing.T, model, question string) chatAnswer {
	t.Helper()
	status, data := s.post(t, chatBody(model, question, true))
	if status != 200 {
		t.Fatalf("%q: %d %s", question, status, data)
	}
	return joinChunks(t, data)
}

func joinChunks(t *testing.T, data []byte) chatAnswer {
	t.Helper()
	var whole chatAnswer
	var message chatMessage
	ended, finish := false, ""
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		event, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		if ended = event == "[DONE]"; ended {
			continue
		}
		a := parseAnswer(t, []byte(event))
		if a.Error != nil {
			whole.Error = a.Error
			continue
		}
		if a.Tilgate.Adapter != "" {
			whole.Tilgate = a.Tilgate
		}
		for _, c := range a.Choices {
			message.Role += c.Delta.Role
			message.Content += c.Delta.Content
			message.Annotations = append(message.Annotations, c.Delta.Annotations...)
			finish += c.FinishReason
		}
		whole.Choices = a.Choices
	}
	if !ended && whole.Error == nil {
		t.Errorf("the stream does not end with [DONE]:\n%s", data)
	}
	whole.Choices = append(whole.Choices[:0], struct {
		Message, Delta chatMessage
		FinishReason   string `json:"finish_reason"`
	}{Message: message, FinishReason: finish})
	return whole
}

// eventually waits until something is so.
func eventually(t *testing.T, so func() bool) {
	t.Helper()
	for range 1000 {
		if so() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("it did not come to be so")
}

// serveHere serves a configuration in this process until the test ends, and
// returns its log.
func serveHere(t *testing.T, config string, env func(string) string) *output {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	log, ended := &output{}, make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"serve", "--config", config}, env, strings.NewReader(""), &output{}, log)
	}()
	t.Cleanup(func() {
		cancel()
		if code := <-ended; code != 0 || t.Failed() {
			t.Errorf("exit code %d:\n%s", code, log)
		}
	})
	address(t, log)
	return log
}
