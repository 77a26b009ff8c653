package report

import (
	"fmt"
	"math"
	"slices"

	"tilgate/evals"
)

// A point is a model on a task, by two metrics.
type point struct {
	row
	x, y float64
}

// against is a plot of the main score of a kind, or of the metric y, against
// the metric x; or nothing if fewer than two rows have both.
func (p *page) against(k evals.Kind, x, y metric, f figure) (figure, bool) {
	var points []point
	var list []row
	for _, r := range p.rows {
		sx, okX := r.score(x.Key)
		sy, okY := r.score(y.Key)
		if r.Kind == k && okX && okY {
			points = append(points, point{r, x.scaled(sx.Value), y.scaled(sy.Value)})
			list = append(list, r)
		}
	}
	if len(points) < 2 {
		return f, false
	}
	f.Legend = legendOf(p.models, modelsIn(list))
	f.Table = grid{}
	for _, name := range []string{"Task", "Language", "Model", x.label(), y.label()} {
		f.Table.column(name, len(f.Table.Head) > 2)
	}
	for _, r := range list {
		f.Table.Rows = append(f.Table.Rows, []string{r.title(), languageName(r.Lang), r.Model, cell(r, x.Key), cell(r, y.Key)})
	}
	return p.draw(f, func(width float64) *drawing { return p.paintPoints(points, labels(list), x, y, width) }), true
}

func (p *page) paintPoints(points []point, names map[string]string, mx, my metric, width float64) *drawing {
	xs, ys := newSpread(), newSpread()
	for _, pt := range points {
		xs.add(pt.x)
		ys.add(pt.y)
	}
	room := func(s spread) spread { // so that points keep off the frame
		r := (s.hi - s.lo) * 0.06
		return spread{s.lo - r, s.hi + r}
	}
	xs, ys = room(xs), room(ys)
	height := min(width*0.86, 460)
	d := &drawing{w: width, h: height}
	x, y := fitted(xs, mx, int(width/110)), fitted(ys, my, 5)
	x.from, x.upto, y.from, y.upto = 52, width-18, height-44, 10
	d.axis(x, y.upto, y.from)
	for _, v := range y.ticks {
		d.line("grid", x.from, y.at(v), x.upto, y.at(v))
		d.text("tick", "end", x.from-6, y.at(v)+4, y.label(v))
	}
	d.text("axis", "middle", (x.from+x.upto)/2, height-8, mx.label())
	d.upright("axis", 13, (y.from+y.upto)/2, my.label())
	p.paintLinks(d, points, x, y)
	for _, pt := range points {
		i := p.place(pt.Model)
		about := fmt.Sprintf("%s, %s: %s %s, %s %s", names[pt.Task], pt.Model, mx.Name, cell(pt.row, mx.Key), my.Name, cell(pt.row, my.Key))
		d.mark("mark "+model(i), shape(i), x.at(pt.x), y.at(pt.y), about)
	}
	paintNames(d, points, names, x, y)
	return d
}

func fitted(s spread, m metric, ticks int) scale {
	least, most := m.limits()
	return newScale(s.lo, s.hi, least, most, ticks)
}

// paintLinks joins the models' points of a task.
func (p *page) paintLinks(d *drawing, points []point, x, y scale) {
	last := map[string]point{}
	for _, pt := range points {
		if before, ok := last[pt.Task]; ok {
			d.line("link", x.at(before.x), y.at(before.y), x.at(pt.x), y.at(pt.y))
		}
		last[pt.Task] = pt
	}
}

// A box is room that is taken.
type box struct{ x1, y1, x2, y2 float64 }

func (b box) meets(c box) bool { return b.x1 < c.x2 && c.x1 < b.x2 && b.y1 < c.y2 && c.y1 < b.y2 }

// paintNames names the last point of each task where there is room: with its
// name, else with the tag of its language, else not. Numbers are in the table.
func paintNames(d *drawing, points []point, names map[string]string, x, y scale) {
	var taken []box
	for _, pt := range points {
		px, py := x.at(pt.x), y.at(pt.y)
		taken = append(taken, box{px - 5, py - 5, px + 5, py + 5})
	}
	frame := box{x.from, y.upto - 4, x.upto + 14, y.from}
	named := map[string]bool{}
	for _, pt := range slices.Backward(points) {
		if named[pt.Task] {
			continue
		}
		named[pt.Task] = true
		for _, name := range []string{fitText(names[pt.Task], d.w*0.35), string(pt.Lang)} {
			b, ok := free(x.at(pt.x), y.at(pt.y), textWidth(name)*0.95, frame, taken)
			if !ok {
				continue
			}
			taken = append(taken, b)
			d.text("name", "middle", (b.x1+b.x2)/2, b.y2-4, name)
			break
		}
	}
}

// free looks for room for a text beside a point.
func free(px, py, width float64, frame box, taken []box) (box, bool) {
	const height = 15
	for _, far := range []float64{9, 13} {
		for turn := range 8 {
			sin, cos := math.Sincos(float64(turn) * math.Pi / 4)
			cx := px + cos*(far+width/2)
			cy := py + sin*(far+height/2)
			b := box{cx - width/2, cy - height/2, cx + width/2, cy + height/2}
			inside := b.x1 >= frame.x1 && b.x2 <= frame.x2 && b.y1 >= frame.y1 && b.y2 <= frame.y2
			if inside && !slices.ContainsFunc(taken, b.meets) {
				return b, true
			}
		}
	}
	return box{}, false
}
