package ragtest

import (
	"fmt"
	"strings"
	"testing"

	pb "github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc/codes"
)

func testUpsert(t *testing.T, s *server) {
	c := s.words(t)
	s.upsert(t, c, point(1, map[string]any{"a": 1, "b": 1}, map[string]*pb.Vector{"raw": pb.NewVectorSparse([]uint32{1}, []float32{1})}))
	s.upsert(t, c, point(1, map[string]any{"a": 2}, map[string]*pb.Vector{"lex": pb.NewVectorSparse([]uint32{1}, []float32{1})}))
	got, err := s.Get(t.Context(), &pb.GetPoints{CollectionName: c, Ids: []*pb.PointId{pb.NewIDNum(1)},
		WithPayload: pb.NewWithPayload(true), WithVectors: pb.NewWithVectors(true)})
	if err != nil || len(got) != 1 {
		t.Fatalf("Get = %v, %v", got, err)
	}
	if p := got[0].GetPayload(); len(p) != 1 || p["a"].GetIntegerValue() != 2 {
		t.Errorf("payload %v, want the second upsert's alone", p)
	}
	if v := got[0].GetVectors().GetVectors().GetVectors(); len(v) != 1 || v["lex"] == nil {
		t.Errorf("vectors %v, want the second upsert's alone", v)
	}
	hits := s.query(t, &pb.QueryPoints{CollectionName: c, Using: pb.PtrOf("raw"), Query: pb.NewQuerySparse([]uint32{1}, []float32{1})})
	wantHits(t, "the vector that was replaced", hits)
}

func testUpsertErrors(t *testing.T, s *server) {
	c := s.words(t)
	named := func(name string, v *pb.Vector) *pb.PointStruct {
		return point(1, nil, map[string]*pb.Vector{name: v})
	}
	for _, tt := range []struct {
		what string
		p    *pb.PointStruct
		part string
	}{
		{"three numbers for four", named("mean", pb.NewVectorDense([]float32{1, 2, 3})), "Vector dimension error: expected dim: 4, got 3"},
		{"an unknown vector", named("mood", pb.NewVectorDense([]float32{1, 2, 3, 4})), "Not existing vector name"},
		{"unequal indices and values", named("lex", pb.NewVectorSparse([]uint32{1, 2}, []float32{1})), ""},
		{"the same index twice", named("lex", pb.NewVectorSparse([]uint32{2, 2}, []float32{1, 1})), "unique"},
		{"no id", &pb.PointStruct{Vectors: pb.NewVectorsMap(map[string]*pb.Vector{})}, ""},
		{"no vectors", &pb.PointStruct{Id: pb.NewIDNum(1)}, "Expected some vectors"},
		{"not a UUID", &pb.PointStruct{Id: pb.NewIDUUID("abc"), Vectors: pb.NewVectorsMap(map[string]*pb.Vector{})}, "Unable to parse UUID"},
	} {
		for _, wait := range []bool{true, false} {
			_, err := s.Upsert(t.Context(), &pb.UpsertPoints{CollectionName: c, Points: []*pb.PointStruct{tt.p}, Wait: &wait})
			wantCode(t, tt.what, err, codes.InvalidArgument, tt.part)
		}
	}
	if got := s.ids(t, c, nil); got != "" {
		t.Errorf("refused points are stored: %s", got)
	}
}

