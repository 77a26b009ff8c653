package score

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"

	"tilgate/evals"
	"tilgate/evals/metric"
	"tilgate/evals/stats"
)

// resamples is how often items are drawn for an interval or a test.
const resamples = 1000

// Summarise makes the scores of a run: of each model on each task, for each
// prompt and, if there are several, over all of them.
func Summarise(models []string, samples []evals.Sample) []evals.Summary {
	var all []evals.Summary
	for _, g := range group(models, samples) {
		prompts := byPrompt(g.samples)
		if len(prompts) == 1 {
			all = append(all, summaries(g.model, g.task, "", g.samples)...)
			continue
		}
		var parts []evals.Summary
		for _, p := range prompts {
			parts = append(parts, summaries(g.model, g.task, p[0].Case.Prompt, p)...)
		}
		whole := summaries(g.model, g.task, "", g.samples)
		for i := range whole {
			whole[i].Lowest, whole[i].Highest = spread(whole[i].Metric, parts)
		}
		all = append(append(all, whole...), parts...)
	}
	return all
}

// A taskOf is the answers of one model to one task.
type taskOf struct {
	model   string
	task    *evals.Task
	samples []evals.Sample
}

// group parts answers by model and task, in the order of models and of the
// samples. Cases without an answer are left out.
func group(models []string, samples []evals.Sample) []taskOf {
	var groups []taskOf
	for _, m := range models {
		at := map[string]int{}
		for _, s := range samples {
			if s.Result.Model != m || s.Result.Error != "" {
				continue
			}
			id := s.Case.Task.ID()
			if _, ok := at[id]; !ok {
				at[id] = len(groups)
				groups = append(groups, taskOf{model: m, task: s.Case.Task})
			}
			g := &groups[at[id]]
			g.samples = append(g.samples, s)
		}
	}
	return groups
}

func byPrompt(samples []evals.Sample) [][]evals.Sample {
	var parts [][]evals.Sample
	at := map[string]int{}
	for _, s := range samples {
		if _, ok := at[s.Case.Prompt]; !ok {
			at[s.Case.Prompt] = len(parts)
			parts = append(parts, nil)
		}
		i := at[s.Case.Prompt]
		parts[i] = append(parts[i], s)
	}
	return parts
}

func spread(name string, parts []evals.Summary) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, p := range parts {
		if p.Metric == name {
			low, high = min(low, p.Value), max(high, p.Value)
		}
	}
	if low > high {
		return 0, 0
	}
	return low, high
}

func summaries(model string, t *evals.Task, prompt string, samples []evals.Sample) []evals.Summary {
	base := evals.Summary{Model: model, Task: t.ID(), Suite: t.Suite, Kind: t.Kind, Lang: t.Lang, Prompt: prompt}
	var list []evals.Summary
	for _, name := range metrics(samples) {
		s := base
		s.Metric, s.Main = name, name == Main(t)
		if m, ok := TextMetrics(t)[name]; ok && t.Kind == evals.Translation {
			corpus(&s, m, name, samples)
		} else {
			mean(&s, name, samples)
			s.Signature = read(name, samples)
		}
		list = append(list, s)
	}
	if len(t.Labels) > 0 {
		list = append(list, macro(base, t, samples))
	}
	slices.SortStableFunc(list, func(a, b evals.Summary) int { return cmp.Compare(rank(b), rank(a)) })
	return list
}

func rank(s evals.Summary) int {
	if s.Main {
		return 1
	}
	return 0
}

func metrics(samples []evals.Sample) []string {
	names := map[string]bool{}
	for _, s := range samples {
		for name := range s.Result.Scores {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// read says how choices were read, where that is not out of an answer's text.
func read(name string, samples []evals.Sample) string {
	a := samples[0].Result.Answer
	switch {
	case !strings.HasPrefix(name, "acc") || a.LogLiks == nil:
		return ""
	case a.Forced:
		return "loglik:forced" // each choice written under a grammar, after an opening quotation mark
	}
	return "loglik:echo"
}

// mean is the mean over the answers that have the score. Answers to the same
// item in several prompts, or about the same passage, do not vary by
// themselves: the error is that of clusters.
func mean(s *evals.Summary, name string, samples []evals.Sample) {
	var values []float64
	var clusters []int
	number := map[string]int{}
	for _, sample := range samples {
		v, ok := sample.Result.Scores[name]
		if !ok {
			continue
		}
		id := cluster(sample)
		if _, ok := number[id]; !ok {
			number[id] = len(number)
		}
		values, clusters = append(values, v), append(clusters, number[id])
		s.Value += v
	}
	s.N = len(values)
	s.Value /= float64(s.N)
	if s.N < 2 {
		s.StdErr, s.Low, s.High = -1, s.Value, s.Value
		return
	}
	if len(number) == s.N {
		s.StdErr = stats.StdErr(values)
	} else {
		s.StdErr = stats.ClusteredStdErr(values, clusters, false)
	}
	if shares(values) { // of as many as can vary alone
		n := len(number)
		s.Low, s.High = stats.Wilson(int(math.Round(s.Value*float64(n))), n, .95)
		return
	}
	s.Low, s.High = stats.Normal(s.Value, s.StdErr, .95)
	if slices.Min(values) >= 0 {
		s.Low = max(s.Low, 0)
	}
}

const normal95 = 1.959963984540054 // 97.5 % quantile of the normal distribution

func cluster(s evals.Sample) string {
	if s.Case.Item.Cluster != "" {
		return "passage " + s.Case.Item.Cluster
	}
	return "item " + s.Case.Item.ID
}

func shares(values []float64) bool {
	return !slices.ContainsFunc(values, func(v float64) bool { return v != 0 && v != 1 })
}

// corpus is the score of a corpus metric, with an interval by resampling what
// can vary alone.
func corpus(s *evals.Summary, m metric.Text, name string, samples []evals.Sample) {
	var counts [][]float64
	row := map[string]int{}
	refs := len(samples[0].Case.Item.Gold)
	for _, sample := range samples {
		if sums := sample.Result.Sums[name]; sums != nil {
			i, ok := row[cluster(sample)]
			if !ok {
				i = len(counts)
				row[cluster(sample)] = i
				counts = append(counts, make([]float64, len(sums)))
			}
			add(counts[i], sums)
			s.N++
		}
		if len(sample.Case.Item.Gold) != refs {
			refs = 0
		}
	}
	s.Signature = m.Signature(refs)
	s.Value = m.Score(metric.Sum(counts))
	average, half := stats.Interval(counts, m.Score, resamples, stats.Seed)
	s.Low, s.High = average-half, average+half
	s.StdErr = half / normal95
}

// macro is the mean F1 over the labels.
func macro(s evals.Summary, t *evals.Task, samples []evals.Sample) evals.Summary {
	var gold, read, labels []string
	for _, l := range t.Labels {
		labels = append(labels, l.Name)
	}
	for _, sample := range samples {
		gold, read = append(gold, sample.Case.Item.Gold[0]), append(read, sample.Result.Read)
	}
	s.Metric, s.N = "macro_f1", len(gold)
	s.Value = metric.Classify(gold, read, labels).Macro
	s.StdErr, s.Low, s.High = -1, s.Value, s.Value
	return s
}
