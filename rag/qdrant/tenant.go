package qdrant

import (
	"context"
	"strings"

	"github.com/qdrant/go-client/qdrant"

	"tilgate/internal/fault"
	"tilgate/rag"
)

// tenantKey is the payload field that says whose a passage is.
const tenantKey = "tenant"

// For returns the index of one tenant; an empty name is the default tenant.
// All that can be asked about passages is asked of an Index, so nothing can
// be asked without saying for whom. A name that no tenant can have gives an
// index of which every call fails.
func (s *Store) For(tenant string) *Index {
	tenant = rag.TenantOf(tenant)
	return &Index{shared: s.shared, tenant: tenant, wrong: rag.CheckTenant(tenant)}
}

// Tenant returns whose index it is.
func (x *Index) Tenant() string { return x.tenant }

// Site returns where the store stands; empty if nobody says.
func (x *Index) Site() string { return x.site }

// name returns the alias of a knowledge base. No tenant can write another's:
// a dot stands in no name.
func (x *Index) name(kb string) (string, error) {
	switch {
	case x.wrong != nil:
		return "", x.wrong
	case !kbName.MatchString(kb):
		return "", noBase(kb)
	}
	return x.prefix() + kb, nil
}

// at returns the collection that what is asked about an alias goes to: that of
// the version in the making, or the one that is searched.
func (x *Index) at(alias string) string {
	if _, ours := numberOf(alias, x.staged); ours {
		return x.staged
	}
	return alias
}

func (x *Index) prefix() string {
	if x.tenant == rag.DefaultTenant {
		return ""
	}
	return x.tenant + "."
}

// base returns the knowledge base of this tenant that an alias stands for.
func (x *Index) base(alias string) (kb string, ours bool) {
	kb, ours = strings.CutPrefix(alias, x.prefix())
	return kb, ours && kbName.MatchString(kb)
}

func noBase(kb string) error { return fault.NotFound.Errorf("there is no knowledge base %q", kb) }

// own is met by this tenant's passages that meet f as well.
func (x *Index) own(f *qdrant.Filter) *qdrant.Filter {
	must := []*qdrant.Condition{qdrant.NewMatchKeyword(tenantKey, x.tenant)}
	if f != nil {
		must = append(must, qdrant.NewFilterAsCondition(f))
	}
	return &qdrant.Filter{Must: must}
}

// The calls below are the only ones that reach points. Each adds whose they
// are, and the shard they lie in.

func (x *Index) query(ctx context.Context, req *qdrant.QueryPoints) ([]*qdrant.ScoredPoint, error) {
	req.Filter, req.ShardKeySelector = x.own(req.GetFilter()), x.shards()
	return x.client.Query(ctx, req)
}

func (x *Index) countOf(ctx context.Context, collection string, f *qdrant.Filter) (int, error) {
	n, err := x.client.Count(ctx, &qdrant.CountPoints{CollectionName: collection, Exact: qdrant.PtrOf(true),
		Filter: x.own(f), ShardKeySelector: x.shards()})
	return int(n), explain(err)
}

func (x *Index) page(ctx context.Context, req *qdrant.ScrollPoints) ([]*qdrant.RetrievedPoint, *qdrant.PointId, error) {
	req.Filter, req.ShardKeySelector = x.own(req.GetFilter()), x.shards()
	points, next, err := x.client.ScrollAndOffset(ctx, req)
	return points, next, explain(err)
}

func (x *Index) put(ctx context.Context, collection string, points []*qdrant.PointStruct) error {
	if len(points) == 0 {
		return nil
	}
	for _, p := range points {
		p.Payload[tenantKey] = text(x.tenant)
	}
	_, err := x.client.Upsert(ctx, &qdrant.UpsertPoints{CollectionName: collection, Wait: qdrant.PtrOf(true),
		Points: points, ShardKeySelector: x.shards()})
	return explain(err)
}

// amend sets keys of the payload of points.
func (x *Index) amend(ctx context.Context, collection string, payload map[string]*qdrant.Value, f *qdrant.Filter) error {
	_, err := x.client.SetPayload(ctx, &qdrant.SetPayloadPoints{CollectionName: collection, Wait: qdrant.PtrOf(true),
		Payload: payload, PointsSelector: qdrant.NewPointsSelectorFilter(x.own(f)), ShardKeySelector: x.shards()})
	return explain(err)
}

func (x *Index) remove(ctx context.Context, collection string, f *qdrant.Filter) error {
	_, err := x.client.Delete(ctx, &qdrant.DeletePoints{CollectionName: collection, Wait: qdrant.PtrOf(true),
		Points: qdrant.NewPointsSelectorFilter(x.own(f)), ShardKeySelector: x.shards()})
	return explain(err)
}
