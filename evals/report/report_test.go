package report

import (
	"flag"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tilgate/evals"
	"tilgate/internal/lang"
)

var update = flag.Bool("update", false, "rewrite testdata")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s, want -, got +:\n%s", path, diff)
	}
}

// smallRun has names in several scripts, several prompts, and what cannot be said.
func smallRun() evals.Report {
	r := evals.Report{Meta: sampleMeta(3), Failed: 7}
	r.Meta.Models = []string{base, "កម្មវិធី-សម្រួល", "模型-七"}
	for _, task := range []struct {
		id   string
		kind evals.Kind
		tag  lang.Tag
		main string
	}{
		{"namuna/сандар/ky", evals.Number, "ky", "acc"},
		{"namuna/اختبار/ar", evals.MultipleChoice, "ar", "acc"},
		{"namuna/翻译|news_1/km", evals.Translation, "km", "chrfpp"},
	} {
		for i, model := range r.Meta.Models {
			v := 0.4 + float64(i)/10
			s := evals.Summary{Model: model, Task: task.id, Suite: "namuna", Kind: task.kind, Lang: task.tag, Metric: task.main, Main: true, N: 1250, Value: v, StdErr: 0.02, Low: v - 0.04, High: v + 0.04}
			if task.main == "chrfpp" {
				s.Value, s.StdErr, s.Low, s.High, s.Signature = 100*v, -1, -1, -1, "nrefs:1|case:mixed|eff:yes|nc:6|nw:2|space:no|version:tilgate.0.9.0"
			}
			okay := s
			okay.Metric, okay.Main, okay.Value, okay.Signature = "lang_ok", false, 0.97, ""
			r.Summaries = append(r.Summaries, okay, s)
			if task.kind == evals.Number {
				unread := okay
				unread.Metric, unread.Value = "unread", 0.012
				one, two := s, s
				one.Prompt, two.Prompt, one.Value, two.Value = "plain", "step by step", v-0.1, v+0.1
				r.Summaries = append(r.Summaries, unread, one, two)
			}
		}
	}
	r.Pairs = []evals.Pair{
		{Base: base, System: "模型-七", Task: "namuna/اختبار/ar", Lang: "ar", Metric: "acc", N: 1250, BaseIs: .4, SystemIs: .6, Delta: .2, Low: .15, High: .25, P: 1e-9, Holm: 2e-9, Test: "mcnemar_exact"},
		{Base: base, System: "模型-七", Task: "namuna/翻译|news_1/km", Lang: "km", Metric: "chrfpp", N: 1250, BaseIs: 40, SystemIs: 39.2, Delta: -.8, Low: -2.1, High: .5, P: .231, Holm: .231, Test: "paired_bootstrap"},
	}
	return r
}

func TestTable(t *testing.T) {
	var b strings.Builder
	if err := Table(&b, smallRun()); err != nil {
		t.Fatal(err)
	}
	golden(t, "table.txt", b.String())
}

func TestTableOfPairsAlone(t *testing.T) {
	var b strings.Builder
	if err := Table(&b, evals.Report{Pairs: smallRun().Pairs}); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Split(b.String(), "\n"); len(lines) != 5 || !strings.HasPrefix(lines[0], "Task") { // head, rule, two pairs, end
		t.Errorf("a table of two pairs is\n%s", b.String())
	}
}

func TestMarkdown(t *testing.T) {
	var b strings.Builder
	if err := Markdown(&b, smallRun()); err != nil {
		t.Fatal(err)
	}
	golden(t, "report.md", b.String())
}

func TestEveryMetricIsKnown(t *testing.T) {
	keys := strings.Fields(`acc acc_norm acc_bytes macro_f1 unread chrfpp chrf bleu ter em f1 rouge_l lang_ok script_ok switched
		refused_right refused_wrong cite_precision cite_recall grounded grounded_judge rubric ndcg@10 mrr@10 recall@10 map
		ttft tokens_per_s tokens_per_char chars contains safe`)
	lower := strings.Fields("ter unread switched refused_wrong ttft tokens_per_char")
	for _, key := range keys {
		m := metricOf(key)
		if m.About == "" || m.Name == "" {
			t.Errorf("nobody knows what %s is", key)
		}
		if got, want := m.Way() == "lower is better", slices.Contains(lower, key); got != want {
			t.Errorf("of %s lower is better: %t, want %t", key, got, want)
		}
	}
	if len(metrics) != len(keys) {
		t.Errorf("%d metrics in the table, want %d", len(metrics), len(keys))
	}
}

