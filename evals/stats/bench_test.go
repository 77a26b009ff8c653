package stats

import (
	"math/rand/v2"
	"testing"

	"tilgate/evals/metric"
)

// BenchmarkBootstrap compares two systems on 2,000 sentences, 1,000 times, by
// chrF++, whose counts are the widest.
func BenchmarkBootstrap(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	counts := func() [][]float64 {
		var rows [][]float64
		for range 2000 {
			row := make([]float64, len(metric.ChrFPP.Count("үй", []string{"үй"})))
			for i := range row {
				row[i] = float64(rng.IntN(90) + 10)
			}
			rows = append(rows, row)
		}
		return rows
	}
	base, system := counts(), counts()
	for b.Loop() {
		Bootstrap(base, system, metric.ChrFPP.Score, 1000, Seed, Gate)
	}
}
