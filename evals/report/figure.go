package report

import (
	"fmt"
	"html/template"

	"tilgate/evals"
)

// A figure is a plot with its numbers.
type figure struct {
	Title  string
	About  string // what to see in it
	Wide   template.HTML
	Narrow template.HTML
	Legend []legend
	Table  grid
}

// A legend says which model a mark is.
type legend struct {
	Class string
	Shape string
	Name  string
}

func legendOf(models, shown []string) []legend {
	var list []legend
	for i, name := range models {
		for _, s := range shown {
			if s == name {
				list = append(list, legend{model(i), shape(i), name})
				break
			}
		}
	}
	return list
}

// A page makes figures: it numbers them, and knows what all of them share.
type page struct {
	report evals.Report
	rows   []row
	models []string
	chance map[evals.Kind]float64 // of guessing right, where it is the same for all
	drawn  int
}

// draw makes both pictures of a figure.
func (p *page) draw(f figure, paint func(width float64) *drawing) figure {
	p.drawn++
	f.Wide = paint(wide).svg(fmt.Sprintf("f%dw", p.drawn), f.Title, f.About)
	f.Narrow = paint(narrow).svg(fmt.Sprintf("f%dn", p.drawn), f.Title, f.About)
	return f
}

// place is a model's number.
func (p *page) place(model string) int {
	for i, name := range p.models {
		if name == model {
			return i
		}
	}
	return 0
}

// ofKind are the rows of a kind that have a main score, and its metric. Should
// suites of a kind go by different metrics, the others are left to the tables.
func (p *page) ofKind(k evals.Kind) ([]row, metric) {
	var list []row
	key := ""
	for _, r := range p.rows {
		s, ok := r.main()
		if !ok || r.Kind != k || key != "" && s.Metric != key {
			continue
		}
		key = s.Metric
		list = append(list, r)
	}
	return list, metricOf(key)
}

// modelsIn are the models that have rows.
func modelsIn(list []row) []string {
	var names []string
	for _, r := range list {
		names = append(names, r.Model)
	}
	return names
}

// labels name tasks by their language, and by their title where a language
// has several.
func labels(list []row) map[string]string {
	tasks := map[string]map[string]bool{}
	for _, r := range list {
		name := languageName(r.Lang)
		if tasks[name] == nil {
			tasks[name] = map[string]bool{}
		}
		tasks[name][r.Task] = true
	}
	named := map[string]string{}
	for _, r := range list {
		name := languageName(r.Lang)
		named[r.Task] = name
		if len(tasks[name]) > 1 {
			named[r.Task] = name + " · " + r.title()
		}
	}
	return named
}

// axis draws the ticks and grid lines of a scale that runs to the right.
func (d *drawing) axis(s scale, top, bottom float64) {
	for _, v := range s.ticks {
		d.line("grid", s.at(v), top, s.at(v), bottom)
		d.text("tick", "middle", s.at(v), bottom+15, s.label(v))
	}
}
