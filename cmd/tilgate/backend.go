package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"tilgate/adapters"
	"tilgate/internal/outbound"
	"tilgate/serving"
	"tilgate/serving/extract"
	"tilgate/serving/ollama"
	"tilgate/serving/openai"
	"tilgate/serving/pool"
	"tilgate/serving/pool/queue"
)

// BackendConfig is one of several model servers.
type BackendConfig struct {
	PlaceConfig
	Name   string      `toml:"name"` // in the record and the metrics
	URL    string      `toml:"url"`
	Kind   backendKind `toml:"kind"`              // "ollama", "vllm", "llama.cpp", "sglang", "openai" for others, or "tilgate": that of another site
	Model  string      `toml:"model,omitempty"`   // for languages that name none; empty is the server's first
	Models []string    `toml:"models,omitempty"`  // that are used of it; none means all
	NumCtx int         `toml:"num_ctx,omitempty"` // context in tokens; 0 means 8192
	APIKey string      `toml:"-"`                 // from TILGATE_BACKEND_<NAME>_KEY

	// AnyOptions lets callers on Ollama's surface set options such as num_ctx,
	// for which it loads the model anew.
	AnyOptions bool `toml:"any_options,omitempty"`

	// How requests wait for it. Without slots Ollama has one for each model,
	// which is its own default; other servers get all requests as they come.
	Slots    int           `toml:"slots,omitempty"`    // requests at once; for each model in memory where resident is set
	Depth    int           `toml:"depth,omitempty"`    // requests that may wait; 0 means 256
	MaxWait  time.Duration `toml:"max_wait,omitempty"` // that one may wait, such as "20s"; 0 means a minute
	Resident int           `toml:"resident,omitempty"` // models in its memory at once: beyond it they take turns; 0 means 3 for Ollama, else any number
}

// queue returns how requests wait for the backend; false if they need not.
func (b BackendConfig) queue() (queue.Options, bool) {
	o := queue.Options{Slots: b.Slots, Depth: b.Depth, MaxWait: b.MaxWait, Resident: b.Resident}
	if b.Kind == kindOllama {
		o.Slots, o.Resident = cmp.Or(o.Slots, 1), cmp.Or(o.Resident, 3)
	}
	return o, o.Slots > 0
}

// room returns how many requests the backend answers at once; 0 is not known.
func (b BackendConfig) room() int {
	o, _ := b.queue()
	return o.Slots
}

// enter returns the way into a queue of the backend's own; nil if it has none.
// Callers share it by their keys.
func (b BackendConfig) enter() func(ctx context.Context, model string) (leave func(), err error) {
	o, waits := b.queue()
	if !waits {
		return nil
	}
	q := queue.New(o)
	return func(ctx context.Context, model string) (func(), error) {
		pass, err := q.Acquire(ctx, queue.Ticket{Key: serving.CallerOf(ctx).Name, Model: model})
		if err != nil {
			return nil, err
		}
		return pass.Release, nil
	}
}

// A backendKind is a make of model server.
type backendKind string

const (
	kindOllama backendKind = "ollama"
	kindOpenAI backendKind = "openai" // whatever speaks OpenAI's API; it is asked what it is

	kindTilgate = backendKind(openai.Tilgate) // of another site, say, whose models it shares
)

var backendKinds = []backendKind{kindOllama, kindOpenAI, backendKind(openai.VLLM), backendKind(openai.LlamaCpp), backendKind(openai.SGLang), kindTilgate}

var backendName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)

func (b BackendConfig) check(fault func(format string, args ...any)) {
	what := "backend " + b.Name
	if !backendName.MatchString(b.Name) {
		fault("%s: its name must be of a-z, 0-9 and -", what)
	}
	if u, err := url.Parse(b.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		fault("%s: url: %s is not a URL such as http://10.0.0.5:11434", what, wrongAddress(b.URL))
	}
	if !slices.Contains(backendKinds, b.Kind) {
		fault("%s: kind: %q is not one of ollama, openai, vllm, llama.cpp, sglang, tilgate", what, b.Kind)
	}
	if b.NumCtx < 0 {
		fault("%s: num_ctx: %d is below 0", what, b.NumCtx)
	}
	if b.Slots < 0 || b.Depth < 0 || b.MaxWait < 0 || b.Resident < 0 {
		fault("%s: slots, depth, max_wait and resident may not be below 0", what)
	}
	if b.Kind != kindOllama && b.Slots == 0 && (b.Depth > 0 || b.MaxWait > 0 || b.Resident > 0) {
		fault("%s: depth, max_wait and resident say how requests wait; say with slots for how many there is room", what)
	}
	if b.Model != "" && len(b.Models) > 0 && !slices.Contains(b.Models, b.Model) {
		fault("%s: model: %q is not among models", what, b.Model)
	}
}

// keyVariable is the variable of the environment that holds a backend's key.
func (b BackendConfig) keyVariable() string {
	return "TILGATE_BACKEND_" + strings.ToUpper(strings.ReplaceAll(b.Name, "-", "_")) + "_KEY"
}

// backends are all model servers that are configured: those of [[backend]],
// and the one of [ollama] and of [openai].
func (c Config) backends() []BackendConfig {
	list := slices.Clone(c.Backends)
	if o := c.OpenAI; o.URL != "" {
		kind := backendKind(o.Kind)
		if kind == "" {
			kind = kindOpenAI
		}
		list = append(list, BackendConfig{PlaceConfig: o.PlaceConfig, Name: "openai", URL: o.URL, Kind: kind, Model: o.Model, NumCtx: o.NumCtx, APIKey: o.APIKey})
	}
	if o := c.Ollama; o.URL != "" {
		list = append(list, BackendConfig{PlaceConfig: o.PlaceConfig, Name: "ollama", URL: o.URL, Kind: kindOllama, Model: o.Model, NumCtx: o.NumCtx})
	}
	return list
}

