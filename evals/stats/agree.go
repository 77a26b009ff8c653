package stats

import "math"

// Kappa is how much two raters agree beyond chance, for categories without an
// order (Cohen 1960): 1 for always, 0 for as often as chance would have it.
// a[i] and b[i] are their ratings of item i. It is NaN where there is no item,
// or both only ever gave one and the same rating, of which chance can make no
// less.
func Kappa(a, b []string) float64 {
	if len(a) == 0 {
		return math.NaN()
	}
	same := 0.0
	countA, countB := map[string]float64{}, map[string]float64{}
	for i := range a {
		if a[i] == b[i] {
			same++
		}
		countA[a[i]]++
		countB[b[i]]++
	}
	n := float64(len(a))
	chance := 0.0
	for c, k := range countA {
		chance += k / n * countB[c] / n
	}
	if chance == 1 {
		return math.NaN()
	}
	return (same/n - chance) / (1 - chance)
}

// Alpha is Krippendorff's alpha for categories without an order (Krippendorff
// 2011, "Computing Krippendorff's Alpha-Reliability"): how much any number of
// raters agree beyond chance, of whom not all need have rated every item. Each
// item is the ratings that it has; items with fewer than two do not count. It
// is NaN where nothing can be compared, or all ratings are one and the same.
func Alpha(items [][]string) float64 {
	counts := map[string]float64{}
	total, disagree := 0.0, 0.0
	for _, ratings := range items {
		m := float64(len(ratings))
		if m < 2 {
			continue
		}
		here := map[string]float64{}
		for _, r := range ratings {
			here[r]++
			counts[r]++
		}
		total += m
		for _, k := range here {
			disagree += k * (m - k) / (m - 1)
		}
	}
	expected := 0.0
	for _, k := range counts {
		expected += k * (total - k)
	}
	if expected == 0 {
		return math.NaN()
	}
	return 1 - (total-1)*disagree/expected
}