func testVectors(t *testing.T, s *server) {
	c := s.words(t)
	s.upsert(t, c, point(1, nil, map[string]*pb.Vector{
		"mean": pb.NewVectorDense([]float32{3, 0, 4, 0}),
		"far":  pb.NewVectorDense([]float32{3, 0, 4, 0}),
		"raw":  pb.NewVectorSparse([]uint32{4000000000, 7}, []float32{0.5, -2}),
	}))
	got, err := s.Get(t.Context(), &pb.GetPoints{CollectionName: c, Ids: []*pb.PointId{pb.NewIDNum(1)}, WithVectors: pb.NewWithVectors(true)})
	if err != nil || len(got) != 1 {
		t.Fatalf("Get = %v, %v", got, err)
	}
	v := got[0].GetVectors().GetVectors().GetVectors()
	if d := v["mean"].GetDenseVector().GetData(); len(d) != 4 || !near(d[0], 0.6) || !near(d[2], 0.8) {
		t.Errorf("a Cosine vector comes back as %v, want it normalised", d)
	}
	if d := v["far"].GetDenseVector().GetData(); len(d) != 4 || d[0] != 3 || d[2] != 4 {
		t.Errorf("a Euclid vector comes back as %v, want it as it was", d)
	}
	sparse := v["raw"].GetSparseVector()
	pairs := map[uint32]float32{}
	for i, x := range sparse.GetIndices() {
		pairs[x] = sparse.GetValues()[i]
	}
	if len(pairs) != 2 || pairs[4000000000] != 0.5 || pairs[7] != -2 {
		t.Errorf("a sparse vector comes back as %v", sparse)
	}
	one, err := s.Get(t.Context(), &pb.GetPoints{CollectionName: c, Ids: []*pb.PointId{pb.NewIDNum(1)}, WithVectors: pb.NewWithVectorsInclude("raw")})
	if err != nil || len(one[0].GetVectors().GetVectors().GetVectors()) != 1 {
		t.Errorf("Get with one vector = %v, %v", one, err)
	}
}

// testUnnamed: a collection with one vector that has no name.
func testUnnamed(t *testing.T, s *server) {
	c := s.collection(t, &pb.CreateCollection{VectorsConfig: pb.NewVectorsConfig(&pb.VectorParams{Size: 2, Distance: pb.Distance_Dot})})
	s.upsert(t, c, &pb.PointStruct{Id: pb.NewIDNum(1), Vectors: pb.NewVectors(1, 2)}, &pb.PointStruct{Id: pb.NewIDNum(2), Vectors: pb.NewVectors(-3, 0)})
	got := s.query(t, &pb.QueryPoints{CollectionName: c, Query: pb.NewQuery(1, 1), WithVectors: pb.NewWithVectors(true)})
	wantHits(t, "the unnamed vector", got, hit{"1", 3}, hit{"2", -3})
	if v := got[0].GetVectors().GetVector().GetDenseVector().GetData(); len(v) != 2 || v[1] != 2 {
		t.Errorf("the unnamed vector comes back as %v", v)
	}
	_, err := s.Upsert(t.Context(), &pb.UpsertPoints{CollectionName: c, Points: []*pb.PointStruct{
		{Id: pb.NewIDNum(3), Vectors: pb.NewVectors(1, 2)}, {Id: pb.NewIDNum(4), Vectors: pb.NewVectors(1)}}, Wait: pb.PtrOf(true)})
	wantCode(t, "a bad vector among good ones", err, codes.InvalidArgument, "Vector dimension error")
	if ids := s.ids(t, c, nil); ids != "1 2" {
		t.Errorf("points %s, want none of the refused request's", ids)
	}
}

func testDelete(t *testing.T, s *server) {
	c := s.words(t)
	for i := uint64(1); i <= 6; i++ {
		s.upsert(t, c, point(i, map[string]any{"n": int64(i)}, nil))
	}
	remove := func(sel *pb.PointsSelector) {
		t.Helper()
		if _, err := s.Delete(t.Context(), &pb.DeletePoints{CollectionName: c, Points: sel, Wait: pb.PtrOf(true)}); err != nil {
			t.Fatal(err)
		}
	}
	remove(pb.NewPointsSelector(pb.NewIDNum(2), pb.NewIDNum(99))) // an unknown id is no error
	if got := s.ids(t, c, nil); got != "1 3 4 5 6" {
		t.Errorf("after deleting 2: %s", got)
	}
	remove(pb.NewPointsSelectorFilter(must(pb.NewRange("n", &pb.Range{Gte: pb.PtrOf(5.0)}))))
	if got := s.ids(t, c, nil); got != "1 3 4" {
		t.Errorf("after deleting n >= 5: %s", got)
	}
	_, err := s.Delete(t.Context(), &pb.DeletePoints{CollectionName: c, Wait: pb.PtrOf(true)})
	wantCode(t, "a delete without selector", err, codes.InvalidArgument, "")
}

