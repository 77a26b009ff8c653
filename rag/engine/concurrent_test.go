package engine

import (
	"context"
	"sync"
	"testing"
	"time"

	pb "github.com/qdrant/go-client/qdrant"
)

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
