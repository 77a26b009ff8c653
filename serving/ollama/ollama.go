// Package ollama is the client of an Ollama server: a serving.Model, and the
// serving.Upstream that lets OpenAI's requests reach it.
//
// Everything goes to Ollama's native API, never to its /v1, which forces a
// temperature, ignores num_ctx and truncates in silence. A request that this
// API has no word for is therefore refused by the name of its field; nothing
// is dropped. Before changing a request, know that Ollama loads a model anew
// whenever num_ctx or another runner option differs from the last request's:
// Options are one per Client so that nothing reloads.
package ollama

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ollama/ollama/api"

	"tilgate/internal/fault"
	"tilgate/internal/outbound"
	"tilgate/serving"
	"tilgate/serving/wire"
)

var (
	_ serving.Model    = (*Client)(nil)
	_ serving.Upstream = (*Client)(nil)
)

// Options say how to ask. The zero value works.
type Options struct {
	// Model is asked when a prompt names none; empty means the one that was
	// changed last on the server.
	Model string
	// NumCtx is the context in tokens that every request asks for; 0 means
	// 8192, and less than 0 what the model or the server says. The server cuts
	// it to what the model was trained with.
	NumCtx int
	// KeepAlive is how long a model stays in memory after an answer; 0 means
	// what the server says, less than 0 forever.
	KeepAlive time.Duration
	// Think lets models that can think do so before they answer a Chat. The
	// reader waits meanwhile, and sees none of it. Forward does what the
	// caller says.
	Think bool
	// AnyOptions lets callers on Ollama's own surface set options for which it
	// loads the model anew.
	AnyOptions bool
	Way        outbound.Way // to the server
	// Connect is the longest wait for a handshake; 0 means 5 s.
	Connect time.Duration
	// Silence is the longest wait for the first and for each next piece of an
	// answer, loading the model and reading the prompt included; 0 means
	// 5 min, which is also how long Ollama lets a model load. A model that is
	// silent for longer is unloaded, so that the next question finds it fresh.
	Silence time.Duration
}

// A Client asks one Ollama server. It is safe for concurrent use.
type Client struct {
	chatURL string
	blobURL string
	api     *api.Client
	http    *http.Client
	wire    *wire.Client
	opts    Options

	mu   sync.Mutex
	caps map[string][]string // by digest
}

// New returns a Client of the server at baseURL, such as
// "http://127.0.0.1:11434". It does not connect yet.
func New(baseURL string, opts Options) (*Client, error) {
	u, err := url.Parse(strings.TrimRight(baseURL, "/"))
	if err != nil {
		return nil, fmt.Errorf("address of the model server: %w", err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("address of the model server: %q is not like http://host:11434", baseURL)
	}
	if opts.NumCtx == 0 {
		opts.NumCtx = 8192
	}
	if opts.Connect == 0 {
		opts.Connect = 5 * time.Second
	}
	if opts.Silence == 0 {
		opts.Silence = 5 * time.Minute
	}
	hc := &http.Client{
		Transport: opts.Way.Transport(&http.Transport{
			TLSHandshakeTimeout: opts.Connect,
			MaxIdleConnsPerHost: 64,
			IdleConnTimeout:     90 * time.Second,
			DisableCompression:  true,
		}),
		// Where questions go is for the configuration to say, not for a server.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &Client{
		chatURL: u.JoinPath("api/chat").String(),
		blobURL: u.JoinPath("api/blobs").String(),
		api:     api.NewClient(u, hc),
		http:    hc,
		wire:    wire.New(u, wire.Options{Silence: opts.Silence, Dial: opts.Way.DialContext, Check: opts.Way.Check, TLS: opts.Way.TLS}),
		opts:    opts,
		caps:    map[string][]string{},
	}, nil
}

// Close lets go of idle connections. Answers on their way are not disturbed.
func (c *Client) Close() {
	c.http.CloseIdleConnections()
	c.wire.Close()
}

// Models lists the models on the server, newest first.
func (c *Client) Models(ctx context.Context) ([]serving.ModelInfo, error) {
	models, err := c.list(ctx)
	if err != nil {
		return nil, err
	}
	infos := make([]serving.ModelInfo, 0, len(models))
	for _, m := range models {
		infos = append(infos, serving.ModelInfo{Name: m.Name, Created: m.ModifiedAt, Owner: "ollama", Size: m.Size, Digest: m.Digest, Parent: m.Details.ParentModel})
	}
	return infos, nil
}

// Running lists the models in memory.
func (c *Client) Running(ctx context.Context) ([]serving.ModelInfo, error) {
	ours, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	list, err := c.api.ListRunning(ours)
	if err != nil {
		return nil, fmt.Errorf("asking what is in memory: %w", c.faultOf(ctx, "", err))
	}
	var infos []serving.ModelInfo
	for _, m := range list.Models {
		infos = append(infos, serving.ModelInfo{Name: m.Name, Owner: "ollama", Size: m.Size, Digest: m.Digest,
			Expires: m.ExpiresAt, VRAM: m.SizeVRAM, Context: m.ContextLength})
	}
	return infos, nil
}

// Ready returns the models that can chat here, newest first.
// Those that only embed are left out, and those that Ollama would ask
// elsewhere: nobody's question leaves the house unless somebody names one. An
// error means that the server does not answer as Ollama does. No models and no
// error means that it needs one.
func (c *Client) Ready(ctx context.Context) ([]serving.Held, error) {
	models, err := c.list(ctx)
	if err != nil {
		return nil, err
	}
	held := []serving.Held{}
	for _, m := range models {
		if m.RemoteHost != "" {
			continue
		}
		chats, err := c.canChat(ctx, m)
		switch {
		case fault.NotFound.Is(err): // removed since it was listed
		case err != nil:
			return nil, err
		case chats:
			held = append(held, serving.Held{Name: m.Name, Digest: m.Digest})
		}
	}
	return held, nil
}

// probeTime is how long a list or a description may take: no model is needed
// for either.
const probeTime = 10 * time.Second

func (c *Client) list(ctx context.Context) ([]api.ListModelResponse, error) {
	ours, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	list, err := c.api.List(ours)
	if err != nil {
		return nil, fmt.Errorf("listing models: %w", c.faultOf(ctx, "", err))
	}
	return list.Models, nil
}

// canChat asks once per digest what a model can do.
func (c *Client) canChat(ctx context.Context, m api.ListModelResponse) (bool, error) {
	c.mu.Lock()
	caps, known := c.caps[m.Digest]
	c.mu.Unlock()
	if !known {
		var err error
		if caps, err = c.capabilities(ctx, m.Name); err != nil {
			return false, err
		}
		c.mu.Lock()
		c.caps[m.Digest] = caps
		c.mu.Unlock()
	}
	return can(caps, "completion"), nil
}

func (c *Client) capabilities(ctx context.Context, name string) ([]string, error) {
	ours, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	show, err := c.api.Show(ours, &api.ShowRequest{Model: name})
	if err != nil {
		return nil, fmt.Errorf("asking what %s can do: %w", name, c.faultOf(ctx, name, err))
	}
	caps := make([]string, len(show.Capabilities))
	for i, capability := range show.Capabilities {
		caps[i] = string(capability)
	}
	return caps, nil
}

// can reports whether capability is among caps. Servers before 0.6.4 do not
// tell: there everything may be tried.
func can(caps []string, capability string) bool {
	return len(caps) == 0 || slices.Contains(caps, capability)
}
