package report

import (
	"cmp"
	"slices"

	"tilgate/evals"
	"tilgate/internal/lang"
)

// A reason is why an answer counts as failed. Where several apply, the first
// one says most about the answer.
type reason struct {
	name  string
	holds func(evals.Sample) bool
}

const noAnswer = "no answer"

var reasons = []reason{
	{"not turned away", scored("refused_right", 0)},
	{"wrongly turned away", scored("refused_wrong", 1)},
	{"wrong language", scored("lang_ok", 0)},
	{"wrong script", scored("script_ok", 0)},
	{"unreadable", scored("unread", 1)},
	{"not in its sources", below("grounded", 0.5)},
	{"not in its sources", scored("grounded_judge", 0)},
	{"wrong choice", ofKind(evals.MultipleChoice)},
	{"wrong label", ofKind(evals.Classification, evals.Detection)},
	{"wrong number", ofKind(evals.Number)},
	{"far from the reference", below("chrfpp", 25)},
	{"other than expected", func(s evals.Sample) bool { return below("f1", 0.2)(s) && !scored("contains", 1)(s) }}, // a sentence around the answer is none
	{"not what was asked for", below("rubric", 0.5)},
	{noAnswer, func(s evals.Sample) bool { return s.Result.Error != "" }},
}

// scored is that a metric has a value.
func scored(metric string, value float64) func(evals.Sample) bool {
	return func(s evals.Sample) bool {
		v, ok := s.Result.Scores[metric]
		return ok && v == value
	}
}

func below(metric string, value float64) func(evals.Sample) bool {
	return func(s evals.Sample) bool {
		v, ok := s.Result.Scores[metric]
		return ok && v < value
	}
}

// ofKind is a wrong answer to a task of these kinds.
func ofKind(kinds ...evals.Kind) func(evals.Sample) bool {
	wrong := scored("acc", 0)
	return func(s evals.Sample) bool { return slices.Contains(kinds, s.Case.Task.Kind) && wrong(s) }
}

// failure is why an answer failed, or "" if it did not.
func failure(s evals.Sample) string {
	for _, r := range reasons {
		if r.holds(s) {
			return r.name
		}
	}
	return ""
}

// A tongue is what went wrong in one language.
type tongue struct {
	languageNames
	Total    int
	Failed   int
	Reasons  []tally
	Examples []example
}

// A tally is how many answers failed for a reason.
type tally struct {
	Reason string
	Count  int
}

const (
	examplesOfReason = 2 // in a language
	examplesOfAll    = 8
)

// tongues sorts out samples by language and keeps some that failed.
func tongues(samples []evals.Sample) []tongue {
	byLang := map[lang.Tag][]evals.Sample{}
	for _, s := range samples {
		byLang[s.Case.Task.Lang] = append(byLang[s.Case.Task.Lang], s)
	}
	var list []tongue
	for tag, all := range byLang {
		if t := newTongue(tag, all); t.Failed > 0 {
			list = append(list, t)
		}
	}
	slices.SortFunc(list, func(a, b tongue) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Tag, b.Tag))
	})
	return list
}

func newTongue(tag lang.Tag, samples []evals.Sample) tongue {
	t := tongue{languageNames: newLanguage(tag), Total: len(samples)}
	found := map[string][]evals.Sample{}
	for _, s := range samples {
		if why := failure(s); why != "" {
			found[why] = append(found[why], s)
			t.Failed++
		}
	}
	for _, r := range reasons {
		if all := found[r.name]; len(all) > 0 {
			delete(found, r.name) // some reasons have several ways to hold
			t.add(r.name, all)
		}
	}
	return t
}

// add counts the samples that failed for a reason, and shows some.
func (t *tongue) add(reason string, all []evals.Sample) {
	t.Reasons = append(t.Reasons, tally{reason, len(all)})
	n := min(examplesOfReason, examplesOfAll-len(t.Examples))
	if reason == noAnswer { // there is little to see
		n = min(n, 1)
	}
	for _, s := range varied(all, n) {
		t.Examples = append(t.Examples, newExample(s, reason))
	}
}

// varied picks up to n samples, of different models where there are such.
func varied(all []evals.Sample, n int) []evals.Sample {
	var picked, rest []evals.Sample
	seen := map[string]bool{}
	for _, s := range all {
		if seen[s.Result.Model] {
			rest = append(rest, s)
			continue
		}
		seen[s.Result.Model] = true
		picked = append(picked, s)
	}
	picked = append(picked, rest...)
	return picked[:min(n, len(picked))]
}

// reasonGrid is how many answers failed, by language and reason.
func reasonGrid(list []tongue) grid {
	var g grid
	g.column("Language", false)
	g.column("Answers", true)
	for _, r := range reasons {
		for _, t := range list {
			if t.count(r.name) > 0 && !slices.Contains(g.Head, r.name) {
				g.column(r.name, true)
			}
		}
	}
	for _, t := range list {
		cells := []string{t.Name, number(t.Total)}
		for _, name := range g.Head[2:] {
			cells = append(cells, number(t.count(name)))
		}
		g.Rows = append(g.Rows, cells)
	}
	return g
}

func (t tongue) count(reason string) int {
	for _, r := range t.Reasons {
		if r.Reason == reason {
			return r.Count
		}
	}
	return 0
}
