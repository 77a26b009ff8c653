package report

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strings"

	"tilgate/internal/lang"
)

// A drawing is an SVG picture under way. Its looks are in page.css; model n
// has the class mn. Text is drawn at one size, whatever the width of the
// picture, so each plot is drawn twice: for a page and for a telephone.
type drawing struct {
	b    strings.Builder
	w, h float64
}

const (
	wide     = 980.0
	narrow   = 350.0
	fontSize = 12.0
)

func (d *drawing) line(class string, x1, y1, x2, y2 float64) {
	fmt.Fprintf(&d.b, `<line class="%s" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`, class, x1, y1, x2, y2)
}

// text draws a text that begins, ends or has its middle at x.
func (d *drawing) text(class, anchor string, x, y float64, s string) {
	fmt.Fprintf(&d.b, `<text class="%s" text-anchor="%s" x="%.1f" y="%.1f">%s</text>`, class, anchor, x, y, html.EscapeString(oneLine(s)))
}

// upright draws a text that runs upwards.
func (d *drawing) upright(class string, x, y float64, s string) {
	fmt.Fprintf(&d.b, `<text class="%s" text-anchor="middle" transform="translate(%.1f %.1f) rotate(-90)">%s</text>`, class, x, y, html.EscapeString(oneLine(s)))
}

func (d *drawing) path(class string, points [][2]float64) {
	fmt.Fprintf(&d.b, `<path class="%s" d="`, class)
	for i, p := range points {
		fmt.Fprintf(&d.b, "%c%.1f %.1f", "ML"[min(i, 1)], p[0], p[1])
	}
	d.b.WriteString(`"/>`)
}

// shapes are outlines around 0, so that models differ in more than colour.
var shapes = []string{
	"M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0Z",
	"M-4 -4h8v8h-8Z",
	"M0 -5.6L5.6 0L0 5.6L-5.6 0Z",
	"M0 -5.2L5 3.9H-5Z",
	"M0 5.2L5 -3.9H-5Z",
	"M-1.7 -5h3.4v3.3h3.3v3.4h-3.3v3.3h-3.4v-3.3h-3.3v-3.4h3.3Z",
}

const colours = 8

// model is the class of model i.
func model(i int) string { return fmt.Sprintf("m%d", i%colours) }

// shape is the outline of model i. It goes round after another number than the
// colours do, so that 24 models differ.
func shape(i int) string { return shapes[i%len(shapes)] }

// mark draws a model's point. about is shown when it is pointed at.
func (d *drawing) mark(class, shape string, x, y float64, about string) {
	fmt.Fprintf(&d.b, `<path class="%s" transform="translate(%.1f %.1f)" d="%s"><title>%s</title></path>`, class, x, y, shape, html.EscapeString(oneLine(about)))
}

// svg is the picture, with what a screen reader says of it.
func (d *drawing) svg(id, title, desc string) template.HTML {
	return template.HTML(fmt.Sprintf(
		`<svg role="img" aria-labelledby="%[1]s-t %[1]s-d" viewBox="0 0 %[2]g %[3]g" width="%[2]g" height="%[3]g"><title id="%[1]s-t">%[4]s</title><desc id="%[1]s-d">%[5]s</desc>%[6]s</svg>`,
		id, d.w, math.Ceil(d.h), html.EscapeString(oneLine(title)), html.EscapeString(oneLine(desc)), d.b.String()))
}

// textWidth is about how wide a text is drawn, rather too much than too little.
func textWidth(s string) float64 { return float64(lang.Columns(oneLine(s))) * fontSize * 0.58 }

// fitText is as much of a text as goes into a width.
func fitText(s string, width float64) string {
	return fit(oneLine(s), max(3, int(width/(fontSize*0.58))))
}

// A scale puts values on a line.
type scale struct {
	lo, hi     float64 // values
	from, upto float64 // places
	ticks      []float64
	decimals   int
}

func (s scale) at(v float64) float64 {
	return s.from + (min(max(v, s.lo), s.hi)-s.lo)/(s.hi-s.lo)*(s.upto-s.from)
}

func (s scale) label(v float64) string {
	text := fmt.Sprintf("%.*f", s.decimals, v)
	return strings.Replace(text, "-", "−", 1)
}

// newScale covers values from lo to hi with about n round ticks, and keeps to
// what is possible.
func newScale(lo, hi, least, most float64, n int) scale {
	if hi-lo < 1e-9 {
		room := max(math.Abs(hi)*0.1, 0.01)
		lo, hi = lo-room, hi+room
	}
	step := roundStep((hi - lo) / float64(n))
	s := scale{lo: max(least, math.Floor(lo/step)*step), hi: min(most, math.Ceil(hi/step)*step)}
	if s.hi <= s.lo { // all values lie outside
		s.lo, s.hi = lo, hi
	}
	s.decimals = max(0, -int(math.Floor(math.Log10(step)+1e-9)))
	for k := math.Ceil(s.lo/step - 1e-9); k*step <= s.hi+step/1e6; k++ {
		s.ticks = append(s.ticks, k*step+0) // -0 + 0 is 0
	}
	return s
}

// roundStep is the next of 1, 2, 5, 10 and so on.
func roundStep(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, f := range []float64{1, 2, 5} {
		if v <= f*power*(1+1e-9) {
			return f * power
		}
	}
	return 10 * power
}

// limits are the least and the most that a metric can be, as it is shown.
func (m metric) limits() (least, most float64) {
	switch m.Unit {
	case share:
		return 0, 100
	case index:
		return 0, 1
	case hundred:
		if m.Good == higher {
			return 0, 100
		}
	}
	return 0, math.Inf(1)
}

// A spread is the least and the most of some values.
type spread struct{ lo, hi float64 }

func newSpread() spread { return spread{math.Inf(1), math.Inf(-1)} }

func (s *spread) add(values ...float64) {
	for _, v := range values {
		if finite(v) {
			s.lo, s.hi = min(s.lo, v), max(s.hi, v)
		}
	}
}
