package qdrant

import (
	"context"
	"fmt"
	"strings"

	"tilgate/internal/fault"
	"tilgate/rag"
)

// Ping returns nil if the store answers now, else why not.
func (s *Store) Ping(ctx context.Context) error {
	_, err := s.client.ListAliases(ctx)
	return explain(err)
}

// A Base is a knowledge base and whose it is.
type Base struct{ Tenant, KB string }

// Bases lists all knowledge bases of all tenants, sorted: for who looks after
// the whole store, and never for an answer.
func (s *Store) Bases(ctx context.Context) ([]Base, error) {
	aliases, err := s.bases(ctx)
	if err != nil {
		return nil, err
	}
	var all []Base
	for _, alias := range aliases {
		tenant, kb, has := strings.Cut(alias, ".")
		if !has {
			tenant, kb = rag.DefaultTenant, alias
		}
		if rag.CheckTenant(tenant) == nil && kbName.MatchString(kb) {
			all = append(all, Base{tenant, kb})
		}
	}
	return all, nil
}

// State identifies what the version of a knowledge base that is searched holds,
// as Content does. It reads all of it.
func (x *Index) State(ctx context.Context, kb string) (string, error) {
	alias, current, _, err := x.versions(ctx, kb)
	if err != nil {
		return "", err
	}
	var s sum
	err = x.travelling(ctx, alias, versionName(alias, current), func(t traveller) error {
		s.add(t.digest)
		return nil
	})
	return s.state(), err
}

// Searched returns the index in which the knowledge base is the imported
// version, so that it can be asked before anybody else sees it.
func (m *Imported) Searched() *Index {
	if m.Same {
		return m.x
	}
	return &Index{shared: m.x.shared, tenant: m.x.tenant, staged: m.stage}
}

// A Shown is a version that is to be searched, by name: what ShowNamed needs.
type Shown struct {
	Alias      string `json:"alias"`
	Collection string `json:"collection"`
}

// Names returns how to show the version later, from another process; ok is
// false where nothing is to be shown.
func (m *Imported) Names() (s Shown, ok bool) { return Shown{m.alias, m.stage}, !m.Same }

// ShowNamed is ShowAll for versions that another process has imported. Those
// that are shown already stay so.
func (s *Store) ShowNamed(ctx context.Context, all ...Shown) error {
	var list []*Imported
	for _, n := range all {
		there, err := s.client.CollectionExists(ctx, n.Collection)
		if err != nil {
			return explain(err)
		}
		if !there {
			return fault.NotFound.Errorf("%s, which was to be searched now, is gone; restore again", n.Collection)
		}
		tenant, kb, has := strings.Cut(n.Alias, ".")
		if !has {
			tenant, kb = rag.DefaultTenant, n.Alias
		}
		list = append(list, &Imported{KB: kb, x: s.For(tenant), alias: n.Alias, stage: n.Collection})
	}
	if err := ShowAll(ctx, list...); err != nil {
		return fmt.Errorf("showing what was restored: %w", err)
	}
	return nil
}

// DropNamed removes versions that were never shown.
func (s *Store) DropNamed(ctx context.Context, all ...Shown) error {
	x := s.For("")
	for _, n := range all {
		if err := x.dropIfThere(ctx, n.Collection); err != nil {
			return err
		}
	}
	return nil
}
