package rag

import (
	"flag"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

var passages = flag.Int("passages", 100_000, "passages to store")

const (
	words      = 100 // in a passage
	asked      = 8   // words in a question
	questions  = 300
	dimensions = 1024
)

// A corpus is made-up text: Cyrillic words of two to five syllables, as
// frequent as Zipf's law says.
type corpus struct {
	rng   *rand.Rand
	zipf  *rand.Zipf
	vocab []string
}

func newCorpus() *corpus {
	rng := rand.New(rand.NewPCG(1, 2))
	c := &corpus{rng: rng, zipf: rand.NewZipf(rng, 1.07, 8, 59_999)}
	for range 60_000 {
		var w strings.Builder
		for range 2 + rng.IntN(4) {
			w.WriteRune([]rune("бгджзклмнпрстхчш")[rng.IntN(16)])
			w.WriteRune([]rune("аоуыиеөү")[rng.IntN(8)])
		}
		c.vocab = append(c.vocab, w.String())
	}
	return c
}

// texts returns passages, and questions of words that stand in one of them.
func (c *corpus) texts(n int) (texts, asks []string) {
	for range n {
		ws := make([]string, words)
		for i := range ws {
			ws[i] = c.vocab[c.zipf.Uint64()]
		}
		texts = append(texts, strings.Join(ws, " ")+".")
	}
	for range questions {
		ws := strings.Fields(texts[c.rng.IntN(n)])
		c.rng.Shuffle(len(ws), func(i, j int) { ws[i], ws[j] = ws[j], ws[i] })
		asks = append(asks, strings.Join(ws[:asked], " "))
	}
	return texts, asks
}

// vectors returns n random vectors of length 1.
func vectors(n int) [][]float32 {
	rng := rand.New(rand.NewPCG(3, 4))
	out := make([][]float32, n)
	for i := range out {
		v, sum := make([]float32, dimensions), 0.0
		for k := range v {
			v[k] = float32(rng.NormFloat64())
			sum += float64(v[k]) * float64(v[k])
		}
		for k := range v {
			v[k] /= float32(math.Sqrt(sum))
		}
		out[i] = v
	}
	return out
}

// report says how fast a store took n passages in, and how fast it answers.
func report(b *testing.B, n int, took time.Duration, asks int, ask func(i int)) {
	b.Helper()
	for i := range min(asks, 20) {
		ask(i) // what is read for the first time is not counted
	}
	times := make([]time.Duration, asks)
	for i := range times {
		start := time.Now()
		ask(i)
		times[i] = time.Since(start)
	}
	slices.Sort(times)
	b.ReportMetric(float64(n)/took.Seconds(), "passages/s")
	b.ReportMetric(float64(times[asks/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(times[asks*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(0, "ns/op")
}