func TestShow(t *testing.T) {
	for _, tt := range []struct {
		metric string
		value  float64
		want   string
		signed string
	}{
		{"acc", 0.5625, "56.2", "+56.2"},
		{"acc", -0.0421, "-4.2", "-4.2"},
		{"acc", -0.0001, "0.0", "0.0"}, // not -0.0
		{"chrfpp", 48.26, "48.3", "+48.3"},
		{"ndcg@10", 0.3831, "0.383", "+0.383"},
		{"ttft", 0.2, "0.20", "+0.20"},
		{"chars", 311.7, "312", "+312"},
		{"acc", math.NaN(), "–", "–"},
		{"our_own", 0.5, "0.500", "+0.500"},
	} {
		m := metricOf(tt.metric)
		if got := m.show(tt.value); got != tt.want {
			t.Errorf("%s %v is shown as %q, want %q", tt.metric, tt.value, got, tt.want)
		}
		if got := m.signed(tt.value); got != tt.signed {
			t.Errorf("a difference in %s of %v is shown as %q, want %q", tt.metric, tt.value, got, tt.signed)
		}
	}
}

func TestVerdictOf(t *testing.T) {
	for _, tt := range []struct {
		metric      string
		delta, holm float64
		want        verdict
	}{
		{"acc", 0.04, 0.01, better},
		{"acc", -0.04, 0.01, worse},
		{"acc", 0.04, 0.05, noEvidence},
		{"ter", -3, 0.01, better}, // fewer edits
		{"ter", 3, 0.01, worse},
		{"acc", 0, 0, noEvidence},
		{"acc", 0.04, math.NaN(), noEvidence},
		{"acc", math.NaN(), 0.01, noEvidence},
		{"acc", 0.04, -1, noEvidence},
	} {
		if got := verdictOf(evals.Pair{Metric: tt.metric, Delta: tt.delta, Holm: tt.holm}); got != tt.want {
			t.Errorf("%s %+v, p %v: %s, want %s", tt.metric, tt.delta, tt.holm, got, tt.want)
		}
	}
}

func TestFit(t *testing.T) {
	for _, tt := range []struct {
		text  string
		width int
		want  string
	}{
		{"namuna/copa", 11, "namuna/copa"},
		{"namuna/copa", 7, "nam…opa"},
		{"翻译新闻测试集", 9, "翻译…试集"},
		{"សំណួរសាកល្បង", 5, "សំណួ…បង"},
	} {
		if got := fit(tt.text, tt.width); got != tt.want {
			t.Errorf("fit(%q, %d) = %q, want %q", tt.text, tt.width, got, tt.want)
		}
	}
}

func TestPieces(t *testing.T) {
	got := pieces("می\u200cشود\u202Eabc\x1b[2J\nok")
	want := []piece{{"می\u200cشود", false}, {"U+202E", true}, {"abc", false}, {"U+001B", true}, {"[2J\nok", false}}
	if !slices.Equal(got, want) {
		t.Errorf("pieces = %v, want %v", got, want)
	}
}

func TestNewScale(t *testing.T) {
	for _, tt := range []struct {
		lo, hi, least, most float64
		n                   int
		want                []float64
	}{
		{31, 62, 0, 100, 4, []float64{30, 40, 50, 60, 70}},
		{-3, 4, -1e9, 1e9, 4, []float64{-4, -2, 0, 2, 4}},
		{93, 99.9, 0, 100, 4, []float64{92, 94, 96, 98, 100}},
		{50, 50, 0, 100, 2, []float64{45, 50, 55}},
	} {
		s := newScale(tt.lo, tt.hi, tt.least, tt.most, tt.n)
		if !reflect.DeepEqual(s.ticks, tt.want) {
			t.Errorf("newScale(%v, %v) has ticks %v, want %v", tt.lo, tt.hi, s.ticks, tt.want)
		}
	}
}

func TestFailure(t *testing.T) {
	for _, tt := range []struct {
		kind   evals.Kind
		scores map[string]float64
		err    string
		want   string
	}{
		{evals.MultipleChoice, map[string]float64{"acc": 1, "unread": 0, "lang_ok": 1}, "", ""},
		{evals.MultipleChoice, map[string]float64{"acc": 0, "unread": 0}, "", "wrong choice"},
		{evals.MultipleChoice, map[string]float64{"acc": 0, "unread": 1}, "", "unreadable"},
		{evals.MultipleChoice, map[string]float64{"acc": 1, "lang_ok": 0}, "", "wrong language"},
		{evals.RAG, map[string]float64{"f1": 0.8, "grounded": 0.2}, "", "not in its sources"},
		{evals.RAG, map[string]float64{"f1": 0, "refused_wrong": 1}, "", "wrongly turned away"},
		{evals.Safety, map[string]float64{"refused_right": 0}, "", "not turned away"},
		{evals.Number, map[string]float64{"acc": 0}, "", "wrong number"},
		{evals.Reading, map[string]float64{"f1": 0.1}, "", "other than expected"},
		{evals.Translation, map[string]float64{"chrfpp": 12}, "", "far from the reference"},
		{evals.Translation, nil, "the model server is not answering", "no answer"},
	} {
		s := evals.Sample{Case: evals.Case{Task: &evals.Task{Kind: tt.kind}}, Result: evals.Result{Scores: tt.scores, Error: tt.err}}
		if got := failure(s); got != tt.want {
			t.Errorf("%s with %v failed because of %q, want %q", tt.kind, tt.scores, got, tt.want)
		}
	}
}