func testSetPayload(t *testing.T, s *server) {
	c := s.words(t)
	s.index(t, c, "lang", pb.FieldType_FieldTypeKeyword)
	s.upsert(t, c, point(1, map[string]any{"lang": "ky", "keep": true, "doc": map[string]any{"title": "a", "n": 1}}, nil), point(2, map[string]any{"lang": "ky"}, nil))
	set := func(key *string, payload map[string]any, sel *pb.PointsSelector) {
		t.Helper()
		_, err := s.SetPayload(t.Context(), &pb.SetPayloadPoints{CollectionName: c, Payload: pb.NewValueMap(payload),
			Key: key, PointsSelector: sel, Wait: pb.PtrOf(true)})
		if err != nil {
			t.Fatal(err)
		}
	}
	set(nil, map[string]any{"lang": "kk"}, pb.NewPointsSelector(pb.NewIDNum(1)))
	set(pb.PtrOf("doc"), map[string]any{"title": "b"}, pb.NewPointsSelectorFilter(must(pb.NewMatch("lang", "kk"))))
	if got := s.ids(t, c, must(pb.NewMatch("lang", "ky"))); got != "2" {
		t.Errorf("points in ky: %s, want 2", got)
	}
	if got := s.ids(t, c, must(pb.NewMatch("lang", "kk"), pb.NewMatchBool("keep", true), pb.NewMatch("doc.title", "b"), pb.NewMatchInt("doc.n", 1))); got != "1" {
		t.Errorf("the changed point: %s, want 1", got)
	}
}

func testGet(t *testing.T, s *server) {
	c := s.words(t)
	const id = "550e8400-e29b-41d4-a716-446655440000"
	s.upsert(t, c, point(7, map[string]any{"a": 1}, nil), point(5, nil, nil),
		&pb.PointStruct{Id: pb.NewIDUUID(id), Vectors: pb.NewVectorsMap(map[string]*pb.Vector{})})
	got, err := s.Get(t.Context(), &pb.GetPoints{CollectionName: c,
		Ids: []*pb.PointId{pb.NewIDNum(7), pb.NewIDNum(9), pb.NewIDUUID(strings.ToUpper(id)), pb.NewIDNum(5), pb.NewIDNum(7)}})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, p := range got {
		ids = append(ids, idText(p.GetId()))
		if len(p.GetPayload()) > 0 || p.GetVectors() != nil {
			t.Errorf("Get returns payload or vectors unasked: %v", p)
		}
	}
	if text := strings.Join(ids, " "); text != "7 "+id+" 5" {
		t.Errorf("Get returns %s, want the request's order, each once", text)
	}
}

func testScroll(t *testing.T, s *server) {
	c := s.words(t)
	var points []*pb.PointStruct
	for i := range 25 {
		points = append(points, point(uint64(100-i), map[string]any{"odd": i%2 == 0}, nil))
	}
	const id = "00000000-0000-0000-0000-000000000001" // after every number
	points = append(points, &pb.PointStruct{Id: pb.NewIDUUID(id), Vectors: pb.NewVectorsMap(map[string]*pb.Vector{})})
	s.upsert(t, c, points...)
	var seen []string
	var offset *pb.PointId
	for pages := 1; ; pages++ {
		got, next, err := s.ScrollAndOffset(t.Context(), &pb.ScrollPoints{CollectionName: c, Offset: offset})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range got {
			seen = append(seen, idText(p.GetId()))
		}
		if offset = next; offset == nil {
			if pages != 3 || len(got) != 6 {
				t.Errorf("%d pages, the last of %d points; want 3 and 6", pages, len(got))
			}
			break
		}
	}
	if len(seen) != 26 || seen[0] != "76" || seen[24] != "100" || seen[25] != id {
		t.Errorf("scrolled %v", seen)
	}
	got, err := s.Scroll(t.Context(), &pb.ScrollPoints{CollectionName: c, Limit: pb.PtrOf(uint32(1)), Filter: must(pb.NewMatchBool("odd", true))})
	if err != nil || len(got) != 1 || got[0].GetPayload()["odd"] == nil {
		t.Errorf("Scroll = %v, %v, want one point with payload by default", got, err)
	}
	_, err = s.Scroll(t.Context(), &pb.ScrollPoints{CollectionName: c, Limit: pb.PtrOf(uint32(0))})
	wantCode(t, "scroll with limit 0", err, codes.InvalidArgument, "limit")
}

