package golden

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"tilgate/evals"
	"tilgate/evals/metric"
	"tilgate/internal/fault"
)

// all is a cut-off that no ranking reaches.
const all = 1 << 30

// isRanking reports whether a file is one JSON value, not one a line.
func isRanking(data []byte) bool {
	first, _, _ := bytes.Cut(bytes.TrimSpace(data), []byte("\n"))
	var row struct {
		PerQuery json.RawMessage `json:"per_query"`
	}
	return !json.Valid(first) || json.Unmarshal(first, &row) == nil && row.PerQuery != nil
}

// ranking compares trec_eval's values with those of the run and the judgements
// that lie beside the file.
func (v *verifier) ranking(f file) error {
	values, err := leaves(f)
	if err != nil {
		return err
	}
	of := func(field string) (of []leaf) {
		for _, l := range values {
			if l.path[0] == field {
				of = append(of, l)
			}
		}
		return of
	}
	if len(of("per_query")) == 0 {
		return fault.Invalid.Errorf("%s: no golden file is like this one, without values in per_query", f.path)
	}
	stem := strings.TrimSuffix(f.path, filepath.Ext(f.path))
	relevant, err := judgements(stem + ".qrels")
	if err != nil {
		return err
	}
	runs, err := rankings(stem + ".run")
	if err != nil {
		return err
	}
	sums, questions := map[string]float64{}, map[string]bool{}
	for _, l := range of("per_query") {
		var ours any
		if len(l.path) == 3 {
			question, name := l.path[1], l.path[2]
			if score, ok := ranked(name, metric.Order(runs[question]), relevant[question]); ok {
				ours = score
				sums[name] += score
				questions[question] = true
			}
		}
		v.leaf(f, l, ours)
	}
	for _, l := range of("all") { // the means over the questions
		var ours any
		if sum, ok := sums[l.name()]; ok && len(l.path) == 2 {
			ours = sum / float64(len(questions))
		}
		v.leaf(f, l, ours)
	}
	for _, l := range values {
		if !slices.Contains([]string{"per_query", "all", "meta"}, l.path[0]) {
			v.leaf(f, l, nil)
		}
	}
	return nil
}

// leaf compares a value; ours is nil if it is none that we compute.
func (v *verifier) leaf(f file, l leaf, ours any) {
	v.where = fmt.Sprintf("%s:%d %s", f.path, l.line, strings.Join(l.path[:len(l.path)-1], " "))
	s := shape{name: "ranking", tolerance: within(1e-9)}
	if ours == nil {
		v.notChecked(s.name+"."+l.name(), l.value)
		return
	}
	v.compare(s, l.name(), ours, l.value)
}

// A leaf is a value of a JSON document that is no object.
type leaf struct {
	path  []string // the fields it is in
	value any
	line  int
}

func (l leaf) name() string { return l.path[len(l.path)-1] }

func leaves(f file) (list []leaf, err error) {
	if _, err := parse[map[string]any](f.data); err != nil {
		at := 0
		if bad := (*json.SyntaxError)(nil); errors.As(err, &bad) {
			at = int(bad.Offset)
		}
		return nil, fmt.Errorf("%s:%d: %w", f.path, lineOf(f.data, at), err)
	}
	d := json.NewDecoder(bytes.NewReader(f.data))
	var walk func(path []string) error
	walk = func(path []string) error {
		value, err := d.Token()
		line := lineOf(f.data, int(d.InputOffset()))
		switch {
		case err != nil:
			return err
		case value == json.Delim('['):
			return fault.Invalid.Errorf("%s:%d: a list has no place here", f.path, line)
		case value != json.Delim('{'):
			list = append(list, leaf{path, value, line})
			return nil
		}
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return err
			}
			if err := walk(append(slices.Clone(path), name.(string))); err != nil {
				return err
			}
		}
		_, err = d.Token()
		return err
	}
	return list, walk(nil)
}

func lineOf(data []byte, at int) int { return 1 + bytes.Count(data[:min(at, len(data))], []byte("\n")) }

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
		if err == nil && math.IsNaN(score) {
			err = errors.New("the score is no number")
		}
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
	lines, at := bufio.NewScanner(file), 0
	for lines.Scan() {
		at++
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
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s:%d: %w", path, at+1, err)
	}
	return nil
}
