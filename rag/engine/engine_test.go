package engine

import (
	"context"
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	pb "github.com/qdrant/go-client/qdrant"
	"go.uber.org/goleak"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestMain(m *testing.M) {
	flag.Set("rapid.checks", "12") // more with -rapid.checks
	goleak.VerifyTestMain(m)
}

// open opens dir with a client; both are closed when the test ends.
func open(t testing.TB, dir string) (*Engine, *pb.Client) {
	t.Helper()
	return openWith(t, dir, Options{})
}

// small makes a few points go through all that many do.
var small = Options{sizes: mergeSizes{fanIn: 2, flushDocs: 6, heapDocs: 20, fileDocs: 40}, Log: slog.New(slog.DiscardHandler)}

func openWith(t testing.TB, dir string, opts Options) (*Engine, *pb.Client) {
	t.Helper()
	e, err := Open(dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	client, err := e.Client()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		client.Close()
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e, client
}

func reopen(t testing.TB, e *Engine) (*Engine, *pb.Client) {
	t.Helper()
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return openWith(t, e.dir, e.opts)
}

// lexicon creates a collection with a sparse vector "lex" with IDF and a
// dense one, "mean".
func lexicon(t testing.TB, client *pb.Client, name string) {
	t.Helper()
	err := client.CreateCollection(context.Background(), &pb.CreateCollection{
		CollectionName:      name,
		VectorsConfig:       pb.NewVectorsConfigMap(map[string]*pb.VectorParams{"mean": {Size: 4, Distance: pb.Distance_Cosine}}),
		SparseVectorsConfig: pb.NewSparseVectorsConfig(map[string]*pb.SparseVectorParams{"lex": {Modifier: pb.Modifier_Idf.Enum()}}),
	})
	if err != nil {
		t.Fatal(err)
	}
}

func put(t testing.TB, client *pb.Client, collection string, points ...*pb.PointStruct) {
	t.Helper()
	_, err := client.Upsert(context.Background(), &pb.UpsertPoints{CollectionName: collection, Points: points, Wait: pb.PtrOf(true)})
	if err != nil {
		t.Fatal(err)
	}
}

func lexPoint(id uint64, word string, terms ...uint32) *pb.PointStruct {
	values := make([]float32, len(terms))
	for i := range values {
		values[i] = float32(i + 1)
	}
	return &pb.PointStruct{Id: pb.NewIDNum(id), Payload: pb.NewValueMap(map[string]any{"word": word}),
		Vectors: pb.NewVectorsMap(map[string]*pb.Vector{"lex": pb.NewVectorSparse(terms, values), "mean": pb.NewVectorDense([]float32{1, float32(id), 0, 0})})}
}

func find(t testing.TB, client *pb.Client, collection string, terms ...uint32) []*pb.ScoredPoint {
	t.Helper()
	values := make([]float32, len(terms))
	for i := range values {
		values[i] = 1
	}
	got, err := client.Query(context.Background(), &pb.QueryPoints{CollectionName: collection, Using: pb.PtrOf("lex"),
		Query: pb.NewQuerySparse(terms, values), WithPayload: pb.NewWithPayload(true), Limit: pb.PtrOf(uint64(100))})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestReopen(t *testing.T) {
	e, client := open(t, t.TempDir())
	lexicon(t, client, "health@1")
	lexicon(t, client, "gone")
	put(t, client, "health@1", lexPoint(1, "суу", 1, 2), lexPoint(2, "аба", 2, 3), lexPoint(3, "жер", 3))
	put(t, client, "health@1", lexPoint(2, "аба ырайы", 2, 4))
	ctx := context.Background()
	for _, err := range []error{
		client.CreateAlias(ctx, "health", "health@1"),
		client.DeleteCollection(ctx, "gone"),
		second(client.Delete(ctx, &pb.DeletePoints{CollectionName: "health", Points: pb.NewPointsSelector(pb.NewIDNum(3))})),
		second(client.CreateFieldIndex(ctx, &pb.CreateFieldIndexCollection{CollectionName: "health", FieldName: "word", FieldType: pb.FieldType_FieldTypeKeyword.Enum()})),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	before := find(t, client, "health", 2, 3, 4)
	_, client = reopen(t, e)
	after := find(t, client, "health", 2, 3, 4)
	if len(before) != 2 || len(after) != 2 {
		t.Fatalf("%d hits before, %d after, want 2", len(before), len(after))
	}
	for i := range before {
		if before[i].String() != after[i].String() {
			t.Errorf("hit %d is %v, was %v", i, after[i], before[i])
		}
	}
	n, err := client.Count(ctx, &pb.CountPoints{CollectionName: "health", Filter: &pb.Filter{Must: []*pb.Condition{pb.NewMatch("word", "аба ырайы")}}})
	if err != nil || n != 1 {
		t.Errorf("Count by the reopened index = %d, %v, want 1", n, err)
	}
	if names, err := client.ListCollections(ctx); err != nil || strings.Join(names, " ") != "health@1" {
		t.Errorf("ListCollections = %v, %v", names, err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestLocked(t *testing.T) {
	e, _ := open(t, t.TempDir())
	_, err := Open(e.dir, Options{})
	if err == nil || !strings.Contains(err.Error(), e.dir) || !strings.Contains(err.Error(), "this process") {
		t.Errorf("a second Open: %v, want an error that names the folder and who has it", err)
	}
}

func TestUnimplemented(t *testing.T) {
	_, client := open(t, t.TempDir())
	lexicon(t, client, "kb")
	_, err := client.Facet(context.Background(), &pb.FacetCounts{CollectionName: "kb", Key: "word"})
	if s, _ := status.FromError(err); s.Code() != codes.Unimplemented || !strings.Contains(s.Message(), "Points.Facet") {
		t.Errorf("Facet: %v, want Unimplemented with its name", err)
	}
	_, err = client.ListSnapshots(context.Background(), "kb")
	if s, _ := status.FromError(err); s.Code() != codes.Unimplemented || !strings.Contains(s.Message(), "Snapshots.List") {
		t.Errorf("ListSnapshots: %v, want Unimplemented with its name", err)
	}
}

func TestStrayFolders(t *testing.T) {
	e, client := open(t, t.TempDir())
	lexicon(t, client, "kb")
	stray := filepath.Join(e.dir, "collections", "77")
	if err := os.MkdirAll(stray, 0o755); err != nil {
		t.Fatal(err)
	}
	_, client = reopen(t, e)
	if _, err := os.Stat(stray); !os.IsNotExist(err) {
		t.Error("a folder that no collection owns is still there")
	}
	if n := len(find(t, client, "kb", 1)); n != 0 {
		t.Errorf("%d hits in an empty collection", n)
	}
}
