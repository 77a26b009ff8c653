// Package openai is the client of servers that speak OpenAI's API, as vLLM,
// llama.cpp, Infinity and others do: dense vectors from /v1/embeddings, and
// from /v1/rerank, which OpenAI has not but these share, how well passages
// answer.
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
	"syscall"
	"time"

	"tilgate/internal/fault"
)

// Options say whom to ask for what. Model is needed by most servers.
type Options struct {
	Model     string
	APIKey    string
	Dimension int           // of vectors, for models that can be cut; 0 does not ask
	Timeout   time.Duration // of one call; 0 means 60 s
}

// A Client asks one model of one server. It is safe for concurrent use.
type Client struct {
	base *url.URL
	http *http.Client
	opts Options
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
	hc := &http.Client{
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			TLSHandshakeTimeout: 5 * time.Second,
			MaxIdleConnsPerHost: 16,
			IdleConnTimeout:     90 * time.Second,
		},
		// Where texts go is for the configuration to say, not for a server.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &Client{base: u, http: hc, opts: o}, nil
}

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// maxAnswer is more than 2,000 vectors of 4,096 numbers take as JSON.
const maxAnswer = 256 << 20

// post sends question as JSON and reads the answer into answer.
func (c *Client) post(ctx context.Context, path string, question, answer any) error {
	body, err := json.Marshal(question)
	if err != nil {
		return err
	}
	ours, cancel := context.WithTimeout(ctx, c.opts.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ours, http.MethodPost, c.base.JoinPath("v1", path).String(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if c.opts.APIKey != "" {
		req.Header.Set("Authorization", "Bearer "+c.opts.APIKey)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return faultOf(ctx, err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return faultOf(ctx, err)
	}
	if resp.StatusCode != http.StatusOK {
		return statusFault(c.opts.Model, resp.StatusCode, data)
	}
	if err := json.Unmarshal(data, answer); err != nil {
		return fault.Unavailable.Wrap(err, "what answers does not speak OpenAI's API")
	}
	return nil
}

// faultOf gives an error of the connection its kind.
func faultOf(ctx context.Context, err error) error {
	if ended := ctx.Err(); ended != nil {
		return fmt.Errorf("the model server's answer: %w", ended)
	}
	var dial *net.OpError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fault.Timeout.Wrap(err, "the model server is too slow")
	case errors.As(err, &dial) && dial.Op == "dial", errors.Is(err, syscall.ECONNREFUSED):
		return fault.Unavailable.Wrap(err, "the model server is not answering")
	}
	return fault.Unavailable.Wrap(err, "the model server broke off its answer")
}

// statusFault reads an error that the server wrote.
func statusFault(model string, status int, body []byte) error {
	said := errors.New(strings.TrimSpace(string(body[:min(len(body), 400)])))
	lower := strings.ToLower(said.Error())
	cause := fmt.Errorf("HTTP %d: %w", status, said)
	switch {
	case status == http.StatusRequestEntityTooLarge, status < 500 && (strings.Contains(lower, "context length") || strings.Contains(lower, "too long")),
		strings.Contains(lower, "exceed_context_size"), strings.Contains(lower, "too large to process"):
		return fault.TooLarge.Wrap(cause, "the text is longer than the context of the model")
	case status == http.StatusNotFound:
		return fault.NotFound.Wrap(cause, fmt.Sprintf("the model server has no model %q, or cannot do this", model))
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return fault.Unavailable.Wrap(cause, "the model server does not let us in")
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		return fault.Unavailable.Wrap(cause, "the model server is busy")
	case status >= 400 && status < 500:
		return fault.Invalid.Wrap(cause, "the model server declined the request")
	}
	return fault.Unavailable.Wrap(cause, "the model server failed")
}
