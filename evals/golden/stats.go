package golden

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"tilgate/evals/metric"
	"tilgate/evals/stats"
)

var statShapes = []shape{
	{name: "proportion", is: typed("proportion"), compute: proportion, tolerance: within(1e-9), inputs: "k n"},
	{name: "mcnemar", is: typed("mcnemar"), compute: mcnemar, tolerance: within(1e-9), inputs: "b c"},
	{name: "pooled_stderr", is: typed("pooled_stderr_lm_eval"), compute: pooled, tolerance: within(1e-9), inputs: "stderrs sizes"},
	{name: "classification", is: typed("classification"), compute: classification, tolerance: within(1e-9), inputs: "gold pred labels"},
	{name: "mcq_loglik", is: typed("mcq_loglik"), compute: choice, tolerance: within(1e-9), inputs: "choices loglik", labels: "loglik_uncond gold"},
	{name: "clustered_se", is: typed("clustered_se"), compute: clustered, tolerance: within(1e-9), inputs: "values clusters"},
	{name: "multiple_testing", is: typed("multiple_testing"), compute: multiple, tolerance: within(1e-9), inputs: "p"},
}

// most is how many items are counted one by one.
const most = 10_000_000

func proportion(_ *verifier, line []byte) (map[string]any, error) {
	row, err := parse[struct {
		K, N int
		CI   map[string]any
	}](line)
	if err != nil {
		return nil, err
	}
	if row.N < 1 || row.N > most || row.K < 0 || row.K > row.N {
		return nil, fmt.Errorf("%d of %d is no share, or one of over %d", row.K, row.N, most)
	}
	all := map[string]any{}
	for name := range row.CI {
		level, err := strconv.ParseFloat(name, 64)
		if err != nil || !(level > 0 && level < 1) {
			return nil, fmt.Errorf("ci: %q is no level such as 0.95", name)
		}
		all[name] = map[string]any{"wilson": ends(stats.Wilson(row.K, row.N, level)), "wilson_cc": ends(stats.WilsonCC(row.K, row.N, level)),
			"clopper_pearson": ends(stats.ClopperPearson(row.K, row.N, level))}
	}
	values := slices.Concat(slices.Repeat([]float64{1}, row.K), make([]float64, row.N-row.K))
	return map[string]any{"ci": all, "lm_eval_stderr": stats.StdErr(values)}, nil
}

func ends(low, high float64) []float64 { return []float64{low, high} }

func mcnemar(_ *verifier, line []byte) (map[string]any, error) {
	row, err := parse[struct{ B, C int }](line)
	if err == nil && (min(row.B, row.C) < 0 || max(row.B, row.C) > most) {
		err = fmt.Errorf("b is %d and c %d; they are from 0 to %d", row.B, row.C, most)
	}
	if err != nil {
		return nil, err
	}
	ours := discordance(stats.Discordance{OnlyBase: row.B, OnlySystem: row.C})
	delete(ours, "b") // which are given here
	delete(ours, "c")
	return ours, nil
}

func discordance(d stats.Discordance) map[string]any {
	corrected, pCorrected := d.ChiSquared(true)
	plain, pPlain := d.ChiSquared(false)
	return map[string]any{"b": d.OnlyBase, "c": d.OnlySystem, "p_exact": d.Exact(), "p_mid": d.Mid(), "chi2_cc": corrected, "p_chi2_cc": pCorrected, "chi2": plain, "p_chi2": pPlain}
}

func pooled(_ *verifier, line []byte) (map[string]any, error) {
	row, err := parse[struct {
		StdErrs []float64
		Sizes   []int
		Mean    *float64 `json:"micro_mean"`
	}](line)
	if err == nil && (len(row.StdErrs) != len(row.Sizes) || len(row.Sizes) == 0) {
		err = errors.New("stderrs and sizes are not as long as each other, or empty")
	}
	if err != nil {
		return nil, err
	}
	ours := map[string]any{"value": stats.PooledStdErr(row.StdErrs, row.Sizes)}
	if row.Mean == nil { // the harness had no means to pool, and we have none
		ours["micro_mean"] = nil
	}
	return ours, nil
}

func classification(_ *verifier, line []byte) (map[string]any, error) {
	row, err := parse[struct{ Gold, Pred, Labels []any }](line)
	if err == nil && len(row.Gold) != len(row.Pred) {
		err = errors.New("gold and pred are not as long as each other")
	}
	if err != nil {
		return nil, err
	}
	labels := said(row.Labels)
	c := metric.Classify(said(row.Gold), said(row.Pred), labels)
	var each []float64
	for _, l := range labels {
		each = append(each, c.F1[l])
	}
	return map[string]any{"accuracy": c.Accuracy, "f1_per_label": each, "macro_f1": c.Macro, "weighted_f1": c.Weighted, "unanswered": c.Unanswered}, nil
}

func said(list []any) []string {
	var out []string
	for _, v := range list {
		out = append(out, fmt.Sprint(v))
	}
	return out
}

func choice(_ *verifier, line []byte) (map[string]any, error) {
	row, err := parse[struct {
		Choices []string
		Loglik  []float64
		Alone   []float64 `json:"loglik_uncond"`
	}](line)
	if err == nil && (len(row.Choices) == 0 || len(row.Choices) != len(row.Loglik) || row.Alone != nil && len(row.Alone) != len(row.Choices)) {
		err = errors.New("choices, loglik and loglik_uncond are not as long as each other, or empty")
	}
	if err != nil {
		return nil, err
	}
	best := metric.Choose(row.Choices, row.Loglik, row.Alone)
	var chars, bytes []float64
	for _, c := range row.Choices {
		chars, bytes = append(chars, float64(len([]rune(c)))), append(bytes, float64(len(c)))
	}
	ours := map[string]any{"pred": best.Plain, "pred_norm": best.Chars, "pred_bytes": best.Bytes, "char_len": chars, "byte_len": bytes, "pred_mutual_info": nil}
	if row.Alone != nil {
		ours["pred_mutual_info"] = best.Mutual
	}
	return ours, nil
}

func clustered(_ *verifier, line []byte) (map[string]any, error) {
	row, err := parse[struct {
		Values   []float64
		Clusters []int
	}](line)
	if err == nil && (len(row.Values) != len(row.Clusters) || len(row.Values) == 0) {
		err = errors.New("values and clusters are not as long as each other, or empty")
	}
	if err != nil {
		return nil, err
	}
	sums := metric.Sum(rows(row.Values))
	return map[string]any{"mean": stats.Mean(sums), "se_plain": stats.StdErr(row.Values),
		"se_clustered_no_fpc": stats.ClusteredStdErr(row.Values, row.Clusters, false), "se_clustered_inspect": stats.ClusteredStdErr(row.Values, row.Clusters, true)}, nil
}

// rows are values as what stats.Mean takes.
func rows(values []float64) [][]float64 {
	var out [][]float64
	for _, v := range values {
		out = append(out, []float64{v, 1})
	}
	return out
}

func multiple(_ *verifier, line []byte) (map[string]any, error) {
	row, err := parse[struct{ P []float64 }](line)
	return map[string]any{"holm": stats.Holm(row.P), "bh": stats.BH(row.P)}, err
}
