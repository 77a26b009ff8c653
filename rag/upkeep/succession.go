package upkeep

import (
	"context"
	"fmt"

	"tilgate/rag"
	"tilgate/rag/qdrant"
	"tilgate/rag/succession"
)

// Which documents are superseded depends on all of them: one that comes may
// take the place of another whose file nobody touched, and give it back when it
// goes. It is therefore found out at the end of each run, from what the store
// holds then, and the marks that are not right are put right. A run that is cut
// off before leaves them to the next.
//
// Where no document has ever said anything of the kind, nothing is read again.

// succeed marks the documents that are superseded in the version that was
// filled.
func (j Job) succeed(ctx context.Context, to target, stored map[rag.Key]rag.Stored, watch *watcher) error {
	rules := j.Manifest.Rules()
	if j.Dry || len(rules) == 0 && !watch.telling.Load() && !tellingIn(stored) {
		return nil
	}
	x, kb := j.Index, j.Manifest.Name
	if to.staged != nil {
		x = to.staged.Index
	}
	standings, err := x.Standings(ctx, kb)
	if err != nil {
		return fmt.Errorf("finding out which documents of knowledge base %s are superseded: %w", kb, err)
	}
	docs := make([]rag.Document, len(standings))
	for i, s := range standings {
		docs[i] = s.Document
	}
	result := succession.Of(docs, rules)
	watch.c.Succession(docs, result)
	return mark(ctx, x, kb, standings, result)
}

func mark(ctx context.Context, x *qdrant.Index, kb string, standings []qdrant.Standing, r succession.Result) error {
	for _, s := range standings {
		key := rag.Key{Lang: s.Lang, Doc: s.ID}
		if by := r.By[key]; s.Mixed || !by.Equal(s.SupersededBy) {
			if err := x.Supersede(ctx, kb, key, by); err != nil {
				return fmt.Errorf("marking document %q in %s as superseded: %w", key.Doc, key.Lang, err)
			}
		}
	}
	return nil
}

func tellingIn(stored map[rag.Key]rag.Stored) bool {
	for _, s := range stored {
		if s.Telling || s.SupersededBy != nil {
			return true
		}
	}
	return false
}
