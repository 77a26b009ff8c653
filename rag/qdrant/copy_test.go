package qdrant

import (
	"context"
	"errors"
	"fmt"
	"net"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/rag"
)

const copied = 120 // documents, of two passages: several pages

// full is an index with documents, some with dense vectors.
func full(t *testing.T) *Index {
	t.Helper()
	x, _ := open(t)
	(&Store{x.shared}).UseModel(Model{Name: "m", Dimension: 3})
	create(t, x, "desk", "ky", "ur")
	var docs [][]rag.Passage
	for i := range copied {
		d := doc("ky", fmt.Sprintf("article-%03d", i), "h", fmt.Sprintf("Макала номери %d. Суу, жер, мал.", i), "Экинчи бөлүк.")
		if i%2 == 0 {
			d[0].Dense, d[1].Dense = []float32{float32(i), 1, 3}, []float32{1, float32(i), -2}
		}
		docs = append(docs, d)
	}
	upsert(t, x, "desk", append(docs, doc("ur", "water", "u", "پانی کی قیمت"), doc("ky", "signs", "s", "…"))...)
	return x
}

func wantCopy(t *testing.T, from, to *Index, version int) {
	t.Helper()
	if got, want := stored(t, to, "desk"), stored(t, from, "desk"); !reflect.DeepEqual(got, want) {
		t.Errorf("%d documents are there, want %d", len(got), len(want))
	}
	got, want := search(t, to, "desk", "ky", "макала 113"), search(t, from, "desk", "ky", "макала 113")
	if len(got.Passages) < 2 || got.N != want.N || !reflect.DeepEqual(got.Passages[:2], want.Passages[:2]) { // others are as good as each other
		t.Errorf("a search among %d finds\n%+v, at the source among %d\n%+v", got.N, got.Passages, want.N, want.Passages)
	}
	near, err := to.Nearest(t.Context(), rag.DenseProbe{KB: "desk", Langs: []lang.Tag{"ky"}, Model: "m", Vector: []float32{1, 0, 0}, K: 3})
	if err != nil || len(near) != 3 {
		t.Errorf("Nearest = %v, %v", near, err)
	}
	if n := numbers(t, to, "desk"); n[0] != -version {
		t.Errorf("versions %v, want %d to be searched", n, version)
	}
	aliases, err := to.client.ListAliases(t.Context())
	if err != nil || slices.ContainsFunc(aliases, func(a *qdrant.AliasDescription) bool { return strings.HasSuffix(a.GetAliasName(), "~copy") }) {
		t.Errorf("aliases %v, %v", aliases, err)
	}
}

func TestCopy(t *testing.T) {
	from := full(t)
	address, _ := serve(t, t.TempDir())
	to := New(dial(t, address), Options{}).For("")
	shown := 0
	r, err := Copy(t.Context(), from, to, "desk", func(done, total int) {
		if shown = done; total != 2*copied+2 {
			t.Errorf("total %d", total)
		}
	})
	if err != nil || r.Passages != 2*copied+2 || r.Written != r.Passages || r.Version != 1 || shown != r.Passages {
		t.Fatalf("Copy = %+v, %v, progress to %d", r, err, shown)
	}
	wantCopy(t, from, to, 1)

	again, err := Copy(t.Context(), from, to, "desk", nil)
	if err != nil || again.Written != 0 || again.Version != 1 || again.Checksum != r.Checksum {
		t.Errorf("a second copy: %+v, %v", again, err)
	}

	// A change at the source makes a second version; the first is kept.
	if err := from.Forget(t.Context(), "desk", rag.Key{Lang: "ky", Doc: "article-001"}, ""); err != nil {
		t.Fatal(err)
	}
	r, err = Copy(t.Context(), from, to, "desk", nil)
	if err != nil || r.Passages != 2*copied || r.Version != 2 {
		t.Errorf("a copy of what changed: %+v, %v", r, err)
	}
	wantCopy(t, from, to, 2)

	// And back, into the embedded engine.
	back, _ := open(t)
	if r, err = Copy(t.Context(), to, back, "desk", nil); err != nil || r.Version != 1 {
		t.Errorf("back: %+v, %v", r, err)
	}
	wantCopy(t, from, back, 1)

	if _, err := Copy(t.Context(), from, to, "nowhere", nil); !fault.NotFound.Is(err) || !strings.Contains(err.Error(), "source") {
		t.Errorf("copying what is not there: %v", err)
	}
	if _, err := Copy(t.Context(), from, (&Store{to.shared}).For("moh"), "desk", nil); !fault.Invalid.Is(err) {
		t.Errorf("copying to another tenant: %v", err)
	}
	if _, err := Copy(t.Context(), (&Store{from.shared}).For("moh"), (&Store{to.shared}).For("moh"), "desk", nil); !fault.NotFound.Is(err) {
		t.Errorf("copying another's: %v", err)
	}
}

