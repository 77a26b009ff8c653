package qdrant

import (
	"context"
	"slices"
	"time"

	"github.com/qdrant/go-client/qdrant"

	"tilgate/internal/lang"
	"tilgate/rag"
)

// Search returns the passages of one language nearest to the probe.
func (x *Index) Search(ctx context.Context, p rag.Probe) (rag.Hits, error) {
	if len(p.Lexical.Indices) == 0 {
		return rag.Hits{}, nil // a question of signs alone is near to nothing
	}
	alias, err := x.name(p.KB)
	if err != nil {
		return rag.Hits{}, err
	}
	n, err := x.count(ctx, x.at(alias), p.Lang)
	if err != nil || n == 0 {
		return rag.Hits{}, err
	}
	points, err := x.query(ctx, &qdrant.QueryPoints{
		CollectionName: x.at(alias),
		Query:          qdrant.NewQuerySparse(p.Lexical.Indices, p.Lexical.Values),
		Using:          qdrant.PtrOf(vectorName(p.Lang)),
		Limit:          qdrant.PtrOf(uint64(p.K)),
		WithPayload:    qdrant.NewWithPayload(true),
	})
	if err != nil {
		return rag.Hits{}, explain(err)
	}
	version, err := x.searched(ctx, alias)
	if err != nil {
		return rag.Hits{}, err
	}
	hits := rag.Hits{N: n}
	for _, point := range points {
		found := passage(p.KB, point.GetPayload(), point.GetScore())
		found.Version = version
		hits.Passages = append(hits.Passages, found)
	}
	return hits, nil
}

// count returns how many passages there are in a collection's vector of a language,
// whatever script or region their tags name, remembered for a moment.
func (x *Index) count(ctx context.Context, collection string, tag lang.Tag) (int, error) {
	key := x.tenant + " " + collection + " " + vectorName(tag)
	x.mu.Lock()
	known, ok := x.counts[key]
	x.mu.Unlock()
	if ok && time.Since(known.at) < remember {
		return known.n, nil
	}
	n, err := x.countOf(ctx, collection, &qdrant.Filter{Must: []*qdrant.Condition{qdrant.NewHasVector(vectorName(tag))}})
	if err != nil {
		return 0, err
	}
	x.mu.Lock()
	x.counts[key] = count{n, time.Now()}
	x.mu.Unlock()
	return n, nil
}

// Size says what a knowledge base holds in one language.
type Size struct {
	Lang      lang.Tag `json:"lang"`
	Documents int      `json:"documents"`
	Passages  int      `json:"passages"`
}

// Sizes counts what is stored, by language.
func (x *Index) Sizes(ctx context.Context, kb string) ([]Size, error) {
	stored, err := x.Stored(ctx, kb)
	if err != nil {
		return nil, err
	}
	var sizes []Size
	for key, d := range stored {
		i := slices.IndexFunc(sizes, func(s Size) bool { return s.Lang == key.Lang })
		if i < 0 {
			sizes = append(sizes, Size{Lang: key.Lang})
			i = len(sizes) - 1
		}
		sizes[i].Documents++
		sizes[i].Passages += d.Passages
	}
	slices.SortFunc(sizes, func(a, b Size) int {
		if a.Lang < b.Lang {
			return -1
		}
		return 1
	})
	return sizes, nil
}
