package main

import (
	"cmp"
	"net/url"
	"slices"

	"tilgate/adapters/push"
	"tilgate/serving/ollama"
	"tilgate/serving/openai"
	"tilgate/serving/pool"
)

// OpenAIConfig says where a server of OpenAI's API is, such as vLLM or
// llama.cpp. With a URL it is asked in place of Ollama.
type OpenAIConfig struct {
	URL    string      `toml:"url"`
	Model  string      `toml:"model"`   // for languages that name none; empty is the server's first
	Kind   openai.Kind `toml:"kind"`    // empty means that the server is asked what it is
	NumCtx int         `toml:"num_ctx"` // context in tokens that the server was started with; 0 means 8192
	APIKey string      `toml:"-"`       // from TILGATE_OPENAI_KEY
}

func (c OpenAIConfig) check(fault func(format string, args ...any)) {
	if u, err := url.Parse(c.URL); c.URL != "" && (err != nil || u.Host == "") {
		fault("openai.url: %q is not a URL such as http://127.0.0.1:8000", c.URL)
	}
	if c.URL == "" && c != (OpenAIConfig{}) {
		fault("openai.url is missing; it says where the server is")
	}
	if c.NumCtx < 0 {
		fault("openai.num_ctx: %d is below 0", c.NumCtx)
	}
	if !slices.Contains([]openai.Kind{"", openai.VLLM, openai.LlamaCpp, openai.Other}, c.Kind) {
		fault("openai.kind: %q is not one of vllm, llama.cpp, other; leave it out to have the server asked", c.Kind)
	}
}

// A modelServer answers questions, and can be given weights.
type modelServer interface {
	pool.Server
	push.Server
	Close()
}

func (c Config) hasModelServer() bool { return c.OpenAI.URL != "" || c.Ollama.URL != "" }

// defaultModel is asked for languages that name none.
func (c Config) defaultModel() string {
	if c.OpenAI.URL != "" {
		return c.OpenAI.Model
	}
	return c.Ollama.Model
}

// promptTokens is how much of the model's context a prompt may take; the rest
// is for the answer.
func (c Config) promptTokens() int {
	if c.OpenAI.URL != "" {
		return cmp.Or(c.OpenAI.NumCtx, 8192) * 3 / 4
	}
	return c.Ollama.NumCtx * 3 / 4
}

// openModelServer returns the client of the server that is configured. Weights
// are loaded with the same options with which questions are asked: Ollama
// would load them anew for others.
func openModelServer(c Config) (modelServer, error) {
	if c.OpenAI.URL != "" {
		return openai.New(c.OpenAI.URL, openai.Options{Model: c.OpenAI.Model, APIKey: c.OpenAI.APIKey, Kind: c.OpenAI.Kind})
	}
	return ollama.New(c.Ollama.URL, ollama.Options{NumCtx: c.Ollama.NumCtx})
}
