// Package ollamatest gives tests a real Ollama server with tiny models that
// it writes itself: no network, no weights, no GPU.
//
// The server comes from tools/ollama/build.sh; without one the test is
// skipped. It runs in a process group of its own under a shell that kills the
// group when the test's process is gone, however that ended: a killed Ollama
// leaves its runners behind.
package ollamatest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ollama/ollama/api"
)

// version is that of the server in tools/ollama/go.mod.
const version = "0.17.4"

// NumCtx is the context that created models are loaded with first. A client
// that asks for another one has the model loaded again.
const NumCtx = 8192

// A Server is a real Ollama server on loopback with models of its own.
type Server struct {
	URL    string // "http://127.0.0.1:…"
	API    *api.Client
	Models string // folder of its models

	tb    testing.TB
	group int
	alive io.Closer // closing it makes the shell kill the group
	gone  <-chan struct{}
	kill  sync.Once
}

// Find returns the path of an Ollama server: what TILGATE_OLLAMA says, else
// the one on the PATH, else the one that tools/ollama/build.sh has built.
func Find() (string, error) {
	if path := os.Getenv("TILGATE_OLLAMA"); path != "" {
		return exec.LookPath(path)
	}
	if path, err := exec.LookPath("ollama"); err == nil {
		return path, nil
	}
	cache := os.Getenv("XDG_CACHE_HOME") // as in build.sh, on every system
	if cache == "" {
		cache = filepath.Join(os.Getenv("HOME"), ".cache")
	}
	return exec.LookPath(filepath.Join(cache, "tilgate", "ollama-"+version, "ollama"))
}

// Start starts a server that lives until the test ends. A test is skipped
// where there is none, unless TILGATE_OLLAMA names one.
func Start(tb testing.TB) *Server {
	tb.Helper()
	binary, err := Find()
	if err != nil {
		if os.Getenv("TILGATE_OLLAMA") != "" {
			tb.Fatalf("TILGATE_OLLAMA: %v", err)
		}
		tb.Skip("no Ollama server here; to build one: tools/ollama/build.sh")
	}
	for range 3 {
		var s *Server
		if s, err = start(tb, binary); err == nil {
			return s
		}
	}
	tb.Fatalf("starting Ollama: %v", err)
	return nil
}

// start starts binary on a free port, which another process may take first.
func start(tb testing.TB, binary string) (*Server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	home := tb.TempDir()
	log, err := os.Create(filepath.Join(home, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command("/bin/sh", "-c", `"$1" serve & cat >/dev/null; kill -9 -$$`, "sh", binary)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TMPDIR=" + home,
		"OLLAMA_HOST=" + port, "OLLAMA_MODELS=" + filepath.Join(home, "models"),
		"OLLAMA_NUM_PARALLEL=1", "OLLAMA_KEEP_ALIVE=-1", "OLLAMA_NO_CLOUD=1", "OLLAMA_NOPRUNE=1",
	}
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	alive, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_ = cmd.Wait() // killed, as it should be
	}()
	base := &url.URL{Scheme: "http", Host: port}
	s := &Server{URL: base.String(), API: api.NewClient(base, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}),
		Models: filepath.Join(home, "models"), tb: tb, group: cmd.Process.Pid, alive: alive, gone: gone}
	tb.Cleanup(func() {
		s.Kill()
		if tb.Failed() {
			tb.Logf("the end of Ollama's log:\n%s", tail(log.Name(), 4<<10))
		}
	})
	if err := s.answers(); err != nil {
		s.Kill()
		return nil, fmt.Errorf("%w; the end of its log:\n%s", err, tail(log.Name(), 2<<10))
	}
	return s, nil
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// answers waits for the server's first answer.
func (s *Server) answers() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		err := s.API.Heartbeat(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no answer in 30 s: %w", err)
		case <-s.gone:
			return errors.New("it ended at once")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Kill ends the server and its runners at once, as a crash would. It returns
// when they are gone.
func (s *Server) Kill() {
	s.kill.Do(func() {
		_ = syscall.Kill(-s.group, syscall.SIGKILL)
		_ = s.alive.Close()
		s.ended()
	})
}

// ended waits until the port is free; the processes of a killed group end one
// after the other.
func (s *Server) ended() {
	<-s.gone
	for range 250 {
		conn, err := net.Dial("tcp", s.URL[len("http://"):])
		if err != nil {
			return
		}
		_ = conn.Close()
		time.Sleep(20 * time.Millisecond)
	}
	s.tb.Errorf("Ollama at %s outlived its group", s.URL)
}

// Create makes the tiny model name with the seed 1 and loads it.
func (s *Server) Create(name string) {
	s.tb.Helper()
	s.CreateTiny(name, Tiny{Seed: 1})
}

// CreateTiny makes the tiny model name and loads it: Ollama's create checks
// almost nothing, and what is wrong appears when a model is first loaded.
func (s *Server) CreateTiny(name string, t Tiny) {
	s.tb.Helper()
	if err := s.create(name, t); err != nil {
		s.tb.Fatalf("creating the tiny model %s: %v", name, err)
	}
}

func (s *Server) create(name string, t Tiny) error {
	ctx, cancel := context.WithTimeout(s.tb.Context(), time.Minute)
	defer cancel()
	var file bytes.Buffer
	if err := WriteTinyModel(&file, t); err != nil {
		return err
	}
	digest := fmt.Sprintf("sha256:%x", sha256.Sum256(file.Bytes()))
	if err := s.API.CreateBlob(ctx, digest, &file); err != nil {
		return fmt.Errorf("sending it: %w", err)
	}
	req := &api.CreateRequest{
		Model: name,
		Files: map[string]string{"tiny.gguf": digest},
		// More threads than free cores make it a hundred times slower.
		Parameters: map[string]any{"num_thread": 1, "num_ctx": NumCtx, "seed": 1},
		Template:   template,
	}
	if err := s.API.Create(ctx, req, func(api.ProgressResponse) error { return nil }); err != nil {
		return err
	}
	if t.Embeds {
		_, err := s.API.Embed(ctx, &api.EmbedRequest{Model: name, Input: "load"})
		return err
	}
	return s.API.Generate(ctx, &api.GenerateRequest{Model: name}, func(api.GenerateResponse) error { return nil })
}

// template shows tools as well, so that Ollama lets the model have some.
const template = `{{ range .Tools }}{{ . }}
{{ end }}{{ range .Messages }}{{ .Role }}: {{ .Content }}{{ range .ToolCalls }}{"name": "{{ .Function.Name }}", "arguments": {{ .Function.Arguments }}}{{ end }}
{{ end }}assistant: `

func tail(path string, n int) []byte {
	text, _ := os.ReadFile(path) // an empty log says as much as none
	return text[max(0, len(text)-n):]
}
