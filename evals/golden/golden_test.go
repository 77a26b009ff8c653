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
{"type":"meta","signatures":{"ter":"nrefs:1|case:lc|tok:tercom|norm:no|punct:yes|asian:no|version:2.6.0"}}
{"type":"sentence","id":"ky-1","lang":"ky","hyp":"Үй чоң.","refs":["Үй чоң."],"chrf":{"score":100},"chrfpp":{"score":100},"ter":{"score":0,"num_edits":0,"ref_length":2},"tok_13a":"Үй чоң ."}
{"type":"sentence","id":"ky-2","lang":"ky","hyp":"","refs":["Үй чоң."],"bleu_13a":{"score":0,"counts":[0,0,0,0],"bp":0,"sys_len":0,"ref_len":3},"ter":{"score":100},"extra":{"bleu_addk":{"score":0,"totals":[0,0,0,0]},"ter_nopunct_cs":{"num_edits":2,"ref_length":2}}}
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
	for _, m := range r.Metrics {
		for _, d := range m.First {
			t.Errorf("%s: %+v", m.Name, d)
		}
	}
	if r.Agree() != 63 || len(r.NotChecked) != 0 {
		t.Errorf("%d values agree; not checked: %v", r.Agree(), r.NotChecked)
	}
}

// folder writes files that stand beside each other.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestRanking(t *testing.T) {
	const qrels, run = "q 0 a 1\nq 0 b 0\nr 0 a 1\n", "q Q0 b 1 2.0 x\nq Q0 a 2 1.0 x\nr Q0 a 1 1.0 x\n"
	dir := folder(t, map[string]string{
		"golden.json": `{
 "meta": "by hand",
 "all": {"recip_rank": 0.75},
 "per_query": {
  "q": {"ndcg_cut_10":0.6309297535714575,"recall_1":0,"recip_rank":0.5,"map":0.5,"P_5":0.2,"success_1":0,"num_ret":2},
  "r": {
   "recip_rank": 1,
   "P_1": 0.5
  }
 },
 "new": 1
}`,
		"golden.qrels": qrels, "golden.run": run,
	})
	r, err := Verify([]string{dir})
	if err != nil || r.Differ() != 1 || r.Agree() != 8 || r.NotChecked["ranking.num_ret"] != 1 || r.NotChecked["ranking.new"] != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	for _, m := range r.Metrics {
		if m.Name == "ranking.P_1" && m.First[0].Where != filepath.Join(dir, "golden.json")+":8 per_query r" {
			t.Errorf("%+v", m)
		}
	}
	for name, tt := range map[string]struct{ golden, qrels, run, says string }{
		"NaN":         {"{\n\"per_query\": {\"q\": {\"map\": NaN}}}", qrels, run, "golden.json:2: "},
		"cut off":     {"{\n\"per_query\": {", qrels, run, "golden.json:2: "},
		"no question": {`{"per_query":{}}`, qrels, run, "without values"},
		"no ranking":  {"{\n\"a\": 1}", qrels, run, "without values"},
		"a list":      {`{"per_query":{"q":{"map":[1]}}}`, qrels, run, "golden.json:1: a list"},
		"qrels":       {`{"per_query":{"q":{"map":1}}}`, "q 0 a high", run, "golden.qrels:1: "},
		"columns":     {`{"per_query":{"q":{"map":1}}}`, qrels, "q Q0 a", "golden.run:1: 3 columns"},
		"no score":    {`{"per_query":{"q":{"map":1}}}`, qrels, "q Q0 a 1 NaN x", "golden.run:1: the score"},
	} {
		dir := folder(t, map[string]string{"golden.json": tt.golden, "golden.qrels": tt.qrels, "golden.run": tt.run})
		if _, err := Verify([]string{dir}); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want %q", name, err, tt.says)
		}
	}
	if _, err := Verify([]string{folder(t, map[string]string{"golden.json": `{"per_query":{"q":{"map":1}}}`})}); err == nil || !strings.Contains(err.Error(), "golden.qrels") {
		t.Errorf("without judgements: %v", err)
	}
}

