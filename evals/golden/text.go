package golden

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

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
	{name: "mt", is: typed("meta", "signatures"), compute: signatures, tolerance: within(0),
		labels: "tool sentence_bleu corpus_bleu text_source seed split unicode_python tolerance note"},
	{name: "mt.sentence", is: typed("sentence", "hyp", "refs"), compute: sentence, tolerance: within(1e-6),
		inputs: "hyp refs", labels: "id lang script kind flores_index"},
	{name: "mt.corpus", is: typed("corpus", "members"), compute: corpus, tolerance: within(1e-6), inputs: "members", labels: "id nrefs"},
}

var textMetrics = map[string]metric.Text{
	"bleu_13a": metric.BLEU{}, "bleu_intl": metric.BLEU{Tokenizer: metric.TokIntl}, "bleu_char": metric.BLEU{Tokenizer: metric.TokChar},
	"chrf": metric.ChrF{}, "chrfpp": metric.ChrFPP, "ter": metric.TER{},
}

// extraMetrics are the settings that are no default, in a row's field "extra".
var extraMetrics = map[string]metric.Text{
	"bleu_lc_floor": metric.BLEU{Lower: true, Smooth: metric.SmoothFloor}, "bleu_addk": metric.BLEU{Smooth: metric.SmoothAddK},
	"bleu_nosmooth": metric.BLEU{Smooth: metric.SmoothNone},
	"chrf_lc_ws":    metric.ChrF{Lower: true, Space: true}, "chrfpp_eps": metric.ChrF{Words: 2, Epsilon: true},
	"ter_norm": metric.TER{Normalize: true, Asian: true}, "ter_nopunct_cs": metric.TER{NoPunct: true, Case: true},
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
		return nil, errors.New("hyp or refs is missing")
	}
	v.texts[row.ID] = row
	ours := one(textMetrics, *row.Hyp, row.Refs)
	ours["extra"] = one(extraMetrics, *row.Hyp, row.Refs)
	bare := strings.TrimRightFunc(*row.Hyp, func(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }) // Python's rstrip
	ours["tok_13a"] = strings.Join(metric.Tok13a.Words(bare), " ")
	ours["tok_intl"] = strings.Join(metric.TokIntl.Words(bare), " ")
	return ours, nil
}

// one scores a sentence by each of metrics.
func one(metrics map[string]metric.Text, hyp string, refs []string) map[string]any {
	all := map[string]any{}
	for name, m := range metrics {
		if b, ok := m.(metric.BLEU); ok {
			b.Effective = true
			m = b
		}
		all[name] = parts(m, m.Count(hyp, refs))
	}
	return all
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
	if len(hyps) == 0 {
		return nil, errors.New("members is empty")
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
	if _, err := fmt.Sscanf(row.ID[strings.LastIndex(row.ID, "/")+1:], "ref%d", &at); err != nil || at < 0 || at >= len(refs) {
		at = 0
	}
	return refs[at : at+1]
}
