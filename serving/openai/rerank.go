package openai

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"tilgate/internal/fault"
	"tilgate/rag"
)

var _ rag.Reranker = (*Client)(nil)

type rerankRequest struct {
	Model     string   `json:"model,omitempty"`
	Query     string   `json:"query"`
	Documents []string `json:"documents"`
	TopN      int      `json:"top_n"`
}

type rerankResponse struct {
	Results []struct {
		Index int     `json:"index"`
		Score float64 `json:"relevance_score"`
	} `json:"results"`
}

// Rerank returns how well each text answers the question, the best first.
// Scores of different models have different scales.
func (c *Client) Rerank(ctx context.Context, question string, texts []string) ([]rag.Reranked, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	var resp rerankResponse
	req := rerankRequest{Model: c.opts.Model, Query: question, Documents: texts, TopN: len(texts)}
	if err := c.post(ctx, "rerank", req, &resp); err != nil {
		return nil, fmt.Errorf("reranking with %s: %w", c.opts.Model, err)
	}
	if len(resp.Results) == 0 {
		return nil, fault.Unavailable.Errorf("the reranker gave no results")
	}
	seen := make([]bool, len(texts))
	ranked := make([]rag.Reranked, 0, len(texts))
	for _, r := range resp.Results {
		if r.Index < 0 || r.Index >= len(texts) || seen[r.Index] || math.IsNaN(r.Score) {
			return nil, fault.Unavailable.Errorf("the reranker gave a result number %d for %d texts", r.Index, len(texts))
		}
		seen[r.Index] = true
		ranked = append(ranked, rag.Reranked{Index: r.Index, Score: r.Score})
	}
	slices.SortStableFunc(ranked, func(a, b rag.Reranked) int { return cmp.Compare(b.Score, a.Score) })
	return ranked, nil
}