// ROUGE is about the texts of another file, named before or after it or
// lying beside it; if one text is not there, they are not the texts meant.
func TestRouge(t *testing.T) {
	const (
		texts = `{"type":"sentence","id":"a","hyp":"бала барды","refs":["бала келди"]}` + "\n"
		known = `{"id":"a","google":{"rouge1":0,"rouge2":0,"rougeL":0},"word":{"rouge1":0.5,"rouge2":0,"rougeL":0.5},"char":{"rouge1":0.5555555555555556}}` + "\n"
		other = `{"id":"b","google":{},"word":{"rouge1":0.1,"rougeL":0.2},"char":{}}` + "\n"
	)
	beside := folder(t, map[string]string{"x.jsonl": known, "y.jsonl": texts})
	apart := write(t, "texts.jsonl", texts)
	for name, files := range map[string][]string{
		"beside": {filepath.Join(beside, "x.jsonl")},
		"named":  {write(t, "rouge.jsonl", known), apart},
	} {
		if r, err := Verify(files); err != nil || r.Agree() != 7 || r.Differ() != 0 || len(r.NotChecked) != 0 {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	r, err := Verify([]string{apart, write(t, "rouge.jsonl", known+other)})
	if err != nil || r.Agree() != 0 || r.NotChecked["rouge.word.rouge1"] != 2 || len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "b is not among them") {
		t.Errorf("other texts: %+v, %v", r, err)
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
		if m.Differ > 0 && (m.Name != "clustered_se.se_plain" || m.First[0].Where != path+":10" || m.Largest < 9e-6) {
			t.Errorf("%+v", m)
		}
	}
	r, err = Verify([]string{write(t, "rows.jsonl", `{"type":"mcnemar","b":1,"c":2,"p_exact":1,"p_new":[3,{"x":4}]}`)})
	if err != nil || r.NotChecked["mcnemar.p_new"] != 1 || r.NotChecked["mcnemar.p_new.x"] != 1 {
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
		"no input":     {`{"type":"mcnemar","p_exact":1}`, ":1: the field b is missing"},
		"null":         {`{"type":"multiple_testing","p":[0.1,null],"holm":[0.1]}`, ":1: p: a value is null"},
		"no object":    {`[1]`, ":1: the row: array stands where"},
		"no seed":      {`{"type":"paired_bs","lang":"x","n_samples":5,"seed":-1,"refs":["a"],"systems":{"base":["a"]},"results":{}}`, ":1: seed: number -1 stands where"},
		"null text":    {`{"type":"paired_bs","lang":"x","n_samples":5,"seed":1,"refs":["a"],"systems":{"base":[null]},"results":{}}`, ":1: systems: a value is null"},
		"no UTF-8":     {"{\"type\":\"mcnemar\",\"b\":1,\"c\":1,\"\xff\":1}", ":1: the row is not UTF-8"},
		"blank":        {" \n\r\n", "is empty"},
		"two rows":     {`{"type":"mcnemar","b":1,"c":1} {"type":"mcnemar","b":1,"c":1}`, ":1: "},
		"no number":    {`{"type":"mcnemar","b":1.5,"c":1}`, ":1: "},
		"negative":     {`{"type":"mcnemar","b":-1,"c":1}`, "b is -1"},
		"too many":     {`{"type":"proportion","k":1,"n":2000000000,"ci":{}}`, "2000000000"},
		"no members":   {`{"type":"corpus","members":[]}`, "members is empty"},
		"no rows":      {`{"type":"corpus","lang":"ky","n":1}`, "no row before"},
		"no texts yet": {`{"type":"bootstrap_ci","lang":"ky","n_bootstrap":10,"seed":1}`, "no row before"},
		"draws":        {`{"type":"paired_bs","lang":"ky","n_samples":1000000000,"seed":1,"refs":["a"],"systems":{"base":["a"]},"results":{}}`, "1000000000 resamples"},
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
	for _, m := range r.Metrics {
		for _, d := range m.First {
			t.Errorf("%s: %+v", m.Name, d)
		}
	}
	if r.Agree() < 11000 {
		t.Errorf("only %d values were compared", r.Agree())
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
