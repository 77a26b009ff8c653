package review

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"tilgate/evals/stats"
	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

// An Outcome is what reviewers found in one language. Kappa and Alpha are nil
// where nothing can be said: one reviewer, or never more than one opinion.
type Outcome struct {
	Lang    lang.Tag `json:"lang"`
	Ratings int      `json:"ratings"`
	Items   int      `json:"items"`
	System  int      `json:"system"` // ratings that found the system better
	Base    int      `json:"base"`
	Ties    int      `json:"ties"`
	P       float64  `json:"p"`               // of the majorities, by the sign test, two-sided; ties aside
	Kappa   *float64 `json:"kappa,omitempty"` // Cohen's, the mean over pairs of reviewers
	Alpha   *float64 `json:"alpha,omitempty"` // Krippendorff's, nominal
}

// Count says what the reviewers of a sheet found, by language, the last for
// all languages ("und") if there are several.
func Count(key Key, sheets []map[string]Choice) ([]Outcome, error) {
	for i, s := range sheets {
		for id := range s {
			if _, ok := key.Rows[id]; !ok {
				return nil, fault.Invalid.Errorf("sheet %d has a row %q that is not in the key; it is of another sheet", i+1, id)
			}
		}
	}
	byLang := map[lang.Tag][]string{}
	for id, row := range key.Rows {
		byLang[row.Lang] = append(byLang[row.Lang], id)
	}
	var all []Outcome
	for _, tag := range slices.Sorted(maps.Keys(byLang)) {
		all = append(all, outcome(tag, byLang[tag], key, sheets))
	}
	if len(all) > 1 {
		all = append(all, outcome(lang.Und, slices.Collect(maps.Keys(key.Rows)), key, sheets))
	}
	return all, nil
}

// The ratings, once it is known which answer was whose.
const (
	forBase   = "base"
	forSystem = "system"
	forNone   = "tie"
)

func rating(c Choice, systemFirst bool) string {
	switch {
	case c == Tie:
		return forNone
	case (c == First) == systemFirst:
		return forSystem
	}
	return forBase
}

func outcome(tag lang.Tag, ids []string, key Key, sheets []map[string]Choice) Outcome {
	o := Outcome{Lang: tag}
	slices.Sort(ids)
	var items [][]string
	var d stats.Discordance
	for _, id := range ids {
		var ratings []string
		for _, s := range sheets {
			if c, ok := s[id]; ok {
				ratings = append(ratings, rating(c, key.Rows[id].SystemFirst))
			}
		}
		if len(ratings) == 0 {
			continue
		}
		items = append(items, ratings)
		o.Items++
		o.add(ratings, &d)
	}
	o.P = d.Exact()
	o.Kappa, o.Alpha = known(kappa(ids, sheets, key)), known(stats.Alpha(items))
	return o
}

// add counts ratings, and who has the majority of them.
func (o *Outcome) add(ratings []string, d *stats.Discordance) {
	balance := 0
	for _, r := range ratings {
		o.Ratings++
		switch r {
		case forSystem:
			o.System++
			balance++
		case forBase:
			o.Base++
			balance--
		default:
			o.Ties++
		}
	}
	switch {
	case balance > 0:
		d.OnlySystem++
	case balance < 0:
		d.OnlyBase++
	}
}

// kappa is the mean of Cohen's kappa over pairs of reviewers, on the rows that
// both have filled in.
func kappa(ids []string, sheets []map[string]Choice, key Key) float64 {
	sum, n := 0.0, 0
	for i := range sheets {
		for j := range i {
			var a, b []string
			for _, id := range ids {
				x, okX := sheets[i][id]
				y, okY := sheets[j][id]
				if first := key.Rows[id].SystemFirst; okX && okY {
					a, b = append(a, rating(x, first)), append(b, rating(y, first))
				}
			}
			if k := stats.Kappa(a, b); !math.IsNaN(k) {
				sum += k
				n++
			}
		}
	}
	if n == 0 {
		return math.NaN()
	}
	return sum / float64(n)
}

func known(v float64) *float64 {
	if math.IsNaN(v) {
		return nil
	}
	return &v
}

func (o Outcome) String() string {
	name := string(o.Lang)
	if o.Lang == lang.Und {
		name = "all"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%-6s %4d items, %4d ratings: system %d, base %d, tie %d, p %.3g", name, o.Items, o.Ratings, o.System, o.Base, o.Ties, o.P)
	if o.Kappa != nil {
		fmt.Fprintf(&b, "  Cohen's kappa %.3f", *o.Kappa)
	}
	if o.Alpha != nil {
		fmt.Fprintf(&b, "  Krippendorff's alpha %.3f", *o.Alpha)
	}
	return b.String()
}
