package engine

import (
	"math"
	"slices"
)

// fuseRRF is reciprocal rank fusion: a hit at position pos, from 0, of a list
// with weight w counts 1/((pos+1)/w + k - 1).
func fuseRRF(lists [][]located, k uint32, weights []float32) []located {
	return fuse(lists, func(list, pos int, _ float32) float32 {
		w := float32(1)
		if weights != nil {
			w = weights[list]
		}
		return 1 / (float32(pos+1)/w + float32(k) - 1)
	})
}

// fuseDBSF is distribution-based score fusion: within a list, a score counts
// by its place between three deviations below and above the mean.
func fuseDBSF(lists [][]located) []located {
	lows, widths := make([]float32, len(lists)), make([]float32, len(lists))
	for i, list := range lists {
		mean, deviation := spread(list)
		lows[i], widths[i] = mean-3*deviation, 6*deviation
	}
	return fuse(lists, func(list, _ int, score float32) float32 {
		if widths[list] == 0 {
			return 0.5
		}
		return (score - lows[list]) / widths[list]
	})
}

// spread returns the mean and the sample deviation, by Welford's method.
func spread(list []located) (mean, deviation float32) {
	var m2 float32
	for i, h := range list {
		delta := h.score - mean
		mean += delta / float32(i+1)
		m2 += delta * (h.score - mean)
	}
	if len(list) < 2 {
		return mean, 0
	}
	return mean, float32(math.Sqrt(float64(m2 / float32(len(list)-1))))
}

// fuse adds up what each point counts in each list, best first. Qdrant leaves
// the order of equals to chance; here it is that of the ids.
func fuse(lists [][]located, count func(list, pos int, score float32) float32) []located {
	at := map[uint32]int{}
	var out []located
	for i, list := range lists {
		for pos, h := range list {
			n := count(i, pos, h.score)
			if j, ok := at[h.slot]; ok {
				out[j].score += n
				continue
			}
			at[h.slot] = len(out)
			out = append(out, located{id: h.id, slot: h.slot, score: n})
		}
	}
	slices.SortFunc(out, betterFirst)
	return out
}

func betterFirst(a, b located) int {
	if a.score != b.score {
		return boolOrder(a.score > b.score)
	}
	return a.id.compare(b.id)
}
