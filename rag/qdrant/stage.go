package qdrant

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/rag"
)

// A Staged is the next version of a knowledge base while it is filled, out of
// sight. What is asked of its Index is asked of that version: it can be
// searched before anybody else sees it.
type Staged struct {
	*Index
	kb, alias string
}

// Stage begins the next version of a knowledge base, with room for langs, or
// goes on with one that was cut off. Show ends it, or Discard.
func (x *Index) Stage(ctx context.Context, kb string, langs []lang.Tag) (*Staged, error) {
	alias, err := x.name(kb)
	if err != nil {
		return nil, err
	}
	x.growing.Lock()
	defer x.growing.Unlock()
	begun, err := x.collection(ctx, nextMark(alias))
	if err != nil {
		return nil, err
	}
	s := &Staged{Index: &Index{shared: x.shared, tenant: x.tenant, staged: begun}, kb: kb, alias: alias}
	if begun != "" {
		return s, s.extend(ctx, langs)
	}
	if s.staged, err = x.stage(ctx, alias, langs, x.model); err != nil {
		return nil, err
	}
	return s, explain(x.client.CreateAlias(ctx, nextMark(alias), s.staged))
}

// nextMark is the alias of the version that Stage fills.
func nextMark(alias string) string { return alias + "~next" }

// Create gives the version room for languages that turn up.
func (s *Staged) Create(ctx context.Context, kb string, langs []lang.Tag) error {
	if kb != s.kb {
		return fault.Internal.Errorf("the next version of %s was asked to hold %s", s.kb, kb)
	}
	s.growing.Lock()
	defer s.growing.Unlock()
	return s.extend(ctx, langs)
}

// extend moves what there is to a collection with more room, if it must.
func (s *Staged) extend(ctx context.Context, langs []lang.Tag) error {
	have, err := s.languages(ctx, s.staged)
	if err != nil {
		return err
	}
	model, err := s.modelIn(ctx, s.staged)
	if err != nil {
		return err
	}
	all, sameModel := union(have, langs), model.holds(s.model)
	if len(all) == len(have) && sameModel {
		return nil
	}
	if !sameModel {
		model = s.model
	}
	n, _ := numberOf(s.alias, s.staged)
	next := versionName(s.alias, n+1)
	if err := s.dropIfThere(ctx, next); err != nil {
		return err
	}
	if err := s.createCollection(ctx, next, all, model); err != nil {
		return err
	}
	if err := s.copyInto(ctx, s.staged, next, sameModel); err != nil {
		return err
	}
	old := s.staged
	if err := s.client.CreateAlias(ctx, nextMark(s.alias), next); err != nil {
		return explain(err)
	}
	s.staged = next
	return explain(s.client.DeleteCollection(ctx, old))
}

// Show puts the version in the place of the one that is searched, in one step,
// and returns its number.
func (s *Staged) Show(ctx context.Context) (int, error) {
	s.growing.Lock()
	defer s.growing.Unlock()
	defer s.forgetCounts()
	if err := s.show(ctx, s.alias, s.staged, nextMark(s.alias)); err != nil {
		return 0, err
	}
	n, _ := numberOf(s.alias, s.staged)
	return n, s.prune(ctx, s.alias)
}

// Discard removes the version.
func (s *Staged) Discard(ctx context.Context) error {
	s.growing.Lock()
	defer s.growing.Unlock()
	return explain(s.client.DeleteCollection(ctx, s.staged))
}

// ForgetEverywhere removes a document from every version of a knowledge base
// that is kept or in the making, and returns how many passages it removed.
func (x *Index) ForgetEverywhere(ctx context.Context, kb string, key rag.Key) (int, error) {
	n := 0
	err := x.everywhere(ctx, kb, func(view *Index) error {
		stored, err := view.PassagesOf(ctx, kb, key)
		if err != nil {
			return err
		}
		n += len(stored)
		return view.Forget(ctx, kb, key, "")
	})
	return n, err
}

// Anywhere returns the passages of a document in all versions that are kept or
// in the making.
func (x *Index) Anywhere(ctx context.Context, kb string, key rag.Key) (all []rag.Passage, err error) {
	err = x.everywhere(ctx, kb, func(view *Index) error {
		ps, err := view.PassagesOf(ctx, kb, key)
		all = append(all, ps...)
		return err
	})
	return all, err
}

// Keys lists the documents of all versions that are kept or in the making.
func (x *Index) Keys(ctx context.Context, kb string) ([]rag.Key, error) {
	seen := map[rag.Key]bool{}
	err := x.everywhere(ctx, kb, func(view *Index) error {
		stored, err := view.Stored(ctx, kb)
		for key := range stored {
			seen[key] = true
		}
		return err
	})
	return slices.Collect(maps.Keys(seen)), err
}

// everywhere calls f with a view of each version, also of those that a run
// that was cut off has left.
func (x *Index) everywhere(ctx context.Context, kb string, f func(view *Index) error) error {
	alias, err := x.name(kb)
	if err != nil {
		return err
	}
	all, err := x.client.ListCollections(ctx)
	if err != nil {
		return explain(err)
	}
	slices.Sort(all)
	for _, name := range all {
		if _, ours := numberOf(alias, name); !ours {
			continue
		}
		if err := f(&Index{shared: x.shared, tenant: x.tenant, staged: name}); err != nil {
			return fmt.Errorf("in version %s: %w", name, err)
		}
	}
	return nil
}
