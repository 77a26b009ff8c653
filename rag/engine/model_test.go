package engine

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"os"
	"slices"
	"testing"

	pb "github.com/qdrant/go-client/qdrant"
	"pgregory.net/rapid"
)

// A memory is the model that the engine is compared with: plain maps, and
// every search by looking at everything.
type memory map[uint64]remembered

type remembered struct {
	word  string
	terms map[uint32]float32
	mean  []float32
}

// checkModel compares the collection "kb" with the model: every point, and
// the scores of a search.
func checkModel(t interface{ Fatalf(string, ...any) }, client *pb.Client, m memory, query map[uint32]float32) {
	ctx := context.Background()
	got, err := client.Scroll(ctx, &pb.ScrollPoints{CollectionName: "kb", Limit: pb.PtrOf(uint32(1 << 20)), WithVectors: pb.NewWithVectors(true)})
	if err != nil {
		t.Fatalf("Scroll: %v", err)
	}
	ids := slices.Sorted(maps.Keys(m))
	if len(got) != len(ids) {
		t.Fatalf("%d points, want %d", len(got), len(ids))
	}
	for i, p := range got {
		want := m[ids[i]]
		if p.GetId().GetNum() != ids[i] || p.GetPayload()["word"].GetStringValue() != want.word {
			t.Fatalf("point %v with payload %v, want %d with %q", p.GetId(), p.GetPayload(), ids[i], want.word)
		}
		v := p.GetVectors().GetVectors().GetVectors()
		if terms := termsOf(v["lex"].GetSparseVector()); !maps.Equal(terms, want.terms) {
			t.Fatalf("point %d has terms %v, want %v", ids[i], terms, want.terms)
		}
		if dense := v["mean"].GetDenseVector().GetData(); len(dense) != len(want.mean) {
			t.Fatalf("point %d has vector %v, want %v normalised", ids[i], dense, want.mean)
		}
	}
	checkScores(t, client, m, query)
	checkIndexed(t, client, m)
}

func termsOf(v *pb.SparseVector) map[uint32]float32 {
	out := map[uint32]float32{}
	for i, x := range v.GetIndices() {
		out[x] = v.GetValues()[i]
	}
	return out
}

func checkScores(t interface{ Fatalf(string, ...any) }, client *pb.Client, m memory, query map[uint32]float32) {
	want := m.lexical(query)
	var indices []uint32
	var values []float32
	for term, v := range query {
		indices, values = append(indices, term), append(values, v)
	}
	hits, err := client.Query(context.Background(), &pb.QueryPoints{CollectionName: "kb", Using: pb.PtrOf("lex"),
		Query: pb.NewQuerySparse(indices, values), Limit: pb.PtrOf(uint64(1 << 20))})
	if err != nil {
		t.Fatalf("Query: %v", err)
	}
	if len(hits) != len(want) {
		t.Fatalf("%d hits for %v, want %d", len(hits), query, len(want))
	}
	last := math.Inf(1)
	for _, h := range hits {
		score, ok := want[h.GetId().GetNum()]
		if got := float64(h.GetScore()); !ok || math.Abs(got-score) > 1e-4*max(1e-2, math.Abs(score)) || got > last {
			t.Fatalf("point %d scores %v for %v, want %v; the one before %v", h.GetId().GetNum(), got, query, score, last)
		}
		last = float64(h.GetScore())
	}
}

func (m memory) lexical(query map[uint32]float32) map[uint64]float64 {
	n, df := 0.0, map[uint32]float64{}
	for _, p := range m {
		if len(p.terms) > 0 {
			n++
		}
		for term := range p.terms {
			df[term]++
		}
	}
	out := map[uint64]float64{}
	for id, p := range m {
		for term, w := range query {
			if v, ok := p.terms[term]; ok {
				out[id] += float64(w) * float64(v) * math.Log((n-df[term]+0.5)/(df[term]+0.5)+1)
			}
		}
	}
	return out
}

func checkIndexed(t interface{ Fatalf(string, ...any) }, client *pb.Client, m memory) {
	counts := map[string]uint64{}
	for _, p := range m {
		counts[p.word]++
	}
	for _, word := range words {
		n, err := client.Count(context.Background(), &pb.CountPoints{CollectionName: "kb", Filter: &pb.Filter{Must: []*pb.Condition{pb.NewMatch("word", word)}}})
		if err != nil || n != counts[word] {
			t.Fatalf("Count of %q = %d, %v, want %d", word, n, err, counts[word])
		}
	}
}

var words = []string{"суу", "аба", "жер", "от"}

func (p remembered) proto(id uint64) *pb.PointStruct {
	vectors := map[string]*pb.Vector{}
	if p.terms != nil {
		var indices []uint32
		var values []float32
		for term, v := range p.terms {
			indices, values = append(indices, term), append(values, v)
		}
		vectors["lex"] = pb.NewVectorSparse(indices, values)
	}
	if p.mean != nil {
		vectors["mean"] = pb.NewVectorDense(p.mean)
	}
	return &pb.PointStruct{Id: pb.NewIDNum(id), Payload: pb.NewValueMap(map[string]any{"word": p.word}), Vectors: pb.NewVectorsMap(vectors)}
}