func testOrderBy(t *testing.T, s *server) {
	c := s.words(t)
	s.index(t, c, "n", pb.FieldType_FieldTypeInteger)
	s.index(t, c, "when", pb.FieldType_FieldTypeDatetime)
	for i, n := range []int64{30, 10, 20} {
		s.upsert(t, c, point(uint64(i+1), map[string]any{"n": n, "when": fmt.Sprintf("2024-01-%d", n)}, nil))
	}
	s.upsert(t, c, point(4, map[string]any{"x": 1}, nil))
	order := func(by *pb.OrderBy) string {
		t.Helper()
		got, err := s.Scroll(t.Context(), &pb.ScrollPoints{CollectionName: c, OrderBy: by})
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, p := range got {
			ids = append(ids, idText(p.GetId()))
		}
		return strings.Join(ids, " ")
	}
	for _, tt := range []struct {
		by   *pb.OrderBy
		want string
	}{
		{&pb.OrderBy{Key: "n"}, "2 3 1"},
		{&pb.OrderBy{Key: "n", Direction: pb.Direction_Desc.Enum()}, "1 3 2"},
		{&pb.OrderBy{Key: "n", StartFrom: pb.NewStartFromInt(20)}, "3 1"},
		{&pb.OrderBy{Key: "when", Direction: pb.Direction_Desc.Enum()}, "1 3 2"},
	} {
		if got := order(tt.by); got != tt.want {
			t.Errorf("order by %v: %s, want %s", tt.by, got, tt.want)
		}
	}
	_, err := s.Scroll(t.Context(), &pb.ScrollPoints{CollectionName: c, OrderBy: &pb.OrderBy{Key: "x"}})
	wantCode(t, "order by a field without index", err, codes.InvalidArgument, "No range index for `order_by`")
}

func testSelectors(t *testing.T, s *server) {
	c := s.words(t)
	s.upsert(t, c, point(1, map[string]any{"a": 1, "b": map[string]any{"c": "x", "d": "y"}}, nil))
	for _, tt := range []struct {
		sel  *pb.WithPayloadSelector
		want []string // paths that are there
	}{
		{pb.NewWithPayload(false), nil},
		{pb.NewWithPayloadInclude("a"), []string{"a"}},
		{pb.NewWithPayloadInclude("b.c"), []string{"b", "c"}},
		{pb.NewWithPayloadExclude("a", "b.d"), []string{"b", "c"}},
	} {
		got, err := s.Scroll(t.Context(), &pb.ScrollPoints{CollectionName: c, WithPayload: tt.sel})
		if err != nil || len(got) != 1 {
			t.Fatalf("%v: %v, %v", tt.sel, got, err)
		}
		have := map[string]bool{}
		for k, v := range got[0].GetPayload() {
			have[k] = true
			for k := range v.GetStructValue().GetFields() {
				have[k] = true
			}
		}
		for _, w := range tt.want {
			if !have[w] {
				t.Errorf("%v: %q is missing", tt.sel, w)
			}
		}
		if len(have) != len(tt.want) {
			t.Errorf("%v: got %v, want %v", tt.sel, have, tt.want)
		}
	}
}
