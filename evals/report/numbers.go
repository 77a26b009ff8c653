package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"tilgate/evals"
)

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// scaled is a value on the scale that it is shown on.
func (m metric) scaled(v float64) float64 {
	if m.Unit == share {
		return 100 * v
	}
	return v
}

func (m metric) decimals() int {
	switch m.Unit {
	case index, ratio:
		return 3
	case seconds:
		return 2
	case count:
		return 0
	}
	return 1
}

// show is a value without its unit.
func (m metric) show(v float64) string {
	if !finite(v) {
		return "–"
	}
	text := strconv.FormatFloat(m.scaled(v), 'f', m.decimals(), 64)
	if strings.Trim(text, "-0.") == "" {
		text = strings.TrimPrefix(text, "-")
	}
	return text
}

// signed is a difference.
func (m metric) signed(v float64) string {
	text := m.show(v)
	if finite(v) && text[0] != '-' && strings.Trim(text, "0.") != "" {
		return "+" + text
	}
	return text
}

// label is the metric's name with its unit.
func (m metric) label() string {
	switch m.Unit {
	case share:
		return m.Name + ", %"
	case seconds:
		return m.Name + ", s"
	}
	return m.Name
}

// points is what differences are counted in.
func (m metric) points() string {
	switch m.Unit {
	case share, hundred:
		return " points"
	case seconds:
		return " seconds"
	}
	return ""
}

// sure reports whether a summary says how sure it is.
func sure(s evals.Summary) bool {
	return finite(s.StdErr) && s.StdErr >= 0 && finite(s.Low) && finite(s.High) && s.Low <= s.High
}

// half is half the interval, or "" if none is known.
func half(s evals.Summary) string {
	if !sure(s) {
		return ""
	}
	return metricOf(s.Metric).show((s.High - s.Low) / 2)
}

// plusMinus is a value with half its interval.
func plusMinus(s evals.Summary) string {
	text := metricOf(s.Metric).show(s.Value)
	if h := half(s); h != "" {
		text += " ± " + h
	}
	return text
}

// pValue is a probability with three digits.
func pValue(p float64) string {
	switch {
	case !finite(p) || p < 0:
		return "–"
	case p < 0.001:
		return "<0.001"
	}
	return fmt.Sprintf("%.3f", p)
}

// number is a whole number with its thousands apart.
func number(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "\u202f" + text[i:]
	}
	return text
}

// plural is a number with its noun, which takes an s.
func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return number(n) + " " + noun
}

// capital is a text that begins with a capital, unless it has one inside:
// chrF++ stays.
func capital(s string) string {
	if s == "" || strings.ToLower(s) != s {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