// TestModel does random things to an engine whose segments are tiny, opening
// it again now and then, and compares it with the model.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "engine")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		h := &modelHarness{dir: dir, model: memory{}}
		h.open(t)
		defer h.close(t)
		h.create(t)
		t.Repeat(map[string]func(*rapid.T){
			"upsert":     h.upsert,
			"delete":     h.delete,
			"deleteWord": h.deleteWord,
			"setPayload": h.setPayload,
			"reopen":     func(t *rapid.T) { h.close(t); h.open(t) },
			"":           func(t *rapid.T) { checkModel(t, h.client, h.model, drawTerms(t, "query")) },
		})
	})
}

type modelHarness struct {
	dir    string
	engine *Engine
	client *pb.Client
	model  memory
}

func (h *modelHarness) open(t *rapid.T) {
	var err error
	opts := small
	opts.Log = slog.New(slog.DiscardHandler)
	if h.engine, err = Open(h.dir, opts); err != nil {
		t.Fatal(err)
	}
	if h.client, err = h.engine.Client(); err != nil {
		t.Fatal(err)
	}
}

func (h *modelHarness) close(t *rapid.T) {
	h.client.Close()
	if err := h.engine.Close(); err != nil {
		t.Fatal(err)
	}
}

func (h *modelHarness) create(t *rapid.T) {
	ctx := context.Background()
	err := h.client.CreateCollection(ctx, &pb.CreateCollection{
		CollectionName:      "kb",
		VectorsConfig:       pb.NewVectorsConfigMap(map[string]*pb.VectorParams{"mean": {Size: 3, Distance: pb.Distance_Cosine}}),
		SparseVectorsConfig: pb.NewSparseVectorsConfig(map[string]*pb.SparseVectorParams{"lex": {Modifier: pb.Modifier_Idf.Enum()}}),
	})
	if err == nil {
		_, err = h.client.CreateFieldIndex(ctx, &pb.CreateFieldIndexCollection{CollectionName: "kb", FieldName: "word", FieldType: pb.FieldType_FieldTypeKeyword.Enum()})
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (h *modelHarness) upsert(t *rapid.T) {
	var points []*pb.PointStruct
	for i := range rapid.IntRange(1, 12).Draw(t, "points") {
		id := rapid.Uint64Range(1, 60).Draw(t, fmt.Sprint("id", i))
		p := remembered{word: rapid.SampledFrom(words).Draw(t, "word")}
		if rapid.IntRange(0, 9).Draw(t, "bare") > 0 {
			p.terms = drawTerms(t, "terms")
		}
		if rapid.Bool().Draw(t, "mean") {
			p.mean = []float32{1, float32(i), 2}
		}
		h.model[id] = p
		points = append(points, p.proto(id))
	}
	if _, err := h.client.Upsert(context.Background(), &pb.UpsertPoints{CollectionName: "kb", Points: points, Wait: pb.PtrOf(true)}); err != nil {
		t.Fatal(err)
	}
}

func drawTerms(t *rapid.T, label string) map[uint32]float32 {
	terms := rapid.MapOfN(rapid.Uint32Range(1, 15), rapid.SampledFrom([]float32{0.5, 1, 1.5, 2.25, -1, 0}), 0, 8).Draw(t, label)
	return terms
}

func (h *modelHarness) delete(t *rapid.T) {
	id := rapid.Uint64Range(1, 60).Draw(t, "id")
	delete(h.model, id)
	if _, err := h.client.Delete(context.Background(), &pb.DeletePoints{CollectionName: "kb", Points: pb.NewPointsSelector(pb.NewIDNum(id))}); err != nil {
		t.Fatal(err)
	}
}

func (h *modelHarness) deleteWord(t *rapid.T) {
	word := rapid.SampledFrom(words).Draw(t, "word")
	maps.DeleteFunc(h.model, func(_ uint64, p remembered) bool { return p.word == word })
	_, err := h.client.Delete(context.Background(), &pb.DeletePoints{CollectionName: "kb",
		Points: pb.NewPointsSelectorFilter(&pb.Filter{Must: []*pb.Condition{pb.NewMatch("word", word)}})})
	if err != nil {
		t.Fatal(err)
	}
}

func (h *modelHarness) setPayload(t *rapid.T) {
	id, word := rapid.Uint64Range(1, 60).Draw(t, "id"), rapid.SampledFrom(words).Draw(t, "word")
	if p, ok := h.model[id]; ok {
		p.word = word
		h.model[id] = p
	}
	_, err := h.client.SetPayload(context.Background(), &pb.SetPayloadPoints{CollectionName: "kb",
		Payload: pb.NewValueMap(map[string]any{"word": word}), PointsSelector: pb.NewPointsSelector(pb.NewIDNum(id))})
	if err != nil {
		t.Fatal(err)
	}
}
