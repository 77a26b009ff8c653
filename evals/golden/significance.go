package golden

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"tilgate/evals/metric"
	"tilgate/evals/stats"
)

type significanceRow struct {
	Type, Lang string
	Samples    int  `json:"n_samples"`
	CI         *int `json:"ar_ci_samples"`
	Bootstrap  int  `json:"n_bootstrap"`
	Seed       uint64
	Refs       []string
	Systems    map[string][]string
	Results    map[string][]struct {
		System string
		P      *float64 `json:"p_value"`
	}
}

var significanceShapes = []shape{
	{name: "paired_bs", is: typed("paired_bs"), compute: paired, tolerance: resampling, inputs: "lang n_samples seed refs systems results", labels: "ar_ci_samples"},
	{name: "paired_ar", is: typed("paired_ar"), compute: paired, tolerance: resampling, inputs: "lang n_samples ar_ci_samples seed refs systems results"},
	{name: "bootstrap_ci", is: typed("bootstrap_ci"), compute: interval, tolerance: resampling, inputs: "lang n_bootstrap seed"},
	{name: "numpy_rng", is: typed("numpy_rng"), compute: draws, tolerance: within(0), labels: "note"},
}

// resampling is exact in p, close in scores, and less so in what is made of
// sums of float32.
func resampling(name string) float64 {
	switch name[strings.LastIndex(name, ".")+1:] {
	case "p_value":
		return 0
	case "score":
		return 1e-6
	}
	return 1e-4
}

var pairedMetrics = map[string]metric.Text{"BLEU": metric.BLEU{}, "chrF2": metric.ChrF{}, "chrF2++": metric.ChrFPP, "TER": metric.TER{}}

func paired(v *verifier, line []byte) (map[string]any, error) {
	row, err := parse[significanceRow](line)
	if err != nil {
		return nil, err
	}
	if row.Systems["base"] == nil || len(row.Refs) == 0 {
		return nil, errors.New("systems.base is missing, or refs is empty")
	}
	ci := row.Samples
	if row.CI != nil {
		ci = *row.CI
	}
	if err := drawable(len(row.Refs), row.Samples, ci); err != nil {
		return nil, err
	}
	for name, hyps := range row.Systems {
		if len(hyps) != len(row.Refs) {
			return nil, fmt.Errorf("the system %q has %d texts, but there are %d references", name, len(hyps), len(row.Refs))
		}
	}
	v.systems[row.Lang] = row
	results, signatures := map[string]any{}, map[string]any{}
	for name := range row.Results {
		m, ok := pairedMetrics[name]
		if !ok {
			continue
		}
		results[name], signatures[name] = row.tests(name, m), row.signature(m)
	}
	return map[string]any{"results": results, "signatures": signatures}, nil
}

// drawable refuses what memory has no room for.
func drawable(items int, times ...int) error {
	const most = 20_000_000
	for _, n := range times {
		if n < 1 || n > most/items {
			return fmt.Errorf("%d resamples of %d items: there must be one or more, and not over %d draws", n, items, most)
		}
	}
	return nil
}

func (row significanceRow) counts(m metric.Text, system string) [][]float64 {
	var refs [][]string
	for _, r := range row.Refs {
		refs = append(refs, []string{r})
	}
	return metric.Counts(m, row.Systems[system], refs)
}

func (row significanceRow) tests(name string, m metric.Text) []map[string]any {
	base := row.counts(m, "base")
	var all []map[string]any
	for _, want := range row.Results[name] {
		ours := map[string]any{"system": want.System, "p_value": nil} // the base has no p
		var t stats.Test
		switch {
		case row.Systems[want.System] == nil && want.P != nil:
			ours["system"] = "there is no such system"
		case want.P == nil:
			ours["system"] = "base"
			n := row.Samples
			if row.Type == "paired_ar" {
				n = *row.CI
			}
			t.System = m.Score(metric.Sum(base))
			t.Mean, t.Half = stats.Interval(base, m.Score, n, row.Seed)
		case row.Type == "paired_bs":
			t = stats.Bootstrap(base, row.counts(m, want.System), m.Score, row.Samples, row.Seed, stats.SacreBLEU)
			ours["p_value"] = t.P
		default:
			t = stats.Randomise(base, row.counts(m, want.System), m.Score, row.Samples, *row.CI, row.Seed, stats.SacreBLEU)
			ours["p_value"] = t.P
		}
		ours["score"], ours["mean"], ours["ci"] = t.System, t.Mean, t.Half
		all = append(all, ours)
	}
	return all
}

// signature is that of the metric, with how often was drawn.
func (row significanceRow) signature(m metric.Text) string {
	drawn := fmt.Sprintf("bs:%d", row.Samples)
	if row.Type == "paired_ar" {
		drawn = fmt.Sprintf("bs:%d|ar:%d", *row.CI, row.Samples)
	}
	refs, rest, _ := strings.Cut(m.Signature(1), "|")
	return fmt.Sprintf("%s|%s|seed:%d|%s", refs, drawn, row.Seed, rest)
}

// interval is about the base of the last pair in the language.
func interval(v *verifier, line []byte) (map[string]any, error) {
	row, err := parse[significanceRow](line)
	if err != nil {
		return nil, err
	}
	texts, ok := v.systems[row.Lang]
	if !ok {
		return nil, fmt.Errorf("no row before this one has the texts of %q", row.Lang)
	}
	if err := drawable(len(texts.Refs), row.Bootstrap); err != nil {
		return nil, err
	}
	ours := map[string]any{}
	for name, m := range map[string]metric.Text{"bleu": metric.BLEU{}, "chrfpp": metric.ChrFPP} {
		counts := texts.counts(m, "base")
		mean, half := stats.Interval(counts, m.Score, row.Bootstrap, row.Seed)
		ours[name] = map[string]any{"score": m.Score(metric.Sum(counts)), "mean": mean, "ci": half}
	}
	return ours, nil
}

func draws(_ *verifier, line []byte) (map[string]any, error) {
	row, err := parse[struct {
		Raw   []string `json:"raw_uint64"`
		First [][]any  `json:"choice60_first3rows"`
		Bools []any    `json:"bool_first_row"`
	}](line)
	if err != nil {
		return nil, err
	}
	const items, times = 60, 1000
	ours := map[string]any{}
	g := stats.NewPCG64(stats.Seed)
	ours["state"], ours["inc"] = g.State()
	var raw []string
	for range row.Raw {
		raw = append(raw, strconv.FormatUint(g.Uint64(), 10))
	}
	ours["raw_uint64"] = raw
	all := make([]int32, items*times)
	stats.NewPCG64(stats.Seed).Choice(items, all)
	var first [][]int32
	for i := range min(len(row.First), times) {
		first = append(first, all[i*items:(i+1)*items])
	}
	sum := 0
	for _, n := range all {
		sum += int(n)
	}
	ours["choice60_first3rows"], ours["choice60_last_row"], ours["choice60_sum"] = first, all[items*(times-1):], sum
	coins, heads := make([]bool, items*times), 0
	stats.NewPCG64(stats.Seed).Bools(coins)
	for _, c := range coins {
		heads += btoi(c)
	}
	ours["bool_first_row"], ours["bool_sum"] = coins[:min(len(row.Bools), len(coins))], heads
	return ours, nil
}
