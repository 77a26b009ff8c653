package report

import (
	"cmp"
	"fmt"
	"slices"

	"tilgate/evals"
)

// A band is the line of a plot that belongs to one task.
type band struct {
	label string
	rows  []row
}

// bands groups rows by task, the best first.
func bands(list []row) []band {
	names := labels(list)
	var all []band
	at := map[string]int{}
	for _, r := range list {
		i, ok := at[r.Task]
		if !ok {
			i = len(all)
			at[r.Task] = i
			all = append(all, band{label: names[r.Task]})
		}
		all[i].rows = append(all[i].rows, r)
	}
	slices.SortStableFunc(all, func(a, b band) int { return cmp.Compare(b.best(), a.best()) })
	return all
}

func (b band) best() float64 {
	best := newSpread()
	for _, r := range b.rows {
		s, _ := r.main()
		best.add(s.Value)
	}
	return best.hi
}

// scores is a plot of the main scores of a kind, or nothing.
func (p *page) scores(k evals.Kind) (figure, bool) {
	list, m := p.ofKind(k)
	if len(list) == 0 {
		return figure{}, false
	}
	all := bands(list)
	f := figure{
		Title:  kindName(k),
		About:  capital(m.Name) + " by language, best first.",
		Legend: legendOf(p.models, modelsIn(list)),
		Table:  scoreGrid(list),
	}
	if slices.ContainsFunc(list, func(r row) bool { s, _ := r.main(); return sure(s) }) {
		f.About += " Lines are 95 % intervals."
	}
	if _, ok := p.chance[k]; ok {
		f.About += " The dashed line is what guessing gets."
	}
	return p.draw(f, func(width float64) *drawing { return p.paintScores(all, m, p.chance[k], width) }), true
}

func (p *page) paintScores(all []band, m metric, chance, width float64) *drawing {
	values := newSpread()
	left := 0.0
	for _, b := range all {
		left = max(left, textWidth(b.label)+14)
		for _, r := range b.rows {
			s, _ := r.main()
			values.add(m.scaled(s.Value))
			if sure(s) {
				values.add(m.scaled(s.Low), m.scaled(s.High))
			}
		}
	}
	if chance > 0 {
		values.add(m.scaled(chance))
	}
	lay := newLayout(width, left, len(all), p.crowd(all))
	least, most := m.limits()
	x := newScale(values.lo, values.hi, least, most, lay.ticks)
	x.from, x.upto = lay.left, width-18
	d := &drawing{w: width, h: lay.bottom + 36}
	d.axis(x, lay.top, lay.bottom)
	d.text("axis", "middle", (x.from+x.upto)/2, lay.bottom+31, m.label())
	if chance > 0 {
		d.line("chance", x.at(m.scaled(chance)), lay.top, x.at(m.scaled(chance)), lay.bottom)
	}
	for i, b := range all {
		lay.label(d, i, b.label, 0)
		for j, r := range b.rows {
			p.paintScore(d, x, m, r, lay.middle(i)+lay.step*(float64(j)-float64(len(b.rows)-1)/2))
		}
	}
	return d
}

// crowd is the most models in a band.
func (p *page) crowd(all []band) int {
	n := 1
	for _, b := range all {
		n = max(n, len(b.rows))
	}
	return n
}

func (p *page) paintScore(d *drawing, x scale, m metric, r row, y float64) {
	s, _ := r.main()
	i := p.place(r.Model)
	if sure(s) {
		d.line("whisker "+model(i), x.at(m.scaled(s.Low)), y, x.at(m.scaled(s.High)), y)
	}
	d.mark("mark "+model(i), shape(i), x.at(m.scaled(s.Value)), y, fmt.Sprintf("%s, %s: %s", r.Model, languageName(r.Lang), plusMinus(s)))
}

// A layout is where the bands of a plot are. On a telephone labels stand above
// their bands.
type layout struct {
	left, top, bottom float64
	band, head, step  float64 // heights: of a band, of its label above, between models
	ticks             int
	above             bool
}

func newLayout(width, labels float64, bands, crowd int) layout {
	l := layout{left: min(labels, width*0.36), top: 6, step: 10, ticks: 7}
	l.band = max(24, l.step*float64(crowd)+8)
	if width < 500 {
		l.left, l.above, l.head, l.ticks = 12, true, 15, 4
		l.band += l.head
	}
	l.bottom = l.top + l.band*float64(bands)
	return l
}

// middle is the middle of band i, below its label.
func (l layout) middle(i int) float64 { return l.top + l.band*float64(i) + (l.band+l.head)/2 }

// label names band i, and sets it off from the one above.
// On a telephone, taken is room at its end for something else.
func (l layout) label(d *drawing, i int, text string, taken float64) {
	y := l.top + l.band*float64(i)
	if i > 0 {
		d.line("rule", 0, y, d.w-18, y)
	}
	if l.above {
		d.text("label", "start", 2, y+14, fitText(text, d.w-30-taken))
		return
	}
	d.text("label", "end", l.left-12, l.middle(i)+4, fitText(text, l.left-14))
}
