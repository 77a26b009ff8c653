package openai

import (
	"context"
	"fmt"

	"tilgate/internal/fault"
	"tilgate/rag"
)

var _ rag.Embedder = (*Client)(nil)

type embedRequest struct {
	Model      string   `json:"model,omitempty"`
	Input      []string `json:"input"`
	Format     string   `json:"encoding_format"`
	Dimensions int      `json:"dimensions,omitempty"`
}

type embedResponse struct {
	Data []struct {
		Index     int       `json:"index"`
		Embedding []float32 `json:"embedding"`
	} `json:"data"`
}

// Embed returns the vector of each text.
func (c *Client) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	var resp embedResponse
	req := embedRequest{Model: c.opts.Model, Input: texts, Format: "float", Dimensions: c.opts.Dimension}
	if err := c.post(ctx, "embeddings", req, &resp); err != nil {
		return nil, fmt.Errorf("embedding with %s: %w", c.opts.Model, err)
	}
	vectors := make([][]float32, len(texts))
	for _, d := range resp.Data {
		if d.Index < 0 || d.Index >= len(texts) || vectors[d.Index] != nil {
			return nil, fault.Unavailable.Errorf("the model server gave a vector number %d for %d texts", d.Index, len(texts))
		}
		vectors[d.Index] = d.Embedding
	}
	if len(resp.Data) != len(texts) {
		return nil, fault.Unavailable.Errorf("the model server gave %d vectors for %d texts", len(resp.Data), len(texts))
	}
	return vectors, nil
}
