package metric

import (
	"bufio"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
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

// TestTrecEval compares with values of trec_eval 9.0.8.
func TestTrecEval(t *testing.T) {
	shared := os.Getenv("TILGATE_SHARED")
	if shared == "" {
		t.Skip("TILGATE_SHARED, the folder with golden/ir, is not set")
	}
	dir := filepath.Join(shared, "golden", "ir")
	data, err := os.ReadFile(filepath.Join(dir, "golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		PerQuery map[string]map[string]float64 `json:"per_query"`
	}
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	relevant := map[string]map[string]int{}
	columns(t, filepath.Join(dir, "golden.qrels"), 4, func(f []string) {
		if relevant[f[0]] == nil {
			relevant[f[0]] = map[string]int{}
		}
		if relevant[f[0]][f[2]], err = strconv.Atoi(f[3]); err != nil {
			t.Fatal(err)
		}
	})
	runs := map[string][]evals.Ranked{}
	columns(t, filepath.Join(dir, "golden.run"), 6, func(f []string) {
		score, err := strconv.ParseFloat(f[4], 64)
		if err != nil {
			t.Fatal(err)
		}
		runs[f[0]] = append(runs[f[0]], evals.Ranked{Doc: f[2], Score: score})
	})
	compared := 0
	for question, want := range golden.PerQuery {
		ranked, grades := Order(runs[question]), relevant[question]
		for name, got := range map[string]float64{
			"ndcg_cut_5": NDCG(ranked, grades, 5), "ndcg_cut_10": NDCG(ranked, grades, 10), "ndcg_cut_100": NDCG(ranked, grades, 100), "ndcg": NDCG(ranked, grades, 1<<30),
			"recall_1": Recall(ranked, grades, 1), "recall_5": Recall(ranked, grades, 5), "recall_10": Recall(ranked, grades, 10), "recall_100": Recall(ranked, grades, 100),
			"recip_rank": MRR(ranked, grades, 1<<30), "mrr_10": MRR(ranked, grades, 10),
		} {
			w, ok := want[name]
			if compared++; !ok || math.Abs(got-w) > 1e-9 {
				t.Errorf("%s of %s = %v, trec_eval says %v", name, question, got, w)
			}
		}
	}
	if compared < 100 {
		t.Errorf("only %d values were compared", compared)
	}
}

// columns calls f with the columns of each line of a file.
func columns(t *testing.T, name string, n int, f func([]string)) {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) != n {
			t.Fatalf("%s: %d columns in %q, want %d", name, len(fields), lines.Text(), n)
		}
		f(fields)
	}
}
