package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tilgate/serving/audit"
	"tilgate/serving/auth"
)

var chaosFor = flag.Duration("chaos", 12*time.Second, "how long everything is killed")

// TestChaos has callers ask while the model servers misbehave and everything,
// Tilgate itself included, is killed at random. In the end each answer that a
// caller got to its end stands in the audit log, once, under that caller; no
// caller got another's answer; and nothing has leaked or panicked. For longer:
// go test -run Chaos ./cmd/tilgate -chaos 5m
func TestChaos(t *testing.T) {
	c := newChaos(t)
	ctx, cancel := context.WithTimeout(t.Context(), *chaosFor)
	defer cancel()
	var wg sync.WaitGroup
	for _, s := range c.servers {
		wg.Go(func() { c.killServer(ctx, s) })
	}
	for i := range c.secrets {
		wg.Go(func() { c.ask(ctx, i) })
	}
	c.killTilgate(ctx)
	wg.Wait()
	c.settle()
	c.check()
}

// A chaos is Tilgate as a process between callers and servers.
type chaos struct {
	t       *testing.T
	dir     string
	address string // of Tilgate
	admin   string
	servers []*wildServer
	secrets []string

	mu   sync.Mutex
	got  map[string]string // caller, by answer that came to its end
	how  map[int]int       // answers, by status
	last *exec.Cmd
	logs []string

	asked, foreign, kills atomic.Int64
}

func newChaos(t *testing.T) *chaos {
	t.Helper()
	c := &chaos{t: t, dir: t.TempDir(), address: freeAddress(t), admin: freeAddress(t), got: map[string]string{}, how: map[int]int{}}
	config := fmt.Sprintf("data = %q\nlisten = %q\nadmin = %q\n[ollama]\nurl = \"\"\n[audit]\nfolder = %q\ndurable = true\n",
		filepath.Join(c.dir, "data"), c.address, c.admin, filepath.Join(c.dir, "audit"))
	for i := range 2 {
		s := &wildServer{address: freeAddress(t)}
		s.start(t)
		c.servers = append(c.servers, s)
		config += fmt.Sprintf("[[backend]]\nname = \"s%d\"\nkind = \"vllm\"\nurl = \"http://%s\"\nslots = 16\n", i, s.address)
	}
	for i := range 8 {
		secret, key := auth.Generate()
		hash, _ := key.Hash.MarshalText()
		config += fmt.Sprintf("[[key]]\nname = \"caller%d\"\nhash = %q\n", i, hash)
		c.secrets = append(c.secrets, secret)
	}
	write(t, filepath.Join(c.dir, "tilgate.toml"), config)
	c.start()
	t.Cleanup(func() {
		c.last.Process.Kill()
		c.last.Wait()
		for _, s := range c.servers {
			s.stop()
		}
	})
	return c
}

func freeAddress(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// start starts Tilgate, and waits until it answers.
func (c *chaos) start() {
	self, err := os.Executable()
	if err != nil {
		c.t.Fatal(err)
	}
	path := filepath.Join(c.dir, fmt.Sprintf("log%d", len(c.logs)))
	log, err := os.Create(path)
	if err != nil {
		c.t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command("tilgate", "serve", "--config", "tilgate.toml")
	cmd.Path, cmd.Dir, cmd.Stderr = self, c.dir, log
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.last, c.logs = cmd, append(c.logs, path)
	for range 500 {
		if resp, err := http.Get("http://" + c.address + "/healthz"); err == nil {
			resp.Body.Close()
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	text, _ := os.ReadFile(path)
	c.t.Fatalf("it does not start:\n%s", text)
}

// killTilgate kills it now and then, or asks it to end.
func (c *chaos) killTilgate(ctx context.Context) {
	rng := rand.New(rand.NewPCG(1, 2))
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Duration(500+rng.IntN(2500)) * time.Millisecond):
		}
		if rng.IntN(4) == 0 {
			c.last.Process.Signal(syscall.SIGTERM)
		} else {
			c.last.Process.Kill()
		}
		c.last.Wait()
		c.kills.Add(1)
		c.start()
	}
}

func (c *chaos) killServer(ctx context.Context, s *wildServer) {
	rng := rand.New(rand.NewPCG(3, uint64(len(s.address))))
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Duration(300+rng.IntN(3000)) * time.Millisecond):
		}
		s.stop()
		time.Sleep(time.Duration(rng.IntN(800)) * time.Millisecond)
		s.start(c.t)
	}
}

var mark = regexp.MustCompile(`token-\d+-\d+`)

