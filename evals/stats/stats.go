// Package stats says how sure a score is, and whether one is better than
// another.
//
// Resampling tests draw the numbers that NumPy's default generator draws, so
// that their p-values are those of sacreBLEU to the last digit. Distributions
// are gonum's.
package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

func z(level float64) float64 { return distuv.UnitNormal.Quantile(.5 + level/2) }

// Wilson is the interval of a share of k in n by Wilson (1927), which also
// holds near 0 and 1. level is .95, say; n is at least 1.
func Wilson(k, n int, level float64) (low, high float64) {
	z, size, p := z(level), float64(n), float64(k)/float64(n)
	down := 2 * (size + z*z)
	middle := (2*size*p + z*z) / down
	half := z / down * math.Sqrt(4*size*p*(1-p)+z*z)
	return ends(k, n, middle-half, middle+half)
}

// WilsonCC is Wilson's interval with a correction for continuity (Newcombe
// 1998).
func WilsonCC(k, n int, level float64) (low, high float64) {
	z, size, p := z(level), float64(n), float64(k)/float64(n)
	down := 2 * (size + z*z)
	middle := (2*size*p + z*z) / down
	below := (1 + z*math.Sqrt(max(0, z*z-2-1/size+4*p*(size*(1-p)+1)))) / down
	above := (1 + z*math.Sqrt(max(0, z*z+2-1/size+4*p*(size*(1-p)-1)))) / down
	return ends(k, n, middle-below, middle+above)
}

func ends(k, n int, low, high float64) (float64, float64) {
	if k == 0 {
		low = 0
	}
	if k == n {
		high = 1
	}
	return low, high
}

// ClopperPearson is the exact interval (1934), which is wider than need be.
func ClopperPearson(k, n int, level float64) (low, high float64) {
	tail, hits, misses := (1-level)/2, float64(k), float64(n-k)
	low, high = 0, 1
	if k > 0 {
		low = distuv.Beta{Alpha: hits, Beta: misses + 1}.Quantile(tail)
	}
	if k < n {
		high = distuv.Beta{Alpha: hits + 1, Beta: misses}.Quantile(1 - tail)
	}
	return low, high
}

// StdErr is the standard error of a mean. It is NaN for fewer than two values.
func StdErr(values []float64) float64 {
	n := float64(len(values))
	m := mean(values)
	var squares float64
	for _, v := range values {
		squares += (v - m) * (v - m)
	}
	if n < 2 {
		return math.NaN()
	}
	return math.Sqrt(squares/(n-1)) / math.Sqrt(n)
}

func mean(values []float64) float64 {
	var sum float64
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// PooledStdErr joins the standard errors of parts of a whole, as
// lm-evaluation-harness does for a group of tasks.
func PooledStdErr(errors []float64, sizes []int) float64 {
	var squares, all float64
	for i, e := range errors {
		n := float64(sizes[i])
		squares += (n - 1) * e * e * n
		all += n
	}
	return math.Sqrt(squares / (all - float64(len(sizes))) / all)
}

// ClusteredStdErr is the standard error of a mean of values that come in
// clusters: items on the same passage, say, rise and fall together. With
// small, it is corrected for few clusters (Miller 2024 and Inspect do).
func ClusteredStdErr(values []float64, clusters []int, small bool) float64 {
	m := mean(values)
	sums := map[int]float64{}
	for i, v := range values {
		sums[clusters[i]] += v - m
	}
	var squares float64
	for _, s := range sums {
		squares += s * s
	}
	e := math.Sqrt(squares) / float64(len(values))
	if g := float64(len(sums)); small {
		e *= math.Sqrt(g / (g - 1))
	}
	return e
}

// A Discordance is how often one of two systems was right where the other was
// wrong, on the same items.
type Discordance struct{ OnlyBase, OnlySystem int }

func (d Discordance) n() int { return d.OnlyBase + d.OnlySystem }

// Exact is McNemar's test by the binomial distribution, two-sided.
func (d Discordance) Exact() float64 {
	p, _ := d.tails()
	return min(1, 2*p)
}

// Mid is McNemar's mid-p test, which is less timid than the exact one.
func (d Discordance) Mid() float64 {
	p, at := d.tails()
	return min(1, 2*p-at)
}

// tails returns the chance of the smaller count or less, and of just that.
func (d Discordance) tails() (below, at float64) {
	if d.n() == 0 {
		return .5, 0
	}
	b := distuv.Binomial{N: float64(d.n()), P: .5}
	k := float64(min(d.OnlyBase, d.OnlySystem))
	for i := 0.0; i <= k; i++ {
		below += b.Prob(i)
	}
	return below, b.Prob(k)
}

// ChiSquared is McNemar's test (1947) by the chi-squared distribution, with
// Edwards's correction for continuity (1948) if asked for.
func (d Discordance) ChiSquared(corrected bool) (chi2, p float64) {
	if d.n() == 0 {
		return 0, 1
	}
	diff := math.Abs(float64(d.OnlyBase - d.OnlySystem))
	if corrected {
		diff = max(0, diff-1)
	}
	chi2 = diff * diff / float64(d.n())
	return chi2, distuv.ChiSquared{K: 1}.Survival(chi2)
}
