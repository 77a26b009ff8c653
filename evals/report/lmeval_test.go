package report

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tilgate/evals"
)

func readJSON(t *testing.T, path string) map[string]any {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var v map[string]any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// at follows keys into JSON.
func at(v any, keys ...string) any {
	for _, k := range keys {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[k]
	}
	return v
}

func TestLMEvalGroups(t *testing.T) {
	dir := t.TempDir()
	if err := LMEval(dir, smallRun(), nil); err != nil {
		t.Fatal(err)
	}
	v := readJSON(t, filepath.Join(dir, base, "results.json"))
	task := "namuna_сандар_ky"
	for _, tt := range []struct {
		keys []string
		want any
	}{
		{[]string{"tilgate_version"}, "0.9.0"},
		{[]string{"lm_eval_version"}, nil}, // it did not run
		{[]string{"results", task, "acc,none"}, 0.4},
		{[]string{"results", task, "acc_stderr,none"}, 0.02},
		{[]string{"results", task, "alias"}, task},
		{[]string{"results", task + "_plain", "acc,none"}, 0.30000000000000004},
		{[]string{"results", task + "_step_by_step", "acc,none"}, 0.5},
		{[]string{"results", "namuna_翻译_news_1_km", "chrfpp,none"}, 40.0}, // sacreBLEU's scale
		{[]string{"results", "namuna_翻译_news_1_km", "chrfpp_stderr,none"}, "N/A"},
		{[]string{"groups", task, "acc,none"}, 0.4},
		{[]string{"groups", "namuna_اختبار_ar"}, nil},
		{[]string{"higher_is_better", task, "unread"}, false},
		{[]string{"higher_is_better", task, "acc"}, true},
		{[]string{"n-shot", task + "_plain"}, 3.0},
		{[]string{"n-samples", task + "_plain", "effective"}, 1250.0},
		{[]string{"versions", task}, "1.0"},
		{[]string{"config", "model_args", "model"}, base},
		{[]string{"config", "random_seed"}, 42.0},
		{[]string{"configs", task + "_plain", "metadata", "licence"}, "CC0-1.0"},
		{[]string{"date"}, 1776148200.0},
	} {
		if got := at(v, tt.keys...); got != tt.want {
			t.Errorf("%s is %v, want %v", strings.Join(tt.keys, " "), got, tt.want)
		}
	}
	parts, _ := json.Marshal(at(v, "group_subtasks", task))
	if want := `["namuna_сандар_ky_plain","namuna_сандар_ky_step_by_step"]`; string(parts) != want {
		t.Errorf("the group has %s, want %s", parts, want)
	}
}

func TestLMEvalSamples(t *testing.T) {
	dir := t.TempDir()
	r, samples, _ := sampleRun()
	samples = slices.DeleteFunc(samples, func(s evals.Sample) bool { return s.Result.Model != base })
	r.Meta.Models = []string{base}
	r.Summaries = slices.DeleteFunc(r.Summaries, func(s evals.Summary) bool { return s.Model != base })
	if err := LMEval(dir, r, samples); err != nil {
		t.Fatal(err)
	}
	v := readJSON(t, filepath.Join(dir, "results.json")) // one model, no folder
	data, err := os.ReadFile(filepath.Join(dir, "samples_namuna_copa_ky_2026-04-14T06-30-00.000000.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSpace(data), []byte("\n"))
	hashes := ""
	for i, line := range lines {
		var s map[string]any
		if err := json.Unmarshal(line, &s); err != nil {
			t.Fatal(err)
		}
		for _, key := range strings.Fields("doc_id doc target arguments resps filtered_resps filter metrics doc_hash prompt_hash target_hash") {
			if _, ok := s[key]; !ok {
				t.Errorf("sample %d has no %s", i, key)
			}
		}
		for _, m := range s["metrics"].([]any) {
			if _, ok := s[m.(string)].(float64); !ok {
				t.Errorf("sample %d has no %s", i, m)
			}
		}
		hashes += s["doc_hash"].(string) + s["prompt_hash"].(string) + s["target_hash"].(string)
	}
	if len(lines) != 4 {
		t.Errorf("%d samples, want 4", len(lines))
	}
	if got := at(v, "task_hashes", "namuna_copa_ky"); got != hash(hashes) {
		t.Errorf("task hash %v, want %s", got, hash(hashes))
	}
}

// The digest is what Python makes of the same item:
// sha256(json.dumps(doc, indent=2, ensure_ascii=False)).
func TestDocHash(t *testing.T) {
	item := evals.Item{ID: "1", Text: "<b>Ооба</b> & \u2028\"жок\" \\u2028", Gold: evals.Texts{"A"}}
	s, err := newLMSample(0, evals.Sample{Case: evals.Case{Task: &evals.Task{}, Item: &item}})
	if err != nil {
		t.Fatal(err)
	}
	if want := "8b4ed81258d6e67f7d3a9a43f012240373e321e48a87174b54a7dae11c78af64"; s.DocHash != want {
		t.Errorf("doc_hash = %s, want %s", s.DocHash, want)
	}
}

func TestLogLikelihoodSample(t *testing.T) {
	item := evals.Item{ID: "1", Text: "2 + 2?", Choices: []string{"3", "4"}, Gold: evals.Texts{"B"}}
	c := evals.Case{Task: &evals.Task{LogLik: true}, Item: &item, Turns: []evals.Turn{{Role: "user", Text: "2 + 2?"}}, Continuations: []string{"3", "4"}}
	s, err := newLMSample(0, evals.Sample{Case: c, Result: evals.Result{Answer: evals.Answer{LogLiks: []float64{-2.5, -0.5}}}})
	if err != nil {
		t.Fatal(err)
	}
	got, _ := json.Marshal([]any{s.Arguments, s.Resps, s.Filtered})
	want := `[{"gen_args_0":{"arg_0":"2 + 2?","arg_1":"3"},"gen_args_1":{"arg_0":"2 + 2?","arg_1":"4"}},` +
		`[[["-2.5","None"]],[["-0.5","None"]]],[["-2.5","None"],["-0.5","None"]]]`
	if string(got) != want {
		t.Errorf("requests and answers are\n%s, want\n%s", got, want)
	}
}

func TestNames(t *testing.T) {
	for _, tt := range []struct{ model, want string }{
		{"meta/llama-3.1", "meta__llama-3.1"},
		{`C:\models\x?`, "C__models__x__"},
		{"../..", "..__.."},
		{"..", "model__"},
		{"", "model"},
		{"a\nb\x00", "a__b__"},
		{"тилгейт:үчүнчү", "тилгейт__үчүнчү"},
	} {
		if got := fileName(tt.model); got != tt.want {
			t.Errorf("fileName(%q) = %q, want %q", tt.model, got, tt.want)
		}
	}
	if got := len(fileName(strings.Repeat("ы", 400))); got > 200 {
		t.Errorf("the name of a folder has %d bytes", got)
	}
	number := unlike(map[string]bool{})
	for _, tt := range []struct{ name, want string }{{"a_b", "a_b"}, {"A_b", "A_b_2"}, {"a_b", "a_b_3"}} {
		if got := number(tt.name); got != tt.want {
			t.Errorf("%q is numbered %q, want %q", tt.name, got, tt.want)
		}
	}
}
