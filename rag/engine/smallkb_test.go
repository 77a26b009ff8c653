package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	pb "github.com/qdrant/go-client/qdrant"
)

// languages creates a collection with 60 sparse vectors, of which points use
// one or two.
func languages(t testing.TB, client *pb.Client, name string) {
	t.Helper()
	vectors := map[string]*pb.SparseVectorParams{}
	for i := range 60 {
		vectors[fmt.Sprintf("lex_%02d", i)] = &pb.SparseVectorParams{Modifier: pb.Modifier_Idf.Enum()}
	}
	err := client.CreateCollection(context.Background(), &pb.CreateCollection{CollectionName: name, SparseVectorsConfig: pb.NewSparseVectorsConfig(vectors)})
	if err != nil {
		t.Fatal(err)
	}
}

// BenchmarkSmall is a knowledge base of 100 passages in 60 languages: opening
// it, and one query through the client.
func BenchmarkSmall(b *testing.B) {
	dir := b.TempDir()
	e, client := open(b, dir)
	languages(b, client, "kb")
	c := newCorpus()
	r := rand.New(rand.NewPCG(1, 1))
	for id := range uint64(100) {
		p := c.passage(r, id, 0)
		v := p.GetVectors().GetVectors().GetVectors()["lex"]
		p.Vectors = pb.NewVectorsMap(map[string]*pb.Vector{fmt.Sprintf("lex_%02d", id%3): v})
		put(b, client, "kb", p)
	}
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			if err := e.Close(); err != nil {
				b.Fatal(err)
			}
			var err error
			if e, err = Open(dir, Options{}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(anonymousMB()), "MB")
	})
	defer e.Close()
	client, err := e.Client()
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	b.Run("query", func(b *testing.B) {
		indices, values := c.vector(r, 60)
		req := &pb.QueryPoints{CollectionName: "kb", Using: pb.PtrOf("lex_00"), Query: pb.NewQuerySparse(indices, values), WithPayload: pb.NewWithPayload(true)}
		for b.Loop() {
			if got, err := client.Query(context.Background(), req); err != nil || len(got) != 10 {
				b.Fatal(len(got), err)
			}
		}
	})
}

// TestReadWhileWriting: a reader always sees every point, though all of them
// are rewritten all the time.
func TestReadWhileWriting(t *testing.T) {
	_, client := openWith(t, t.TempDir(), small)
	lexicon(t, client, "kb")
	const n = 60
	write := func() {
		for from := uint64(0); from < n; from += 10 {
			var points []*pb.PointStruct
			for id := from; id < from+10; id++ {
				points = append(points, lexPoint(id, "суу", 1, uint32(id)+2))
			}
			put(t, client, "kb", points...)
		}
	}
	write()
	var wg sync.WaitGroup
	stop := make(chan struct{})
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				write()
			}
		}
	})
	for until := time.Now().Add(700 * time.Millisecond); time.Now().Before(until); {
		hits := find(t, client, "kb", 1)
		if len(hits) != n {
			t.Errorf("%d hits, want %d", len(hits), n)
			break
		}
		for _, h := range hits {
			if h.GetPayload()["word"].GetStringValue() != "суу" {
				t.Errorf("hit %v without its payload", h)
			}
		}
		got, err := client.Scroll(context.Background(), &pb.ScrollPoints{CollectionName: "kb", Limit: pb.PtrOf(uint32(100)), WithVectors: pb.NewWithVectors(true)})
		if err != nil || len(got) != n {
			t.Errorf("Scroll: %d points, %v, want %d", len(got), err, n)
			break
		}
	}
	close(stop)
	wg.Wait()
}
