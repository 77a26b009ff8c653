package report

import (
	"fmt"
	"strings"

	"tilgate/evals"
)

// verdictMarks are outlines and classes of verdicts.
var verdictMarks = map[verdict][2]string{
	better:     {"better", shapes[3]},
	worse:      {"worse", shapes[4]},
	noEvidence: {"unclear", shapes[0]},
}

// differences are plots of what is compared, one for each metric and couple of
// models.
func (p *page) differences() []figure {
	type key struct{ metric, base, system string }
	var keys []key
	groups := map[key][]evals.Pair{}
	for _, pair := range pairs(p.report) {
		if !finite(pair.Delta) {
			continue
		}
		k := key{pair.Metric, pair.Base, pair.System}
		if groups[k] == nil {
			keys = append(keys, k)
		}
		groups[k] = append(groups[k], pair)
	}
	var figures []figure
	for _, k := range keys {
		figures = append(figures, p.compared(groups[k]))
	}
	return figures
}

// compared is a plot of one couple by one metric.
func (p *page) compared(list []evals.Pair) figure {
	m := metricOf(list[0].Metric)
	f := figure{
		Title:  fmt.Sprintf("%s of %s against %s", capital(m.Name), fit(oneLine(list[0].System), nameWidth), fit(oneLine(list[0].Base), nameWidth)),
		About:  "The difference on the same questions, with its 95 % interval. A triangle stands where it is significant, even though many were looked at.",
		Legend: verdictLegend(list),
		Table:  pairGrid(list),
	}
	return p.draw(f, func(width float64) *drawing { return p.paintPairs(list, m, width) })
}

func verdictLegend(list []evals.Pair) []legend {
	var all []legend
	for _, v := range []verdict{better, worse, noEvidence} {
		for _, pair := range list {
			if verdictOf(pair) == v {
				name := map[verdict]string{better: "better", worse: "worse", noEvidence: "no evidence of a difference"}[v]
				all = append(all, legend{verdictMarks[v][0], verdictMarks[v][1], name})
				break
			}
		}
	}
	return all
}

// pairLabels name comparisons by language, and by task where one has several.
func pairLabels(list []evals.Pair) []string {
	tasks := map[string]map[string]bool{}
	for _, pair := range list {
		name := languageName(pair.Lang)
		if tasks[name] == nil {
			tasks[name] = map[string]bool{}
		}
		tasks[name][pair.Task] = true
	}
	var names []string
	for _, pair := range list {
		name := languageName(pair.Lang)
		if len(tasks[name]) > 1 {
			name += " · " + taskTitle(pair.Task, pair.Lang)
		}
		names = append(names, name)
	}
	return names
}

func (p *page) paintPairs(list []evals.Pair, m metric, width float64) *drawing {
	names := pairLabels(list)
	values, left := newSpread(), 0.0
	values.add(0)
	for i, pair := range list {
		left = max(left, textWidth(names[i])+14)
		values.add(m.scaled(pair.Delta), m.scaled(pair.Low), m.scaled(pair.High))
	}
	lay := newLayout(width, left, len(list), 1)
	x := newScale(values.lo, values.hi, -1e9, 1e9, lay.ticks)
	x.from, x.upto = lay.left, width-18
	d := &drawing{w: width}
	if !lay.above {
		x.upto = width - 280
		lay.top, lay.bottom = lay.top+20, lay.bottom+20
		for i, name := range []string{"base → system", "difference", "Holm p"} {
			d.text("tick", "end", pairColumns(width)[i], 16, name)
		}
	}
	d.h = lay.bottom + 36
	d.axis(x, lay.top, lay.bottom)
	d.line("zero", x.at(0), lay.top, x.at(0), lay.bottom)
	d.text("axis", "middle", (x.from+x.upto)/2, lay.bottom+31, differenceLabel(m))
	for i, pair := range list {
		lay.label(d, i, names[i], 150)
		paintPair(d, x, m, pair, lay, i)
	}
	return d
}

func differenceLabel(m metric) string {
	if m.points() == "" {
		return "difference in " + m.Name
	}
	return "difference in " + m.Name + "," + m.points()
}

// pairColumns are where the numbers of a difference end.
func pairColumns(width float64) [3]float64 { return [3]float64{width - 158, width - 80, width - 18} }

func paintPair(d *drawing, x scale, m metric, pair evals.Pair, lay layout, i int) {
	look, y := verdictMarks[verdictOf(pair)], lay.middle(i)
	if finite(pair.Low) && finite(pair.High) && pair.Low <= pair.High {
		d.line("whisker "+look[0], x.at(m.scaled(pair.Low)), y, x.at(m.scaled(pair.High)), y)
	}
	from := minus(m.show(pair.BaseIs) + " → " + m.show(pair.SystemIs))
	delta, p := minus(m.signed(pair.Delta)), pValue(pair.Holm)
	d.mark("mark "+look[0], look[1], x.at(m.scaled(pair.Delta)), y, fmt.Sprintf("%s against %s: %s (%s), Holm p %s", pair.System, pair.Base, from, delta, p))
	if lay.above {
		d.text("value", "end", d.w-18, lay.top+lay.band*float64(i)+14, from+" ("+delta+")")
		return
	}
	for j, text := range []string{from, delta, p} {
		d.text("value", "end", pairColumns(d.w)[j], y+4, text)
	}
}

// minus puts the sign of minus where a hyphen stands for it.
func minus(text string) string { return strings.ReplaceAll(text, "-", "−") }
