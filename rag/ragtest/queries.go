package ragtest

import (
	"math"
	"testing"

	pb "github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc/codes"
)

func dense(v ...float32) *pb.Vector { return pb.NewVectorDense(v) }

func vectors(kv ...any) map[string]*pb.Vector {
	out := map[string]*pb.Vector{}
	for i := 0; i < len(kv); i += 2 {
		out[kv[i].(string)] = kv[i+1].(*pb.Vector)
	}
	return out
}

func sparse(kv ...float32) *pb.Vector {
	var indices []uint32
	var values []float32
	for i := 0; i < len(kv); i += 2 {
		indices, values = append(indices, uint32(kv[i])), append(values, kv[i+1])
	}
	return pb.NewVectorSparse(indices, values)
}

func testDense(t *testing.T, s *server) {
	c := s.words(t)
	s.upsert(t, c,
		point(1, nil, vectors("mean", dense(1, 0, 0, 0), "far", dense(1, 0, 0, 0))),
		point(2, nil, vectors("mean", dense(3, 4, 0, 0), "far", dense(3, 4, 0, 0))),
		point(3, nil, vectors("mean", dense(-1, 0, 0, 0))),
		point(4, nil, nil))
	nearest := func(using string, q *pb.Query, threshold *float32, limit uint64) []*pb.ScoredPoint {
		return s.query(t, &pb.QueryPoints{CollectionName: c, Using: &using, Query: q, ScoreThreshold: threshold, Limit: &limit})
	}
	q := pb.NewQueryDense([]float32{2, 0, 0, 0})
	wantHits(t, "cosine", nearest("mean", q, nil, 10), hit{"1", 1}, hit{"2", 0.6}, hit{"3", -1})
	wantHits(t, "the best", nearest("mean", q, nil, 1), hit{"1", 1})
	wantHits(t, "a threshold", nearest("mean", q, pb.PtrOf(float32(0.5)), 10), hit{"1", 1}, hit{"2", 0.6})
	wantHits(t, "distance", nearest("far", q, nil, 10), hit{"1", 1}, hit{"2", float32(math.Sqrt(17))})
	wantHits(t, "a threshold on distance", nearest("far", q, pb.PtrOf(float32(2)), 10), hit{"1", 1})
	wantHits(t, "by a point's id, without it", nearest("mean", pb.NewQueryID(pb.NewIDNum(1)), nil, 10), hit{"2", 0.6}, hit{"3", -1})
	hits := s.query(t, &pb.QueryPoints{CollectionName: c, Limit: pb.PtrOf(uint64(2))})
	wantHits(t, "no query", hits, hit{"1", 1}, hit{"2", 1})
}

func testSparse(t *testing.T, s *server) {
	c := s.words(t)
	s.upsert(t, c,
		point(1, map[string]any{"k": "a"}, vectors("raw", sparse(1, 1, 5, 2))),
		point(2, map[string]any{"k": "b"}, vectors("raw", sparse(5, 1))),
		point(3, map[string]any{"k": "a"}, vectors("raw", sparse(9, 1))),
		point(4, map[string]any{"k": "a"}, vectors("raw", sparse(1, 1, 9, -1))))
	find := func(f *pb.Filter, threshold *float32, kv ...float32) []*pb.ScoredPoint {
		v := sparse(kv...).GetSparse()
		return s.query(t, &pb.QueryPoints{CollectionName: c, Using: pb.PtrOf("raw"), Filter: f, ScoreThreshold: threshold,
			Query: pb.NewQuerySparse(v.GetIndices(), v.GetValues())})
	}
	wantHits(t, "two terms, not in order", find(nil, nil, 5, 2, 1, 1), hit{"1", 5}, hit{"2", 2}, hit{"4", 1})
	wantHits(t, "a filter", find(must(pb.NewMatch("k", "b")), nil, 5, 2, 1, 1), hit{"2", 2})
	wantHits(t, "a threshold", find(nil, pb.PtrOf(float32(1.5)), 5, 2, 1, 1), hit{"1", 5}, hit{"2", 2})
	wantHits(t, "terms that cancel out still overlap", find(nil, nil, 1, 1, 9, 1), hit{"1", 1}, hit{"3", 1}, hit{"4", 0})
	wantHits(t, "a term nobody has", find(nil, nil, 77, 1))
	wantHits(t, "a negative weight", find(nil, nil, 5, -1), hit{"2", -1}, hit{"1", -2})
}

