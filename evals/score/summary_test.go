package score

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"tilgate/evals"
)

// exam is answers of two models to n items, in some prompts: the base is right
// on every third, the system on every second.
func exam(n int, prompts ...string) []evals.Sample {
	task := &evals.Task{Suite: "s", Name: "mc", Lang: "ky", Kind: evals.MultipleChoice}
	var samples []evals.Sample
	for m, every := range map[string]int{"base": 3, "system": 2} {
		for _, p := range prompts {
			for i := range n {
				c := evals.Case{Task: task, Prompt: p, Item: &evals.Item{ID: fmt.Sprint(i)}}
				samples = append(samples, evals.Sample{Case: c, Result: evals.Result{Model: m, Scores: map[string]float64{"acc": share(i%every == 0)}}})
			}
		}
	}
	return samples
}

func find(t *testing.T, all []evals.Summary, model, prompt, metric string) evals.Summary {
	t.Helper()
	for _, s := range all {
		if s.Model == model && s.Prompt == prompt && s.Metric == metric {
			return s
		}
	}
	t.Fatalf("no %s of %s in %q", metric, model, prompt)
	return evals.Summary{}
}

func TestSummarise(t *testing.T) {
	models := []string{"base", "system"}
	one := Summarise(models, exam(300, "p"))
	s := find(t, one, "system", "", "acc")
	if !s.Main || s.N != 300 || s.Value != .5 || math.Abs(s.Low-.4437) > .0005 || math.Abs(s.High-.5563) > .0005 {
		t.Errorf("one prompt: %+v", s)
	}
	// The same answers in three prompts are not three times the evidence.
	three := Summarise(models, exam(300, "p", "q", "r"))
	t3 := find(t, three, "system", "", "acc")
	if t3.N != 900 || math.Abs(t3.StdErr-s.StdErr) > .0005 || t3.Lowest != .5 || t3.Highest != .5 {
		t.Errorf("three prompts: stderr %v of n %d, one prompt has %v", t3.StdErr, t3.N, s.StdErr)
	}
	find(t, three, "base", "q", "acc")
	failed := exam(300, "p")
	failed[0].Result.Error = "gone"
	if s := find(t, Summarise([]string{failed[0].Result.Model}, failed), failed[0].Result.Model, "", "acc"); s.N != 299 {
		t.Errorf("an answer that is not there counts: n %d", s.N)
	}
	forced := exam(10, "p")
	for i := range forced {
		forced[i].Result.Answer = evals.Answer{LogLiks: []float64{-1, -2}, Forced: true}
	}
	if s := find(t, Summarise(models, forced), "base", "", "acc"); s.Signature != "loglik:forced" {
		t.Errorf("forced continuations are not marked: %q", s.Signature)
	}
	if got := Summarise(models, nil); got != nil {
		t.Errorf("nothing: %v", got)
	}
}

// A corpus is not surer of itself for being translated twice in the same way.
func TestCorpusInPrompts(t *testing.T) {
	task := &evals.Task{Suite: "s", Name: "mt", Lang: "ky", Kind: evals.Translation}
	made := func(prompts ...string) (samples []evals.Sample) {
		for _, p := range prompts {
			for i := range 60 {
				c := evals.Case{Task: task, Prompt: p, Item: &evals.Item{ID: fmt.Sprint(i), Text: "?", Gold: evals.Texts{"Суу таза жана муздак болду."}}}
				r := evals.Result{Model: "m", Answer: evals.Answer{Text: "Суу таза " + strings.Repeat("болду ", i%5)}}
				if err := (Scorer{}).Score(t.Context(), c, &r); err != nil {
					t.Fatal(err)
				}
				samples = append(samples, evals.Sample{Case: c, Result: r})
			}
		}
		return samples
	}
	one := find(t, Summarise([]string{"m"}, made("p")), "m", "", "chrfpp")
	two := find(t, Summarise([]string{"m"}, made("p", "q")), "m", "", "chrfpp")
	if math.Abs(one.Value-two.Value) > 1e-9 || math.Abs(one.StdErr-two.StdErr) > 1e-9 || one.N != 60 || two.N != 120 {
		t.Errorf("in one prompt %+v, in two %+v", one, two)
	}
}

// Items on the same passage are one piece of evidence.
func TestPairsClustered(t *testing.T) {
	samples := exam(300, "p")
	alone := Pairs([]string{"base", "system"}, samples)[0]
	for _, s := range samples {
		n, _ := strconv.Atoi(s.Case.Item.ID)
		s.Case.Item.Cluster = fmt.Sprint(n / 30)
	}
	clustered := Pairs([]string{"base", "system"}, samples)[0]
	if clustered.Test != Bootstrap || clustered.N != 300 || math.Abs(clustered.Delta-alone.Delta) > 1e-12 {
		t.Errorf("%+v, alone %+v", clustered, alone)
	}
}

func TestPairs(t *testing.T) {
	models := []string{"base", "system"}
	one := Pairs(models, exam(300, "p"))
	if len(one) != 1 {
		t.Fatalf("%+v", one)
	}
	// 100 right by the base alone or both; the system alone 100 of 300, the base alone 50.
	p := one[0]
	if p.Test != McNemar || p.N != 300 || math.Abs(p.Delta-1./6) > 1e-12 || p.P > 1e-3 || p.Low > p.Delta || p.High < p.Delta || p.Holm != p.P {
		t.Errorf("%+v", p)
	}
	three := Pairs(models, exam(300, "p", "q", "r"))[0]
	if three.Test != Bootstrap || three.N != 300 || math.Abs(three.Delta-p.Delta) > 1e-12 {
		t.Errorf("several prompts: %+v", three)
	}
	same := exam(300, "p")
	for i := range same {
		same[i].Result.Scores["acc"] = 1
	}
	if p := Pairs(models, same)[0]; p.P != 1 || p.Delta != 0 {
		t.Errorf("the same: %+v", p)
	}
	if Pairs([]string{"base"}, same) != nil {
		t.Error("one model is compared with itself")
	}
}
