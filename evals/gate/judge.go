package gate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tilgate/evals"
	"tilgate/internal/lang"
	"tilgate/internal/verdict"
)

// langFloor is the share of answers in the right language below which an
// adapter is blocked whatever else it can, and langLeast how many answers must
// have been long enough to tell.
const (
	langFloor = 0.9
	langLeast = 20
)

// A Judgement is what was decided about one language's adapter.
type Judgement struct {
	Lang     lang.Tag         `json:"lang"`
	Decision verdict.Decision `json:"decision"`
	Because  string           `json:"because"`
	Tests    []verdict.Test   `json:"tests"`
}

// Judge decides about each language by the tests on its tasks, whose p-values
// are Holm's over all of them. One task on which the adapter is worse blocks
// it; else one on which it is better promotes it. Answers in the wrong language
// block it too. overlaps are the items that were left out of each task.
func (r Rule) Judge(report evals.Report, overlaps map[string]int) []Judgement {
	var list []Judgement
	for _, p := range report.Pairs {
		i := slices.IndexFunc(list, func(j Judgement) bool { return j.Lang == p.Lang })
		if i < 0 {
			i = len(list)
			list = append(list, Judgement{Lang: p.Lang})
		}
		list[i].Tests = append(list[i].Tests, r.test(p, report.Summaries, overlaps))
	}
	for i := range list {
		list[i].decide(report)
	}
	return list
}

func (r Rule) test(p evals.Pair, all []evals.Summary, overlaps map[string]int) verdict.Test {
	t := verdict.Test{Task: p.Task, Metric: p.Metric, Test: p.Test, N: p.N, Base: p.BaseIs, Adapter: p.SystemIs,
		Delta: p.Delta, Low: p.Low, High: p.High, P: p.P, Holm: p.Holm, LangOK: -1, Overlap: overlaps[p.Task]}
	for _, s := range all {
		if s.Model != p.System || s.Task != p.Task || s.Prompt != "" {
			continue
		}
		switch {
		case s.Metric == "lang_ok" && s.N >= langLeast:
			t.LangOK = s.Value
		case s.Metric == "unread":
			t.Unread = s.Value
		}
	}
	t.Decision = r.Decide(p.N, p.Delta/scale(p.Metric), p.Holm)
	return t
}

// scale is what a metric calls all: sacreBLEU's run to 100.
func scale(metric string) float64 {
	if slices.Contains([]string{"chrfpp", "chrf", "bleu", "ter"}, metric) {
		return 100
	}
	return 1
}

func (j *Judgement) decide(report evals.Report) {
	j.Decision = verdict.NoEvidence
	for _, t := range j.Tests {
		switch {
		case t.LangOK >= 0 && t.LangOK < langFloor:
			j.Decision = verdict.Block
			j.Because = fmt.Sprintf("on %s only %.0f %% of the answers are in %s; %.0f %% must be", t.Task, 100*t.LangOK, j.Lang, 100*langFloor)
			return
		case t.Decision == verdict.Block:
			j.Decision = verdict.Block
		case t.Decision == verdict.Promote && j.Decision != verdict.Block:
			j.Decision = verdict.Promote
		}
	}
	var parts []string
	for _, t := range j.Tests {
		if len(j.Tests) > 1 && j.Decision != verdict.NoEvidence && t.Decision != j.Decision {
			continue
		}
		parts = append(parts, fmt.Sprintf("%s %s %.4g to %.4g (%+.4g, 95 %% %.4g to %.4g, n %d, p %.2g)", t.Task, t.Metric, t.Base, t.Adapter, t.Delta, t.Low, t.High, t.N, t.Holm))
	}
	j.Because = cmp.Or(report.Meta.Name, "run") + ": " + strings.Join(parts, "; ")
}
