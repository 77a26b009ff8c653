package rag

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

// DefaultK is how many passages are wanted when nobody says.
const DefaultK = 10

// DefaultThreshold is the relevance under which nothing counts as found. On
// the collections that Relevance was fitted on it kept 90 to 95 % of the
// questions that have an answer (Amharic: 82 %) and refused 75 to 79 % of those
// that have none.
const DefaultThreshold = 0.30

// A Retriever finds the passages that may answer a question.
type Retriever struct {
	index     Searcher
	threshold float64
	opts      Options
}

// Options for NewRetriever. The zero value works.
type Options struct {
	Threshold float64  // of relevance, 0..1; 0 means DefaultThreshold, negative keeps everything
	Dense     *Dense   // searches for meaning as well, if it is not nil
	Reranker  Reranker // reads the best hits again, if it is not nil
	Diversity float64  // how much unlikeness to earlier passages counts, 0..1; 0 leaves the order alone
	Join      bool     // passages that follow each other in a document become one
	Log       *slog.Logger
}

// NewRetriever returns a retriever over an index.
func NewRetriever(index Searcher, o Options) *Retriever {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Retriever{index: index, threshold: cmp.Or(o.Threshold, DefaultThreshold), opts: o}
}

// Found is what a search found and how likely it is to answer the question.
type Found struct {
	Hits
	Relevance float64
	Cosine    float64 // of the best hit by meaning; 0 without any
	// Skipped says which steps failed and were left out: a search for meaning
	// or a reranking. Words alone decided then, or the order before it stands.
	Skipped []error
}

// Retrieve returns the passages that may answer q, best first; none when
// nothing stored is relevant enough.
func (r *Retriever) Retrieve(ctx context.Context, q Query) ([]Passage, error) {
	found, err := r.Find(ctx, q)
	if err != nil {
		return nil, err
	}
	for _, skipped := range found.Skipped {
		r.opts.Log.Warn("retrieving goes on without a step", "err", skipped)
	}
	byWords := found.Relevance >= r.threshold
	if !byWords && !r.byMeaning(found) {
		return nil, nil
	}
	hits := Hits{Passages: distinct(found.Passages)}
	if !byWords {
		hits.Passages = slices.DeleteFunc(hits.Passages, func(p Passage) bool { return p.Cosine == 0 })
	}
	k := cmp.Or(q.K, DefaultK)
	if r.opts.Diversity > 0 {
		hits.Passages = inForceFirst(diverse(hits.Best(max(k, depth)), 1-r.opts.Diversity))
	}
	best := hits.Best(k)
	if r.opts.Join {
		best = joined(best)
	}
	return best, nil
}

// byMeaning reports whether the vectors alone say that something was found.
func (r *Retriever) byMeaning(f Found) bool {
	return r.opts.Dense != nil && r.opts.Dense.Threshold > 0 && f.Cosine >= r.opts.Dense.Threshold
}

// worthwhile is the share of the best score below which a passage is noise:
// leaving such passages out cost no quoted answer in any language measured.
const worthwhile = 0.4

// Best returns the first k passages that are worth reading beside the best:
// by their words, or because they are near in meaning.
func (h Hits) Best(k int) []Passage {
	top := 0.0
	for _, p := range h.Passages {
		top = max(top, p.Score)
	}
	var best []Passage
	for _, p := range h.Passages {
		if len(best) == k {
			break
		}
		if p.Score >= worthwhile*top || p.Cosine > 0 {
			best = append(best, p)
		}
	}
	return best
}

// Find is Retrieve without the threshold, for those who want to see scores.
func (r *Retriever) Find(ctx context.Context, q Query) (Found, error) {
	kbs, err := r.bases(ctx, q.KBs)
	if err != nil {
		return Found{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	meaning := r.startMeaning(ctx, q, kbs)
	found, err := r.words(ctx, q, kbs)
	if err != nil {
		return Found{}, err
	}
	r.addMeaning(&found, <-meaning)
	r.rerank(ctx, q, &found)
	found.Passages = inForceFirst(found.Passages)
	return found, ctx.Err()
}

// words finds passages by the question's words, in each language with the
// question as it was put or translated. It is relevant if it is so in one.
func (r *Retriever) words(ctx context.Context, q Query, kbs []string) (Found, error) {
	var found Found
	for _, tag := range languages(q) {
		in := q
		in.Lang, in.Text = tag, cmp.Or(q.In[tag], q.Text)
		hits, err := r.wordsIn(ctx, in, kbs)
		if err != nil {
			return Found{}, err
		}
		found.Relevance = max(found.Relevance, Relevance(in, hits))
		found.Passages = append(found.Passages, hits.Passages...)
		found.N += hits.N
	}
	found.Passages = byScore(found.Passages)
	return found, nil
}

// wordsIn finds passages in the language of q.
func (r *Retriever) wordsIn(ctx context.Context, q Query, kbs []string) (Hits, error) {
	var hits Hits
	lexical := AnalyzerFor(q.Lang).Question(q.Lang, q.Text)
	for _, kb := range kbs {
		h, err := r.index.Search(ctx, Probe{KB: kb, Lang: q.Lang, Lexical: lexical, K: r.candidates(q)})
		if err != nil {
			return Hits{}, fmt.Errorf("searching knowledge base %s: %w", kb, err)
		}
		hits.Passages = append(hits.Passages, h.Passages...)
		hits.N += h.N
	}
	hits.Passages = byScore(hits.Passages)
	return hits, nil
}

func byScore(passages []Passage) []Passage {
	slices.SortStableFunc(passages, func(a, b Passage) int { return cmp.Compare(b.Score, a.Score) })
	return passages
}

// candidates is how many hits of each kind are asked for.
func (r *Retriever) candidates(q Query) int {
	k := max(cmp.Or(q.K, DefaultK), judged)
	if r.opts.Dense != nil || r.opts.Reranker != nil {
		k = max(k, depth)
	}
	return k
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
		if t = t.Base(); !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}
