package rag

import (
	"context"
	"runtime"
	"strconv"
	"testing"
	"time"

	chromem "github.com/philippgille/chromem-go"
	pb "github.com/qdrant/go-client/qdrant"

	"tilgate/rag/engine/enginetest"
)

// BenchmarkVectors stores vectors on disk and asks for the ten nearest. Both
// look at every vector: Tilgate at bytes first, at floats for the best.
func BenchmarkVectors(b *testing.B) {
	all := vectors(*passages + questions)
	stored, asks := all[:*passages], all[*passages:]
	b.Run("tilgate", func(b *testing.B) { tilgateVectors(b, stored, asks) })
	b.Run("chromem", func(b *testing.B) { chromemVectors(b, stored, asks) })
}

func tilgateVectors(b *testing.B, stored, asks [][]float32) {
	ctx := context.Background()
	_, client := enginetest.Open(b)
	err := client.CreateCollection(ctx, &pb.CreateCollection{CollectionName: "bench",
		VectorsConfig: pb.NewVectorsConfig(&pb.VectorParams{Size: dimensions, Distance: pb.Distance_Cosine})})
	if err != nil {
		b.Fatal(err)
	}
	start := time.Now()
	for i := 0; i < len(stored); i += 256 {
		var points []*pb.PointStruct
		for k := i; k < min(i+256, len(stored)); k++ {
			points = append(points, &pb.PointStruct{Id: pb.NewIDNum(uint64(k)), Vectors: pb.NewVectorsDense(stored[k])})
		}
		if _, err := client.Upsert(ctx, &pb.UpsertPoints{CollectionName: "bench", Points: points, Wait: pb.PtrOf(true)}); err != nil {
			b.Fatal(err)
		}
	}
	took := time.Since(start)
	report(b, len(stored), took, len(asks), func(i int) {
		found, err := client.Query(ctx, &pb.QueryPoints{CollectionName: "bench", Query: pb.NewQueryDense(asks[i]), Limit: pb.PtrOf(uint64(10))})
		if err != nil || len(found) != 10 {
			b.Fatalf("%d points, %v", len(found), err)
		}
	})
}

func chromemVectors(b *testing.B, stored, asks [][]float32) {
	ctx := context.Background()
	db, err := chromem.NewPersistentDB(b.TempDir(), false)
	if err != nil {
		b.Fatal(err)
	}
	c, err := db.CreateCollection("bench", nil, func(context.Context, string) ([]float32, error) { panic("every vector is given") })
	if err != nil {
		b.Fatal(err)
	}
	docs := make([]chromem.Document, len(stored))
	for i, v := range stored {
		docs[i] = chromem.Document{ID: strconv.Itoa(i), Embedding: v, Content: " "}
	}
	start := time.Now()
	if err := c.AddDocuments(ctx, docs, runtime.GOMAXPROCS(0)); err != nil {
		b.Fatal(err)
	}
	took := time.Since(start)
	report(b, len(stored), took, len(asks), func(i int) {
		found, err := c.QueryEmbedding(ctx, asks[i], 10, nil, nil)
		if err != nil || len(found) != 10 {
			b.Fatalf("%d documents, %v", len(found), err)
		}
	})
}
