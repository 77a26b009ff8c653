package golden

import (
	"errors"
	"fmt"

	"tilgate/evals/metric"
)

// two is the exact match and the F1 of an answer.
type two struct{ em, f1 float64 }

var answerShapes = []shape{
	{name: "qa", is: typed("", "prediction", "golds"), compute: answer, tolerance: within(1e-9), inputs: "lang prediction golds", labels: "id src_id kind"},
	{name: "qa.corpus", is: typed("corpus", "lang", "n"), compute: answers, tolerance: within(1e-9), inputs: "lang"},
}

var profiles = map[string]metric.Profile{"squad": metric.SQuAD, "mlqa": metric.MLQA, "mlqa_lmeval": metric.MLQAHarness}

func answer(v *verifier, line []byte) (map[string]any, error) {
	row, err := parse[struct {
		Lang, Prediction string
		Golds            []string
	}](line)
	if err != nil {
		return nil, err
	}
	if len(row.Golds) == 0 {
		return nil, errors.New("golds is empty")
	}
	ours := map[string]any{}
	if v.qa[row.Lang] == nil {
		v.qa[row.Lang] = map[string][]two{}
	}
	for name, p := range profiles {
		if !p.Knows(row.Lang) {
			continue
		}
		s := two{p.ExactMatch(row.Prediction, row.Golds, row.Lang), p.F1(row.Prediction, row.Golds, row.Lang)}
		v.qa[row.Lang][name] = append(v.qa[row.Lang][name], s)
		ours[name] = map[string]any{"em": s.em, "f1": s.f1, "norm_pred": p.Normalize(row.Prediction, row.Lang)}
	}
	return ours, nil
}

// answers is the mean of the rows before it in the language, in percent.
func answers(v *verifier, line []byte) (map[string]any, error) {
	row, err := parse[struct{ Lang string }](line)
	if err != nil {
		return nil, err
	}
	if len(v.qa[row.Lang]) == 0 {
		return nil, fmt.Errorf("no row before this one is in %q", row.Lang)
	}
	ours := map[string]any{}
	for name, rows := range v.qa[row.Lang] {
		var em, f1 float64
		for _, r := range rows {
			em += r.em
			f1 += r.f1
		}
		n := float64(len(rows))
		ours[name], ours["n"] = map[string]any{"em": 100 * em / n, "f1": 100 * f1 / n}, len(rows)
	}
	return ours, nil
}
