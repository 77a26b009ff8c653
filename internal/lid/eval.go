package lid

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"tilgate/internal/lang"
)

// A Report says how often a detector was right.
type Report struct {
	Languages []LanguageReport `json:"languages"` // by tag
	Lines     int              `json:"lines"`
	Macro     float64          `json:"macro"`      // mean accuracy of the languages, the best answer counted whatever its confidence
	Accuracy  float64          `json:"accuracy"`   // of the lines
	Sure      float64          `json:"sure"`       // share of the lines answered at or above the floor
	SureRight float64          `json:"sure_right"` // share of those that were right
	Error     float64          `json:"calibration_error"`
	Skipped   int              `json:"skipped"` // lines without a label that can be read
}

// A LanguageReport is the part of a Report on one language.
type LanguageReport struct {
	Tag      lang.Tag    `json:"tag"`
	Lines    int         `json:"lines"`
	Accuracy float64     `json:"accuracy"`
	Wrong    []Confusion `json:"wrong,omitempty"` // what it was taken for, the most frequent first
}

// A Confusion is a wrong answer and how often it was given.
type Confusion struct {
	Tag   lang.Tag `json:"tag"`
	Lines int      `json:"lines"`
}

// Evaluate asks d about each line of r, a label, a tab and a text, and counts
// the answers. Labels are read as those of training text are, so "kir",
// "ky-Cyrl" and "ky" are the same. A read error ends the counting.
func Evaluate(d *Detector, r io.Reader, o Options) Report {
	t := tally{answers: map[lang.Tag]map[lang.Tag]int{}}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		label, text, ok := strings.Cut(lines.Text(), "\t")
		tag, known := tagOf(label)
		if !ok || !known {
			t.skipped++
			continue
		}
		best := Guess{Tag: lang.Und}
		if ranked := d.Rank(text, o, 1); len(ranked) > 0 {
			best = ranked[0]
		}
		t.count(tag, best, best.orUnd(o).Tag != lang.Und)
	}
	return t.report()
}

// A tally counts answers.
type tally struct {
	answers                       map[lang.Tag]map[lang.Tag]int // by right tag and answer
	lines, right, sure, sureRight int
	skipped                       int
	bins                          [10]struct{ lines, right, sum float64 }
}

func (t *tally) count(tag lang.Tag, best Guess, sure bool) {
	if t.answers[tag] == nil {
		t.answers[tag] = map[lang.Tag]int{}
	}
	t.answers[tag][best.Tag]++
	t.lines++
	b := &t.bins[min(9, int(best.Confidence*10))]
	b.lines++
	b.sum += best.Confidence
	if sure {
		t.sure++
	}
	if best.Tag == tag {
		t.right++
		b.right++
		if sure {
			t.sureRight++
		}
	}
}

func (t *tally) report() Report {
	r := Report{Lines: t.lines, Skipped: t.skipped, Accuracy: share(t.right, t.lines), Sure: share(t.sure, t.lines),
		SureRight: share(t.sureRight, t.sure)}
	for _, tag := range sortedKeys(t.answers) {
		l := LanguageReport{Tag: tag}
		for _, answer := range sortedKeys(t.answers[tag]) {
			n := t.answers[tag][answer]
			l.Lines += n
			if answer != tag {
				l.Wrong = append(l.Wrong, Confusion{answer, n})
			}
		}
		l.Accuracy = share(t.answers[tag][tag], l.Lines)
		slices.SortStableFunc(l.Wrong, func(a, b Confusion) int { return cmp.Compare(b.Lines, a.Lines) })
		r.Languages = append(r.Languages, l)
		r.Macro += l.Accuracy
	}
	r.Macro /= float64(max(len(r.Languages), 1))
	for _, b := range t.bins {
		r.Error += max(b.sum-b.right, b.right-b.sum) / float64(max(t.lines, 1))
	}
	return r
}

func share(part, all int) float64 { return float64(part) / float64(max(all, 1)) }

// String returns the report as a table, the hardest languages first.
func (r Report) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%d languages, %d lines: macro %.1f %%, lines %.1f %%; sure of %.1f %% and right on %.1f %% of those; calibration error %.3f\n",
		len(r.Languages), r.Lines, 100*r.Macro, 100*r.Accuracy, 100*r.Sure, 100*r.SureRight, r.Error)
	hardest := slices.Clone(r.Languages)
	slices.SortStableFunc(hardest, func(a, b LanguageReport) int { return cmp.Compare(a.Accuracy, b.Accuracy) })
	for _, l := range hardest {
		fmt.Fprintf(&out, "%-4s %6d lines %6.1f %%", l.Tag, l.Lines, 100*l.Accuracy)
		for _, w := range l.Wrong[:min(4, len(l.Wrong))] {
			fmt.Fprintf(&out, "  %s %d", w.Tag, w.Lines)
		}
		out.WriteByte('\n')
	}
	return out.String()
}
