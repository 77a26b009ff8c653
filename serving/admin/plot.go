package admin

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A plot is numbers over time, as a picture and as a table. Values that are NaN
// leave a gap.
type plot struct {
	ID     string // of its title on the page
	Title  string
	Unit   string   // of the values, as the axis says; empty for counts
	Times  []string // one for each value, as the table says them
	Ticks  []tick   // on the axis below
	Series []series
	Bars   bool // values stand on each other; else they are lines
}

// A series is one kind of value over time.
type series struct {
	Name   string
	Values []float64
}

// A tick is a word below the axis, at the middle of a value.
type tick struct {
	At   int
	Text string
}

// The picture, in units of its own: wide enough for the numbers of the axis.
const (
	plotWidth, plotHeight = 720.0, 230.0
	plotLeft, plotRight   = 54.0, 8.0
	plotTop, plotBottom   = 10.0, 26.0
)

// Empty reports whether there is nothing to draw.
func (p plot) Empty() bool {
	for _, s := range p.Series {
		for _, v := range s.Values {
			if v > 0 {
				return false
			}
		}
	}
	return true
}

// most is the greatest value that is drawn.
func (p plot) most() float64 {
	most := 0.0
	for i := range p.Times {
		sum := 0.0
		for _, s := range p.Series {
			if v := s.Values[i]; !math.IsNaN(v) {
				sum += v
				if !p.Bars {
					most = max(most, v)
				}
			}
		}
		if p.Bars {
			most = max(most, sum)
		}
	}
	return most
}

// step is the distance of the lines across a plot: 1, 2 or 5 times a power of
// ten, so that there are at most five.
func step(most float64) float64 {
	if most <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(most/5)))
	for _, n := range []float64{1, 2, 5, 10} {
		if most <= 5*n*power {
			return n * power
		}
	}
	return 10 * power
}

// SVG draws the plot.
func (p plot) SVG() template.HTML {
	by := step(p.most())
	if p.Unit == "" {
		by = max(by, 1)
	}
	top := by * max(1, math.Ceil(p.most()/by))
	y := func(v float64) float64 { return plotHeight - plotBottom - v/top*(plotHeight-plotTop-plotBottom) }
	slot := (plotWidth - plotLeft - plotRight) / float64(max(len(p.Times), 1))
	x := func(i int) float64 { return plotLeft + slot*(float64(i)+.5) }

	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %g %g" role="img" aria-labelledby="%s">`, plotWidth, plotHeight, template.HTMLEscapeString(p.ID))
	for v := 0.0; v <= top+by/2; v += by {
		fmt.Fprintf(&b, `<line class="grid" x1="%g" x2="%g" y1="%.1f" y2="%.1f"/><text class="y" x="%g" y="%.1f">%s</text>`,
			plotLeft, plotWidth-plotRight, y(v), y(v), plotLeft-6, y(v)+4, short(v)+p.Unit)
	}
	for _, t := range p.Ticks {
		fmt.Fprintf(&b, `<text class="x" x="%.1f" y="%g">%s</text>`, x(t.At), plotHeight-8, template.HTMLEscapeString(t.Text))
	}
	if p.Bars {
		p.bars(&b, x, y, slot)
	} else {
		p.lines(&b, x, y)
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String())
}

func (p plot) bars(b *strings.Builder, x func(int) float64, y func(float64) float64, slot float64) {
	width := max(slot*.78, 1)
	for i, at := range p.Times {
		below := 0.0
		for n, s := range p.Series {
			v := s.Values[i]
			if !(v > 0) {
				continue
			}
			fmt.Fprintf(b, `<rect class="s%d" x="%.1f" y="%.1f" width="%.1f" height="%.1f"><title>%s: %s %s</title></rect>`, n,
				x(i)-width/2, y(below+v), width, max(y(below)-y(below+v), .6), template.HTMLEscapeString(at), short(v)+p.Unit, template.HTMLEscapeString(s.Name))
			below += v
		}
	}
}

func (p plot) lines(b *strings.Builder, x func(int) float64, y func(float64) float64) {
	for n, s := range p.Series {
		for _, run := range runs(s.Values) {
			points := make([]string, 0, len(run))
			for _, i := range run {
				points = append(points, fmt.Sprintf("%.1f,%.1f", x(i), y(s.Values[i])))
			}
			fmt.Fprintf(b, `<polyline class="l%d" points="%s"/>`, n, strings.Join(points, " "))
			for _, i := range run {
				if len(run) > 1 && len(p.Times) > 40 {
					break // dots would hide the line
				}
				fmt.Fprintf(b, `<circle class="s%d" cx="%.1f" cy="%.1f" r="3"><title>%s: %s %s</title></circle>`, n,
					x(i), y(s.Values[i]), template.HTMLEscapeString(p.Times[i]), short(s.Values[i])+p.Unit, template.HTMLEscapeString(s.Name))
			}
		}
	}
}

// runs parts values where there is a gap.
func runs(values []float64) (list [][]int) {
	var run []int
	for i, v := range values {
		if math.IsNaN(v) {
			if run != nil {
				list = append(list, run)
			}
			run = nil
			continue
		}
		run = append(run, i)
	}
	if run != nil {
		list = append(list, run)
	}
	return list
}

// A plotRow is a row of the plot's table.
type plotRow struct {
	At     string
	Values []string
}

// inMillis is the plot with times below a second in milliseconds.
func (p plot) inMillis() plot {
	if p.most() >= 1 {
		return p
	}
	p.Unit = " ms"
	for i, s := range p.Series {
		values := make([]float64, len(s.Values))
		for j, v := range s.Values {
			values[j] = math.Round(v * 1000)
		}
		p.Series[i].Values = values
	}
	return p
}

// Rows are the plot as a table, the latest first, without what is nothing.
func (p plot) Rows() (rows []plotRow) {
	for i, at := range slices.Backward(p.Times) {
		row := plotRow{At: at}
		any := false
		for _, s := range p.Series {
			v := s.Values[i]
			text := "–"
			if !math.IsNaN(v) {
				text = short(v) + p.Unit
				any = any || v > 0
			}
			row.Values = append(row.Values, text)
		}
		if any {
			rows = append(rows, row)
		}
	}
	return rows
}

// short writes a number in few letters.
func short(v float64) string {
	switch {
	case v >= 10e6:
		return strconv.FormatFloat(v/1e6, 'f', 0, 64) + "M"
	case v >= 10e3:
		return strings.TrimSuffix(strconv.FormatFloat(v/1e3, 'f', 1, 64), ".0") + "k"
	case v == math.Trunc(v):
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v < 1:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return strconv.FormatFloat(v, 'f', 1, 64)
}