// TestCopyCutOff: stopped at any page, by a caller who leaves or a server
// that dies, a copy shows nothing; the next run goes on with what is there.
func TestCopyCutOff(t *testing.T) {
	from, dir := full(t), t.TempDir()
	var sofar int
	for _, at := range []int{1, 70, 130, 242} {
		address, stop := serve(t, dir)
		to := New(dial(t, address), Options{}).For("")
		ctx, cancel := context.WithCancel(t.Context())
		_, err := Copy(ctx, from, to, "desk", func(done, _ int) {
			if done >= at {
				sofar = done
				if at == 130 {
					cancel()
				} else {
					stop()
				}
			}
		})
		cancel()
		if !fault.Unavailable.Is(err) && !fault.Canceled.Is(err) {
			t.Errorf("cut off after %d: %v (%v)", at, err, fault.Of(err))
		}
		if at < 242 && (err == nil || !strings.Contains(err.Error(), "of 242 passages")) {
			t.Errorf("cut off after %d: %v", at, err)
		}
		stop()
		address, stop = serve(t, dir)
		if kbs, err := New(dial(t, address), Options{}).For("").KBs(t.Context()); err != nil || len(kbs) != 0 {
			t.Errorf("cut off after %d: %q is to be seen, %v", at, kbs, err)
		}
		stop()
	}
	// What changes at the source meanwhile arrives too.
	upsert(t, from, "desk", water)
	if err := from.Forget(t.Context(), "desk", rag.Key{Lang: "ky", Doc: "article-007"}, ""); err != nil {
		t.Fatal(err)
	}
	address, _ := serve(t, dir)
	to := New(dial(t, address), Options{}).For("")
	r, err := Copy(t.Context(), from, to, "desk", nil)
	if err != nil || r.Passages != 2*copied+1 || r.Written > r.Passages-sofar+64 {
		t.Errorf("the last run, with %d there: %+v, %v", sofar, r, err)
	}
	wantCopy(t, from, to, 1)
}

// TestCopySourceDies: the error says which side it was.
func TestCopySourceDies(t *testing.T) {
	first, dir := full(t), t.TempDir()
	address, stop := serve(t, dir)
	if _, err := Copy(t.Context(), first, New(dial(t, address), Options{}).For(""), "desk", nil); err != nil {
		t.Fatal(err)
	}
	to, _ := open(t)
	_, err := Copy(t.Context(), New(dial(t, address), Options{}).For(""), to, "desk", func(int, int) { stop() })
	if !fault.Unavailable.Is(err) || !strings.Contains(err.Error(), "at the source, after 64 of 242 passages") {
		t.Errorf("a source that dies: %v (%v)", err, fault.Of(err))
	}
	if kbs, err := to.KBs(t.Context()); err != nil || len(kbs) != 0 {
		t.Errorf("half a copy is to be seen: %q, %v", kbs, err)
	}
	address, _ = serve(t, dir)
	from := New(dial(t, address), Options{}).For("")
	if r, err := Copy(t.Context(), from, to, "desk", nil); err != nil || r.Passages != 242 || r.Written != 242-64 {
		t.Errorf("the next run: %+v, %v", r, err)
	}
	wantCopy(t, from, to, 1)
}

// TestCopySlow: a destination that takes what it is sent and says nothing ends
// a copy in time.
func TestCopySlow(t *testing.T) {
	from := full(t)
	address, _ := serve(t, t.TempDir())
	host, port, _ := net.SplitHostPort(address)
	var n, writes int
	fmt.Sscan(port, &n)
	hang := func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		if _, ok := req.(*qdrant.UpsertPoints); ok {
			if writes++; writes == 3 {
				<-ctx.Done()
			}
		}
		return invoke(ctx, method, req, reply, conn, opts...)
	}
	client, err := qdrant.NewClient(&qdrant.Config{Host: host, Port: n, SkipCompatibilityCheck: true,
		GrpcOptions: []grpc.DialOption{grpc.WithChainUnaryInterceptor(deadline(300*time.Millisecond), hang)}})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	to := New(client, Options{}).For("")
	if _, err := Copy(t.Context(), from, to, "desk", nil); !fault.Timeout.Is(err) || !strings.Contains(err.Error(), "at the destination") {
		t.Errorf("a slow destination: %v (%v)", err, fault.Of(err))
	}
	to = New(dial(t, address), Options{}).For("")
	if kbs, err := to.KBs(t.Context()); err != nil || len(kbs) != 0 {
		t.Errorf("half a copy is to be seen: %q, %v", kbs, err)
	}
	if r, err := Copy(t.Context(), from, to, "desk", nil); err != nil || r.Passages != 2*copied+2 {
		t.Errorf("the next run: %+v, %v", r, err)
	}
	wantCopy(t, from, to, 1)
}

