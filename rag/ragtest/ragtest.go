// Package ragtest is the contract of the store: what Tilgate relies on a
// Qdrant server to do, and the embedded engine to do alike.
//
// TestServer runs the whole contract over a client. The package's own test
// runs it on the engine always, and on a real Qdrant when its gRPC address is
// given in TILGATE_TEST_QDRANT. Where the two could lawfully differ, such as
// the order of equal scores, the tests do not look.
package ragtest

import (
	"context"
	"fmt"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	pb "github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// TestServer runs the contract against the server behind client. It makes
// collections whose names begin with "ragtest_" and deletes them.
func TestServer(t *testing.T, client *pb.Client) {
	for _, tt := range []struct {
		name string
		test func(*testing.T, *server)
	}{
		{"Health", testHealth},
		{"Collections", testCollections},
		{"CollectionErrors", testCollectionErrors},
		{"Aliases", testAliases},
		{"Upsert", testUpsert},
		{"UpsertErrors", testUpsertErrors},
		{"Vectors", testVectors},
		{"Unnamed", testUnnamed},
		{"Delete", testDelete},
		{"SetPayload", testSetPayload},
		{"Get", testGet},
		{"Scroll", testScroll},
		{"OrderBy", testOrderBy},
		{"Selectors", testSelectors},
		{"Filters", testFilters},
		{"TextIndex", testTextIndex},
		{"Dense", testDense},
		{"Sparse", testSparse},
		{"IDF", testIDF},
		{"Fusion", testFusion},
		{"Prefetch", testPrefetch},
		{"QueryErrors", testQueryErrors},
		{"QueryBatch", testQueryBatch},
		{"Tenants", testTenants},
		{"ModelFilters", testModelFilters},
		{"ModelScores", testModelScores},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.test(t, &server{client}) })
	}
}

// A server is the client under test with shorthands.
type server struct{ *pb.Client }

var made atomic.Int64

// collection creates a collection for one test and returns its name.
func (s *server) collection(t *testing.T, req *pb.CreateCollection) string {
	t.Helper()
	name := fmt.Sprintf("ragtest_%d_%d", time.Now().UnixNano(), made.Add(1))
	req.CollectionName = name
	if err := s.CreateCollection(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.DeleteCollection(context.Background(), name) })
	return name
}

// words is a collection with one dense vector of four numbers, "mean", and
// sparse ones: "lex" with IDF and "raw" without.
func (s *server) words(t *testing.T) string {
	t.Helper()
	return s.collection(t, &pb.CreateCollection{
		VectorsConfig: pb.NewVectorsConfigMap(map[string]*pb.VectorParams{
			"mean": {Size: 4, Distance: pb.Distance_Cosine},
			"far":  {Size: 4, Distance: pb.Distance_Euclid},
		}),
		SparseVectorsConfig: pb.NewSparseVectorsConfig(map[string]*pb.SparseVectorParams{
			"lex": {Modifier: pb.Modifier_Idf.Enum()},
			"raw": {},
		}),
	})
}

func (s *server) upsert(t *testing.T, collection string, points ...*pb.PointStruct) {
	t.Helper()
	resp, err := s.Upsert(t.Context(), &pb.UpsertPoints{CollectionName: collection, Points: points, Wait: pb.PtrOf(true)})
	if err != nil {
		t.Fatal(err)
	}
	if resp.GetStatus() != pb.UpdateStatus_Completed {
		t.Fatalf("Upsert with wait: status %v, want Completed", resp.GetStatus())
	}
}

func (s *server) index(t *testing.T, collection, field string, kind pb.FieldType) {
	t.Helper()
	_, err := s.CreateFieldIndex(t.Context(), &pb.CreateFieldIndexCollection{
		CollectionName: collection, FieldName: field, FieldType: kind.Enum(), Wait: pb.PtrOf(true)})
	if err != nil {
		t.Fatal(err)
	}
}

func (s *server) query(t *testing.T, q *pb.QueryPoints) []*pb.ScoredPoint {
	t.Helper()
	got, err := s.Query(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// ids returns the ids of the points that match, in id order.
func (s *server) ids(t *testing.T, collection string, f *pb.Filter) string {
	t.Helper()
	got, err := s.Scroll(t.Context(), &pb.ScrollPoints{CollectionName: collection, Filter: f, Limit: pb.PtrOf(uint32(1000))})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range got {
		out = append(out, idText(p.GetId()))
	}
	return strings.Join(out, " ")
}

func idText(id *pb.PointId) string {
	if u := id.GetUuid(); u != "" {
		return u
	}
	return fmt.Sprint(id.GetNum())
}

// point is a point with a payload; vectors may be nil.
func point(id uint64, payload map[string]any, vectors map[string]*pb.Vector) *pb.PointStruct {
	if vectors == nil {
		vectors = map[string]*pb.Vector{}
	}
	return &pb.PointStruct{Id: pb.NewIDNum(id), Payload: pb.NewValueMap(payload), Vectors: pb.NewVectorsMap(vectors)}
}

func must(conditions ...*pb.Condition) *pb.Filter { return &pb.Filter{Must: conditions} }

// wantCode checks the code of err and that its text holds part.
func wantCode(t *testing.T, what string, err error, code codes.Code, part string) {
	t.Helper()
	if got := status.Code(unwrapped(err)); got != code || !strings.Contains(fmt.Sprint(err), part) {
		t.Errorf("%s: %v (%v), want %v with %q", what, err, got, code, part)
	}
}

// unwrapped finds the status under the client's own error type.
func unwrapped(err error) error {
	for err != nil {
		if _, ok := err.(interface{ GRPCStatus() *status.Status }); ok {
			return err
		}
		u, ok := err.(interface{ Unwrap() error })
		if !ok {
			return err
		}
		err = u.Unwrap()
	}
	return nil
}

// near is the contract's idea of equal scores.
func near(a, b float32) bool {
	return math.Abs(float64(a-b)) <= 1e-4*math.Max(1e-3, math.Max(math.Abs(float64(a)), math.Abs(float64(b))))
}

// wantHits checks ids and scores, best first; points of equal score may come
// in any order.
func wantHits(t *testing.T, what string, got []*pb.ScoredPoint, want ...hit) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d hits, want %d: %v, want %v", what, len(got), len(want), hitsText(got), want)
		return
	}
	for i := 0; i < len(want); {
		run := i + 1
		for run < len(want) && near(want[run].score, want[i].score) {
			run++
		}
		left := map[string]bool{}
		for _, w := range want[i:run] {
			left[w.id] = true
		}
		for _, g := range got[i:run] {
			if !left[idText(g.GetId())] || !near(g.GetScore(), want[i].score) {
				t.Errorf("%s: got %v, want %v", what, hitsText(got), want)
				return
			}
			delete(left, idText(g.GetId()))
		}
		i = run
	}
}

type hit struct {
	id    string
	score float32
}

func hitsText(points []*pb.ScoredPoint) string {
	var b strings.Builder
	for _, p := range points {
		fmt.Fprintf(&b, "%s:%.6g ", idText(p.GetId()), p.GetScore())
	}
	return b.String()
}
