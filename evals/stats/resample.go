package stats

import (
	"math"
	"runtime"
	"slices"
	"sync"
)

// A Scorer makes a score of sums. It is called from several goroutines.
type Scorer func(sums []float64) float64

// Mean is the Scorer of counts of one value and a one: its mean.
func Mean(sums []float64) float64 { return sums[0] / sums[1] }

// A Mode says what counts as extreme when p is computed.
type Mode string

// The modes. They differ when two systems are nearly the same: sacreBLEU calls
// a difference of nothing significant, since nothing is more extreme than it.
const (
	SacreBLEU Mode = "sacrebleu" // more than what was seen, to the digit as there
	Gate      Mode = "gate"      // at least what was seen; no difference gives 1
)

// A Test is the outcome of comparing a system with a baseline on the same
// items.
type Test struct {
	Base, System float64 // scores
	P            float64 // two-sided
	Mean, Half   float64 // of the system's resampled scores: their mean, and half of the interval that 95 % lie in
	Low, High    float64 // 95 % of the resampled differences, system minus base; bootstrap only
}

// Seed is sacreBLEU's.
const Seed = 12345

// Bootstrap resamples items n times with replacement (Koehn 2004), with the
// draws of NumPy's generator. Rows of base and system are the counts of one
// item; both have the same number of rows, at least one.
func Bootstrap(base, system [][]float64, score Scorer, n int, seed uint64, mode Mode) Test {
	draws := resamples(NewPCG64(seed), len(base), n)
	t := Test{Base: score(total(base)), System: score(total(system))}
	ofBase, ofSystem := resampled(base, draws, score), resampled(system, draws, score)
	t.Mean, t.Half = interval(ofSystem)
	diffs := make([]float64, n)
	var mean float64
	for i := range diffs {
		diffs[i] = math.Abs(ofSystem[i] - ofBase[i])
		mean += diffs[i] / float64(n)
	}
	signed := make([]float64, n)
	for i := range diffs {
		signed[i] = ofSystem[i] - ofBase[i]
		if mode == SacreBLEU {
			diffs[i] -= mean
		} else { // by how far a difference strays from the one seen, to either side
			diffs[i] = math.Abs(signed[i] - (t.System - t.Base))
		}
	}
	t.P = pValue(diffs, math.Abs(t.System-t.Base), mode)
	slices.Sort(signed)
	t.Low, t.High = Quantile(signed, .025), Quantile(signed, .975)
	return t
}

// Randomise swaps the two outputs of items by the toss of a coin, n times
// (Riezler and Maxwell 2005). The interval is of ci further resamples of the
// system; 0 makes none.
func Randomise(base, system [][]float64, score Scorer, n, ci int, seed uint64, mode Mode) Test {
	rng := NewPCG64(seed)
	coins := make([]bool, n*len(base))
	rng.Bools(coins)
	t := Test{Base: score(total(base)), System: score(total(system))}
	diffs := make([]float64, n)
	parallel(n, func(i int) {
		a, b := make([]float64, len(base[0])), make([]float64, len(base[0]))
		for j, heads := range coins[i*len(base) : (i+1)*len(base)] {
			one, other := system[j], base[j]
			if heads {
				one, other = other, one
			}
			add(a, one)
			add(b, other)
		}
		diffs[i] = math.Abs(score(a) - score(b))
	})
	t.P = pValue(diffs, math.Abs(t.System-t.Base), mode)
	if ci > 0 {
		t.Mean, t.Half = interval(resampled(system, resamples(rng, len(base), ci), score))
	}
	return t
}

// Interval resamples one system: the mean of the scores, and half of the
// interval that 95 % of them lie in.
func Interval(counts [][]float64, score Scorer, n int, seed uint64) (mean, half float64) {
	return interval(resampled(counts, resamples(NewPCG64(seed), len(counts), n), score))
}

func resamples(rng *PCG64, items, n int) [][]int32 {
	all := make([]int32, items*n)
	rng.Choice(items, all)
	return slices.Collect(slices.Chunk(all, items))
}

// resampled scores each draw. Sums are of float32, as NumPy has them there.
func resampled(counts [][]float64, draws [][]int32, score Scorer) []float64 {
	width := len(counts[0])
	flat := make([]float32, 0, width*len(counts))
	for _, row := range counts {
		for _, v := range row {
			flat = append(flat, float32(v))
		}
	}
	scores := make([]float64, len(draws))
	parallel(len(draws), func(i int) {
		sums := make([]float32, width)
		for _, item := range draws[i] {
			for k, v := range flat[int(item)*width : (int(item)+1)*width] {
				sums[k] += v
			}
		}
		wide := make([]float64, width)
		for k, v := range sums {
			wide[k] = float64(v)
		}
		scores[i] = score(wide)
	})
	return scores
}

func total(counts [][]float64) []float64 {
	sums := make([]float64, len(counts[0]))
	for _, row := range counts {
		add(sums, row)
	}
	return sums
}

func add(sums, row []float64) {
	for i, v := range row {
		sums[i] += v
	}
}

func pValue(diffs []float64, seen float64, mode Mode) float64 {
	extreme := 0
	for _, d := range diffs {
		if d > seen || mode == Gate && d >= seen {
			extreme++
		}
	}
	return float64(extreme+1) / float64(len(diffs)+1)
}

func interval(scores []float64) (mean, half float64) {
	for _, s := range scores {
		mean += s / float64(len(scores))
	}
	sorted := slices.Sorted(slices.Values(scores))
	skip := len(sorted) / 40
	low, high := sorted[skip], sorted[len(sorted)-skip-1]
	return mean, (high - low) / 2
}

// Quantile returns the q-quantile of sorted values, between two by what is
// linear between them (Hyndman and Fan 1996, type 7; NumPy's default).
func Quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

func parallel(n int, do func(i int)) {
	workers := runtime.GOMAXPROCS(0)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w; i < n; i += workers {
				do(i)
			}
		})
	}
	wg.Wait()
}
