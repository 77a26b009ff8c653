package stats

import "slices"

// Holm adjusts p-values of many tests so that the chance of any false alarm
// stays below the level (Holm 1979). The order is kept.
func Holm(p []float64) []float64 {
	out, order := make([]float64, len(p)), ascending(p)
	least := 0.0
	for rank, i := range order {
		least = max(least, min(1, float64(len(p)-rank)*p[i]))
		out[i] = least
	}
	return out
}

// BH adjusts p-values so that the share of false alarms among alarms stays
// below the level (Benjamini and Hochberg 1995). The order is kept.
func BH(p []float64) []float64 {
	out, order := make([]float64, len(p)), ascending(p)
	most := 1.0
	for rank := len(p) - 1; rank >= 0; rank-- {
		i := order[rank]
		most = min(most, float64(len(p))/float64(rank+1)*p[i])
		out[i] = most
	}
	return out
}

func ascending(p []float64) []int {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case p[a] < p[b]:
			return -1
		case p[a] > p[b]:
			return 1
		}
		return 0
	})
	return order
}
