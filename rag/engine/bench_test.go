//go:build linux

package engine

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	pb "github.com/qdrant/go-client/qdrant"
)

var (
	benchPassages = flag.Int("passages", 100_000, "passages in the store of the scale benchmarks")
	benchWorkers  = flag.Int("workers", 2, "clients that ingest at once")
	benchDir      = flag.String("dir", "", "folder of the scale benchmarks, kept; a temporary one if empty")
)

// A corpus makes passages like those of the lexical encoder: about 600 terms
// (words and character n-grams) of Zipf-like frequency, hashed to 32 bits,
// with BM25 weights.
type corpus struct {
	draws []uint32 // terms, drawn ahead
}

const (
	vocabulary   = 500_000
	termsPerText = 600
)

func newCorpus() *corpus {
	sums := make([]float64, vocabulary)
	total := 0.0
	for i := range sums {
		total += 1 / (float64(i) + 10)
		sums[i] = total
	}
	r := rand.New(rand.NewPCG(1, 2))
	c := &corpus{draws: make([]uint32, 1<<21)}
	for i := range c.draws {
		rank, _ := slices.BinarySearch(sums, r.Float64()*total)
		c.draws[i] = uint32(rank) * 2654435761 // a hash that is one to one
	}
	return c
}

func (c *corpus) vector(r *rand.Rand, terms int) ([]uint32, []float32) {
	drawn := make([]uint32, terms*5/4)
	for i := range drawn {
		drawn[i] = c.draws[r.Uint32()%uint32(len(c.draws))]
	}
	slices.Sort(drawn)
	indices, values := make([]uint32, 0, terms), make([]float32, 0, terms)
	length := float32(80+r.IntN(60)) / 110 // in words, of the average
	for i := 0; i < len(drawn) && len(indices) < terms; {
		tf := float32(1)
		for i++; i < len(drawn) && drawn[i] == drawn[i-1]; i++ {
			tf++
		}
		indices = append(indices, drawn[i-1])
		values = append(values, tf*2.2/(tf+1.2*(0.25+0.75*length)))
	}
	return indices, values
}

var lorem = strings.Repeat("Саламаттык сактоо министрлиги кабарлайт. ", 16) // about 100 words

func (c *corpus) passage(r *rand.Rand, id uint64, dim int) *pb.PointStruct {
	indices, values := c.vector(r, termsPerText)
	v := map[string]*pb.Vector{"lex": pb.NewVectorSparse(indices, values)}
	if dim > 0 {
		v["mean"] = pb.NewVectorDense(gaussian(r, dim))
	}
	return &pb.PointStruct{Id: pb.NewIDNum(id), Vectors: pb.NewVectorsMap(v), Payload: pb.NewValueMap(map[string]any{
		"text": lorem, "title": "Саламаттык", "doc": fmt.Sprintf("doc-%d", id/20), "n": int64(id % 20), "lang": "ky", "sector": "health"})}
}

// BenchmarkScale fills a store with passages, queries it, and opens it again.
// It does its work once, whatever -benchtime says: use -benchtime 1x.
func BenchmarkScale(b *testing.B) {
	for _, dim := range []int{0, 1024} {
		b.Run(fmt.Sprintf("dense=%d", dim), func(b *testing.B) { benchScale(b, dim) })
	}
}

func benchScale(b *testing.B, dim int) {
	c := newCorpus()
	dir := *benchDir
	if dir == "" {
		dir = b.TempDir()
	} else {
		dir = fmt.Sprintf("%s/dense%d", dir, dim)
	}
	runtime.GC()
	peak := watchMemory(b)
	e, client := open(b, dir)
	cpu := cpuTime()
	rate := benchIngest(b, client, c, dim)
	b.ReportMetric((cpuTime()-cpu).Seconds()*1e6/float64(*benchPassages), "cpu-µs/passage")
	b.ReportMetric(rate, "passages/s")
	b.ReportMetric(float64(peak.Swap(0)), "ingest-MB")
	benchQueries(b, client, c, dim, "")
	b.ReportMetric(float64(peak.Swap(0)), "query-MB")
	if err := e.Close(); err != nil {
		b.Fatal(err)
	}
	start := time.Now()
	_, client = open(b, dir)
	b.ReportMetric(time.Since(start).Seconds(), "reopen-s")
	n, err := client.Count(context.Background(), &pb.CountPoints{CollectionName: "kb"})
	if err != nil || n != uint64(*benchPassages) {
		b.Fatalf("Count after reopen = %d, %v", n, err)
	}
	benchQueries(b, client, c, dim, "-reopened")
	b.ReportMetric(float64(peak.Load()), "reopen-MB")
	b.ReportMetric(float64(dirSize(b, dir)), "disk-MB")
	b.ReportMetric(0, "ns/op")
}

