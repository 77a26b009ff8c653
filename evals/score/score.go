// Package score makes scores of answers, and summaries of scores.
//
// What an answer is worth depends on the kind of its task; which language it
// is in, how much of it is in another, and what it cost are measured of every
// answer. A score that does not apply is absent, not 0: an answer too short to
// tell its language has no lang_ok.
//
// Shares run from 0 to 1; scores of translation are sacreBLEU's, from 0 to 100.
package score

import (
	"context"
	"slices"

	"tilgate/evals"
	"tilgate/internal/lang"
	"tilgate/internal/lid"
)

// A Scorer scores answers. Judge, if there is one, is a model that is asked
// whether an answer meets its rubric and is supported by its passages.
type Scorer struct {
	Judge evals.Target
}

// Score fills in the scores of a result.
func (s Scorer) Score(ctx context.Context, c evals.Case, r *evals.Result) error {
	r.Scores, r.Sums = map[string]float64{}, map[string]evals.Sums{}
	if len(c.Continuations) > 0 {
		likeliest(c, r)
		return nil
	}
	byKind[c.Task.Kind](c, r)
	if c.Task.Kind != evals.Detection {
		fidelity(c, r)
	}
	refusal(c, r)
	cost(r)
	if s.Judge == nil {
		return nil
	}
	return s.judge(ctx, c, r)
}

var byKind = map[evals.Kind]func(evals.Case, *evals.Result){
	evals.MultipleChoice: choice,
	evals.Classification: label,
	evals.Detection:      label,
	evals.Translation:    translation,
	evals.Reading:        short,
	evals.Number:         number,
	evals.RAG:            grounded,
	evals.Open:           open,
	evals.Safety:         func(evals.Case, *evals.Result) {},
}

// Main is the metric that a task is known by.
func Main(t *evals.Task) string {
	switch t.Kind {
	case evals.Translation:
		return "chrfpp"
	case evals.Reading:
		return "f1"
	case evals.RAG:
		return "contains" // an answer in sentences is no worse than a bare one
	case evals.Open:
		return "rubric"
	case evals.Safety:
		return "safe"
	}
	return "acc"
}

// letters below which nobody can tell a language
const letters = 20

// fidelity measures whether the answer is in the language and the script that
// were asked for, and how much of it is in another.
func fidelity(c evals.Case, r *evals.Result) {
	text := r.Answer.Text
	script := lang.ScriptOf(text)
	if script == lang.Zyyy {
		return
	}
	want := wanted(c)
	r.Scores["script_ok"] = share(script == want || want == lang.Zyyy)
	if letterCount(text) < letters {
		return
	}
	if guess := lid.Default().Detect(text, lid.Options{}); guess.Tag != lang.Und {
		r.Scores["lang_ok"] = share(lang.Near(c.Task.Lang, guess.Tag))
	}
	r.Scores["switched"] = switched(c, text, want)
}

// wanted is the script of what a right answer looks like: of the gold texts,
// the choices or the question, whichever is in the language of the task.
func wanted(c evals.Case) lang.Script {
	var texts []string
	if k := c.Task.Kind; k != evals.MultipleChoice && k != evals.Classification {
		texts = append(texts, c.Item.Gold...)
	}
	texts = append(texts, c.Item.Choices...)
	if c.Task.From == "" || c.Task.From == c.Task.Lang {
		texts = append(texts, c.Item.Text)
	}
	for _, t := range texts {
		if s := lang.ScriptOf(t); s != lang.Zyyy {
			return s
		}
	}
	return lang.Zyyy
}

// switched is the share of letters in words of another script or another
// language. Words that the question or its passages have too, such as names
// and the words of forms, are nobody's fault.
func switched(c evals.Case, text string, want lang.Script) float64 {
	given := words(c.Task.Lang, append(sources(c, nil), c.Item.Text)...)
	total, other := 0, 0
	for _, span := range lid.Default().Spans(text, lid.Options{}) {
		foreign := span.Tag != lang.Und && span.Confidence >= sure && !lang.Near(c.Task.Lang, span.Tag)
		for w := range lang.Words(text[span.Start:span.End]) {
			n := letterCount(w)
			total += n
			alien := foreign && n > 0 || want != lang.Zyyy && lang.ScriptOf(w) != want && lang.ScriptOf(w) != lang.Zyyy
			if alien && !given[lang.Fold(c.Task.Lang, w)] {
				other += n
			}
		}
	}
	if total == 0 {
		return 0
	}
	return float64(other) / float64(total)
}

// sure is how probable a language must be before a span counts as foreign.
const sure = 0.9

func letterCount(text string) int {
	n := 0
	for _, r := range text {
		if lang.ScriptOfRune(r) != lang.Zyyy {
			n++
		}
	}
	return n
}

func words(tag lang.Tag, texts ...string) map[string]bool {
	set := map[string]bool{}
	for _, t := range texts {
		for w := range lang.Words(lang.Fold(tag, t)) {
			set[w] = true
		}
	}
	return set
}

// sources are the texts that an answer may rest on.
func sources(c evals.Case, a *evals.Answer) []string {
	var list []string
	if c.Item.Context != "" {
		list = append(list, c.Item.Context)
	}
	if a == nil {
		return list
	}
	for _, p := range a.Passages {
		if p.Text != "" && (len(a.Cites) == 0 || slices.Contains(a.Cites, p.Doc)) {
			list = append(list, p.Text)
		}
	}
	return list
}

// cost measures time and tokens.
func cost(r *evals.Result) {
	a := r.Answer
	if a.TTFT > 0 {
		r.Scores["ttft"] = a.TTFT
	}
	if a.Tokens > 0 && a.Seconds > a.TTFT {
		r.Scores["tokens_per_s"] = float64(a.Tokens) / (a.Seconds - a.TTFT)
	}
	n := lang.Runes([]byte(a.Text))
	r.Scores["chars"] = float64(n)
	if a.Tokens > 0 && n > 0 {
		r.Scores["tokens_per_char"] = float64(a.Tokens) / float64(n)
	}
}

func share(ok bool) float64 {
	if ok {
		return 1
	}
	return 0
}
