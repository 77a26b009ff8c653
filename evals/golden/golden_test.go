package golden

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// Rows worked out by hand.
const rowsByHand = `{"type":"meta","tool":"a pencil"}
{"type":"sentence","id":"ky-1","lang":"ky","hyp":"Үй чоң.","refs":["Үй чоң."],"chrf":{"score":100},"chrfpp":{"score":100},"ter":{"score":0,"num_edits":0,"ref_length":2},"tok_13a":"Үй чоң ."}
{"type":"sentence","id":"ky-2","lang":"ky","hyp":"","refs":["Үй чоң."],"bleu_13a":{"score":0,"counts":[0,0,0,0],"bp":0,"sys_len":0,"ref_len":3},"ter":{"score":100}}
{"type":"corpus","id":"corpus/ky/ref0","members":["ky-1"],"nrefs":1,"bleu_char":{"score":100,"precisions":[100,100,100,100]}}
{"id":"q1","lang":"ar","prediction":"البيت","golds":["بيت"],"squad":{"em":0,"f1":0,"norm_pred":"البيت"},"mlqa":{"em":1,"f1":1,"norm_pred":"بيت"}}
{"type":"corpus","lang":"ar","n":1,"mlqa":{"em":100,"f1":100}}
{"type":"mcnemar","b":0,"c":0,"p_exact":1,"chi2":0}
{"type":"proportion","k":0,"n":1,"ci":{"0.95":{"clopper_pearson":[0,0.975]}},"lm_eval_stderr":null}
{"type":"clustered_se","values":[1,0],"clusters":[0,1],"mean":0.5,"se_plain":0.5}
{"type":"multiple_testing","p":[0.01,0.04],"holm":[0.02,0.04],"bh":[0.02,0.04]}
{"type":"mcq_loglik","choices":["аб","в"],"loglik":[-3,-2],"gold":1,"char_len":[2,1],"byte_len":[4,2],"pred":1,"pred_norm":0,"pred_bytes":0}
{"type":"classification","gold":[0,1],"pred":[0,-1],"labels":[0,1],"accuracy":0.5,"unanswered":1,"f1_per_label":[1,0]}
{"id":"r1","lang":"ky","hyp":"бала барды","refs":["бала келди"],"google":{"rouge1":0},"word":{"rouge1":0.5,"rouge2":0,"rougeL":0.5},"char":{}}
`

func TestByHand(t *testing.T) {
	r, err := Verify([]string{write(t, "rows.jsonl", "\ufeff"+strings.ReplaceAll(rowsByHand, "\n", "\r\n"))})
	if err != nil {
		t.Fatal(err)
	}
	agree := 0
	for _, m := range r.Metrics {
		agree += m.Agree
		for _, d := range m.First {
			t.Errorf("%s: %+v", m.Name, d)
		}
	}
	if agree != 55 || len(r.NotChecked) != 0 {
		t.Errorf("%d values agree; not checked: %v", agree, r.NotChecked)
	}
}

func TestRanking(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"golden.json":  `{"per_query":{"q":{"ndcg_cut_10":0.6309297535714575,"recall_1":0,"recip_rank":0.5,"map":0.5,"P_5":0.2,"success_1":0,"num_ret":2}}}`,
		"golden.qrels": "q 0 a 1\nq 0 b 0\n",
		"golden.run":   "q Q0 b 1 2.0 x\nq Q0 a 2 1.0 x\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	r, err := Verify([]string{dir})
	if err != nil || r.Differ() != 0 || len(r.Metrics) != 6 || r.NotChecked["ranking.num_ret"] != 1 {
		t.Errorf("%+v, %v", r, err)
	}
}

// A pair of models: the verdict needs evidence.
func TestPair(t *testing.T) {
	var b strings.Builder
	for i := range 300 {
		base, adapter := "B", "A"
		if i < 100 {
			base = "A"
		}
		if i%10 == 0 {
			adapter = ""
		}
		b.WriteString(`{"type":"item","id":"` + string(rune('a'+i%26)) + `","gold":"A","pred":{"b":"` + base + `","a":"` + adapter + `"}}` + "\n")
	}
	items := b.String()
	r, err := Verify([]string{write(t, "ab.jsonl", items+`{"type":"ab_pair","base":"b","adapter":"a","n":300,"acc_adapter":0.9,"unextracted_adapter":30,"verdict":"promote","mcnemar":{"b":10,"c":180}}`)})
	if err != nil || r.Differ() != 0 {
		t.Errorf("better: %+v, %v", r.Metrics, err)
	}
	r, err = Verify([]string{write(t, "ab.jsonl", items+`{"type":"ab_pair","base":"a","adapter":"b","verdict":"block"}`+"\n"+`{"type":"ab_pair","base":"a","adapter":"a","verdict":"no_evidence","p_unpaired":1}`)})
	if err != nil || r.Differ() != 0 {
		t.Errorf("worse and the same: %+v, %v", r.Metrics, err)
	}
}