func testIDF(t *testing.T, s *server) {
	c := s.words(t)
	s.upsert(t, c,
		point(1, map[string]any{"k": "a"}, vectors("lex", sparse(1, 1, 2, 1))),
		point(2, map[string]any{"k": "a"}, vectors("lex", sparse(1, 1))),
		point(3, map[string]any{"k": "b"}, vectors("lex", sparse(1, 2))),
		point(4, map[string]any{"k": "b"}, vectors("raw", sparse(1, 1)))) // not counted
	idf := func(n, df float64) float32 { return float32(math.Log((n-df+0.5)/(df+0.5) + 1)) }
	q := pb.NewQuerySparse([]uint32{1, 2}, []float32{1, 3})
	all := s.query(t, &pb.QueryPoints{CollectionName: c, Using: pb.PtrOf("lex"), Query: q})
	wantHits(t, "rare terms weigh more", all, hit{"1", idf(3, 3) + 3*idf(3, 1)}, hit{"3", 2 * idf(3, 3)}, hit{"2", idf(3, 3)})
	some := s.query(t, &pb.QueryPoints{CollectionName: c, Using: pb.PtrOf("lex"), Query: q, Filter: must(pb.NewMatch("k", "b"))})
	wantHits(t, "a filter does not change rarity", some, hit{"3", 2 * idf(3, 3)})
}

// lists is a collection where vector "a" ranks 1, 2, 3 and "b" ranks 3, 4, 1,
// with known scores.
func (s *server) lists(t *testing.T) string {
	c := s.collection(t, &pb.CreateCollection{SparseVectorsConfig: pb.NewSparseVectorsConfig(map[string]*pb.SparseVectorParams{"a": {}, "b": {}})})
	s.upsert(t, c,
		point(1, map[string]any{"k": "x"}, vectors("a", sparse(1, 9), "b", sparse(1, 1))),
		point(2, map[string]any{"k": "x"}, vectors("a", sparse(1, 5))),
		point(3, map[string]any{"k": "y"}, vectors("a", sparse(1, 4), "b", sparse(1, 8))),
		point(4, map[string]any{"k": "y"}, vectors("b", sparse(1, 6))))
	return c
}

func leg(using string) *pb.PrefetchQuery {
	return &pb.PrefetchQuery{Using: &using, Query: pb.NewQuerySparse([]uint32{1}, []float32{1})}
}

func testFusion(t *testing.T, s *server) {
	c := s.lists(t)
	fuse := func(q *pb.Query, change func(*pb.QueryPoints)) []*pb.ScoredPoint {
		req := &pb.QueryPoints{CollectionName: c, Prefetch: []*pb.PrefetchQuery{leg("a"), leg("b")}, Query: q}
		if change != nil {
			change(req)
		}
		return s.query(t, req)
	}
	rrf := func(k, w float32, pos ...int) (sum float32) {
		for _, p := range pos {
			sum += 1 / (float32(p+1)/w + k - 1)
		}
		return sum
	}
	wantHits(t, "RRF, k is 2", fuse(pb.NewQueryFusion(pb.Fusion_RRF), nil),
		hit{"3", rrf(2, 1, 0, 2)}, hit{"1", rrf(2, 1, 0, 2)}, hit{"2", rrf(2, 1, 1)}, hit{"4", rrf(2, 1, 1)})
	wantHits(t, "RRF, k is 60", fuse(pb.NewQueryRRF(&pb.Rrf{K: pb.PtrOf(uint32(60))}), nil),
		hit{"3", rrf(60, 1, 0, 2)}, hit{"1", rrf(60, 1, 0, 2)}, hit{"2", rrf(60, 1, 1)}, hit{"4", rrf(60, 1, 1)})
	wantHits(t, "RRF, weighted", fuse(pb.NewQueryRRF(&pb.Rrf{K: pb.PtrOf(uint32(60)), Weights: []float32{3, 1}}), nil),
		hit{"3", rrf(60, 3, 2) + rrf(60, 1, 0)}, hit{"1", rrf(60, 3, 0) + rrf(60, 1, 2)}, hit{"2", rrf(60, 3, 1)}, hit{"4", rrf(60, 1, 1)})
	dbsf := func(x, mean, deviation float64) float32 { return float32((x - (mean - 3*deviation)) / (6 * deviation)) }
	da, db := math.Sqrt(7), math.Sqrt(13) // sample deviations of 9 5 4 and 8 6 1
	wantHits(t, "DBSF", fuse(pb.NewQueryFusion(pb.Fusion_DBSF), nil),
		hit{"3", dbsf(4, 6, da) + dbsf(8, 5, db)}, hit{"1", dbsf(9, 6, da) + dbsf(1, 5, db)}, hit{"4", dbsf(6, 5, db)}, hit{"2", dbsf(5, 6, da)})
	wantHits(t, "DBSF of lists of one", fuse(pb.NewQueryFusion(pb.Fusion_DBSF), func(q *pb.QueryPoints) {
		q.Prefetch[0].Limit, q.Prefetch[1].Limit = pb.PtrOf(uint64(1)), pb.PtrOf(uint64(1))
	}), hit{"1", 0.5}, hit{"3", 0.5})
	wantHits(t, "a threshold on the fused score", fuse(pb.NewQueryFusion(pb.Fusion_RRF), func(q *pb.QueryPoints) {
		q.ScoreThreshold = pb.PtrOf(float32(0.4))
	}), hit{"3", rrf(2, 1, 0, 2)}, hit{"1", rrf(2, 1, 0, 2)})
	wantHits(t, "offset and limit after fusion", fuse(pb.NewQueryRRF(&pb.Rrf{K: pb.PtrOf(uint32(60)), Weights: []float32{3, 1}}), func(q *pb.QueryPoints) {
		q.Offset, q.Limit = pb.PtrOf(uint64(1)), pb.PtrOf(uint64(1))
	}), hit{"1", rrf(60, 3, 0) + rrf(60, 1, 2)})
	wantHits(t, "past the prefetched", fuse(pb.NewQueryFusion(pb.Fusion_RRF), func(q *pb.QueryPoints) { q.Offset = pb.PtrOf(uint64(4)) }))
	wantHits(t, "the filter of the root", fuse(pb.NewQueryFusion(pb.Fusion_RRF), func(q *pb.QueryPoints) { q.Filter = must(pb.NewMatch("k", "y")) }),
		hit{"3", rrf(2, 1, 0, 0)}, hit{"4", rrf(2, 1, 1)})
}

