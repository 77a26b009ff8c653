package qdrant

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/qdrant/go-client/qdrant"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

// DefaultKeep is how many versions of a knowledge base are kept.
const DefaultKeep = 2

// A Version is a state of a knowledge base that is kept, whole.
type Version struct {
	N        int        `json:"version"`
	Current  bool       `json:"current"` // it is the one that is searched
	Passages int        `json:"passages"`
	Langs    []lang.Tag `json:"languages"` // it has room for
	Model    string     `json:"model"`     // of dense vectors; empty without
}

// Versions lists the versions of a knowledge base, newest first.
func (x *Index) Versions(ctx context.Context, kb string) ([]Version, error) {
	alias, current, kept, err := x.versions(ctx, kb)
	if err != nil {
		return nil, err
	}
	var list []Version
	for _, n := range kept {
		name := versionName(alias, n)
		v := Version{N: n, Current: n == current}
		if v.Passages, err = x.countOf(ctx, name, nil); err != nil {
			return nil, err
		}
		if v.Langs, err = x.languages(ctx, name); err != nil {
			return nil, err
		}
		model, err := x.modelIn(ctx, name)
		if err != nil {
			return nil, err
		}
		v.Model = model.Name
		list = append(list, v)
	}
	return list, nil
}

// Rollback lets a kept version be searched in place of the present one; 0
// means the newest that is older. Nothing else changes, so that the way back
// is another Rollback. It returns the version now in force.
func (x *Index) Rollback(ctx context.Context, kb string, to int) (int, error) {
	x.growing.Lock()
	defer x.growing.Unlock()
	alias, current, kept, err := x.versions(ctx, kb)
	if err != nil {
		return 0, err
	}
	if to == 0 {
		if i := slices.IndexFunc(kept, func(n int) bool { return n < current }); i >= 0 {
			to = kept[i]
		}
	}
	switch {
	case to == 0:
		return 0, fault.NotFound.Errorf("knowledge base %s has no version before %d", kb, current)
	case !slices.Contains(kept, to):
		return 0, fault.NotFound.Errorf("knowledge base %s has no version %d; kept are %s", kb, to, joinInts(kept))
	case to == current:
		return to, nil
	}
	defer x.forgetCounts()
	return to, x.show(ctx, alias, versionName(alias, to))
}

// Drop removes a knowledge base, all its versions. The one that is searched
// goes last, and with its name: cut off, a Drop can be repeated.
func (x *Index) Drop(ctx context.Context, kb string) error {
	x.growing.Lock()
	defer x.growing.Unlock()
	alias, current, _, err := x.versions(ctx, kb)
	if err != nil {
		return err
	}
	defer x.forgetCounts()
	all, err := x.client.ListCollections(ctx)
	if err != nil {
		return explain(err)
	}
	for _, name := range all {
		if n, ok := numberOf(alias, name); ok && n != current {
			if err := x.client.DeleteCollection(ctx, name); err != nil {
				return explain(err)
			}
		}
	}
	return explain(x.client.DeleteCollection(ctx, versionName(alias, current)))
}

// DropVersion removes one version, which must not be the one that is searched.
func (x *Index) DropVersion(ctx context.Context, kb string, n int) error {
	x.growing.Lock()
	defer x.growing.Unlock()
	alias, current, kept, err := x.versions(ctx, kb)
	switch {
	case err != nil:
		return err
	case n == current:
		return fault.Invalid.Errorf("version %d of knowledge base %s is the one that is searched; roll back first, or drop the whole", n, kb)
	case !slices.Contains(kept, n):
		return fault.NotFound.Errorf("knowledge base %s has no version %d; kept are %s", kb, n, joinInts(kept))
	}
	return explain(x.client.DeleteCollection(ctx, versionName(alias, n)))
}

// versions returns a knowledge base's alias, the number of the version that is
// searched, and those of all that are kept, newest first.
func (x *Index) versions(ctx context.Context, kb string) (alias string, current int, kept []int, err error) {
	if alias, err = x.name(kb); err != nil {
		return "", 0, nil, err
	}
	current, kept, err = x.versionsOf(ctx, alias)
	if err == nil && current == 0 {
		err = noBase(kb)
	}
	return alias, current, kept, err
}

// versionsOf finds versions by their marks: an alias health~2 says that
// health@2 is whole. A collection without one was left by a run that was cut
// off. current is 0 if there is no such knowledge base.
func (x *Index) versionsOf(ctx context.Context, alias string) (current int, kept []int, err error) {
	aliases, err := x.client.ListAliases(ctx)
	if err != nil {
		return 0, nil, explain(err)
	}
	for _, a := range aliases {
		n, ok := numberOf(alias, a.GetCollectionName())
		switch {
		case ok && a.GetAliasName() == alias:
			current = n
		case ok && a.GetAliasName() == markName(alias, n):
			kept = append(kept, n)
		}
	}
	if current != 0 && !slices.Contains(kept, current) {
		kept = append(kept, current)
	}
	slices.SortFunc(kept, func(a, b int) int { return cmp.Compare(b, a) })
	return current, kept, nil
}

