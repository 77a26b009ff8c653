// Package report shows what came of a run of evals: as a table for a terminal,
// as Markdown, as files in the shape of lm-evaluation-harness, and as a web
// page that needs nothing but itself.
//
// Reports are read by people who decide. Whatever is shown of a score is shown
// with how sure it is, and a difference that may be chance is called so.
// Names of models and tasks, and above all answers, may hold anything; they
// are written so that they cannot act on a terminal, a page or a file name.
package report

import (
	"cmp"
	"slices"
	"strings"

	"tilgate/evals"
	"tilgate/internal/lang"
)

// A row is all scores of one model on one task.
type row struct {
	Task   string
	Kind   evals.Kind
	Lang   lang.Tag
	Model  string
	Prompt string // empty: over all prompts
	all    []evals.Summary
}

// score is the row's score by a metric.
func (r row) score(metric string) (evals.Summary, bool) {
	for _, s := range r.all {
		if s.Metric == metric {
			return s, finite(s.Value)
		}
	}
	return evals.Summary{}, false
}

// main is the score that the task is known by.
func (r row) main() (evals.Summary, bool) {
	for _, s := range r.all {
		if s.Main {
			return s, finite(s.Value)
		}
	}
	return evals.Summary{}, false
}

// title is the task's name without its language.
func (r row) title() string { return taskTitle(r.Task, r.Lang) }

func taskTitle(task string, tag lang.Tag) string {
	return strings.TrimSuffix(task, "/"+string(tag))
}

// allRows are the rows of a report: by kind, task, language and model, and
// those over all prompts before those of one.
func allRows(r evals.Report) []row {
	var list []row
	at := map[[3]string]int{}
	for _, s := range r.Summaries {
		key := [3]string{s.Task, s.Model, s.Prompt}
		i, ok := at[key]
		if !ok {
			i = len(list)
			at[key] = i
			list = append(list, row{Task: s.Task, Kind: s.Kind, Lang: s.Lang, Model: s.Model, Prompt: s.Prompt})
		}
		list[i].all = append(list[i].all, s)
	}
	models := modelNames(r)
	slices.SortStableFunc(list, func(a, b row) int {
		return cmp.Or(
			kindOrder(a.Kind)-kindOrder(b.Kind),
			cmp.Compare(a.title(), b.title()),
			cmp.Compare(languageName(a.Lang), languageName(b.Lang)),
			cmp.Compare(a.Task, b.Task),
			slices.Index(models, a.Model)-slices.Index(models, b.Model),
			cmp.Compare(a.Prompt, b.Prompt),
		)
	})
	return list
}

// rows are those over all prompts.
func rows(r evals.Report) []row {
	return slices.DeleteFunc(allRows(r), func(r row) bool { return r.Prompt != "" })
}

// kindOrder is the place of a kind; of one that we do not know, the last.
func kindOrder(k evals.Kind) int {
	if i := slices.Index(evals.Kinds, k); i >= 0 {
		return i
	}
	return len(evals.Kinds)
}

// modelNames are the models of a report, in the order they were asked.
func modelNames(r evals.Report) []string {
	names := slices.Clone(r.Meta.Models)
	for _, s := range r.Summaries {
		if !slices.Contains(names, s.Model) {
			names = append(names, s.Model)
		}
	}
	return names
}

// pairs are the comparisons, in the order of rows.
func pairs(r evals.Report) []evals.Pair {
	place := map[string]int{}
	for i, row := range rows(r) {
		place[row.Task] = i
	}
	list := slices.Clone(r.Pairs)
	slices.SortStableFunc(list, func(a, b evals.Pair) int {
		return cmp.Or(place[a.Task]-place[b.Task], cmp.Compare(a.Task, b.Task))
	})
	return list
}

// A verdict is what a comparison shows.
type verdict string

const (
	better     verdict = "better"
	worse      verdict = "worse"
	noEvidence verdict = "none"  // of a difference; not evidence that there is none
	mixed      verdict = "mixed" // better in one task and worse in another
)

// alpha is the share of runs that may find a difference where there is none.
const alpha = 0.05

func verdictOf(p evals.Pair) verdict {
	gain := p.Delta
	if metricOf(p.Metric).Good == lower {
		gain = -gain
	}
	switch {
	case !finite(p.Holm) || p.Holm < 0 || p.Holm >= alpha || !finite(gain) || gain == 0:
		return noEvidence
	case gain > 0:
		return better
	}
	return worse
}
