package golden

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"tilgate/evals"
	"tilgate/evals/metric"
)

// all is a cut-off that no ranking reaches.
const all = 1 << 30

type rankingFile struct {
	PerQuery map[string]map[string]any `json:"per_query"`
	All      map[string]any            `json:"all"`
}

func isRanking(data []byte) bool {
	var f rankingFile
	return json.Unmarshal(data, &f) == nil && f.PerQuery != nil
}

// ranking compares trec_eval's values with those of the run and the judgements
// that lie beside the file.
func (v *verifier) ranking(path string, data []byte) error {
	var f rankingFile
	if err := json.Unmarshal(data, &f); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	stem := strings.TrimSuffix(path, filepath.Ext(path))
	relevant, err := judgements(stem + ".qrels")
	if err != nil {
		return err
	}
	runs, err := rankings(stem + ".run")
	if err != nil {
		return err
	}
	s := shape{name: "ranking", tolerance: within(1e-9)}
	sums := map[string]float64{}
	for _, question := range slices.Sorted(maps.Keys(f.PerQuery)) {
		v.where = path + " " + question
		ours := map[string]any{}
		for name := range f.PerQuery[question] {
			if value, ok := ranked(name, metric.Order(runs[question]), relevant[question]); ok {
				ours[name] = value
				sums[name] += value
			}
		}
		v.compareRow(s, ours, f.PerQuery[question])
	}
	v.where = path + " all"
	ours := map[string]any{}
	for name, sum := range sums {
		ours[name] = sum / float64(len(f.PerQuery))
	}
	v.compareRow(s, ours, f.All)
	return nil
}

// ranked computes a metric by trec_eval's name.
func ranked(name string, r []evals.Ranked, relevant map[string]int) (float64, bool) {
	at, cut := all, strings.LastIndexByte(name, '_')
	if cut >= 0 {
		if k, err := strconv.Atoi(name[cut+1:]); err == nil && k > 0 {
			name, at = name[:cut], k
		}
	}
	switch name {
	case "ndcg", "ndcg_cut":
		return metric.NDCG(r, relevant, at), true
	case "recall":
		return metric.Recall(r, relevant, at), true
	case "recip_rank", "mrr":
		return metric.MRR(r, relevant, at), true
	case "map", "map_cut":
		return metric.AP(r, relevant, at), true
	case "P":
		return float64(metric.Hits(r, relevant, at)) / float64(at), true
	case "success":
		return float64(btoi(metric.Hits(r, relevant, at) > 0)), true
	}
	return 0, false
}

func judgements(path string) (map[string]map[string]int, error) {
	relevant := map[string]map[string]int{}
	return relevant, columns(path, 4, func(f []string) error {
		grade, err := strconv.Atoi(f[3])
		if relevant[f[0]] == nil {
			relevant[f[0]] = map[string]int{}
		}
		relevant[f[0]][f[2]] = grade
		return err
	})
}

func rankings(path string) (map[string][]evals.Ranked, error) {
	runs := map[string][]evals.Ranked{}
	return runs, columns(path, 6, func(f []string) error {
		score, err := strconv.ParseFloat(f[4], 64)
		runs[f[0]] = append(runs[f[0]], evals.Ranked{Doc: f[2], Score: score})
		return err
	})
}

func columns(path string, n int, use func([]string) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for at := 1; lines.Scan(); at++ {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 {
			continue
		}
		if len(fields) != n {
			return fmt.Errorf("%s:%d: %d columns, want %d", path, at, len(fields), n)
		}
		if err := use(fields); err != nil {
			return fmt.Errorf("%s:%d: %w", path, at, err)
		}
	}
	return lines.Err()
}
