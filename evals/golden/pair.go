package golden

import (
	"bytes"
	"errors"
	"fmt"

	"tilgate/evals/gate"
	"tilgate/evals/stats"
)

type answerRow struct {
	Gold string
	Pred map[string]*string
}

type pairRow struct {
	Base, Adapter string
}

var pairShapes = []shape{
	{name: "ab_item", is: typed("item", "gold", "pred"), compute: item, tolerance: within(0), inputs: "gold pred", labels: "id"},
	{name: "ab_pair", is: typed("ab_pair"), compute: pair, tolerance: within(1e-9), inputs: "base adapter"},
	{name: "ab", is: typed("meta", "n"), compute: items, tolerance: within(0), labels: "source note"},
}

// items counts the items of a file.
func items(v *verifier, _ []byte) (map[string]any, error) {
	n := 0
	for line := range bytes.Lines(v.data) {
		row, err := parse[struct{ Type string }](line)
		n += btoi(err == nil && row.Type == "item")
	}
	return map[string]any{"n": n}, nil
}

func item(v *verifier, line []byte) (map[string]any, error) {
	row, err := parse[answerRow](line)
	v.answers = append(v.answers, row)
	return nil, err
}

// bootstrapTimes is how often the pairs' differences were resampled.
const bootstrapTimes = 2000

// pair compares two models on the items before it.
func pair(v *verifier, line []byte) (map[string]any, error) {
	row, err := parse[pairRow](line)
	if err != nil {
		return nil, err
	}
	if len(v.answers) == 0 {
		return nil, errors.New("no items stand before this pair")
	}
	base, noBase, err := v.right(row.Base)
	if err != nil {
		return nil, err
	}
	adapter, noAdapter, err := v.right(row.Adapter)
	if err != nil {
		return nil, err
	}
	n := len(base)
	difference := make([]float64, n)
	var d stats.Discordance
	hits := [2]int{}
	for i := range base {
		difference[i] = adapter[i] - base[i]
		d.OnlyBase += btoi(difference[i] < 0)
		d.OnlySystem += btoi(difference[i] > 0)
		hits[0] += int(base[i])
		hits[1] += int(adapter[i])
	}
	delta := stats.Mean([]float64{float64(hits[1] - hits[0]), float64(n)})
	se := stats.StdErr(difference)
	low, high, mean := stats.BootstrapMean(difference, bootstrapTimes, stats.Seed, .95)
	z, p := stats.Unpaired(base, adapter)
	return map[string]any{
		"n": n, "acc_base": float64(hits[0]) / float64(n), "acc_adapter": float64(hits[1]) / float64(n),
		"wilson95_base": ends(stats.Wilson(hits[0], n, .95)), "wilson95_adapter": ends(stats.Wilson(hits[1], n, .95)),
		"unextracted_base": noBase, "unextracted_adapter": noAdapter,
		"delta": delta, "delta_se_paired": se, "delta_ci95_normal": ends(stats.Normal(delta, se, .95)),
		"bootstrap":          map[string]any{"rng": fmt.Sprintf("numpy default_rng(%d).choice(n,(%d,n))", stats.Seed, bootstrapTimes), "lo": low, "hi": high, "mean": mean},
		"z_unpaired_lm_eval": z, "p_unpaired": p, "mcnemar": discordance(d),
		"verdict": string(gate.Rule{}.Decide(n, delta, d.Exact())),
	}, nil
}

// right is 1 for each item that a model has right; none is how many of its
// answers could not be read.
func (v *verifier) right(model string) (right []float64, none int, err error) {
	for i, a := range v.answers {
		letter, ok := a.Pred[model]
		if !ok {
			return nil, 0, fmt.Errorf("item %d has no answer of %q", i+1, model)
		}
		none += btoi(letter == nil || *letter == "")
		right = append(right, float64(btoi(letter != nil && *letter == a.Gold)))
	}
	return right, none, nil
}
