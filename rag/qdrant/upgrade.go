package qdrant

import (
	"context"
	"fmt"

	"github.com/qdrant/go-client/qdrant"

	"tilgate/rag"
)

// Upgrade brings what earlier releases have stored to what this one reads, and
// returns what it changed. Cut off, it is repeated. What is up to date costs a
// question for each collection.
//
// Before there were tenants, passages did not say whose they are; all were the
// default tenant's, and would be found by nobody.
func (s *Store) Upgrade(ctx context.Context) (changed []string, err error) {
	all, err := s.client.ListCollections(ctx)
	if err != nil {
		return nil, explain(err)
	}
	for _, name := range all {
		if !s.isVersion(name) {
			continue
		}
		info, err := s.client.GetCollectionInfo(ctx, name)
		if err != nil {
			return changed, explain(err)
		}
		if _, has := info.GetPayloadSchema()[tenantKey]; has {
			continue
		}
		if err := s.giveTenant(ctx, name); err != nil {
			return changed, fmt.Errorf("bringing %s up to date: %w", name, err)
		}
		changed = append(changed, name)
	}
	return changed, nil
}

// isVersion reports whether a collection is a version of a knowledge base of the
// default tenant.
func (s *Store) isVersion(name string) bool {
	for i := range name {
		if name[i] == '@' {
			_, ok := numberOf(name[:i], name)
			return ok && kbName.MatchString(name[:i])
		}
	}
	return false
}

// giveTenant says of all passages that say nothing that they are the default
// tenant's. The index comes last: it says that this is done.
func (s *Store) giveTenant(ctx context.Context, collection string) error {
	x := s.For(rag.DefaultTenant)
	_, err := s.client.SetPayload(ctx, &qdrant.SetPayloadPoints{CollectionName: collection, Wait: qdrant.PtrOf(true),
		Payload: map[string]*qdrant.Value{tenantKey: text(rag.DefaultTenant)}, ShardKeySelector: x.shards(),
		PointsSelector: qdrant.NewPointsSelectorFilter(&qdrant.Filter{Must: []*qdrant.Condition{qdrant.NewIsEmpty(tenantKey)}})})
	if err != nil {
		return explain(err)
	}
	_, err = s.client.CreateFieldIndex(ctx, &qdrant.CreateFieldIndexCollection{CollectionName: collection, FieldName: tenantKey,
		FieldType: qdrant.FieldType_FieldTypeKeyword.Enum(), Wait: qdrant.PtrOf(true),
		FieldIndexParams: qdrant.NewPayloadIndexParamsKeyword(&qdrant.KeywordIndexParams{IsTenant: qdrant.PtrOf(true)})})
	return explain(err)
}