func testPrefetch(t *testing.T, s *server) {
	c := s.lists(t)
	got := s.query(t, &pb.QueryPoints{CollectionName: c, Using: pb.PtrOf("b"), Query: pb.NewQuerySparse([]uint32{1}, []float32{1}),
		Prefetch: []*pb.PrefetchQuery{{Using: pb.PtrOf("a"), Query: pb.NewQuerySparse([]uint32{1}, []float32{1}), Limit: pb.PtrOf(uint64(2))}}})
	wantHits(t, "rescored by another vector", got, hit{"1", 1})
	got = s.query(t, &pb.QueryPoints{CollectionName: c, Query: pb.NewQueryFusion(pb.Fusion_RRF),
		Prefetch: []*pb.PrefetchQuery{{Query: pb.NewQueryFusion(pb.Fusion_RRF), Prefetch: []*pb.PrefetchQuery{leg("a"), leg("b")}, Limit: pb.PtrOf(uint64(2))}, leg("b")}})
	if len(got) != 3 || idText(got[0].GetId()) != "3" {
		t.Errorf("a fusion in a fusion: %v", hitsText(got))
	}
	got = s.query(t, &pb.QueryPoints{CollectionName: c, Query: pb.NewQueryFusion(pb.Fusion_RRF), Filter: must(pb.NewMatch("k", "x")),
		Prefetch: []*pb.PrefetchQuery{{Query: pb.NewQueryFusion(pb.Fusion_RRF), Prefetch: []*pb.PrefetchQuery{leg("a"), leg("b")}}}})
	wantHits(t, "the root's filter holds below", got, hit{"1", 0.5}, hit{"2", 1.0 / 3})
	got = s.query(t, &pb.QueryPoints{CollectionName: c, Query: pb.NewQueryFusion(pb.Fusion_RRF),
		Prefetch: []*pb.PrefetchQuery{{Using: pb.PtrOf("a"), Query: pb.NewQuerySparse([]uint32{1}, []float32{1}), ScoreThreshold: pb.PtrOf(float32(4.5))}}})
	wantHits(t, "a threshold in the prefetch", got, hit{"1", 0.5}, hit{"2", 1.0 / 3})
}

