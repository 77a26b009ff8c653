package rag

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/blevesearch/bleve/v2"

	"tilgate/internal/lang"
	"tilgate/rag"
	"tilgate/rag/engine/enginetest"
	"tilgate/rag/ingest"
	"tilgate/rag/qdrant"
	"tilgate/rag/read"
)

// BenchmarkWords stores passages on disk and asks for the ten best by words.
// Tilgate indexes words, pairs of words and character n-grams, about 700 terms
// a passage; bleve's standard analyzer indexes words alone, about 100.
func BenchmarkWords(b *testing.B) {
	texts, asks := newCorpus().texts(*passages)
	b.Run("tilgate", func(b *testing.B) { tilgateWords(b, texts, asks) })
	b.Run("bleve", func(b *testing.B) { bleveWords(b, texts, asks) })
}

func tilgateWords(b *testing.B, texts, asks []string) {
	ctx := context.Background()
	_, client := enginetest.Open(b)
	index := qdrant.New(client, qdrant.Options{}).For(rag.DefaultTenant)
	items := func(yield func(read.Item, error) bool) {
		for i, text := range texts {
			d := rag.Document{ID: strconv.Itoa(i), Text: text, Lang: "ky"}
			if !yield(read.Item{Document: d}, nil) {
				return
			}
		}
	}
	start := time.Now()
	if _, err := ingest.Run(ctx, index, items, ingest.Options{KB: "bench", Langs: []lang.Tag{"ky"}}); err != nil {
		b.Fatal(err)
	}
	took := time.Since(start)
	report(b, len(texts), took, len(asks), func(i int) {
		hits, err := index.Search(ctx, rag.Probe{KB: "bench", Lang: "ky", K: 10,
			Lexical: rag.AnalyzerFor("ky").Question("ky", asks[i])})
		if err != nil || len(hits.Passages) == 0 {
			b.Fatalf("%d hits, %v", len(hits.Passages), err)
		}
	})
}

func bleveWords(b *testing.B, texts, asks []string) {
	mapping := bleve.NewIndexMapping()
	mapping.DefaultAnalyzer = "standard"
	index, err := bleve.New(b.TempDir()+"/bleve", mapping)
	if err != nil {
		b.Fatal(err)
	}
	defer index.Close()
	start := time.Now()
	batch := index.NewBatch()
	for i, text := range texts {
		if err := batch.Index(strconv.Itoa(i), map[string]string{"text": text}); err != nil {
			b.Fatal(err)
		}
		if batch.Size() == 1000 || i == len(texts)-1 {
			if err := index.Batch(batch); err != nil {
				b.Fatal(err)
			}
			batch = index.NewBatch()
		}
	}
	took := time.Since(start)
	report(b, len(texts), took, len(asks), func(i int) {
		query := bleve.NewMatchQuery(asks[i])
		query.SetField("text")
		request := bleve.NewSearchRequestOptions(query, 10, 0, false)
		request.Fields = []string{"text"}
		found, err := index.Search(request)
		if err != nil || len(found.Hits) == 0 {
			b.Fatalf("%v, %v", found, err)
		}
	})
}
