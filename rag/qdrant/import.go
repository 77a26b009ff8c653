package qdrant

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/qdrant/go-client/qdrant"

	"tilgate/rag"
)

// Import is what is to be imported.
type Import struct {
	KB    string    // its name here
	State string    // that it must come to
	From  io.Reader // what Export wrote
	// Keep says which passages are stored; nil means all. What it refuses, such
	// as a document that was forgotten here, is not written even out of sight.
	Keep     func(rag.Passage) bool
	Progress func(done int) // passages; may be nil
}

// An Imported is the next version of a knowledge base: filled, read back, and
// not searched yet. ShowAll ends it, or Discard.
type Imported struct {
	Content
	KB      string `json:"kb"`
	Version int    `json:"version"`
	Written int    `json:"written"` // passages
	Dropped int    `json:"dropped"` // by Keep
	Same    bool   `json:"same"`    // the version that is searched holds this already; there is nothing to show

	x            *Index
	alias, stage string
}

// Import fills the next version of a knowledge base, out of sight, and reads
// it back. Whose the passages are and what the knowledge base is called is
// decided here: they get the ids that they would have, had they been ingested.
//
// What changes another state needs that very state to be searched here.
func (x *Index) Import(ctx context.Context, in Import) (*Imported, error) {
	alias, err := x.name(in.KB)
	if err != nil {
		return nil, err
	}
	imp := &importing{x: x, in: in, alias: alias, dropped: map[passageKey]digest{}}
	done, err := imp.run(ctx)
	if err != nil {
		err = fmt.Errorf("importing %s: %w", in.KB, err)
		return nil, errors.Join(err, imp.discard(context.WithoutCancel(ctx)))
	}
	return done, nil
}

// Discard removes a version that is not to be shown.
func (m *Imported) Discard(ctx context.Context) error {
	if m.Same {
		return nil
	}
	return m.x.dropIfThere(ctx, m.stage)
}

// ShowAll puts imported versions in the place of those that are searched, all
// in one step. They are of one store.
func ShowAll(ctx context.Context, all ...*Imported) error {
	var actions []*qdrant.AliasOperations
	var first *Index
	for _, m := range all {
		if m.Same {
			continue
		}
		first = m.x
		more, err := showing(m.alias, m.stage)
		if err != nil {
			return err
		}
		actions = append(actions, more...)
	}
	if first == nil {
		return nil
	}
	first.growing.Lock()
	defer first.growing.Unlock()
	defer first.forgetCounts()
	if err := explain(first.client.UpdateAliases(ctx, actions)); err != nil {
		return err
	}
	for _, m := range all {
		if !m.Same {
			if err := m.x.prune(ctx, m.alias); err != nil {
				return err
			}
		}
	}
	return nil
}
