package main

import (
	"net/url"
	"slices"
	"strings"

	"tilgate/adapters/push"
	"tilgate/internal/fault"
	"tilgate/serving/openai"
	"tilgate/serving/pool"
)

// OpenAIConfig says where a server of OpenAI's API is, such as vLLM or
// llama.cpp. With a URL, Ollama is asked only where the file names one.
type OpenAIConfig struct {
	PlaceConfig
	URL    string      `toml:"url"`
	Model  string      `toml:"model"`   // for languages that name none; empty is the server's first
	Kind   openai.Kind `toml:"kind"`    // empty means that the server is asked what it is
	NumCtx int         `toml:"num_ctx"` // context in tokens that the server was started with; 0 means 8192
	APIKey string      `toml:"-"`       // from TILGATE_OPENAI_KEY
}

func (c OpenAIConfig) check(fault func(format string, args ...any)) {
	if u, err := url.Parse(c.URL); c.URL != "" && (err != nil || u.Host == "") {
		fault("openai.url: %s is not a URL such as http://127.0.0.1:8000", wrongAddress(c.URL))
	}
	if c.URL == "" && c != (OpenAIConfig{}) {
		fault("openai.url is missing; it says where the server is")
	}
	if c.NumCtx < 0 {
		fault("openai.num_ctx: %d is below 0", c.NumCtx)
	}
	if !slices.Contains([]openai.Kind{"", openai.VLLM, openai.LlamaCpp, openai.SGLang, openai.Other}, c.Kind) {
		fault("openai.kind: %q is not one of vllm, llama.cpp, sglang, other; leave it out to have the server asked", c.Kind)
	}
}

// A modelServer answers questions, and can be given weights.
type modelServer interface {
	pool.Server
	push.Server
	Close()
}

func (c Config) hasModelServer() bool { return len(c.backends()) > 0 }

// openModelServer returns the client of the backend of a name; of the first
// if none is named.
func openModelServer(c Config, name string) (modelServer, error) {
	var names []string
	for _, b := range c.backends() {
		if name == "" || b.Name == name {
			return openBackend(b)
		}
		names = append(names, b.Name)
	}
	return nil, fault.NotFound.Errorf("there is no backend %q in the configuration; there are: %s", name, strings.Join(names, ", "))
}
