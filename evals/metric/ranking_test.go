package metric

import (
	"math"
	"slices"
	"testing"

	"tilgate/evals"
)

func ranking(docs ...string) (out []evals.Ranked) {
	for i, d := range docs {
		out = append(out, evals.Ranked{Doc: d, Score: float64(len(docs) - i)})
	}
	return out
}

// TestRanking: values worked out by hand.
func TestRanking(t *testing.T) {
	grades := map[string]int{"a": 2, "b": 1, "c": 0, "d": -1}
	log3 := math.Log2(3)
	for _, tt := range []struct {
		ranked            []evals.Ranked
		relevant          map[string]int
		k                 int
		ndcg, mrr, recall float64
	}{
		{ranking("a", "b"), grades, 10, 1, 1, 1},
		{ranking("b", "a"), grades, 10, (1 + 2/log3) / (2 + 1/log3), 1, 1},
		{ranking("c", "d", "a"), grades, 10, (2.0 / 2) / (2 + 1/log3), 1.0 / 3, 0.5},
		{ranking("c", "d", "a"), grades, 2, 0, 0, 0},
		{ranking("a", "b"), grades, 1, 1, 1, 0.5},
		{ranking("x", "y"), grades, 10, 0, 0, 0},
		{nil, grades, 10, 0, 0, 0},
		{ranking("a"), nil, 10, 0, 0, 0},
		{ranking("c"), map[string]int{"c": 0}, 10, 0, 0, 0},
		{ranking("a"), grades, 0, 0, 0, 0},
	} {
		if got := NDCG(tt.ranked, tt.relevant, tt.k); math.Abs(got-tt.ndcg) > 1e-12 {
			t.Errorf("NDCG@%d of %v = %v, want %v", tt.k, tt.ranked, got, tt.ndcg)
		}
		if got := MRR(tt.ranked, tt.relevant, tt.k); math.Abs(got-tt.mrr) > 1e-12 {
			t.Errorf("MRR@%d of %v = %v, want %v", tt.k, tt.ranked, got, tt.mrr)
		}
		if got := Recall(tt.ranked, tt.relevant, tt.k); got != tt.recall {
			t.Errorf("Recall@%d of %v = %v, want %v", tt.k, tt.ranked, got, tt.recall)
		}
	}
}

func TestOrder(t *testing.T) {
	given := []evals.Ranked{{Doc: "d2", Score: 1}, {Doc: "d10", Score: 1}, {Doc: "d3", Score: 2}, {Doc: "d1", Score: 1 + 1e-9}, {Doc: "d9", Score: -1}} // 1+1e-9 is 1 as float32
	before := slices.Clone(given)
	var got []string
	for _, r := range Order(given) {
		got = append(got, r.Doc)
	}
	if want := []string{"d3", "d2", "d10", "d1", "d9"}; !slices.Equal(got, want) {
		t.Errorf("Order = %q, want %q", got, want)
	}
	if !slices.Equal(given, before) {
		t.Error("Order changed what it was given")
	}
}

func TestRefusedAt(t *testing.T) {
	ten := []float64{0.5, 0.1, 0.9, 0.3, 0.7, 0.2, 0.8, 0.4, 0.6, 1}
	for _, tt := range []struct {
		kept                   float64
		answerable, unanswered []float64
		threshold, refused     float64
	}{
		{0.9, ten, []float64{0.05, 0.15, 0.2, 0.95}, 0.2, 0.5}, // nine of ten are at 0.2 or over
		{0.8, ten, []float64{0.05, 0.15, 0.25, 0.95}, 0.3, 0.75},
		{0.85, ten, []float64{0.05, 0.15, 0.25, 0.95}, 0.2, 0.5}, // eight would be too few
		{1, ten, []float64{0.05, 0.15}, 0.1, 0.5},
		{0, ten, []float64{0.05, 0.95}, 1, 1},
		{0.9, nil, []float64{0.1}, 0, 0},
		{0.9, ten, nil, 0, 0},
		{0.9, []float64{0.4}, []float64{0.3}, 0.4, 1},
	} {
		threshold, refused := RefusedAt(tt.kept, tt.answerable, tt.unanswered)
		if threshold != tt.threshold || refused != tt.refused {
			t.Errorf("RefusedAt(%v) of %d and %v = %v, %v, want %v, %v", tt.kept, len(tt.answerable), tt.unanswered, threshold, refused, tt.threshold, tt.refused)
		}
	}
	if got := Below(0.5, ten); got != 0.4 {
		t.Errorf("Below(0.5) = %v, want 0.4", got)
	}
	if got := Below(0.5, nil); got != 0 {
		t.Errorf("Below of nothing = %v, want 0", got)
	}
}