func benchIngest(b *testing.B, client *pb.Client, c *corpus, dim int) float64 {
	ctx := context.Background()
	req := &pb.CreateCollection{CollectionName: "kb", SparseVectorsConfig: pb.NewSparseVectorsConfig(map[string]*pb.SparseVectorParams{
		"lex": {Modifier: pb.Modifier_Idf.Enum()}})}
	if dim > 0 {
		req.VectorsConfig = pb.NewVectorsConfigMap(map[string]*pb.VectorParams{"mean": {Size: uint64(dim), Distance: pb.Distance_Cosine}})
	}
	if err := client.CreateCollection(ctx, req); err != nil {
		b.Fatal(err)
	}
	for _, field := range []string{"doc", "lang"} {
		if _, err := client.CreateFieldIndex(ctx, &pb.CreateFieldIndexCollection{CollectionName: "kb", FieldName: field,
			FieldType: pb.FieldType_FieldTypeKeyword.Enum(), Wait: pb.PtrOf(true)}); err != nil {
			b.Fatal(err)
		}
	}
	const batch = 256
	var next atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	for w := range *benchWorkers {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(7, uint64(w)))
			for {
				from := int(next.Add(batch)) - batch
				if from >= *benchPassages {
					return
				}
				points := make([]*pb.PointStruct, 0, batch)
				for id := from; id < min(from+batch, *benchPassages); id++ {
					points = append(points, c.passage(r, uint64(id), dim))
				}
				put(b, client, "kb", points...)
			}
		})
	}
	wg.Wait()
	return float64(*benchPassages) / time.Since(start).Seconds()
}

func benchQueries(b *testing.B, client *pb.Client, c *corpus, dim int, when string) {
	r := rand.New(rand.NewPCG(9, 9))
	ask := func(name string, q func() *pb.QueryPoints) {
		const n = 500
		var took []time.Duration
		cpu := cpuTime()
		for i := range n + 20 {
			req := q()
			start := time.Now()
			got, err := client.Query(context.Background(), req)
			if err != nil || len(got) == 0 {
				b.Fatal(len(got), err)
			}
			if i >= 20 {
				took = append(took, time.Since(start))
			}
		}
		slices.Sort(took)
		b.ReportMetric((cpuTime()-cpu).Seconds()*1000/(n+20), name+"-cpu-ms"+when)
		b.ReportMetric(float64(took[n/2].Microseconds())/1000, name+"-p50-ms"+when)
		b.ReportMetric(float64(took[n*99/100].Microseconds())/1000, name+"-p99-ms"+when)
	}
	lexical := func() *pb.Query {
		indices, values := c.vector(r, 50+r.IntN(21))
		return pb.NewQuerySparse(indices, values)
	}
	ask("lexical", func() *pb.QueryPoints {
		return &pb.QueryPoints{CollectionName: "kb", Using: pb.PtrOf("lex"), Query: lexical(), Limit: pb.PtrOf(uint64(20)), WithPayload: pb.NewWithPayload(true)}
	})
	if dim == 0 {
		return
	}
	ask("hybrid", func() *pb.QueryPoints {
		return &pb.QueryPoints{CollectionName: "kb", Query: pb.NewQueryRRF(&pb.Rrf{K: pb.PtrOf(uint32(60))}), WithPayload: pb.NewWithPayload(true),
			Prefetch: []*pb.PrefetchQuery{
				{Using: pb.PtrOf("lex"), Query: lexical(), Limit: pb.PtrOf(uint64(20))},
				{Using: pb.PtrOf("mean"), Query: pb.NewQueryDense(gaussian(r, dim)), Limit: pb.PtrOf(uint64(20))}}}
	})
}

// watchMemory keeps the largest anonymous memory seen, in MB.
func watchMemory(b *testing.B) *atomic.Int64 {
	var peak atomic.Int64
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
				if mb := anonymousMB(); mb > peak.Load() {
					peak.Store(mb)
				}
			}
		}
	})
	b.Cleanup(func() { close(stop); wg.Wait() })
	return &peak
}

// cpuTime is what the process has used: on a busy machine a better measure
// than the clock.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func anonymousMB() int64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(b) {
		if rest, ok := bytes.CutPrefix(line, []byte("RssAnon:")); ok {
			kb, _ := strconv.ParseInt(string(bytes.Fields(rest)[0]), 10, 64)
			return kb / 1024
		}
	}
	return 0
}

func dirSize(b *testing.B, dir string) (mb int64) {
	var size int64
	var walk func(string)
	walk = func(d string) {
		entries, err := os.ReadDir(d)
		if err != nil {
			b.Fatal(err)
		}
		for _, e := range entries {
			if e.IsDir() {
				walk(d + "/" + e.Name())
			} else if info, err := e.Info(); err == nil {
				size += info.Size()
			}
		}
	}
	walk(dir)
	return size >> 20
}

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