// show puts a whole collection in place of what an alias stands for, in one
// step, and marks it as whole. drop are aliases that go in the same step.
func (x *Index) show(ctx context.Context, alias, collection string, drop ...string) error {
	actions, err := showing(alias, collection)
	if err != nil {
		return err
	}
	for _, name := range drop {
		actions = append(actions, qdrant.NewAliasDelete(name))
	}
	return explain(x.client.UpdateAliases(ctx, actions))
}

// showing is what show does.
func showing(alias, collection string) ([]*qdrant.AliasOperations, error) {
	n, ok := numberOf(alias, collection)
	if !ok {
		return nil, fault.Internal.Errorf("collection %s is no version of %s", collection, alias)
	}
	return []*qdrant.AliasOperations{
		qdrant.NewAliasCreate(markName(alias, n), collection), qdrant.NewAliasCreate(alias, collection)}, nil
}

// prune removes versions beyond those that are kept, the oldest first; never
// the one that is searched.
func (x *Index) prune(ctx context.Context, alias string) error {
	current, kept, err := x.versionsOf(ctx, alias)
	if err != nil {
		return err
	}
	for extra := len(kept) - cmp.Or(x.keep, DefaultKeep); extra > 0 && len(kept) > 0; kept = kept[:len(kept)-1] {
		oldest := kept[len(kept)-1]
		if oldest == current {
			continue
		}
		if err := x.client.DeleteCollection(ctx, versionName(alias, oldest)); err != nil {
			return explain(err)
		}
		extra--
	}
	return nil
}

// stage makes the collection of the next version, empty. What is there was
// left by a run that was cut off.
func (x *Index) stage(ctx context.Context, alias string, langs []lang.Tag, m Model) (string, error) {
	_, kept, err := x.versionsOf(ctx, alias)
	if err != nil {
		return "", err
	}
	next := 1
	if len(kept) > 0 {
		next = kept[0] + 1
	}
	name := versionName(alias, next)
	if err := x.dropIfThere(ctx, name); err != nil {
		return "", err
	}
	return name, x.createCollection(ctx, name, langs, m)
}

func (x *Index) dropIfThere(ctx context.Context, collection string) error {
	there, err := x.client.CollectionExists(ctx, collection)
	if err == nil && there {
		err = x.client.DeleteCollection(ctx, collection)
	}
	return explain(err)
}

// copyInto copies all points of a collection to another; dense vectors only if
// they are of the same model.
func (x *Index) copyInto(ctx context.Context, from, to string, sameModel bool) error {
	err := x.scroll(ctx, from, qdrant.NewWithPayload(true), true, func(points []*qdrant.RetrievedPoint) error {
		copies := make([]*qdrant.PointStruct, len(points))
		for i, p := range points {
			if !sameModel {
				delete(p.GetPayload(), modelKey)
			}
			copies[i] = &qdrant.PointStruct{Id: p.GetId(), Payload: p.GetPayload(), Vectors: written(p.GetVectors(), sameModel)}
		}
		return x.put(ctx, to, copies)
	})
	if err != nil {
		return fmt.Errorf("copying %s to %s: %w", from, to, err)
	}
	return nil
}

// grow gives a knowledge base more languages, or another embedding model.
// Qdrant fixes a collection's vectors when it is made, so the next version is
// made, filled with what the present one holds, and put in its place in one
// step. Dense vectors come along only if they are of the same model.
func (x *Index) grow(ctx context.Context, alias, current string, langs []lang.Tag, m Model, sameModel bool) error {
	defer x.forgetCounts()
	next, err := x.stage(ctx, alias, langs, m)
	if err != nil {
		return err
	}
	if err := x.copyInto(ctx, current, next, sameModel); err != nil {
		return err
	}
	if err := x.show(ctx, alias, next); err != nil {
		return err
	}
	// Versions made before there were marks are kept all the same.
	if n, ok := numberOf(alias, current); ok {
		if err := x.client.CreateAlias(ctx, markName(alias, n), current); err != nil {
			return explain(err)
		}
	}
	return x.prune(ctx, alias)
}

func versionName(alias string, n int) string { return alias + "@" + strconv.Itoa(n) }

func markName(alias string, n int) string { return alias + "~" + strconv.Itoa(n) }

// numberOf returns which version of a knowledge base a collection is.
func numberOf(alias, collection string) (int, bool) {
	text, ok := strings.CutPrefix(collection, alias+"@")
	n, err := strconv.Atoi(text)
	return n, ok && err == nil && n > 0
}

func joinInts(list []int) string {
	var texts []string
	for _, n := range list {
		texts = append(texts, strconv.Itoa(n))
	}
	return strings.Join(texts, ", ")
}
