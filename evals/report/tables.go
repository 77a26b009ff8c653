package report

import (
	"fmt"
	"slices"
	"time"

	"tilgate/evals"
	"tilgate/internal/lang"
)

// A scoreTable is all scores of a kind of task.
type scoreTable struct {
	Title   string
	Metrics []metric
	Rows    []scoreRow
}

// A scoreRow is one model on one task, by all metrics.
type scoreRow struct {
	Language            languageNames
	Task, Model, Prompt string
	N                   string // answers to the main metric
	Cells               []scoreCell
}

// A scoreCell is a value, and what is known besides.
type scoreCell struct {
	Value, Half, Note string
	Main              bool
}

func scoreTables(r evals.Report) []scoreTable {
	byKind := map[evals.Kind][]row{}
	var kinds []evals.Kind
	for _, row := range allRows(r) {
		if byKind[row.Kind] == nil {
			kinds = append(kinds, row.Kind)
		}
		byKind[row.Kind] = append(byKind[row.Kind], row)
	}
	var list []scoreTable
	for _, k := range kinds {
		t := scoreTable{Title: kindName(k), Metrics: metricsIn(byKind[k])}
		for _, row := range byKind[k] {
			t.Rows = append(t.Rows, newScoreRow(row, t.Metrics))
		}
		list = append(list, t)
	}
	return list
}

func newScoreRow(r row, metrics []metric) scoreRow {
	out := scoreRow{Language: newLanguage(r.Lang), Task: r.title(), Model: r.Model, Prompt: r.Prompt, N: "–"}
	if s, ok := r.main(); ok {
		out.N = number(s.N)
	}
	for _, m := range metrics {
		s, ok := r.score(m.Key)
		if !ok {
			out.Cells = append(out.Cells, scoreCell{Value: "–"})
			continue
		}
		c := scoreCell{Value: minus(m.show(s.Value)), Half: half(s), Main: s.Main}
		if s.Highest > s.Lowest {
			c.Note = "prompts " + m.show(s.Lowest) + "–" + m.show(s.Highest)
		}
		out.Cells = append(out.Cells, c)
	}
	return out
}

// Label is the metric's name with its unit.
func (m metric) Label() string { return m.label() }

// Way is which way is good, in words.
func (m metric) Way() string {
	return map[direction]string{higher: "higher is better", lower: "lower is better", neither: ""}[m.Good]
}

// facts are what the head of the page says.
func facts(r evals.Report) []fact {
	m := r.Meta
	var list []fact
	add := func(name string, values ...string) {
		var some []string
		for _, v := range values {
			if v = oneLine(v); v != "" {
				some = append(some, v)
			}
		}
		if len(some) > 0 {
			list = append(list, fact{name, some})
		}
	}
	add("Target", m.Target)
	add("Judge", m.Judge)
	if !m.Started.IsZero() {
		add("Date", m.Started.UTC().Format("2 January 2006, 15:04 UTC"), took(m))
	}
	if m.Cases > 0 {
		add("Asked", plural(m.Cases, "case")+" of each model", limited(m))
	}
	if m.Shots != 0 {
		add("Examples before each question", shots(m.Shots))
	}
	add("Languages", languageList(m.Langs)...)
	add("Prompts", m.Prompts...)
	if m.LogLik {
		add("Choices", "compared by how likely the model finds each")
	}
	add("Seed", fmt.Sprint(m.Seed))
	add("Tilgate", m.Version)
	return list
}

func languageList(tags []lang.Tag) []string {
	var list []string
	for _, tag := range tags {
		list = append(list, languageName(tag))
	}
	slices.Sort(list)
	return list
}

func took(m evals.Meta) string {
	if m.Ended.IsZero() {
		return "not finished"
	}
	return "took " + m.Ended.Sub(m.Started).Round(time.Second).String()
}

func limited(m evals.Meta) string {
	if m.Limit == 0 {
		return ""
	}
	return "at most " + number(m.Limit) + " items of a task"
}

func shots(n int) string {
	if n < 0 {
		return "all that each task has"
	}
	return number(n)
}
