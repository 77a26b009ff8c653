package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tilgate/evals"
	"tilgate/internal/lang"
)

// Names are how people know a language.
type languageNames struct {
	Tag  lang.Tag
	Name string
	Own  string // what it calls itself
	Dir  string // of Own
}

func newLanguage(tag lang.Tag) languageNames {
	own := ownName(tag)
	return languageNames{tag, languageName(tag), own, directionOf(own, tag)}
}

// A finding is what a run says about one language.
type finding struct {
	languageNames
	Verdict   verdict
	Word      string // the verdict, in words
	Compared  []comparison
	Scored    []scoring // only if nothing is compared
	Strangers []stranger
}

// A comparison is a sentence on two models. Where all comparisons of a run are
// of the same two, and a language has several, it goes without their names.
type comparison struct {
	Verdict      verdict
	Named        bool
	System, Base string
	By           string // how much, without its sign
	Sign         string // of the difference
	Interval     string
	Kind, Task   string // if the language has several
}

// A scoring is a sentence on one model.
type scoring struct {
	Model, Value, Metric, Kind, Task, Interval string
}

// A stranger is a model that often answers in another language.
type stranger struct {
	Model, Share, Task string
	Tasks              int
	least              float64
}

// findings are what a report says, language by language.
func findings(r evals.Report) []finding {
	byLang := map[lang.Tag]*finding{}
	get := func(tag lang.Tag) *finding {
		if byLang[tag] == nil {
			byLang[tag] = &finding{languageNames: newLanguage(tag)}
		}
		return byLang[tag]
	}
	list, kinds := rows(r), map[string]evals.Kind{}
	for _, row := range list {
		kinds[row.Task] = row.Kind
	}
	for _, p := range pairs(r) {
		if finite(p.Delta) {
			f := get(p.Lang)
			f.Compared = append(f.Compared, newComparison(p, kinds[p.Task]))
		}
	}
	for _, row := range list {
		get(row.Lang).note(row)
	}
	return concluded(slices.Collect(maps.Values(byLang)))
}

// note adds what a row says besides the comparisons.
func (f *finding) note(r row) {
	if s, ok := r.main(); ok && len(f.Compared) == 0 {
		f.Scored = append(f.Scored, newScoring(r, s))
	}
	f.strange(r)
}

// concluded are the findings that say something, by language.
func concluded(list []*finding) []finding {
	var all []finding
	for _, f := range list {
		f.conclude()
		if len(f.Compared)+len(f.Scored)+len(f.Strangers) > 0 {
			all = append(all, *f)
		}
	}
	slices.SortFunc(all, func(a, b finding) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Tag, b.Tag)) })
	return all
}

func newComparison(p evals.Pair, k evals.Kind) comparison {
	m := metricOf(p.Metric)
	c := comparison{
		Verdict: verdictOf(p), System: p.System, Base: p.Base, Kind: kindName(k), Task: taskTitle(p.Task, p.Lang), Named: true,
		By:       strings.TrimPrefix(m.show(p.Delta), "-") + m.points(),
		Sign:     minus(m.signed(p.Delta) + m.points()),
		Interval: spoken(m, p.Low, p.High),
	}
	if c.Verdict != noEvidence && p.Delta < 0 { // by how much it is less
		c.Interval = spoken(m, -p.High, -p.Low)
	}
	return c
}

// spoken is an interval in words, or "" if it is not known.
func spoken(m metric, low, high float64) string {
	if !finite(low) || !finite(high) || low > high {
		return ""
	}
	return minus(m.show(low) + " to " + m.show(high))
}

func newScoring(r row, s evals.Summary) scoring {
	m := metricOf(s.Metric)
	one := scoring{Model: r.Model, Value: minus(m.show(s.Value)), Metric: m.Name, Kind: kindName(r.Kind), Task: r.title()}
	if m.Unit == share {
		one.Value += "\u00a0%"
	}
	if sure(s) {
		one.Interval = spoken(m, s.Low, s.High)
	}
	return one
}

// foreign is the share of answers in the right language below which readers
// are told.
const foreign = 0.9

func (f *finding) strange(r row) {
	s, ok := r.score("lang_ok")
	if !ok || s.Value >= foreign {
		return
	}
	i := slices.IndexFunc(f.Strangers, func(s stranger) bool { return s.Model == r.Model })
	if i < 0 {
		i = len(f.Strangers)
		f.Strangers = append(f.Strangers, stranger{Model: r.Model, least: 2})
	}
	one := &f.Strangers[i]
	one.Tasks++
	if s.Value < one.least {
		one.least, one.Share, one.Task = s.Value, metricOf("lang_ok").show(s.Value), r.title()
	}
}

// conclude says in a word what the comparisons of a language come to.
func (f *finding) conclude() {
	n := map[verdict]int{}
	couples := map[[2]string]bool{}
	for _, c := range f.Compared {
		n[c.Verdict]++
		couples[[2]string{c.Base, c.System}] = true
	}
	for i := range f.Compared {
		f.Compared[i].Named = len(couples) > 1 || len(f.Compared) == 1
	}
	switch {
	case len(f.Compared) == 0:
	case n[better] > 0 && n[worse] > 0:
		f.Verdict, f.Word = mixed, "Better here, worse there"
	case n[better] > 0:
		f.Verdict, f.Word = better, "Better"
	case n[worse] > 0:
		f.Verdict, f.Word = worse, "Worse"
	default:
		f.Verdict, f.Word = noEvidence, "No evidence of a difference"
	}
	if top := max(n[better], n[worse]); len(f.Compared) > 1 && top > 0 && f.Verdict != mixed {
		noun := map[bool]string{true: "comparison", false: "test"}[len(couples) > 1]
		f.Word += fmt.Sprintf(" in %d of %s", top, plural(len(f.Compared), noun))
	}
}

// overall is the whole run in a sentence, or nothing if nothing is compared.
func overall(r evals.Report) string {
	n := map[verdict]int{}
	for _, p := range r.Pairs {
		n[verdictOf(p)]++
	}
	switch len(r.Pairs) {
	case 0:
		return ""
	case 1:
		return map[verdict]string{
			better: "The one comparison came out better.", worse: "The one comparison came out worse.",
			noEvidence: "The one comparison shows no evidence of a difference.",
		}[verdictOf(r.Pairs[0])]
	}
	return fmt.Sprintf("Of %s with a base, %d came out better and %d worse; %d show no evidence of a difference.",
		plural(len(r.Pairs), "comparison"), n[better], n[worse], n[noEvidence])
}

// couple is the only two models that are compared, or nil.
func couple(r evals.Report) *evals.Pair {
	for _, p := range r.Pairs {
		if p.Base != r.Pairs[0].Base || p.System != r.Pairs[0].System {
			return nil
		}
	}
	if len(r.Pairs) == 0 {
		return nil
	}
	return &r.Pairs[0]
}
