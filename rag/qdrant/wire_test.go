package qdrant

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"testing"

	"github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc"

	"tilgate/internal/lang"
	"tilgate/rag"
	"tilgate/rag/engine"
)

// serve lets an engine over a folder answer on a TCP port, until stop.
func serve(t testing.TB, dir string) (address string, stop func()) {
	t.Helper()
	e, err := engine.Open(dir, engine.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := e.Serve(ln); err != nil {
			t.Error(err)
		}
	}()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			if err := e.Close(); err != nil {
				t.Error(err)
			}
			<-served
		})
	}
	t.Cleanup(stop)
	return ln.Addr().String(), stop
}

func dial(t testing.TB, address string) *qdrant.Client {
	t.Helper()
	client, err := Dial(context.Background(), Server{Address: address})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// A tap reads what goes over the wire and notes what lacks the tenant.
type tap struct {
	mu     sync.Mutex
	tenant string
	calls  map[string]int
	faults []string
}

func (p *tap) intercept(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	p.mu.Lock()
	p.calls[method]++
	if !p.says(req) {
		p.faults = append(p.faults, fmt.Sprintf("%s: %v", method, req))
	}
	p.mu.Unlock()
	return invoke(ctx, method, req, reply, conn, opts...)
}

// says reports whether a call that reaches points says whose. Calls that are
// not known here do not.
func (p *tap) says(req any) bool {
	switch r := req.(type) {
	case *qdrant.QueryPoints:
		return p.filters(r.GetFilter())
	case *qdrant.CountPoints:
		return p.filters(r.GetFilter())
	case *qdrant.ScrollPoints:
		return p.filters(r.GetFilter())
	case *qdrant.DeletePoints:
		return p.filters(r.GetPoints().GetFilter())
	case *qdrant.UpsertPoints:
		return !slices.ContainsFunc(r.GetPoints(), func(s *qdrant.PointStruct) bool {
			return s.GetPayload()[tenantKey].GetStringValue() != p.tenant
		})
	case *qdrant.CreateCollection, *qdrant.DeleteCollection, *qdrant.CreateFieldIndexCollection, *qdrant.ListAliasesRequest,
		*qdrant.ChangeAliases, *qdrant.GetCollectionInfoRequest, *qdrant.ListCollectionsRequest, *qdrant.CollectionExistsRequest,
		*qdrant.HealthCheckRequest:
		return true // these hold no passages
	}
	return false
}

func (p *tap) filters(f *qdrant.Filter) bool {
	return slices.ContainsFunc(f.GetMust(), func(c *qdrant.Condition) bool {
		return c.GetField().GetKey() == tenantKey && c.GetField().GetMatch().GetKeyword() == p.tenant
	})
}

// tapped returns an index whose calls are read.
func tapped(t *testing.T, tenant string) (*Index, *tap) {
	t.Helper()
	address, _ := serve(t, t.TempDir())
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if _, err := fmt.Sscan(port, &n); err != nil {
		t.Fatal(err)
	}
	p := &tap{tenant: tenant, calls: map[string]int{}}
	client, err := qdrant.NewClient(&qdrant.Config{Host: host, Port: n, PoolSize: 1, SkipCompatibilityCheck: true,
		GrpcOptions: []grpc.DialOption{grpc.WithChainUnaryInterceptor(p.intercept)}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	s := New(client, Options{})
	s.UseModel(Model{Name: "m", Dimension: 4})
	return s.For(tenant), p
}

// TestTenantOnTheWire: no call that reaches passages leaves out whose.
func TestTenantOnTheWire(t *testing.T) {
	for _, tenant := range []string{rag.DefaultTenant, "moh"} {
		x, p := tapped(t, tenant)
		for name, err := range calls(t.Context(), x) {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		create(t, x, "desk", "ur") // the next version
		ctx := t.Context()
		if _, err := x.Nearest(ctx, rag.DenseProbe{KB: "desk", Langs: []lang.Tag{"ky"}, Model: "m", Vector: []float32{1, 0, 0, 0}, K: 3}); err != nil {
			t.Error(err)
		}
		if _, err := x.Versions(ctx, "desk"); err != nil {
			t.Error(err)
		}
		if _, err := x.Rollback(ctx, "desk", 0); err != nil {
			t.Error(err)
		}
		other, _ := open(t)
		if _, err := Copy(ctx, x, New(other.client, Options{}).For(tenant), "desk", nil); err != nil {
			t.Error(err)
		}
		if _, err := Copy(ctx, New(other.client, Options{}).For(tenant), x, "desk", nil); err != nil {
			t.Error(err)
		}
		if err := x.Drop(ctx, "desk"); err != nil {
			t.Error(err)
		}
		if len(p.faults) > 0 || len(p.calls) < 10 {
			t.Errorf("%s: of %v\nthese do not say whose they are: %q", tenant, p.calls, p.faults)
		}
	}
}
