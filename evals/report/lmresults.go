package report

import (
	"cmp"
	"fmt"

	"tilgate/evals"
)

type object = map[string]any

// lmResults is results.json. lm-eval's own version is not in it, because
// lm-eval did not run; ours is.
func lmResults(model string, r evals.Report, tasks []lmTask, hashes map[string]string) object {
	out := object{
		"tilgate_version":      r.Meta.Version,
		"config":               lmConfig(model, r.Meta),
		"model_source":         "tilgate",
		"model_name":           model,
		"model_name_sanitized": fileName(model),
		"task_hashes":          hashes,
	}
	if !r.Meta.Started.IsZero() {
		out["date"] = float64(r.Meta.Started.UnixMicro()) / 1e6
	}
	if !r.Meta.Ended.IsZero() {
		out["total_evaluation_time_seconds"] = fmt.Sprint(r.Meta.Ended.Sub(r.Meta.Started).Seconds())
	}
	parts := map[string]object{}
	for _, key := range []string{"results", "groups", "group_subtasks", "configs", "versions", "n-shot", "higher_is_better", "n-samples"} {
		parts[key] = object{}
		out[key] = parts[key]
	}
	for _, t := range tasks {
		lmPut(parts, t, r.Meta)
	}
	if len(parts["groups"]) == 0 {
		delete(out, "groups") // as lm-eval does
	}
	return out
}

func lmPut(parts map[string]object, t lmTask, m evals.Meta) {
	parts["results"][t.name] = t.metrics()
	parts["versions"][t.name] = version(t, m)
	parts["higher_is_better"][t.name] = t.directions()
	if m.Shots >= 0 {
		parts["n-shot"][t.name] = m.Shots
	}
	if len(t.parts) > 0 {
		parts["groups"][t.name] = t.metrics()
		parts["group_subtasks"][t.name] = t.parts
		return
	}
	parts["configs"][t.name] = t.config(m)
	parts["n-samples"][t.name] = object{"original": t.size(), "effective": t.size()}
}

// version is that of the suite; lm-eval has "N/A" where there is none.
func version(t lmTask, m evals.Meta) string {
	return cmp.Or(suiteOf(t, m).Version, "N/A")
}

func suiteOf(t lmTask, m evals.Meta) evals.SuiteRef {
	name := ""
	switch {
	case len(t.scores) > 0:
		name = t.scores[0].Suite
	case len(t.samples) > 0:
		name = t.samples[0].Case.Task.Suite
	}
	for _, s := range m.Suites {
		if s.Name == name {
			return s
		}
	}
	return evals.SuiteRef{Name: name}
}

// size is how many answers the task has.
func (t *lmTask) size() int {
	n := len(t.samples)
	for _, s := range t.scores {
		n = max(n, s.N)
	}
	return n
}

// metrics are the values, under lm-eval's names. JSON has no NaN.
func (t *lmTask) metrics() object {
	out := object{"name": t.name, "alias": t.name, "sample_len": t.size()}
	for _, s := range t.scores {
		out[s.Metric+",none"] = orNA(s.Value, finite(s.Value))
		out[s.Metric+"_stderr,none"] = orNA(s.StdErr, finite(s.StdErr) && s.StdErr >= 0)
	}
	return out
}

func orNA(v float64, ok bool) any {
	if !ok {
		return "N/A"
	}
	return pyFloat(v)
}

// A pyFloat is a number that Python reads as a float, even if it is whole.
type pyFloat float64

// MarshalJSON writes a point where Go would write none.
func (f pyFloat) MarshalJSON() ([]byte, error) {
	text := fmt.Sprint(float64(f))
	if float64(f) == float64(int64(f)) {
		text = fmt.Sprintf("%.1f", float64(f))
	}
	return []byte(text), nil
}

func (t *lmTask) directions() object {
	out := object{}
	for _, s := range t.scores {
		switch metricOf(s.Metric).Good {
		case higher:
			out[s.Metric] = true
		case lower:
			out[s.Metric] = false
		default:
			out[s.Metric] = nil
		}
	}
	return out
}

// outputTypes are what lm-eval calls the two ways to ask.
var outputTypes = map[bool]string{true: "multiple_choice", false: "generate_until"}

func (t *lmTask) config(m evals.Meta) object {
	suite := suiteOf(*t, m)
	metrics := []object{}
	for _, s := range t.scores {
		metrics = append(metrics, object{"metric": s.Metric, "aggregation": aggregation(s.Metric), "higher_is_better": t.directions()[s.Metric]})
	}
	meta := object{
		"version": version(*t, m), "tilgate_task": t.task, "kind": t.kind, "language": t.lang, "prompt": t.prompt,
		"licence": suite.Licence, "sha256": suite.Digest,
	}
	if lines := signatures(t.scores); lines != nil {
		meta["signatures"] = lines
	}
	return object{
		"task": t.name, "tag": suite.Name, "dataset_path": suite.Name, "dataset_name": t.lang, "test_split": "test",
		"output_type": outputTypes[t.likelihood()], "num_fewshot": max(0, m.Shots), "repeats": 1,
		"metric_list": metrics, "metadata": meta,
	}
}

// aggregation is how a score comes of many answers, in lm-eval's words.
func aggregation(metric string) string {
	if metric == "macro_f1" || metricOf(metric).Unit == hundred {
		return metric // of all answers together
	}
	return "mean"
}

// likelihood reports whether choices were compared and nothing was written.
func (t *lmTask) likelihood() bool {
	return len(t.samples) > 0 && len(t.samples[0].Case.Continuations) > 0
}

func lmConfig(model string, m evals.Meta) object {
	out := object{
		"model": "tilgate", "model_args": object{"model": model, "target": m.Target}, "batch_size": 1, "batch_sizes": []int{},
		"device": nil, "use_cache": nil, "limit": nil, "bootstrap_iters": nil, "gen_kwargs": nil,
		"random_seed": m.Seed, "numpy_seed": m.Seed, "torch_seed": nil, "fewshot_seed": m.Seed,
	}
	if m.Limit > 0 {
		out["limit"] = m.Limit
	}
	return out
}
