package engine

import (
	"context"
	"math"
	"testing"

	pb "github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// A calls is an engine called as its server calls it, without a connection.
type calls struct {
	points      *pointsService
	collections *collectionsService
}

// do sends the message to the calls that take it. A mistake of ours shows as
// codes.Internal, see recoverPanics.
func (c calls) do(req proto.Message) error {
	ctx := context.Background()
	_, err := c.points.engine.recoverPanics(ctx, req, &grpc.UnaryServerInfo{FullMethod: "/test"}, func(context.Context, any) (any, error) {
		switch r := req.(type) {
		case *pb.UpsertPoints:
			return c.points.Upsert(ctx, r)
		case *pb.DeletePoints:
			return c.points.Delete(ctx, r)
		case *pb.SetPayloadPoints:
			return c.points.SetPayload(ctx, r)
		case *pb.GetPoints:
			return c.points.Get(ctx, r)
		case *pb.ScrollPoints:
			return c.points.Scroll(ctx, r)
		case *pb.CountPoints:
			return c.points.Count(ctx, r)
		case *pb.QueryPoints:
			return c.points.Query(ctx, r)
		case *pb.QueryBatchPoints:
			return c.points.QueryBatch(ctx, r)
		case *pb.CreateFieldIndexCollection:
			return c.points.CreateFieldIndex(ctx, r)
		case *pb.DeleteFieldIndexCollection:
			return c.points.DeleteFieldIndex(ctx, r)
		case *pb.CreateCollection:
			return c.collections.Create(ctx, r)
		case *pb.DeleteCollection:
			return c.collections.Delete(ctx, r)
		case *pb.ChangeAliases:
			return c.collections.UpdateAliases(ctx, r)
		}
		return nil, nil
	})
	return err
}

// requests is one empty message for each call that takes one.
func requests() []proto.Message {
	return []proto.Message{&pb.UpsertPoints{}, &pb.DeletePoints{}, &pb.SetPayloadPoints{}, &pb.GetPoints{}, &pb.ScrollPoints{},
		&pb.CountPoints{}, &pb.QueryPoints{}, &pb.QueryBatchPoints{}, &pb.CreateFieldIndexCollection{}, &pb.DeleteFieldIndexCollection{},
		&pb.CreateCollection{}, &pb.DeleteCollection{}, &pb.ChangeAliases{}}
}

func newCalls(t testing.TB) calls {
	e, client := open(t, t.TempDir())
	lexicon(t, client, "kb")
	put(t, client, "kb", lexPoint(1, "суу", 1, 2), lexPoint(2, "аба", 2))
	return calls{&pointsService{engine: e}, &collectionsService{engine: e}}
}

// TestBadRequests: what no client of ours would send gets an answer.
func TestBadRequests(t *testing.T) {
	c := newCalls(t)
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	deep := &pb.Filter{}
	for range 100 {
		deep = &pb.Filter{Must: []*pb.Condition{pb.NewFilterAsCondition(deep)}}
	}
	nested := &pb.PrefetchQuery{}
	for range 100 {
		nested = &pb.PrefetchQuery{Prefetch: []*pb.PrefetchQuery{nested}, Query: pb.NewQueryFusion(pb.Fusion_RRF)}
	}
	value := pb.NewValueNull()
	for range 200 {
		value = pb.NewValueList(&pb.ListValue{Values: []*pb.Value{value}})
	}
	lex := func(indices []uint32, values []float32) *pb.UpsertPoints {
		return &pb.UpsertPoints{CollectionName: "kb", Points: []*pb.PointStruct{{Id: pb.NewIDNum(9),
			Vectors: pb.NewVectorsMap(map[string]*pb.Vector{"lex": pb.NewVectorSparse(indices, values)})}}}
	}
	mean := func(v ...float32) *pb.QueryPoints {
		return &pb.QueryPoints{CollectionName: "kb", Using: pb.PtrOf("mean"), Query: pb.NewQueryDense(v)}
	}
	for _, tt := range []struct {
		what string
		req  proto.Message
		code codes.Code
	}{
		{"NaN in a sparse vector", lex([]uint32{1}, []float32{nan}), codes.InvalidArgument},
		{"infinity in a sparse vector", lex([]uint32{1}, []float32{inf}), codes.InvalidArgument},
		{"NaN in a query", mean(nan, 0, 0, 0), codes.InvalidArgument},
		{"no numbers in a query", mean(), codes.InvalidArgument},
		{"a vector without content", &pb.UpsertPoints{CollectionName: "kb", Points: []*pb.PointStruct{{Id: pb.NewIDNum(9),
			Vectors: pb.NewVectorsMap(map[string]*pb.Vector{"lex": {}})}}}, codes.InvalidArgument},
		{"a nil point", &pb.UpsertPoints{CollectionName: "kb", Points: []*pb.PointStruct{nil}}, codes.InvalidArgument},
		{"a nil vector", &pb.UpsertPoints{CollectionName: "kb", Points: []*pb.PointStruct{{Id: pb.NewIDNum(9),
			Vectors: pb.NewVectorsMap(map[string]*pb.Vector{"mean": nil})}}}, codes.InvalidArgument},
		{"nil conditions", &pb.CountPoints{CollectionName: "kb", Filter: &pb.Filter{Must: []*pb.Condition{nil}}}, codes.InvalidArgument},
		{"a nil id", &pb.GetPoints{CollectionName: "kb", Ids: []*pb.PointId{nil}}, codes.InvalidArgument},
		{"filters 100 deep", &pb.CountPoints{CollectionName: "kb", Filter: deep}, codes.InvalidArgument},
		{"prefetches 100 deep", &pb.QueryPoints{CollectionName: "kb", Query: pb.NewQueryFusion(pb.Fusion_RRF), Prefetch: []*pb.PrefetchQuery{nested}}, codes.InvalidArgument},
		{"a payload 200 deep", &pb.SetPayloadPoints{CollectionName: "kb", Payload: map[string]*pb.Value{"a": value}, PointsSelector: pb.NewPointsSelector(pb.NewIDNum(1))}, codes.InvalidArgument},
		{"an empty key", &pb.CountPoints{CollectionName: "kb", Filter: &pb.Filter{Must: []*pb.Condition{pb.NewMatch("", "x")}}}, codes.InvalidArgument},
		{"a broken path", &pb.CountPoints{CollectionName: "kb", Filter: &pb.Filter{Must: []*pb.Condition{pb.NewMatch("a[", "x")}}}, codes.InvalidArgument},
		{"the largest limit and offset", &pb.QueryPoints{CollectionName: "kb", Limit: pb.PtrOf(uint64(math.MaxUint64)), Offset: pb.PtrOf(uint64(math.MaxUint64))}, codes.OK},
		{"the largest scroll", &pb.ScrollPoints{CollectionName: "kb", Limit: pb.PtrOf(uint32(math.MaxUint32))}, codes.OK},
		{"a geo condition", &pb.CountPoints{CollectionName: "kb", Filter: &pb.Filter{Must: []*pb.Condition{pb.NewGeoRadius("at", 1, 2, 3)}}}, codes.Unimplemented},
		{"a sample", &pb.QueryPoints{CollectionName: "kb", Query: pb.NewQuerySample(pb.Sample_Random)}, codes.Unimplemented},
		{"strange distances", &pb.CreateCollection{CollectionName: "x", VectorsConfig: pb.NewVectorsConfig(&pb.VectorParams{Size: 1, Distance: 99})}, codes.InvalidArgument},
		{"an alias action without content", &pb.ChangeAliases{Actions: []*pb.AliasOperations{{}}}, codes.InvalidArgument},
		{"no collection", &pb.CountPoints{}, codes.InvalidArgument},
	} {
		if err := c.do(tt.req); status.Code(err) != tt.code {
			t.Errorf("%s: %v, want %v", tt.what, err, tt.code)
		}
	}
	for _, req := range requests() {
		if err := c.do(req); status.Code(err) == codes.Internal {
			t.Errorf("an empty %T: %v", req, err)
		}
	}
}

// FuzzCalls: whatever arrives is answered, and never by recoverPanics.
func FuzzCalls(f *testing.F) {
	c := newCalls(f)
	for _, req := range []proto.Message{
		&pb.UpsertPoints{CollectionName: "kb", Points: []*pb.PointStruct{lexPoint(3, "жер", 1, 5)}},
		&pb.QueryPoints{CollectionName: "kb", Using: pb.PtrOf("lex"), Query: pb.NewQuerySparse([]uint32{1}, []float32{1}),
			Filter: &pb.Filter{Must: []*pb.Condition{pb.NewMatch("word", "суу"), pb.NewNestedFilter("a", &pb.Filter{})}}},
		&pb.QueryPoints{CollectionName: "kb", Query: pb.NewQueryRRF(&pb.Rrf{Weights: []float32{1}}), Prefetch: []*pb.PrefetchQuery{{}}},
		&pb.SetPayloadPoints{CollectionName: "kb", Key: pb.PtrOf("a.b[]"), PointsSelector: pb.NewPointsSelector(pb.NewIDNum(1))},
		&pb.ScrollPoints{CollectionName: "kb", OrderBy: &pb.OrderBy{Key: "n"}},
	} {
		b, err := proto.Marshal(req)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, req := range requests() {
			if proto.Unmarshal(data, req) != nil {
				continue
			}
			if err := c.do(req); status.Code(err) == codes.Internal {
				t.Errorf("%T %v: %v", req, req, err)
			}
		}
	})
}