func testQueryErrors(t *testing.T, s *server) {
	c := s.words(t)
	s.upsert(t, c, point(1, nil, vectors("mean", dense(1, 0, 0, 0))))
	deep := &pb.Filter{}
	for range 3 {
		deep = must(pb.NewFilterAsCondition(deep))
	}
	sparseQuery := pb.NewQuerySparse([]uint32{1}, []float32{1})
	for _, tt := range []struct {
		what string
		q    *pb.QueryPoints
		code codes.Code
		part string
	}{
		{"limit 0", &pb.QueryPoints{Limit: pb.PtrOf(uint64(0))}, codes.InvalidArgument, "limit"},
		{"an unknown vector", &pb.QueryPoints{Using: pb.PtrOf("mood"), Query: sparseQuery}, codes.InvalidArgument, "Not existing vector name"},
		{"three numbers for four", &pb.QueryPoints{Using: pb.PtrOf("mean"), Query: pb.NewQueryDense([]float32{1, 2, 3})}, codes.InvalidArgument, "Vector dimension error"},
		{"prefetches without a query", &pb.QueryPoints{Prefetch: []*pb.PrefetchQuery{leg("raw")}}, codes.InvalidArgument, ""},
		{"fusion without prefetches", &pb.QueryPoints{Query: pb.NewQueryFusion(pb.Fusion_RRF)}, codes.InvalidArgument, ""},
		{"one weight for two lists", &pb.QueryPoints{Query: pb.NewQueryRRF(&pb.Rrf{Weights: []float32{1}}), Prefetch: []*pb.PrefetchQuery{leg("raw"), leg("lex")}}, codes.InvalidArgument, ""},
		{"RRF with k 0", &pb.QueryPoints{Query: pb.NewQueryRRF(&pb.Rrf{K: pb.PtrOf(uint32(0))}), Prefetch: []*pb.PrefetchQuery{leg("raw")}}, codes.InvalidArgument, ""},
		{"unequal indices and values", &pb.QueryPoints{Using: pb.PtrOf("raw"), Query: pb.NewQuerySparse([]uint32{1, 2}, []float32{1})}, codes.InvalidArgument, ""},
		{"the same index twice", &pb.QueryPoints{Using: pb.PtrOf("raw"), Query: pb.NewQuerySparse([]uint32{1, 1}, []float32{1, 1})}, codes.InvalidArgument, ""},
		{"an id that is not there", &pb.QueryPoints{Using: pb.PtrOf("mean"), Query: pb.NewQueryID(pb.NewIDNum(99))}, codes.NotFound, "99"},
	} {
		tt.q.CollectionName = c
		_, err := s.Query(t.Context(), tt.q)
		wantCode(t, tt.what, err, tt.code, tt.part)
	}
	if _, err := s.Query(t.Context(), &pb.QueryPoints{CollectionName: c, Filter: deep}); err != nil {
		t.Errorf("a filter three deep: %v", err)
	}
	if _, err := s.Query(t.Context(), &pb.QueryPoints{CollectionName: c, Limit: pb.PtrOf(uint64(1 << 20))}); err != nil {
		t.Errorf("a limit beyond what is stored: %v", err)
	}
}

func testQueryBatch(t *testing.T, s *server) {
	c := s.lists(t)
	got, err := s.QueryBatch(t.Context(), &pb.QueryBatchPoints{CollectionName: c, QueryPoints: []*pb.QueryPoints{
		{CollectionName: c, Using: pb.PtrOf("a"), Query: pb.NewQuerySparse([]uint32{1}, []float32{1})},
		{CollectionName: c, Using: pb.PtrOf("b"), Query: pb.NewQuerySparse([]uint32{1}, []float32{1})},
	}})
	if err != nil || len(got) != 2 {
		t.Fatalf("QueryBatch = %v, %v", got, err)
	}
	wantHits(t, "the first", got[0].GetResult(), hit{"1", 9}, hit{"2", 5}, hit{"3", 4})
	wantHits(t, "the second", got[1].GetResult(), hit{"3", 8}, hit{"4", 6}, hit{"1", 1})
}

// testTenants: a filter at the root is all that keeps ministries apart.
func testTenants(t *testing.T, s *server) {
	c := s.lists(t)
	s.index(t, c, "k", pb.FieldType_FieldTypeKeyword)
	for _, tenant := range []string{"x", "y"} {
		got := s.query(t, &pb.QueryPoints{CollectionName: c, Filter: must(pb.NewMatch("k", tenant)), WithPayload: pb.NewWithPayload(true),
			Query: pb.NewQueryFusion(pb.Fusion_DBSF), Prefetch: []*pb.PrefetchQuery{leg("a"), leg("b"),
				{Query: pb.NewQueryFusion(pb.Fusion_RRF), Prefetch: []*pb.PrefetchQuery{leg("a"), leg("b")}}}})
		if len(got) != 2 {
			t.Errorf("tenant %s: %v, want its two points", tenant, hitsText(got))
		}
		for _, p := range got {
			if p.GetPayload()["k"].GetStringValue() != tenant {
				t.Errorf("tenant %s sees point %v", tenant, idText(p.GetId()))
			}
		}
	}
}
