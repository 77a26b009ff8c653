package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"tilgate/internal/outbound"
	"tilgate/rag"
	"tilgate/rag/embed"
	"tilgate/rag/ingest"
	"tilgate/rag/qdrant"
	"tilgate/serving/ollama"
	"tilgate/serving/openai"
)

// EmbedConfig says which model makes dense vectors; without one, passages are
// found by their words. Changing it moves each knowledge base to a new version
// when documents are next ingested.
type EmbedConfig struct {
	PlaceConfig
	URL           string  `toml:"url"`
	Model         string  `toml:"model"`                    // such as bge-m3
	API           string  `toml:"api,omitempty"`            // "ollama", which is the default, or "openai"
	Dimension     int     `toml:"dimension,omitempty"`      // of vectors; 0 asks the model
	QueryPrefix   *string `toml:"query_prefix,omitempty"`   // in place of what the model is known to need
	PassagePrefix *string `toml:"passage_prefix,omitempty"` // likewise
	Threshold     float64 `toml:"threshold,omitempty"`      // cosine from which a passage counts as found; 0 leaves that to words
	APIKey        string  `toml:"-"`                        // from TILGATE_EMBED_KEY
}

// RerankConfig says which model reads passages again; without one they keep
// their order.
type RerankConfig struct {
	PlaceConfig
	URL    string `toml:"url"`
	Model  string `toml:"model"`
	APIKey string `toml:"-"` // from TILGATE_RERANK_KEY
}

// RetrieveConfig says what becomes of the passages that were found.
type RetrieveConfig struct {
	Join      bool    `toml:"join"`      // those that follow each other in a document become one
	Diversity float64 `toml:"diversity"` // how much unlikeness to earlier ones counts, 0..1
}

// checkRetrieval names the faults of all that passages are found with.
func (c Config) checkRetrieval(fault func(format string, args ...any)) {
	isURL := func(s string) bool {
		u, err := url.Parse(s)
		return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
	}
	if e := c.Embed; e != (EmbedConfig{}) {
		if !isURL(e.URL) {
			fault("embed.url: %s is not a URL such as http://127.0.0.1:11434", wrongAddress(e.URL))
		}
		if e.Model == "" {
			fault("embed.model: name an embedding model, such as bge-m3")
		}
		if e.API != "" && e.API != "ollama" && e.API != "openai" {
			fault(`embed.api: %q is neither "ollama" nor "openai"`, e.API)
		}
		if e.Dimension < 0 || e.Dimension > 65536 {
			fault("embed.dimension: %d is not in 0..65536", e.Dimension)
		}
		if !(e.Threshold >= 0 && e.Threshold < 1) {
			fault("embed.threshold: %v is not in 0..1", e.Threshold)
		}
	}
	if r := c.Rerank; r != (RerankConfig{}) && !isURL(r.URL) {
		fault("rerank.url: %s is not a URL such as http://127.0.0.1:8000", wrongAddress(r.URL))
	}
	if d := c.Retrieve.Diversity; !(d >= 0 && d < 1) {
		fault("retrieve.diversity: %v is not in 0..1", d)
	}
}

// openModel returns the embedding model, or nil when none is configured.
func openModel(c Config, cache *embed.Cache) (*embed.Model, error) {
	e := c.Embed
	if e.URL == "" {
		return nil, nil
	}
	var embedder rag.Embedder
	if e.API == "openai" {
		client, err := openai.New(e.URL, openai.Options{Model: e.Model, APIKey: e.APIKey, Dimension: e.Dimension, Way: e.way("embedding server", e.URL)})
		if err != nil {
			return nil, err
		}
		embedder = client
	} else {
		client, err := ollama.New(e.URL, ollama.Options{Way: e.way("embedding server", e.URL)})
		if err != nil {
			return nil, err
		}
		embedder = client.Embedder(e.Model, e.Dimension)
	}
	prefixes := embed.PrefixesOf(e.Model)
	if e.QueryPrefix != nil {
		prefixes.Query = *e.QueryPrefix
	}
	if e.PassagePrefix != nil {
		prefixes.Passage = *e.PassagePrefix
	}
	return embed.New(embedder, embed.Options{Name: e.Model, Dimension: e.Dimension, Prefixes: &prefixes, Cache: cache}), nil
}

// openRetrievers returns what makes a retriever over an index.
func openRetrievers(c Config, log *slog.Logger) (func(*qdrant.Index) *rag.Retriever, error) {
	model, err := openModel(c, nil)
	if err != nil {
		return nil, err
	}
	o := rag.Options{Threshold: c.Threshold, Join: c.Retrieve.Join, Diversity: c.Retrieve.Diversity, Log: log}
	if c.Rerank.URL != "" {
		client, err := openai.New(c.Rerank.URL, openai.Options{Model: c.Rerank.Model, APIKey: c.Rerank.APIKey, Way: c.Rerank.way("reranker", c.Rerank.URL), Timeout: 10 * time.Second})
		if err != nil {
			return nil, err
		}
		o.Reranker = client
	}
	return func(index *qdrant.Index) *rag.Retriever {
		o := o
		if model != nil {
			o.Dense = &rag.Dense{Index: index, Encoder: model, Threshold: c.Embed.Threshold}
		}
		return rag.NewRetriever(index, o)
	}, nil
}

// vectorsFile, in the data folder, keeps vectors for another time.
const vectorsFile = "vectors.db"

// openEmbedder returns the model that documents are ingested with, or nil, and
// tells the store to make room for its vectors. They are kept in the data
// folder as well; a cache that another process has open is done without.
func openEmbedder(ctx context.Context, c Config, store *qdrant.Store, notes io.Writer) (ingest.Embedder, func(), error) {
	if c.Embed.URL == "" {
		return nil, func() {}, nil
	}
	var cache *embed.Cache
	if c.Data != "" {
		err := os.MkdirAll(c.Data, 0o700)
		if err == nil {
			cache, err = embed.OpenCache(filepath.Join(c.Data, vectorsFile))
		}
		if err != nil {
			fmt.Fprintln(notes, "dense vectors are not kept for another time:", err)
		}
	}
	closeCache := func() { cache.Close() }
	model, err := openModel(c, cache)
	if err != nil {
		closeCache()
		return nil, nil, err
	}
	dimension, err := model.Dimension(ctx)
	if err != nil {
		return noVectors{model.Name(), err}, closeCache, ctx.Err()
	}
	store.UseModel(qdrant.Model{Name: model.Name(), Dimension: dimension})
	return bound{model, c.Sites}, closeCache, nil
}

// bound is a model whose server gets documents only if it stands where the
// configuration lets texts be sent.
type bound struct {
	*embed.Model
	sites []string
}

func (b bound) Passages(ctx context.Context, passages []rag.Passage) ([][]float32, error) {
	return b.Model.Passages(outbound.WithSites(ctx, b.sites), passages)
}

// noVectors stands in for a model that could not even be asked how long its
// vectors are.
type noVectors struct {
	name string
	why  error
}

func (n noVectors) Name() string { return n.name }

func (n noVectors) Passages(context.Context, []rag.Passage) ([][]float32, error) { return nil, n.why }
