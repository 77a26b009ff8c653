// Package openai is the client of servers that speak OpenAI's API, as vLLM,
// llama.cpp, SGLang, Infinity and others do: a serving.Model and a
// serving.Upstream over /v1/chat/completions, dense vectors from
// /v1/embeddings, and from /v1/rerank, which OpenAI has not but these share,
// how well passages answer.
//
// The servers agree on requests and answers, and on nothing else. What differs
// between vLLM and llama.cpp, which is how each takes a LoRA, is in vllm.go and
// llamacpp.go; Options.Kind or the server itself says which of them it is.
//
// No error of a server is shown to callers: it may quote their text or ours.
package openai

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"time"

	"tilgate/internal/fault"
	"tilgate/internal/outbound"
	"tilgate/serving"
	"tilgate/serving/wire"
)

// Options say whom to ask for what.
type Options struct {
	Model     string // asked when a question names none; most servers need one for vectors
	APIKey    string
	Way       outbound.Way  // to the server
	Kind      Kind          // of the server; empty means that it is asked
	Dimension int           // of vectors, for models that can be cut; 0 does not ask
	Timeout   time.Duration // of one call that is no chat; 0 means 60 s
	// Silence is the longest wait for the first and for each next piece of an
	// answer, reading the prompt included; 0 means 5 min.
	Silence time.Duration
}

// A Client asks one server. It is safe for concurrent use.
type Client struct {
	base        *url.URL
	http        *http.Client
	wire        *wire.Client
	credentials []wire.Field
	opts        Options

	mu   sync.Mutex
	kind Kind // once it is known
}

// New returns a client of the server at baseURL, with or without the closing
// /v1. It does not connect yet.
func New(baseURL string, o Options) (*Client, error) {
	u, err := url.Parse(strings.TrimSuffix(strings.TrimRight(baseURL, "/"), "/v1"))
	if err != nil {
		return nil, fmt.Errorf("address of the model server: %w", err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("address of the model server: %q is not like http://host:8000", baseURL)
	}
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	if o.Silence == 0 {
		o.Silence = 5 * time.Minute
	}
	hc := &http.Client{
		Transport: o.Way.Transport(&http.Transport{
			TLSHandshakeTimeout: 5 * time.Second,
			MaxIdleConnsPerHost: 16,
			IdleConnTimeout:     90 * time.Second,
		}),
		// Where texts go is for the configuration to say, not for a server.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	c := &Client{base: u, http: hc, wire: wire.New(u, wire.Options{Silence: o.Silence, MaxBody: maxAnswer, Dial: o.Way.DialContext, Check: o.Way.Check, TLS: o.Way.TLS}), opts: o, kind: o.Kind}
	if o.APIKey != "" {
		c.credentials = []wire.Field{{Name: "Authorization", Value: "Bearer " + o.APIKey}}
	}
	return c, nil
}

// Close lets go of idle connections.
func (c *Client) Close() {
	c.http.CloseIdleConnections()
	c.wire.Close()
}

// maxAnswer is more than 2,000 vectors of 4,096 numbers take as JSON.
const maxAnswer = 256 << 20

// post sends question to /v1/path as JSON and reads the answer into answer.
func (c *Client) post(ctx context.Context, path string, question, answer any) error {
	body, err := json.Marshal(question)
	if err != nil {
		return err
	}
	data, err := c.call(ctx, http.MethodPost, "v1/"+path, body)
	if err != nil {
		return err
	}
	return read(data, answer)
}

// get asks path and reads the answer into answer.
func (c *Client) get(ctx context.Context, path string, answer any) error {
	data, err := c.call(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	return read(data, answer)
}

func read(data []byte, answer any) error {
	return fault.Unavailable.Wrap(json.Unmarshal(data, answer), notOpenAI)
}

const notOpenAI = "what answers does not speak OpenAI's API"

// call asks path, with body as JSON if there is one, and returns a good answer.
func (c *Client) call(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	ours, cancel := context.WithTimeout(ctx, c.opts.Timeout)
	defer cancel()
	req, err := c.request(ours, method, path, body)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, faultOf(ctx, err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, faultOf(ctx, err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, statusFault(c.opts.Model, resp.StatusCode, data)
	}
	return data, nil
}

func (c *Client) request(ctx context.Context, method, path string, body []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base.JoinPath(path).String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
		// Empty, it is not sent; it lets net/http ask again when an idle
		// connection turns out to have been closed.
		req.Header["Idempotency-Key"] = nil
	}
	if c.opts.APIKey != "" {
		req.Header.Set("Authorization", "Bearer "+c.opts.APIKey)
	}
	return req, nil
}

// faultOf gives an error of the connection its kind.
func faultOf(ctx context.Context, err error) error {
	if ended := ctx.Err(); ended != nil {
		return fmt.Errorf("the model server's answer: %w", ended)
	}
	if fault.Forbidden.Is(err) {
		return err // it may not be sent there
	}
	var dial *net.OpError
	var unreached *wire.DialError
	switch {
	case errors.Is(err, errSilent), errors.Is(err, wire.ErrSilent):
		return fault.Timeout.Wrap(err, "the model server fell silent")
	case errors.Is(err, context.DeadlineExceeded):
		return fault.Timeout.Wrap(err, "the model server is too slow")
	case errors.As(err, &dial) && dial.Op == "dial", errors.As(err, &unreached), errors.Is(err, syscall.ECONNREFUSED):
		return fault.Unavailable.Wrap(err, "the model server is not answering")
	}
	return fault.Unavailable.Wrap(err, "the model server broke off its answer")
}

// statusFault reads an error that the server wrote.
func statusFault(model string, status int, body []byte) error {
	text := string(body[:min(len(body), 400)])
	lower := strings.ToLower(text)
	cause := fmt.Errorf("HTTP %d: %s", status, wire.Said(text))
	switch {
	case status == http.StatusRequestEntityTooLarge, status < 500 && (strings.Contains(lower, "context length") || strings.Contains(lower, "too long")),
		strings.Contains(lower, "exceed_context_size"), strings.Contains(lower, "too large to process"):
		return fault.TooLarge.Wrap(cause, "the text is longer than the context of the model")
	case status == http.StatusNotFound:
		return fault.NotFound.Wrap(cause, fmt.Sprintf("the model server has no model %q, or cannot do this", model))
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return fault.Unavailable.Wrap(cause, "the model server does not let us in")
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		return fault.Unavailable.Wrap(fmt.Errorf("%w: %w", serving.ErrBusy, cause), "the model server is busy")
	case status >= 400 && status < 500:
		return fault.Invalid.Wrap(cause, "the model server declined the request")
	}
	return fault.Unavailable.Wrap(cause, "the model server failed")
}
