// Package metric scores answers.
//
// Ranking metrics are those of trec_eval 9.0.8: documents are ordered by
// score as float32, ties by document id from high to low.
package metric

import (
	"cmp"
	"math"
	"slices"

	"tilgate/evals"
)

// Order sorts a ranking as trec_eval does before it scores.
func Order(ranked []evals.Ranked) []evals.Ranked {
	out := slices.Clone(ranked)
	slices.SortStableFunc(out, func(a, b evals.Ranked) int {
		return cmp.Or(cmp.Compare(float32(b.Score), float32(a.Score)), cmp.Compare(b.Doc, a.Doc))
	})
	return out
}

// NDCG is nDCG@k with the gain of the grade and the discount log2(rank+1)
// (Järvelin and Kekäläinen 2002, as trec_eval's ndcg_cut). ranked is in
// order.
func NDCG(ranked []evals.Ranked, relevant map[string]int, k int) float64 {
	var dcg, ideal float64
	for i, r := range ranked[:min(k, len(ranked))] {
		dcg += gain(relevant[r.Doc]) / math.Log2(float64(i+2))
	}
	var grades []int
	for _, g := range relevant {
		grades = append(grades, g)
	}
	slices.SortFunc(grades, func(a, b int) int { return b - a })
	for i, g := range grades[:min(k, len(grades))] {
		ideal += gain(g) / math.Log2(float64(i+2))
	}
	if ideal == 0 {
		return 0
	}
	return dcg / ideal
}

func gain(grade int) float64 { return float64(max(grade, 0)) }

// MRR is one over the rank of the first relevant document among the first k,
// or 0.
func MRR(ranked []evals.Ranked, relevant map[string]int, k int) float64 {
	for i, r := range ranked[:min(k, len(ranked))] {
		if relevant[r.Doc] > 0 {
			return 1 / float64(i+1)
		}
	}
	return 0
}

// Recall is the share of the relevant documents among the first k.
func Recall(ranked []evals.Ranked, relevant map[string]int, k int) float64 {
	all, found := 0, 0
	for _, g := range relevant {
		if g > 0 {
			all++
		}
	}
	for _, r := range ranked[:min(k, len(ranked))] {
		if relevant[r.Doc] > 0 {
			found++
		}
	}
	if all == 0 {
		return 0
	}
	return float64(found) / float64(all)
}

// RefusedAt returns the threshold that keeps the given share or more of the
// scores in answerable (of questions that have an answer), and the share of the scores
// in unanswerable that stay below it.
func RefusedAt(kept float64, answerable, unanswerable []float64) (threshold, refused float64) {
	if len(answerable) == 0 || len(unanswerable) == 0 {
		return 0, 0
	}
	sorted := slices.Sorted(slices.Values(answerable))
	mayGo := int(float64(len(sorted))*(1-kept) + 1e-9) // 10 * (1 - 0.9) is a little under 1
	threshold = sorted[min(mayGo, len(sorted)-1)]
	below := 0
	for _, s := range unanswerable {
		if s < threshold {
			below++
		}
	}
	return threshold, float64(below) / float64(len(unanswerable))
}

// Below is the share of scores under a threshold.
func Below(threshold float64, scores []float64) float64 {
	below := 0
	for _, s := range scores {
		if s < threshold {
			below++
		}
	}
	return float64(below) / float64(max(1, len(scores)))
}

// Hits are the relevant documents among the first k: divided by k they are
// trec_eval's P_k, and its success_k where there is any.
func Hits(ranked []evals.Ranked, relevant map[string]int, k int) int {
	hits := 0
	for _, r := range ranked[:min(k, len(ranked))] {
		if relevant[r.Doc] > 0 {
			hits++
		}
	}
	return hits
}

// AP is the average precision at k: the mean, over all relevant documents, of
// the precision at the rank of each that is among the first k (trec_eval's map
// and map_cut). Its mean over questions is MAP.
func AP(ranked []evals.Ranked, relevant map[string]int, k int) float64 {
	var sum float64
	hits, all := 0, 0
	for i, r := range ranked[:min(k, len(ranked))] {
		if relevant[r.Doc] > 0 {
			hits++
			sum += float64(hits) / float64(i+1)
		}
	}
	for _, grade := range relevant {
		if grade > 0 {
			all++
		}
	}
	if all == 0 {
		return 0
	}
	return sum / float64(all)
}
