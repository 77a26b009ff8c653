package qdrant

import (
	"context"
	"errors"

	"github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"tilgate/internal/fault"
)

// shards selects the shard that the store is configured for, or all.
func (s *shared) shards() *qdrant.ShardKeySelector {
	if s.shard == "" {
		return nil
	}
	return &qdrant.ShardKeySelector{ShardKeys: []*qdrant.ShardKey{qdrant.NewShardKey(s.shard)}}
}

// createShard gives a new collection the shard that the store is configured for.
func (s *shared) createShard(ctx context.Context, collection string) error {
	if s.shard == "" {
		return nil
	}
	return s.explainShard(s.client.CreateShardKey(ctx, collection, &qdrant.CreateShardKey{ShardKey: qdrant.NewShardKey(s.shard)}))
}

// explainShard is explain for calls that need shards.
func (s *shared) explainShard(err error) error {
	for e := err; e != nil; e = errors.Unwrap(e) {
		if s.shard != "" && status.Code(e) == codes.Unimplemented {
			return fault.Invalid.Wrap(err, "shard keys take a cluster of Qdrant servers; the embedded engine has none (remove shard from the configuration)")
		}
	}
	return explain(err)
}