func (c Config) checkBackends(fault func(format string, args ...any)) {
	seen := map[string]bool{}
	for _, b := range c.Backends {
		b.check(fault)
		if seen[b.Name] || (b.Name == "openai" && c.OpenAI.URL != "") || (b.Name == "ollama" && c.Ollama.URL != "") {
			fault("backend %s: its name was there before", b.Name)
		}
		seen[b.Name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(c.Aliases)) {
		model := c.Aliases[name]
		_, again := c.Aliases[model]
		switch {
		case name == "" || model == "":
			fault("aliases: %q = %q: neither may be empty", name, model)
		case name == serving.Auto || strings.HasPrefix(name, serving.Auto+":"):
			fault("aliases: %q is Tilgate's own name", name)
		case again:
			fault("aliases: %q means %q, which is an alias itself; name the model", name, model)
		case adapters.IsServedName(model) || adapters.IsServedName(name):
			fault("aliases: %q = %q: weights of a language are reached by its tag, so that the gate is asked", name, model)
		}
	}
	if adapters.IsServedName(c.Fallback) {
		fault("fallback: %q is the weights of a language; name a plain model", c.Fallback)
	}
}

// openBackend returns the client of a backend. Weights are loaded with the
// same options with which questions are asked: Ollama would load them anew for
// others.
func openBackend(b BackendConfig) (modelServer, error) {
	var server modelServer
	var err error
	switch b.Kind {
	case kindOllama:
		server, err = ollama.New(b.URL, ollama.Options{NumCtx: b.NumCtx, AnyOptions: b.AnyOptions, Way: b.way("model server", b.URL)})
	default:
		kind := openai.Kind(b.Kind)
		if b.Kind == kindOpenAI {
			kind = ""
		}
		way := b.way("model server", b.URL)
		way.Peer = b.Kind == kindTilgate
		server, err = openai.New(b.URL, openai.Options{Model: b.Model, APIKey: b.APIKey, Kind: kind, Way: way})
	}
	if err != nil {
		return nil, fmt.Errorf("backend %s: %w", b.Name, err)
	}
	return server, nil
}

// openBackends returns what the pool needs of all backends.
func openBackends(c Config) ([]pool.Backend, error) {
	var list []pool.Backend
	var faults []error
	for _, b := range c.backends() {
		server, err := openBackend(b)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		surfaces := []serving.Surface{serving.OpenAI}
		if b.Kind == kindOllama {
			surfaces = []serving.Surface{serving.Ollama}
		}
		list = append(list, pool.Backend{Name: b.Name, Server: server, Site: b.Site, Peer: b.Kind == kindTilgate, Slots: b.room(), Model: b.Model, Models: b.Models,
			Surfaces: surfaces, Swaps: b.Kind == kindOllama, Enter: b.enter(), Version: fmt.Sprintf("%+v", b)})
	}
	return list, errors.Join(faults...)
}

// openPool opens the model servers, and has them watched until ctx ends.
func openPool(ctx context.Context, c Config) (*pool.Pool, error) {
	p := pool.New(nil, serving.Choice{Name: extract.Name, Model: extract.Model{}}, pool.Options{Allowed: func(ctx context.Context, b pool.Backend) error {
		return outbound.Way{What: "model server", Site: b.Site, Peer: b.Peer}.Check(ctx)
	}})
	if err := swapBackends(p, c); err != nil {
		return nil, err
	}
	go p.Watch(ctx)
	return p, nil
}

// swapBackends puts the model servers of a configuration in force.
func swapBackends(p *pool.Pool, c Config) error {
	list, err := openBackends(c)
	if err == nil {
		p.Swap(list, pool.Names{Fallback: c.Fallback, Aliases: c.Aliases})
	}
	return err
}

// followBackends looks at the configuration file at every interval until ctx
// ends, and puts the model servers that it names in force when it has changed
// and stayed so for an interval: half a file may be a good one. A faulty file
// changes nothing. Other settings need a restart.
func followBackends(ctx context.Context, file configFile, getenv func(string) string, every time.Duration, p *pool.Pool, log *slog.Logger) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	last := file.seen
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := stampOf(file.path)
		settled := now == last
		if last = now; now == file.seen || !settled {
			continue
		}
		file.seen = now
		c, err := loadConfig(file.path, getenv)
		if err == nil {
			err = swapBackends(p, c)
		}
		if err != nil {
			log.Error("reading the configuration again; the model servers in force stay", "err", err)
			continue
		}
		log.Info("model servers read again", "file", file.path, "backends", len(c.backends()))
	}
}

// A configFile is the file of the configuration in force, as it was just before
// it was read.
type configFile struct {
	path string
	seen fileStamp
}

func stampOf(path string) fileStamp {
	info, err := os.Stat(path)
	if err != nil {
		return fileStamp{}
	}
	return fileStamp{info.Size(), info.ModTime()}
}

// promptTokens is how much of the context a prompt may take, of the backend
// with the shortest; the rest is for the answer.
func (c Config) promptTokens() int {
	least := 0
	for _, b := range c.backends() {
		if n := cmp.Or(b.NumCtx, 8192); least == 0 || n < least {
			least = n
		}
	}
	return least * 3 / 4
}
