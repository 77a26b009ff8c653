package report

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"tilgate/evals"
)

// A moment is the score of a row in one run.
type moment struct {
	run   int // its place among the runs
	score evals.Summary
	other bool // its suite's files were not those of today
}

// A course is what became of one task over the runs.
type course struct {
	label  string
	models map[string][]moment
}

// history is a plot of main scores over runs, or nothing if no task of the
// kind was run before.
func (p *page) history(k evals.Kind, runs []evals.Report) (figure, bool) {
	list, m := p.ofKind(k)
	runs = append(slices.Clone(runs), p.report)
	slices.SortStableFunc(runs, func(a, b evals.Report) int { return a.Meta.Started.Compare(b.Meta.Started) })
	courses, shown := p.courses(list, m, runs)
	if len(courses) == 0 {
		return figure{}, false
	}
	f := figure{
		Title:  "Over time: " + kindName(k),
		About:  fmt.Sprintf("%s in %s, the last of them this one. A hollow point is of other questions than those of this run.", capital(m.Name), plural(len(runs), "run")),
		Legend: legendOf(p.models, shown),
		Table:  historyGrid(courses, p.models, m, runs),
	}
	return p.draw(f, func(width float64) *drawing { return p.paintHistory(courses, m, runs, width) }), true
}

func (p *page) courses(list []row, m metric, runs []evals.Report) (courses []course, shown []string) {
	names := labels(list)
	at := map[string]int{}
	for _, r := range list {
		moments := p.moments(r, m, runs)
		if len(moments) < 2 {
			continue
		}
		i, ok := at[r.Task]
		if !ok {
			i = len(courses)
			at[r.Task] = i
			courses = append(courses, course{names[r.Task], map[string][]moment{}})
		}
		courses[i].models[r.Model] = moments
		shown = append(shown, r.Model)
	}
	slices.SortStableFunc(courses, func(a, b course) int { return cmp.Compare(a.label, b.label) })
	return courses, shown
}

func (p *page) moments(r row, m metric, runs []evals.Report) []moment {
	var list []moment
	for i, run := range runs {
		for _, s := range run.Summaries {
			if s.Task == r.Task && s.Model == r.Model && s.Metric == m.Key && s.Prompt == "" && finite(s.Value) {
				list = append(list, moment{i, s, digest(run, s.Suite) != digest(p.report, s.Suite)})
				break
			}
		}
	}
	return list
}

func digest(r evals.Report, suite string) string {
	for _, s := range r.Meta.Suites {
		if s.Name == suite {
			return s.Digest
		}
	}
	return ""
}

func historyGrid(courses []course, models []string, m metric, runs []evals.Report) grid {
	var g grid
	g.column("Language", false)
	g.column("Model", false)
	for _, r := range runs {
		g.column(day(r.Meta.Started), true)
	}
	for _, c := range courses {
		for _, name := range models {
			if len(c.models[name]) == 0 {
				continue
			}
			cells := append([]string{c.label, name}, slices.Repeat([]string{"–"}, len(runs))...)
			for _, one := range c.models[name] {
				cells[2+one.run] = plusMinus(one.score)
			}
			g.Rows = append(g.Rows, cells)
		}
	}
	return g
}

func day(t time.Time) string {
	if t.IsZero() {
		return "undated"
	}
	return t.UTC().Format("2006-01-02")
}

// paintHistory draws a small plot for each task, all on one scale.
func (p *page) paintHistory(courses []course, m metric, runs []evals.Report, width float64) *drawing {
	values := newSpread()
	for _, c := range courses {
		for _, moments := range c.models {
			for _, one := range moments {
				values.add(m.scaled(one.score.Value))
			}
		}
	}
	columns := min(len(courses), 4)
	if width < 500 {
		columns = 1
	}
	const cell, gap = 132.0, 16.0
	each := min((width-gap*float64(columns-1))/float64(columns), 360)
	lines := (len(courses) + columns - 1) / columns
	d := &drawing{w: width, h: cell * float64(lines)}
	for i, c := range courses {
		left, top := float64(i%columns)*(each+gap), float64(i/columns)*cell
		y := fitted(values, m, 3)
		y.from, y.upto = top+cell-30, top+26
		x := scale{lo: 0, hi: float64(len(runs) - 1), from: left + 34, upto: left + each - 44}
		p.paintCourse(d, c, m, x, y, left)
		d.text("tick", "start", x.from-6, y.from+15, day(runs[0].Meta.Started))
		d.text("tick", "end", left+each, y.from+15, day(runs[len(runs)-1].Meta.Started))
	}
	return d
}

func (p *page) paintCourse(d *drawing, c course, m metric, x, y scale, left float64) {
	d.text("label", "start", left, y.upto-12, fitText(c.label, x.upto-left+30))
	for _, v := range y.ticks {
		d.line("grid", x.from-6, y.at(v), x.upto+6, y.at(v))
		d.text("tick", "end", x.from-10, y.at(v)+4, y.label(v))
	}
	var ends []ending
	for i, name := range p.models {
		moments := c.models[name]
		if len(moments) == 0 {
			continue
		}
		var points [][2]float64
		for _, one := range moments {
			points = append(points, [2]float64{x.at(float64(one.run)), y.at(m.scaled(one.score.Value))})
		}
		d.path("course "+model(i), points)
		for j, one := range moments {
			class := "mark small " + model(i)
			if one.other {
				class += " hollow"
			}
			d.mark(class, shape(i), points[j][0], points[j][1], name+": "+plusMinus(one.score))
		}
		last := moments[len(moments)-1]
		ends = append(ends, ending{points[len(points)-1][1], m.show(last.score.Value), model(i)})
	}
	paintEnds(d, ends, x.upto+8)
}

// An ending is the last value of a line, written behind it.
type ending struct {
	y     float64
	text  string
	class string
}

// paintEnds writes values without one on the other; where there are too many,
// those in between are left out.
func paintEnds(d *drawing, ends []ending, x float64) {
	const apart = 12
	slices.SortFunc(ends, func(a, b ending) int { return cmp.Compare(a.y, b.y) })
	if len(ends) > 4 {
		ends = []ending{ends[0], ends[len(ends)-1]}
	}
	for i := range ends {
		if i > 0 && ends[i].y < ends[i-1].y+apart {
			over := ends[i-1].y + apart - ends[i].y
			if i == 1 {
				ends[0].y -= over / 2
				over /= 2
			}
			ends[i].y += over
		}
	}
	for _, e := range ends {
		d.text("end "+e.class, "start", x, e.y+4, e.text)
	}
}