// A value that is changed is found, with where it stands.
func TestFinds(t *testing.T) {
	path := write(t, "rows.jsonl", strings.Replace(rowsByHand, `"se_plain":0.5`, `"se_plain":0.50001`, 1))
	r, err := Verify([]string{path})
	if err != nil || r.Differ() != 1 {
		t.Fatalf("%d differ, %v", r.Differ(), err)
	}
	for _, m := range r.Metrics {
		if m.Differ > 0 && (m.Name != "clustered_se.se_plain" || m.First[0].Where != path+":9" || m.Largest < 9e-6) {
			t.Errorf("%+v", m)
		}
	}
	r, err = Verify([]string{write(t, "rows.jsonl", `{"type":"mcnemar","b":1,"c":2,"p_exact":1,"p_new":3}`)})
	if err != nil || r.NotChecked["mcnemar.p_new"] != 1 {
		t.Errorf("a value that nobody knows: %v, %v", r.NotChecked, err)
	}
}

func TestFaults(t *testing.T) {
	for name, tt := range map[string]struct{ text, says string }{
		"no JSON":      {`{"type":"meta"}` + "\n{", ":2"},
		"empty":        {"", "is empty"},
		"no shape":     {`{"a":1}`, "the fields a"},
		"NaN":          {`{"type":"mcnemar","b":NaN}`, ":1"},
		"no texts":     {`{"type":"sentence","id":"x","hyp":null,"refs":[]}`, "hyp"},
		"no member":    {`{"type":"corpus","members":["x"]}`, `"x"`},
		"no share":     {`{"type":"proportion","k":3,"n":2,"ci":{}}`, "3 of 2"},
		"lengths":      {`{"type":"clustered_se","values":[1],"clusters":[]}`, "as long"},
		"no items":     {`{"type":"ab_pair","base":"a","adapter":"b"}`, "no items"},
		"wrong type":   {`{"type":"mcnemar","b":"one"}`, ":1"},
		"no answer":    {`{"type":"item","gold":"A","pred":{}}` + "\n" + `{"type":"ab_pair","base":"a","adapter":"b"}`, `item 1 has no answer of "a"`},
		"no level":     {`{"type":"proportion","k":1,"n":2,"ci":{"2":{}}}`, "no level"},
		"texts differ": {`{"type":"paired_bs","lang":"ky","n_samples":10,"seed":1,"refs":["a"],"systems":{"base":[]},"results":{}}`, "0 texts"},
	} {
		if r, err := Verify([]string{write(t, "f.jsonl", tt.text)}); err == nil || !strings.Contains(err.Error(), tt.says) || !strings.Contains(err.Error(), "f.jsonl") {
			t.Errorf("%s: %+v, %v, want %q", name, r, err, tt.says)
		}
	}
	if _, err := Verify([]string{"nothing.jsonl"}); err == nil {
		t.Error("a file that is not there")
	}
}

// TestGolden compares everything that reference programs made.
func TestGolden(t *testing.T) {
	shared := os.Getenv("TILGATE_SHARED")
	if shared == "" {
		t.Skip("TILGATE_SHARED is not set: no golden values to compare with")
	}
	files, err := filepath.Glob(filepath.Join(shared, "golden", "*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := Verify(append(files, filepath.Join(shared, "golden", "ir")))
	if err != nil {
		t.Fatal(err)
	}
	agree := 0
	for _, m := range r.Metrics {
		agree += m.Agree
		for _, d := range m.First {
			t.Errorf("%s: %+v", m.Name, d)
		}
	}
	if agree < 9000 {
		t.Errorf("only %d values were compared", agree)
	}
	for name, n := range r.NotChecked {
		if !strings.HasPrefix(name, "rouge.") { // whose texts are not there
			t.Errorf("%s: %d values not checked", name, n)
		}
	}
}

func FuzzVerify(f *testing.F) {
	for row := range strings.Lines(rowsByHand) {
		f.Add(row)
	}
	f.Fuzz(func(t *testing.T, row string) {
		if len(row) > 2000 {
			return
		}
		_, _ = Verify([]string{write(t, "f.jsonl", row)})
	})
}
