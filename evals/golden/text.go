package golden

import (
	"fmt"
	"strings"

	"tilgate/evals/metric"
)

type mtRow struct {
	Type, ID string
	Hyp      *string
	Refs     []string
	Members  []string
	NRefs    any `json:"nrefs"`
}

var textShapes = []shape{
	{name: "mt", is: typed("meta", "signatures"), compute: signatures, inputs: "*", tolerance: within(0)},
	{name: "mt.sentence", is: typed("sentence", "hyp", "refs"), compute: sentence, tolerance: within(1e-6),
		inputs: "id lang script kind flores_index hyp refs extra"},
	{name: "mt.corpus", is: typed("corpus", "members"), compute: corpus, tolerance: within(1e-6), inputs: "id members nrefs"},
}

var textMetrics = map[string]metric.Text{
	"bleu_13a": metric.BLEU{}, "bleu_intl": metric.BLEU{Tokenizer: metric.TokIntl}, "bleu_char": metric.BLEU{Tokenizer: metric.TokChar},
	"chrf": metric.ChrF{}, "chrfpp": metric.ChrFPP, "ter": metric.TER{},
}

func signatures(*verifier, []byte) (map[string]any, error) {
	all := map[string]any{}
	for name, m := range textMetrics {
		all[name] = m.Signature(1)
	}
	return map[string]any{"signatures": all}, nil
}

// parts is a score with what it is made of, by sacreBLEU's names.
func parts(m metric.Text, sums []float64) map[string]any {
	all := map[string]any{"score": m.Score(sums)}
	switch m := m.(type) {
	case metric.BLEU:
		p := m.Parts(sums)
		all["counts"], all["totals"], all["precisions"], all["bp"], all["sys_len"], all["ref_len"] = p.Counts, p.Totals, p.Precisions, p.BP, p.HypLen, p.RefLen
	case metric.TER:
		all["num_edits"], all["ref_length"] = sums[0], sums[1]
	}
	return all
}

func sentence(v *verifier, line []byte) (map[string]any, error) {
	row, err := parse[mtRow](line)
	if err != nil {
		return nil, err
	}
	if row.Hyp == nil || len(row.Refs) == 0 {
		return nil, fmt.Errorf("hyp or refs is missing")
	}
	v.texts[row.ID] = row
	ours := map[string]any{}
	for name, m := range textMetrics {
		if b, ok := m.(metric.BLEU); ok {
			b.Effective = true
			m = b
		}
		ours[name] = parts(m, m.Count(*row.Hyp, row.Refs))
	}
	bare := strings.TrimRight(*row.Hyp, " \t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u00a0\u3000")
	ours["tok_13a"] = strings.Join(metric.Tok13a.Words(bare), " ")
	ours["tok_intl"] = strings.Join(metric.TokIntl.Words(bare), " ")
	return ours, nil
}

func corpus(v *verifier, line []byte) (map[string]any, error) {
	row, err := parse[mtRow](line)
	if err != nil {
		return nil, err
	}
	var hyps []string
	var refs [][]string
	for _, id := range row.Members {
		one, ok := v.texts[id]
		if !ok {
			return nil, fmt.Errorf("the member %q has no row before this one", id)
		}
		hyps, refs = append(hyps, *one.Hyp), append(refs, meant(row, one.Refs))
	}
	ours := map[string]any{}
	for name, m := range textMetrics {
		ours[name] = parts(m, metric.Sum(metric.Counts(m, hyps, refs)))
	}
	return ours, nil
}

// meant returns the references that a corpus is scored with: all, or the one
// whose number the corpus has in its name.
func meant(row mtRow, refs []string) []string {
	if n, ok := row.NRefs.(float64); !ok || n != 1 {
		return refs
	}
	at := 0
	if _, err := fmt.Sscanf(row.ID[strings.LastIndex(row.ID, "/")+1:], "ref%d", &at); err != nil || at >= len(refs) {
		at = 0
	}
	return refs[at : at+1]
}
