package ollama

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ollama/ollama/api"

	"tilgate/internal/fault"
	"tilgate/rag"
)

var _ rag.Embedder = (*Embedder)(nil)

// An Embedder asks one model of the server for dense vectors.
type Embedder struct {
	c     *Client
	model string
	dim   int
}

// Embedder returns the embedder of a model. A dimension other than 0 asks the
// model to cut its vectors, which those trained for it allow.
func (c *Client) Embedder(model string, dimension int) *Embedder {
	return &Embedder{c: c, model: model, dim: dimension}
}

// Embed returns the vector of each text. Ollama would cut a text that is too
// long without saying so; it is asked not to.
func (e *Embedder) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	whole := false
	req := &api.EmbedRequest{Model: e.model, Input: texts, Truncate: &whole, Dimensions: e.dim}
	if e.c.opts.KeepAlive != 0 {
		req.KeepAlive = &api.Duration{Duration: e.c.opts.KeepAlive}
	}
	ours, cancel := context.WithTimeout(ctx, e.c.opts.Silence) // loading included
	defer cancel()
	resp, err := e.c.api.Embed(ours, req)
	if err != nil {
		return nil, fmt.Errorf("embedding with %s: %w", e.model, e.faultOf(ctx, err))
	}
	if len(resp.Embeddings) != len(texts) {
		return nil, fault.Unavailable.Errorf("the model server gave %d vectors for %d texts", len(resp.Embeddings), len(texts))
	}
	return resp.Embeddings, nil
}

func (e *Embedder) faultOf(ctx context.Context, err error) error {
	var status api.StatusError
	if errors.As(err, &status) && strings.Contains(strings.ToLower(status.ErrorMessage), "context length") {
		return fault.TooLarge.Wrap(err, "the text is longer than the context of the embedding model")
	}
	return e.c.faultOf(ctx, e.model, err)
}
