package metric

import "testing"

func TestGoldenQA(t *testing.T) {
	type score struct {
		EM   float64
		F1   float64
		Norm string `json:"norm_pred"`
	}
	type sums map[Profile]*score
	byLang := map[string]sums{}
	n := map[string]float64{}
	golden(t, "qa.jsonl", func(line []byte) {
		if kind := parse[struct{ Type string }](t, line); kind.Type == "meta" {
			return
		}
		row := parse[struct {
			ID, Type, Lang, Prediction string
			Golds                      []string
			SQuAD                      *score
			MLQA                       *score
			MLQALMEval                 *score `json:"mlqa_lmeval"`
		}](t, line)
		wants := map[Profile]*score{SQuAD: row.SQuAD, MLQA: row.MLQA, MLQAHarness: row.MLQALMEval}
		for p, want := range wants {
			if want == nil {
				continue
			}
			if row.Type == "corpus" {
				got := byLang[row.Lang][p]
				if !near(100*got.EM/n[row.Lang], want.EM, 1e-9) || !near(100*got.F1/n[row.Lang], want.F1, 1e-9) {
					t.Errorf("%s of %s: %+v, want %+v", p, row.Lang, got, want)
				}
				continue
			}
			em, f1 := p.ExactMatch(row.Prediction, row.Golds, row.Lang), p.F1(row.Prediction, row.Golds, row.Lang)
			if norm := p.Normalize(row.Prediction, row.Lang); norm != want.Norm || em != want.EM || !near(f1, want.F1, 1e-9) {
				t.Errorf("%s of %s: %q, %v, %v, want %+v", p, row.ID, norm, em, f1, want)
			}
			if byLang[row.Lang] == nil {
				byLang[row.Lang] = sums{SQuAD: {}, MLQA: {}, MLQAHarness: {}}
			}
			byLang[row.Lang][p].EM += em
			byLang[row.Lang][p].F1 += f1
		}
		if row.Type == "" {
			n[row.Lang]++
		}
	})
}

func TestRouge(t *testing.T) {
	for _, tt := range []struct {
		words          RougeWords
		hyp, ref       string
		one, two, long float64
	}{
		{UnicodeWords, "Бала мектепке барды.", "Бала мектепке барды", 1, 1, 1},
		{UnicodeWords, "мектепке бала барды", "бала мектепке барды", 1, 0, 2.0 / 3},
		{UnicodeWords, "бала бала", "бала мектепке барды", 2 * (1.0 / 2) * (1.0 / 3) / (1.0/2 + 1.0/3), 0, 2 * (1.0 / 2) * (1.0 / 3) / (1.0/2 + 1.0/3)},
		{Google, "ကလေး ကျောင်း", "ကလေး ကျောင်း", 0, 0, 0},
		{UnicodeWords, "ကလေး ကျောင်း", "ကလေး ကျောင်း", 1, 1, 1},
		{UnicodeChars, "บ้าน", "บาน", 6.0 / 7, 2.0 / 5, 6.0 / 7},
		{Google, "The 2 cats", "the cats", 0.8, 0, 0.8},
		{UnicodeWords, "", "бала", 0, 0, 0},
	} {
		one, two, long := tt.words.RougeN(1, tt.hyp, tt.ref), tt.words.RougeN(2, tt.hyp, tt.ref), tt.words.RougeL(tt.hyp, tt.ref)
		if !near(one, tt.one, 1e-12) || !near(two, tt.two, 1e-12) || !near(long, tt.long, 1e-12) {
			t.Errorf("%q for %q in %ss: %v, %v, %v, want %v, %v, %v", tt.hyp, tt.ref, tt.words, one, two, long, tt.one, tt.two, tt.long)
		}
	}
}
