package rag

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

// DefaultK is how many passages are wanted when nobody says.
const DefaultK = 10

// DefaultThreshold is the relevance under which nothing counts as found. On
// the collections that Relevance was fitted on it kept nine of ten questions
// that have an answer.
const DefaultThreshold = 0.39

// A Retriever finds the passages that may answer a question.
type Retriever struct {
	index     Searcher
	threshold float64
}

// Options for NewRetriever. The zero value works.
type Options struct {
	Threshold float64 // of relevance, 0..1; 0 means DefaultThreshold, negative keeps everything
}

// NewRetriever returns a retriever over an index.
func NewRetriever(index Searcher, o Options) *Retriever {
	return &Retriever{index: index, threshold: cmp.Or(o.Threshold, DefaultThreshold)}
}

// Found is what a search found and how likely it is to answer the question.
type Found struct {
	Hits
	Relevance float64
}

// Retrieve returns the passages that may answer q, best first; none when
// nothing stored is relevant enough.
func (r *Retriever) Retrieve(ctx context.Context, q Query) ([]Passage, error) {
	found, err := r.Find(ctx, q)
	if err != nil || found.Relevance < r.threshold {
		return nil, err
	}
	return found.Best(cmp.Or(q.K, DefaultK)), nil
}

// worthwhile is the share of the best score below which a passage is noise:
// leaving such passages out cost no quoted answer in any language measured.
const worthwhile = 0.4

// Best returns the first k passages that are worth reading beside the best.
func (h Hits) Best(k int) []Passage {
	for i, p := range h.Passages {
		if i == k || p.Score < worthwhile*h.Passages[0].Score {
			return h.Passages[:i]
		}
	}
	return h.Passages
}

// Find is Retrieve without the threshold, for those who want to see scores.
func (r *Retriever) Find(ctx context.Context, q Query) (Found, error) {
	kbs, err := r.bases(ctx, q.KBs)
	if err != nil {
		return Found{}, err
	}
	var hits Hits
	for _, kb := range kbs {
		for _, tag := range languages(q) {
			h, err := r.index.Search(ctx, Probe{KB: kb, Lang: tag, Lexical: AnalyzerFor(tag).Question(tag, q.Text),
				K: max(cmp.Or(q.K, DefaultK), judged)})
			if err != nil {
				return Found{}, fmt.Errorf("searching knowledge base %s: %w", kb, err)
			}
			hits.Passages = append(hits.Passages, h.Passages...)
			hits.N += h.N
		}
	}
	slices.SortStableFunc(hits.Passages, func(a, b Passage) int { return cmp.Compare(b.Score, a.Score) })
	return Found{Hits: hits, Relevance: Relevance(q, hits)}, nil
}

// bases returns the knowledge bases to search.
func (r *Retriever) bases(ctx context.Context, named []string) ([]string, error) {
	all, err := r.index.KBs(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing knowledge bases: %w", err)
	}
	for _, kb := range named {
		if !slices.Contains(all, kb) {
			return nil, fault.NotFound.Field("tilgate.knowledge", "there is no knowledge base %q", kb)
		}
	}
	if len(named) > 0 {
		return named, nil
	}
	return all, nil
}

// languages returns the question's language, then the others that help.
func languages(q Query) []lang.Tag {
	out := []lang.Tag{q.Lang.Base()}
	for _, t := range q.Also {
		if !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}