// ask asks without end, and notes what came to its end.
func (c *chaos) ask(ctx context.Context, caller int) {
	rng := rand.New(rand.NewPCG(5, uint64(caller)))
	client := &http.Client{Timeout: 10 * time.Second}
	defer client.CloseIdleConnections()
	for n := 0; ctx.Err() == nil; n++ {
		own := fmt.Sprintf("token-%d-%d", caller, n)
		stream := rng.IntN(2) == 0
		body := fmt.Sprintf(`{"model":"m","stream":%v,"messages":[{"role":"user","content":"%s"}]}`, stream, own)
		ctx, cancel := context.WithCancel(ctx)
		if rng.IntN(8) == 0 { // some leave
			time.AfterFunc(time.Duration(rng.IntN(60))*time.Millisecond, cancel)
		}
		req, err := http.NewRequestWithContext(ctx, "POST", "http://"+c.address+"/v1/chat/completions", strings.NewReader(body))
		if err != nil {
			c.t.Error(err)
			cancel()
			return
		}
		req.Header.Set("Authorization", "Bearer "+c.secrets[caller])
		c.asked.Add(1)
		resp, err := client.Do(req)
		if err != nil {
			cancel()
			time.Sleep(20 * time.Millisecond) // it is being started again
			continue
		}
		answer, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		cancel()
		if said := mark.Find(answer); said != nil && string(said) != own {
			c.foreign.Add(1)
			c.t.Errorf("%s got %s", own, said)
		}
		whole := err == nil && resp.StatusCode == 200 && (stream && bytes.HasSuffix(answer, []byte("data: [DONE]\n\n")) || !stream && json.Valid(answer))
		c.mu.Lock()
		c.how[resp.StatusCode]++
		if whole {
			c.got["chatcmpl-"+strings.TrimPrefix(resp.Header.Get("X-Request-Id"), "req_")] = "caller" + strconv.Itoa(caller)
		}
		c.mu.Unlock()
		if resp.StatusCode != 200 {
			time.Sleep(20 * time.Millisecond)
		}
	}
}

// settle waits until nothing is on its way, and looks for what has leaked.
func (c *chaos) settle() {
	var goroutines int
	for range 100 {
		resp, err := http.Get("http://" + c.admin + "/debug/pprof/goroutine?debug=1")
		if err != nil {
			time.Sleep(50 * time.Millisecond)
			continue
		}
		text, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		fmt.Sscanf(string(text), "goroutine profile: total %d", &goroutines)
		if goroutines > 0 && goroutines < 60 {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if goroutines == 0 || goroutines >= 60 {
		c.t.Errorf("%d goroutines are left when nothing is on its way", goroutines)
	}
	c.last.Process.Signal(syscall.SIGTERM)
	if err := c.last.Wait(); err != nil {
		c.t.Errorf("it does not end well: %v", err)
	}
	c.start()
}

// check holds what callers got against the audit log.
func (c *chaos) check() {
	c.last.Process.Kill()
	c.last.Wait()
	for _, path := range c.logs {
		if text, _ := os.ReadFile(path); bytes.Contains(text, []byte("panic: ")) || bytes.Contains(text, []byte("\ngoroutine ")) { // ids may hold "panic"
			c.t.Errorf("a panic:\n%s", text)
		}
	}
	folder := filepath.Join(c.dir, "audit")
	chain, err := audit.Verify(folder)
	if err != nil {
		c.t.Fatal(err)
	}
	files, err := audit.Files(folder)
	if err != nil {
		c.t.Fatal(err)
	}
	times, callers := map[string]int{}, map[string]string{}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			c.t.Fatal(err)
		}
		for _, line := range bytes.Split(bytes.TrimSpace(text), []byte("\n")) {
			var e audit.Entry
			if err := json.Unmarshal(line, &e); err != nil {
				c.t.Fatal(err)
			}
			times[e.ID]++
			callers[e.ID] = e.Caller + " " + e.Outcome
		}
	}
	for id, caller := range c.got {
		if times[id] != 1 || callers[id] != caller+" ok" {
			c.t.Errorf("%s, which %s got, stands %d times in the audit log, for %q", id, caller, times[id], callers[id])
		}
	}
	c.t.Logf("%d asked, %d got their answer whole, %d kills of Tilgate, %d records; answers by status: %v", c.asked.Load(), len(c.got), c.kills.Load(), chain.Records, c.how)
	if len(c.got) < 50 || c.kills.Load() < 2 {
		c.t.Errorf("too little happened: %d answers, %d kills", len(c.got), c.kills.Load())
	}
}

// A wildServer is an OpenAI-compatible server that does well mostly.
type wildServer struct {
	address string
	mu      sync.Mutex
	server  *http.Server
}

func (s *wildServer) start(t *testing.T) {
	var ln net.Listener
	var err error
	for range 100 { // the kernel may keep the address for a moment
		if ln, err = net.Listen("tcp", s.address); err == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err != nil {
		t.Error(err)
		return
	}
	server := &http.Server{Handler: s}
	s.mu.Lock()
	s.server = server
	s.mu.Unlock()
	go server.Serve(ln)
}

func (s *wildServer) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.server.Close()
}

func (s *wildServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/v1/models" {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"object":"list","data":[{"id":"m","object":"model","owned_by":"vllm"}]}`)
		return
	}
	body, _ := io.ReadAll(r.Body)
	said := string(mark.Find(body))
	stream := bytes.Contains(body, []byte(`"stream":true`))
	whole := `{"id":"x","choices":[{"index":0,"message":{"role":"assistant","content":"` + said + `"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}`
	time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
	switch rand.IntN(16) {
	case 0:
		http.Error(w, "out of memory", 500)
		return
	case 1:
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<html>proxy</html>")
		return
	case 2:
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, whole[:len(whole)/2])
		return
	case 3: // 200, then reset
		w.Header().Set("Content-Length", "1000")
		io.WriteString(w, whole[:20])
		panic(http.ErrAbortHandler)
	case 4:
		select {
		case <-r.Context().Done():
		case <-time.After(time.Second):
		}
		panic(http.ErrAbortHandler)
	}
	if !stream {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, whole)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	cut := rand.IntN(40)
	for i := range 5 {
		if i == cut {
			panic(http.ErrAbortHandler)
		}
		fmt.Fprintf(w, "data: {\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"%s \"},\"finish_reason\":null}]}\n\n", said)
		w.(http.Flusher).Flush()
		time.Sleep(time.Millisecond)
	}
	io.WriteString(w, "data: {\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
}
