package report

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"tilgate/evals"
	"tilgate/internal/lang"
)

// edgeRuns are runs at the borders of what happens.
func edgeRuns() map[string]evals.Report {
	one := evals.Summary{Model: "m", Task: "s/t/ky", Suite: "s", Kind: evals.MultipleChoice, Lang: "ky", Metric: "acc", Main: true, N: 1, Value: 1, StdErr: -1, Low: -1, High: -1}
	nan := one
	nan.Task, nan.Lang, nan.Value, nan.StdErr, nan.Low, nan.High = "s/t/kk", "kk", math.NaN(), math.NaN(), math.NaN(), math.NaN()
	inf := one
	inf.Model, inf.StdErr, inf.Low, inf.High, inf.Value = "m2", math.Inf(1), math.Inf(-1), math.Inf(1), 0.5
	odd := one
	odd.Model = "<script>alert(1)</script>\u202Eevil|`x`\n../../etc\x00"
	odd.Task, odd.Lang = "اختبار/سؤال/ug", "ug"
	odd.Value, odd.StdErr, odd.Low, odd.High = 0.4, 0.1, 0.2, 0.6
	long := odd
	long.Model, long.Task, long.Lang = strings.Repeat("long-model-name/", 20), strings.Repeat("very-long-task-name-", 20)+"/x/sr-Latn", "sr-Latn"
	return map[string]evals.Report{
		"empty": {},
		"one":   {Summaries: []evals.Summary{one}},
		"nan": {Summaries: []evals.Summary{nan, inf, one}, Pairs: []evals.Pair{
			{Base: "m", System: "m2", Task: "s/t/ky", Lang: "ky", Metric: "acc", Delta: math.NaN(), P: math.NaN(), Holm: math.NaN()},
			{Base: "m", System: "m2", Task: "s/t/ky", Lang: "ky", Metric: "acc", N: 1, Delta: 0.5, Low: math.NaN(), High: math.NaN(), P: -1, Holm: -1},
		}},
		"odd":   {Summaries: []evals.Summary{odd, long}, Failed: 3},
		"forty": forty(),
	}
}

// forty is a run of three models in forty languages, two tasks of a kind.
func forty() evals.Report {
	r := evals.Report{Meta: sampleMeta(3)}
	r.Meta.Models = []string{base, adapter, "mistral-nemo-12b-instruct-2407"}
	tags := strings.Fields("ky kk uz tr az tk tt ba ug tg fa ps ur sd ckb ar he am ti om so sw ha yo ig zu km my lo th ta te bn ne si mn id tl qu ay")
	for i, tag := range tags {
		for j, name := range []string{"copa", "sib"} {
			for k, model := range r.Meta.Models {
				v := 0.2 + float64((i*7+j*13+k*5)%60)/100
				s := evals.Summary{Model: model, Task: fmt.Sprintf("namuna/%s/%s", name, tag), Suite: "namuna", Kind: evals.MultipleChoice, Lang: lang.Tag(tag), Metric: "acc", Main: true, N: 500, Value: v, StdErr: 0.02, Low: v - 0.04, High: v + 0.04}
				r.Summaries = append(r.Summaries, s)
				s.Kind, s.Task = evals.Reading, strings.Replace(s.Task, name, "read", 1)
				s.Metric = "f1"
				if j == 0 {
					t := s
					t.Metric, t.Main, t.Value = "tokens_per_char", false, 0.3+float64((i*11+k*3)%40)/20
					r.Summaries = append(r.Summaries, s, t)
				}
			}
			p := samplePair(evals.MultipleChoice, lang.Tag(tag), 0.4, float64(i%9-4)/40)
			p.Task = fmt.Sprintf("namuna/%s/%s", name, tag)
			r.Pairs = append(r.Pairs, p)
			p.System = r.Meta.Models[2]
			r.Pairs = append(r.Pairs, p)
		}
	}
	return r
}

func TestEdges(t *testing.T) {
	for name, r := range edgeRuns() {
		var b strings.Builder
		for what, write := range map[string]func() error{
			"Table":    func() error { return Table(&b, r) },
			"Markdown": func() error { return Markdown(&b, r) },
			"HTML": func() error {
				html := written(t, r, nil, []evals.Report{r})
				elements(t, html)
				b.WriteString(html)
				return nil
			},
			"LMEval": func() error { return LMEval(t.TempDir(), r, nil) },
		} {
			if err := write(); err != nil {
				t.Errorf("%s of run %q: %v", what, name, err)
			}
		}
		if text := strings.ReplaceAll(b.String(), pageJS, ""); strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
			t.Errorf("run %q: a number that is none is shown", name)
		}
	}
}
