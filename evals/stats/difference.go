package stats

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Unpaired is lm-evaluation-harness's test of the difference of two means, as
// if the items had nothing to do with each other: the difference over the root
// of the summed squares of the standard errors, and its two-sided p-value. No
// difference gives 0 and 1.
func Unpaired(base, system []float64) (z, p float64) {
	se := math.Hypot(StdErr(base), StdErr(system))
	difference := mean(system) - mean(base)
	if difference == 0 {
		return 0, 1
	}
	z = difference / se
	return z, 2 * distuv.UnitNormal.Survival(math.Abs(z))
}

// Normal is the interval around a value with a standard error by the normal
// distribution.
func Normal(value, se, level float64) (low, high float64) {
	return value - z(level)*se, value + z(level)*se
}

// BootstrapMean resamples values n times with the draws of NumPy's generator:
// the interval that a share level of the means lie in, cut off as sacreBLEU cuts
// it, and their mean.
func BootstrapMean(values []float64, n int, seed uint64, level float64) (low, high, average float64) {
	means := make([]float64, n)
	for i, draw := range resamples(NewPCG64(seed), len(values), n) {
		var sum float64
		for _, at := range draw {
			sum += values[at]
		}
		means[i] = sum / float64(len(values))
	}
	average = mean(means)
	slices.Sort(means)
	cut := int(math.Round(float64(n)*(1-level)/2*1e6) / 1e6) // .05/2 of 2000 is 50, whatever floating point makes of it
	return means[cut], means[n-1-cut], average
}
