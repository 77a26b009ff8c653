package report

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"slices"

	"tilgate/evals"
)

var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string
	//go:embed page.js
	pageJS string
)

// nameWidth is the most of a name that the page shows, in columns.
const nameWidth = 72

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"line": oneLine,
	"name": func(s string) string { return fit(oneLine(s), nameWidth) },
}).Parse(pageHTML))

// A view is what the page shows.
type view struct {
	Name     string
	Meta     evals.Meta
	Facts    []fact
	Failed   string
	Overall  string
	Couple   *evals.Pair
	Findings []finding
	Plots    []plots
	Tongues  []tongue
	Reasons  grid
	Scores   []scoreTable
	Metrics  []metric
	Signed   []string
	Paired   bool
	Models   []legend
}

// A fact is a line on what was run.
type fact struct {
	Name   string
	Values []string
}

// Plots are figures of one sort.
type plots struct {
	ID, Title, About string
	Figures          []figure
}

// HTML writes a page for people who decide. It is one file that asks nothing
// of the network, and its script, without which it loses only sorting and
// searching, is the only one that its policy lets run. History is earlier
// runs, in any order; it may be empty, as may samples.
func HTML(w io.Writer, r evals.Report, samples []evals.Sample, history []evals.Report) error {
	p := &page{report: r, rows: rows(r), models: modelNames(r), chance: chances(samples)}
	list := tongues(samples)
	v := view{
		Name: cmp.Or(oneLine(r.Meta.Name), "Evaluation"), Meta: r.Meta, Facts: facts(r), Failed: failures(r), Overall: overall(r), Couple: couple(r),
		Findings: findings(r), Plots: p.plots(history), Tongues: list, Reasons: reasonGrid(list),
		Scores: scoreTables(r), Metrics: metricsIn(allRows(r)), Signed: signatures(r.Summaries), Paired: len(r.Pairs) > 0,
		Models: legendOf(p.models, p.models),
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, v); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// Policy is what the browser may load: the page's own style and script.
func (view) Policy() string {
	return "default-src 'none'; style-src '" + sum(pageCSS) + "'; script-src '" + sum(pageJS) + "'; base-uri 'none'; form-action 'none'"
}

func sum(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// Style is the style sheet, byte by byte as its sum in the policy has it.
func (view) Style() template.CSS { return template.CSS(pageCSS) }

// Script is the script, likewise.
func (view) Script() template.JS { return template.JS(pageJS) }

// plots are all figures for which there is something to draw.
func (p *page) plots(history []evals.Report) []plots {
	scores := plots{ID: "scores", Title: "Scores by language"}
	differences := plots{ID: "differences", Title: "Against the base", Figures: p.differences()}
	costs := plots{ID: "cost", Title: "Quality and cost", About: "Models spend more tokens for a sentence in languages that they know badly, and tokens are time and money. Up and to the left is good: right answers for few tokens."}
	sources := plots{ID: "retrieval", Title: "Finding and answering", About: "An answer from a knowledge base can be only as good as the documents that were found. Low on the right: they were found, and the model made little of them."}
	times := plots{ID: "history", Title: "Earlier runs"}
	for _, k := range p.kinds() {
		scores.add(p.scores(k))
		if writes(k) {
			costs.add(p.cost(k))
		}
		sources.add(p.retrieval(k))
		if len(history) > 0 {
			times.add(p.history(k, history))
		}
	}
	all := []plots{differences, scores, costs, sources, times}
	return slices.DeleteFunc(all, func(p plots) bool { return len(p.Figures) == 0 })
}

func (p *plots) add(f figure, ok bool) {
	if ok {
		p.Figures = append(p.Figures, f)
	}
}

// kinds are the kinds in the order of rows.
func (p *page) kinds() []evals.Kind {
	var list []evals.Kind
	for _, r := range p.rows {
		if !slices.Contains(list, r.Kind) {
			list = append(list, r.Kind)
		}
	}
	return list
}

// writes reports whether answers of a kind are texts, and not a letter or a
// name whose tokens say nothing about the language.
func writes(k evals.Kind) bool {
	switch k {
	case evals.MultipleChoice, evals.Classification, evals.Detection:
		return false
	}
	return true
}

func (p *page) cost(k evals.Kind) (figure, bool) {
	_, m := p.ofKind(k)
	return p.against(k, metricOf("tokens_per_char"), m, figure{
		Title: kindName(k), About: capital(m.Name) + " against tokens for a character of the answer. Thin lines join what models do in the same language.",
	})
}

func (p *page) retrieval(k evals.Kind) (figure, bool) {
	for _, key := range []string{"f1", "grounded"} {
		m := metricOf(key)
		f, ok := p.against(k, metricOf("ndcg@10"), m, figure{
			Title: kindName(k), About: "How good answers are (" + m.label() + ") against how well documents were found (nDCG@10).",
		})
		if ok {
			return f, true
		}
	}
	return figure{}, false
}

// chances is what guessing gets, for kinds all of whose questions have as many
// choices.
func chances(samples []evals.Sample) map[evals.Kind]float64 {
	sizes := map[evals.Kind]int{}
	for _, s := range samples {
		k, n := s.Case.Task.Kind, len(s.Case.Item.Choices)
		if k == evals.Classification || k == evals.Detection {
			n = len(s.Case.Task.Labels)
		}
		if before, ok := sizes[k]; ok && before != n {
			n = 0
		}
		sizes[k] = n
	}
	found := map[evals.Kind]float64{}
	for k, n := range sizes {
		if n > 1 {
			found[k] = 1 / float64(n)
		}
	}
	return found
}
