package report

import (
	"strconv"
	"strings"

	"tilgate/evals"
)

// A grid is a table of texts.
type grid struct {
	Head  []string
	Right []bool // columns of numbers
	Rows  [][]string
}

// column adds one, whose cells are numbers if right.
func (g *grid) column(name string, right bool) {
	g.Head = append(g.Head, name)
	g.Right = append(g.Right, right)
}

// scoreGrid is the main score of each model on each task, and how many of its
// answers are in the right language and can be read.
func scoreGrid(list []row) grid {
	var g grid
	language, unread := has(list, "lang_ok"), has(list, "unread")
	for _, name := range []string{"Task", "Language", "Model", "Metric"} {
		g.column(name, false)
	}
	g.column("Score", true)
	g.column("n", true)
	if language {
		g.column("Right language, %", true)
	}
	if unread {
		g.column("Unreadable, %", true)
	}
	for _, r := range list {
		cells := mainCells(r)
		if language {
			cells = append(cells, cell(r, "lang_ok"))
		}
		if unread {
			cells = append(cells, cell(r, "unread"))
		}
		g.Rows = append(g.Rows, cells)
	}
	return g
}

func mainCells(r row) []string {
	cells := []string{r.title(), languageName(r.Lang), r.Model}
	s, ok := r.main()
	if !ok {
		return append(cells, "–", "–", "–")
	}
	return append(cells, metricOf(s.Metric).label(), plusMinus(s), strconv.Itoa(s.N))
}

func has(list []row, metric string) bool {
	for _, r := range list {
		if _, ok := r.score(metric); ok {
			return true
		}
	}
	return false
}

func cell(r row, metric string) string {
	s, ok := r.score(metric)
	if !ok {
		return "–"
	}
	return metricOf(metric).show(s.Value)
}

// pairGrid is what the comparisons show.
func pairGrid(list []evals.Pair) grid {
	var g grid
	for _, name := range []string{"Task", "Language", "Base", "System", "Metric"} {
		g.column(name, false)
	}
	for _, name := range []string{"Difference", "95 %", "n", "p", "Holm p"} {
		g.column(name, true)
	}
	g.column("Verdict", false)
	for _, p := range list {
		m := metricOf(p.Metric)
		g.Rows = append(g.Rows, []string{
			taskTitle(p.Task, p.Lang), languageName(p.Lang), p.Base, p.System, m.label(), m.signed(p.Delta),
			between(p), strconv.Itoa(p.N), pValue(p.P), pValue(p.Holm), verdictWords[verdictOf(p)],
		})
	}
	return g
}

var verdictWords = map[verdict]string{better: "better", worse: "worse", noEvidence: "no evidence"}

// between is the interval of a difference.
func between(p evals.Pair) string {
	if !finite(p.Low) || !finite(p.High) || p.Low > p.High {
		return "–"
	}
	m := metricOf(p.Metric)
	return m.signed(p.Low) + " to " + m.signed(p.High)
}

// about is a line of what was run.
func about(m evals.Meta) string {
	var parts []string
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, name+" "+oneLine(value))
		}
	}
	add("run", m.Name)
	add("target", m.Target)
	if !m.Started.IsZero() {
		add("on", m.Started.UTC().Format("2006-01-02 15:04 UTC"))
	}
	add("tilgate", m.Version)
	return strings.Join(parts, " · ")
}

// failures says how many cases have no answer.
func failures(r evals.Report) string {
	asked := r.Meta.Cases * max(1, len(r.Meta.Models))
	switch {
	case r.Failed == 0:
		return ""
	case asked < r.Failed:
		return plural(r.Failed, "case") + " without an answer"
	}
	return number(r.Failed) + " of " + plural(asked, "case") + " without an answer"
}
