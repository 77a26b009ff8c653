package score

import (
	"math"

	"tilgate/evals"
	"tilgate/evals/stats"
)

// Tests by which a pair is compared.
const (
	McNemar   = "mcnemar_exact"
	Bootstrap = "paired_bootstrap"
)

// Pairs compares the first model with each other one, task by task, on the
// cases that both have answered. P-values are Holm's over all pairs.
func Pairs(models []string, samples []evals.Sample) []evals.Pair {
	if len(models) < 2 {
		return nil
	}
	groups := group(models, samples)
	var pairs []evals.Pair
	for _, system := range groups {
		if system.model == models[0] {
			continue
		}
		for _, base := range groups {
			if base.model == models[0] && base.task.ID() == system.task.ID() {
				if p, ok := compare(base, system); ok {
					pairs = append(pairs, p)
				}
			}
		}
	}
	var ps []float64
	for _, p := range pairs {
		ps = append(ps, p.P)
	}
	for i, p := range stats.Holm(ps) {
		pairs[i].Holm = p
	}
	return pairs
}

// compare tests two models on a task. Right and wrong in one prompt is
// McNemar's business; anything else is resampled, and what does not vary by
// itself goes together: the prompts of an item, the items on a passage.
func compare(base, system taskOf) (evals.Pair, bool) {
	name := Main(system.task)
	p := evals.Pair{Base: base.model, System: system.model, Task: system.task.ID(), Lang: system.task.Lang, Metric: name, Test: Bootstrap}
	b, s, items := matched(base, system, name)
	if len(b) == 0 {
		return p, false
	}
	score := stats.Mean
	if m, ok := TextMetrics(system.task)[name]; ok && system.task.Kind == evals.Translation {
		score = m.Score
	}
	p.N = items
	test := stats.Bootstrap(b, s, score, resamples, stats.Seed, stats.Gate)
	p.BaseIs, p.SystemIs, p.P = test.Base, test.System, test.P
	p.Delta, p.Low, p.High = test.System-test.Base, test.Low, test.High
	if d, ok := discordance(b, s); ok {
		p.Test, p.P = McNemar, d.Exact()
	}
	return p, true
}

// matched returns what both models have, cluster by cluster: the sums of a
// corpus metric, else the sum of the scores and how many there are. items is
// how many items that are.
func matched(base, system taskOf, name string) (b, s [][]float64, items int) {
	theirs := map[string][]float64{}
	for _, sample := range base.samples {
		if c := counts(sample, name); c != nil {
			theirs[sample.Case.Key()] = c
		}
	}
	row, seen := map[string]int{}, map[string]bool{}
	for _, sample := range system.samples {
		ours, other := counts(sample, name), theirs[sample.Case.Key()]
		if ours == nil || other == nil {
			continue
		}
		seen[sample.Case.Item.ID] = true
		i, ok := row[cluster(sample)]
		if !ok {
			i = len(b)
			row[cluster(sample)] = i
			b, s = append(b, make([]float64, len(other))), append(s, make([]float64, len(ours)))
		}
		add(b[i], other)
		add(s[i], ours)
	}
	return b, s, len(seen)
}

func counts(s evals.Sample, name string) []float64 {
	if sums, ok := s.Result.Sums[name]; ok {
		return sums
	}
	if v, ok := s.Result.Scores[name]; ok && !math.IsNaN(v) {
		return []float64{v, 1}
	}
	return nil
}

func add(to, from []float64) {
	for i, v := range from {
		to[i] += v
	}
}

// discordance counts who was right where the other was wrong. ok is false
// where a row is more than one answer that is right or wrong.
func discordance(base, system [][]float64) (d stats.Discordance, ok bool) {
	for i := range base {
		b, s := base[i], system[i]
		if len(b) != 2 || b[1] != 1 || s[1] != 1 || b[0] != 0 && b[0] != 1 || s[0] != 0 && s[0] != 1 {
			return d, false
		}
		switch {
		case b[0] > s[0]:
			d.OnlyBase++
		case s[0] > b[0]:
			d.OnlySystem++
		}
	}
	return d, true
}
