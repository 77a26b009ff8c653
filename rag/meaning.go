package rag

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"tilgate/internal/fault"
)

// nearby is what a search for meaning found, nearest first.
type nearby struct {
	passages []Passage
	err      error
}

// startMeaning searches for meaning while words are searched for. It does not
// hold an answer up for longer than it may, nor make one fail.
func (r *Retriever) startMeaning(ctx context.Context, q Query, kbs []string) <-chan nearby {
	done := make(chan nearby, 1)
	if r.opts.Dense == nil || len(kbs) == 0 {
		done <- nearby{}
		return done
	}
	go func() {
		ctx, cancel := context.WithTimeout(ctx, cmp.Or(r.opts.Dense.Timeout, 5*time.Second))
		defer cancel()
		passages, err := r.meaning(ctx, q, kbs)
		done <- nearby{passages, err}
	}()
	return done
}

func (r *Retriever) meaning(ctx context.Context, q Query, kbs []string) ([]Passage, error) {
	d := r.opts.Dense
	vector, err := d.Encoder.Question(ctx, q.Text)
	if err != nil {
		return nil, fmt.Errorf("encoding the question: %w", err)
	}
	var all []Passage
	for _, kb := range kbs {
		near, err := d.Index.Nearest(ctx, DenseProbe{KB: kb, Langs: languages(q), Model: d.Encoder.Name(),
			Vector: vector, K: r.candidates(q), Threshold: d.Threshold})
		if err != nil {
			return nil, fmt.Errorf("searching knowledge base %s for meaning: %w", kb, err)
		}
		all = append(all, near...)
	}
	slices.SortStableFunc(all, func(a, b Passage) int { return cmp.Compare(b.Cosine, a.Cosine) })
	return all[:min(len(all), r.candidates(q))], nil
}

// addMeaning fuses what was found by meaning into what was found by words.
func (r *Retriever) addMeaning(found *Found, near nearby) {
	if near.err != nil {
		found.Skipped = append(found.Skipped, near.err)
		return
	}
	if len(near.passages) == 0 {
		return
	}
	found.Passages, found.Cosine = fuse(found.Passages, near.passages), near.passages[0].Cosine
}

// What a reranker reads at most, and how long it may take.
const (
	reread     = 30
	rereadTime = 10 * time.Second
)

// rerank puts the hits in the order that the reranker says. If it fails, they
// keep theirs.
func (r *Retriever) rerank(ctx context.Context, q Query, found *Found) {
	if r.opts.Reranker == nil || len(found.Passages) < 2 {
		return
	}
	head := found.Passages[:min(len(found.Passages), reread)]
	texts := make([]string, len(head))
	for i, p := range head {
		texts[i] = p.Content()
	}
	ours, cancel := context.WithTimeout(ctx, rereadTime)
	defer cancel()
	ranked, err := r.opts.Reranker.Rerank(ours, q.Text, texts)
	if err != nil {
		found.Skipped = append(found.Skipped, fmt.Errorf("reranking: %w", err))
		return
	}
	order := make([]Passage, 0, len(found.Passages))
	taken := make([]bool, len(head))
	for _, x := range ranked {
		if x.Index < 0 || x.Index >= len(head) || taken[x.Index] {
			found.Skipped = append(found.Skipped, fault.Unavailable.Errorf("reranking: there is no text %d", x.Index))
			return
		}
		taken[x.Index] = true
		order = append(order, head[x.Index])
	}
	for i, p := range found.Passages {
		if i >= len(head) || !taken[i] {
			order = append(order, p)
		}
	}
	found.Passages = order
}
