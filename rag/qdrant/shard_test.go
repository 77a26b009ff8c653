package qdrant

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

// TestShard: the embedded engine has no shards, and says so.
func TestShard(t *testing.T) {
	x, _ := open(t)
	err := New(x.client, Options{Shard: "kg"}).For("").Create(t.Context(), "desk", []lang.Tag{"ky"})
	if !fault.Invalid.Is(err) || !strings.Contains(err.Error(), "cluster") || !strings.Contains(err.Error(), "custom sharding") {
		t.Errorf("Create in a shard: %v", err)
	}
	if kbs, err := x.KBs(t.Context()); err != nil || len(kbs) != 0 {
		t.Errorf("knowledge bases %q, %v", kbs, err)
	}
}

// A cluster stands between client and engine: it takes the shard keys that
// the engine would refuse, and notes calls that have none.
type cluster struct {
	shards map[string][]string // by collection
	faults []string
}

func (c *cluster) intercept(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	var selector **qdrant.ShardKeySelector
	switch r := req.(type) {
	case *qdrant.CreateCollection:
		if r.GetShardingMethod() != qdrant.ShardingMethod_Custom {
			c.faults = append(c.faults, "a collection without custom sharding")
		}
		r.ShardingMethod = nil
	case *qdrant.CreateShardKeyRequest:
		c.shards[r.GetCollectionName()] = append(c.shards[r.GetCollectionName()], r.GetRequest().GetShardKey().GetKeyword())
		reply.(*qdrant.CreateShardKeyResponse).Result = true
		return nil
	case *qdrant.QueryPoints:
		selector = &r.ShardKeySelector
	case *qdrant.CountPoints:
		selector = &r.ShardKeySelector
	case *qdrant.ScrollPoints:
		selector = &r.ShardKeySelector
	case *qdrant.DeletePoints:
		selector = &r.ShardKeySelector
	case *qdrant.UpsertPoints:
		selector = &r.ShardKeySelector
	}
	if selector != nil {
		if keys := (*selector).GetShardKeys(); len(keys) != 1 || keys[0].GetKeyword() != "kg" {
			c.faults = append(c.faults, fmt.Sprintf("%s in %v", method, keys))
		}
		*selector = nil
	}
	return invoke(ctx, method, req, reply, conn, opts...)
}

// TestShardKeys: on a cluster, all is written to and read from the shard.
func TestShardKeys(t *testing.T) {
	address, _ := serve(t, t.TempDir())
	host, port, _ := net.SplitHostPort(address)
	var n int
	fmt.Sscan(port, &n)
	c := &cluster{shards: map[string][]string{}}
	client, err := qdrant.NewClient(&qdrant.Config{Host: host, Port: n, PoolSize: 1, SkipCompatibilityCheck: true,
		GrpcOptions: []grpc.DialOption{grpc.WithChainUnaryInterceptor(c.intercept)}})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	x := New(client, Options{Shard: "kg"}).For("")
	create(t, x, "desk", "ky")
	upsert(t, x, "desk", pension)
	create(t, x, "desk", "ur")
	for name, err := range calls(t.Context(), x) {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(c.faults) > 0 {
		t.Errorf("not in the shard: %q", c.faults)
	}
	for _, collection := range []string{"desk@1", "desk@2"} {
		if !slices.Equal(c.shards[collection], []string{"kg"}) {
			t.Errorf("%s has the shards %q", collection, c.shards[collection])
		}
	}
}
