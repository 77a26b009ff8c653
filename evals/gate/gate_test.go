package gate

import (
	"strings"
	"testing"

	"tilgate/evals"
	"tilgate/internal/verdict"
)

// Published fine-tunes on 1,812 Uzbek questions, and what else there can be.
func TestDecide(t *testing.T) {
	for _, tt := range []struct {
		name     string
		n        int
		delta, p float64
		want     verdict.Decision
	}{
		{"Mistral-7B, .323 to .423", 1812, .0993, 9.2e-11, verdict.Promote},
		{"Llama-3.1-8B, .377 to .279", 1812, -.098, 7e-11, verdict.Block},
		{"Llama-3.2-3B, .270 to .285", 1812, .0149, .316, verdict.NoEvidence},
		{"Mistral-Nemo, .408 to .378", 1812, -.030, .042, verdict.Block},
		{"itself", 1812, 0, 1, verdict.NoEvidence},
		{"too few", 199, .2, 1e-9, verdict.NoEvidence},
		{"too little", 100000, .009, 1e-9, verdict.NoEvidence},
		{"just enough", 200, .01, .05, verdict.Promote},
		{"no number", 1812, .1, nan(), verdict.NoEvidence},
		{"no difference that is a number", 1812, nan(), .001, verdict.NoEvidence},
	} {
		if got := (Rule{}).Decide(tt.n, tt.delta, tt.p); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	if got := (Rule{Alpha: .01, MinEffect: .05, MinN: 10}).Decide(20, .06, .005); got != verdict.Promote {
		t.Errorf("another rule: %s", got)
	}
}

func nan() float64 { var zero float64; return zero / zero }

func pair(tag, task, metric string, delta, holm float64) evals.Pair {
	return evals.Pair{Base: "base", System: "adapter", Lang: "ky", Task: task, Metric: metric, N: 300, Delta: delta, P: holm, Holm: holm}
}

func TestJudge(t *testing.T) {
	fidelity := func(task string, share float64) evals.Summary {
		return evals.Summary{Model: "adapter", Task: task, Metric: "lang_ok", N: 100, Value: share}
	}
	for name, tt := range map[string]struct {
		pairs     []evals.Pair
		summaries []evals.Summary
		want      verdict.Decision
		because   string
	}{
		"better":                     {[]evals.Pair{pair("ky", "a", "acc", .1, .001)}, nil, verdict.Promote, "a acc"},
		"chrF++ has another scale":   {[]evals.Pair{pair("ky", "a", "chrfpp", .9, .001)}, nil, verdict.NoEvidence, "a chrfpp"},
		"better by a point of it":    {[]evals.Pair{pair("ky", "a", "chrfpp", 1.2, .001)}, nil, verdict.Promote, "a chrfpp"},
		"worse on one":               {[]evals.Pair{pair("ky", "a", "acc", .1, .001), pair("ky", "b", "acc", -.1, .001)}, nil, verdict.Block, "b acc"},
		"better on one, none on two": {[]evals.Pair{pair("ky", "a", "acc", .1, .001), pair("ky", "b", "acc", -.1, .2)}, nil, verdict.Promote, "a acc"},
		"in the wrong language":      {[]evals.Pair{pair("ky", "a", "acc", .1, .001)}, []evals.Summary{fidelity("a", .85)}, verdict.Block, "only 85 %"},
		"in the right one":           {[]evals.Pair{pair("ky", "a", "acc", .1, .001)}, []evals.Summary{fidelity("a", .97)}, verdict.Promote, "a acc"},
	} {
		got := (Rule{}).Judge(evals.Report{Pairs: tt.pairs, Summaries: tt.summaries}, map[string]int{"a": 7})
		if len(got) != 1 || got[0].Decision != tt.want || !strings.Contains(got[0].Because, tt.because) || got[0].Tests[0].Overlap != 7 {
			t.Errorf("%s: %+v, want %s", name, got, tt.want)
		}
	}
}

func TestOverlap(t *testing.T) {
	const long = "Кыргыз Республикасынын жарандары баланын төрөлүшүн отуз күндүн ичинде райондук каттоо бөлүмүндө акысыз каттата алышат деп айтылат"
	look := NewOverlap()
	look.Item("ky", "whole", long)
	look.Item("ky", "short", "Борбор шаарыбыз кайсы шаар болот")
	look.Item("ky", "too short", "Канча болот?")
	look.Item("ky", "other", "Суунун баасы айылдарда быйыл жазда кайрадан кымбаттаганын көпчүлүк угуп калган окшойт деп айтышууда")
	look.Item("th", "thai", "ประชาชนทุกคนสามารถยื่นคำร้องขอแจ้งเกิดบุตรได้ภายในสามสิบวันโดยไม่เสียค่าใช้จ่าย")
	train := `{"messages":[{"content":"Китепте: кыргыз республикасынын жарандары баланын төрөлүшүн отуз күндүн ичинде райондук каттоо бөлүмүндө акысыз каттата алышат экен."}]}` + "\n" +
		"Борбор шаарыбыз, кайсы шаар болот?\n"
	if err := look.Lines("ky", strings.NewReader(train)); err != nil {
		t.Fatal(err)
	}
	look.Text("th", "ในคู่มือเขียนว่า ประชาชนทุกคนสามารถยื่นคำร้องขอแจ้งเกิดบุตรได้ภายในสามสิบวันโดยไม่เสียค่าใช้จ่าย ครับ")
	if got := strings.Join(look.Found(), ", "); got != "short, thai, whole" || look.Short() != 1 {
		t.Errorf("found %s; %d too short", got, look.Short())
	}
}

func FuzzLines(f *testing.F) {
	f.Add("{\"a\":[\"текст\",{}]}\nтекст")
	f.Fuzz(func(t *testing.T, text string) {
		look := NewOverlap()
		look.Item("ky", "1", text)
		_ = look.Lines("ky", strings.NewReader(text))
	})
}
