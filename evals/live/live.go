// Package live asks models that are served somewhere: by Tilgate, by Ollama,
// or by anything that speaks OpenAI's API.
//
// Dial finds out which. A Target then asks one model of that server: for an
// answer, which it takes as a stream to see when the first word comes, or for
// how likely the model finds given texts. An answer that broke off is an
// error here, never a short answer: whoever scores it could not tell.
package live

import (
	"context"
	"crypto/tls"
	"math"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"tilgate/evals"
	"tilgate/internal/lang"
	"tilgate/internal/outbound"
)

// Options say whom to ask, and how. Only URL is needed.
type Options struct {
	URL     string        // "http://host:port", with or without /v1
	Key     string        // bearer token; may be empty
	API     string        // "openai", "ollama", or "" to find out
	Seed    uint64        // given to the models, without its highest bit
	Timeout time.Duration // of one answer; 0 means 10 min
	Client  *http.Client  // may be nil
	// Bare asks Tilgate what is not about a knowledge base without one. The key
	// needs the scope eval.
	Bare  bool
	Extra map[string]any // for the object "tilgate" of what is asked of Tilgate itself
}

// An api is what a server speaks.
type api int

const (
	openAI api = iota
	ollama
	tilgate
)

// A Server answers. It is safe for concurrent use.
type Server struct {
	opts   Options
	base   string // without /v1, and without a slash at the end
	api    api
	client *http.Client
	langs  []lang.Tag // that Tilgate serves
	plain  []string   // models behind Tilgate, that answer without it
	ways   sync.Map   // model to the way in which it tells log-likelihoods
}

// newServer makes a server that nobody has tried.
func newServer(o Options, base *url.URL) *Server {
	if o.Timeout <= 0 {
		o.Timeout = 10 * time.Minute
	}
	s := &Server{opts: o, base: base.String(), client: o.Client}
	if s.client == nil {
		s.client = client(base)
	}
	return s
}

// client returns a client that keeps as many connections as are asked at
// once. It follows no redirect, asks no proxy and unpacks nothing.
func client(base *url.URL) *http.Client {
	way := outbound.Way{What: "server", Address: base.Host, Public: true}
	if base.Port() == "" {
		way.Address = net.JoinHostPort(base.Hostname(), map[string]string{"http": "80", "https": "443"}[base.Scheme])
	}
	return &http.Client{
		Transport: way.Transport(&http.Transport{MaxIdleConns: 1024, MaxIdleConnsPerHost: 1024, IdleConnTimeout: 90 * time.Second,
			TLSHandshakeTimeout: 10 * time.Second, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, DisableCompression: true}),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Close closes connections that are open and idle.
func (s *Server) Close() { s.client.CloseIdleConnections() }

// seed is what fits into the whole numbers of all servers.
func (s *Server) seed() int64 { return int64(s.opts.Seed & math.MaxInt64) }

// Target returns a model of the server. On Tilgate it may be "auto", "auto:ky"
// or "MODEL:ky"; then Tilgate answers. Nothing checks that the model is there.
func (s *Server) Target(model string) evals.Target { return target{s, model, s.own(model)} }

// own reports whether Tilgate itself answers under this name, not a plain
// model.
func (s *Server) own(model string) bool {
	switch {
	case s.api != tilgate:
		return false
	case model == "auto", strings.HasPrefix(model, "auto:"):
		return true
	case slices.Contains(s.plain, model), slices.Contains(s.plain, model+":latest"):
		return false
	}
	return s.named(model)
}

// named reports whether the name of a model asks for a language.
func (s *Server) named(model string) bool {
	after := model[strings.LastIndexByte(model, ':')+1:]
	tag, err := lang.ParseTag(after)
	return err == nil && (slices.Contains(s.langs, tag) || strings.HasPrefix(model, "auto:"))
}

type target struct {
	*Server
	model string
	own   bool // Tilgate answers
}

// Ask puts a case to the model, at temperature 0. For a case with
// continuations it returns their log-likelihoods and no text. On Tilgate
// itself, languages are detected without a model, and for questions about a
// knowledge base Passages are what a search finds; Seconds leave it out.
//
// Errors are of the kinds that the server's status stands for; what is no
// answer at all, or broke off, is of kind fault.Unavailable. When ctx ends,
// the error is its cause.
func (t target) Ask(ctx context.Context, c evals.Case) (evals.Answer, error) {
	switch {
	case len(c.Continuations) > 0:
		return t.likelihoods(ctx, c)
	case t.own && c.Task.Kind == evals.Detection:
		return t.detect(ctx, c)
	case t.api == ollama:
		return t.chatOllama(ctx, c)
	case t.own && c.Task.Kind == evals.RAG:
		return t.chatAndSearch(ctx, c)
	}
	return t.chat(ctx, c)
}

// maxTokens is how many tokens an answer to c may have.
func maxTokens(c evals.Case) int {
	if c.Task.MaxTokens == 0 {
		return 256
	}
	return c.Task.MaxTokens
}