// TestCopyVerifies: what the destination garbles is not shown.
func TestCopyVerifies(t *testing.T) {
	from := full(t)
	address, _ := serve(t, t.TempDir())
	host, port, _ := net.SplitHostPort(address)
	var n int
	fmt.Sscan(port, &n)
	garble := func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		if u, ok := req.(*qdrant.UpsertPoints); ok {
			u.Points[0].Payload["text"] = text("Бузулган.")
		}
		return invoke(ctx, method, req, reply, conn, opts...)
	}
	client, err := qdrant.NewClient(&qdrant.Config{Host: host, Port: n, SkipCompatibilityCheck: true,
		GrpcOptions: []grpc.DialOption{grpc.WithChainUnaryInterceptor(garble)}})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	to := New(client, Options{}).For("")
	_, err = Copy(t.Context(), from, to, "desk", nil)
	if err == nil || !strings.Contains(err.Error(), "checksum") || !strings.Contains(err.Error(), "nothing was changed") {
		t.Errorf("a garbled copy: %v", err)
	}
	if left, err := client.ListCollections(t.Context()); err != nil || len(left) != 0 {
		t.Errorf("a garbled copy left %q, %v", left, err)
	}
}

// A stub is a server that answers as told.
type stub struct {
	qdrant.UnimplementedQdrantServer
	qdrant.UnimplementedCollectionsServer
	version string
	err     error
	wait    time.Duration
}

func (s *stub) HealthCheck(context.Context, *qdrant.HealthCheckRequest) (*qdrant.HealthCheckReply, error) {
	time.Sleep(s.wait)
	return &qdrant.HealthCheckReply{Version: s.version}, nil
}

func (s *stub) ListAliases(context.Context, *qdrant.ListAliasesRequest) (*qdrant.ListAliasesResponse, error) {
	return &qdrant.ListAliasesResponse{}, s.err
}

func TestDialServers(t *testing.T) {
	for _, tt := range []struct {
		name string
		stub *stub
		kind fault.Kind
		want string
	}{
		{"well", &stub{version: "1.18.3"}, 0, ""},
		{"a later one", &stub{version: "2.0.0-dev"}, 0, ""},
		{"an old one", &stub{version: "1.9.2"}, fault.Unavailable, "version 1.9.2; Tilgate needs 1.16"},
		{"a wrong key", &stub{version: "1.18.3", err: status.Error(codes.Unauthenticated, "Invalid API key or JWT")}, fault.Unavailable, "TILGATE_QDRANT_KEY"},
		{"a weak key", &stub{version: "1.18.3", err: status.Error(codes.PermissionDenied, "Forbidden")}, fault.Unavailable, "TILGATE_QDRANT_KEY"},
		{"a slow one", &stub{version: "1.18.3", wait: 300 * time.Millisecond}, fault.Timeout, "in time"},
	} {
		server := grpc.NewServer()
		qdrant.RegisterQdrantServer(server, tt.stub)
		qdrant.RegisterCollectionsServer(server, tt.stub)
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go server.Serve(ln)
		client, err := Dial(t.Context(), Server{Address: ln.Addr().String(), Timeout: 100 * time.Millisecond})
		switch {
		case err == nil:
			client.Close()
			fallthrough
		case tt.want == "":
			if tt.want != "" || err != nil {
				t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
			}
		case fault.Of(err) != tt.kind || !strings.Contains(err.Error(), tt.want):
			t.Errorf("%s: %v (%v), want %v with %q", tt.name, err, fault.Of(err), tt.kind, tt.want)
		}
		server.Stop()
	}
	if !errors.Is(explain(context.Canceled), context.Canceled) {
		t.Error("explain hides its cause")
	}
}
