package record

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"tilgate/internal/fault"
	"tilgate/serving"
)

func TestMetrics(t *testing.T) {
	r := prometheus.NewRegistry()
	m := NewMetrics(r)
	guarded := well
	guarded.Plan.Why, guarded.Plan.Weights = serving.Fallback, "gate_no_verdict"
	guarded.Guard = serving.Report{Masked: 2, Dropped: 1}
	guarded.Steps = []serving.Step{{Did: serving.StepRetry, Got: "ru"}, {Did: serving.StepFallback, Got: "ru"}}
	cached := well
	cached.Plan.Cached = true
	refused := serving.Exchange{Auto: true, Err: fault.Unsupported.Errorf("no adapter"), Plan: serving.Plan{Language: serving.Language{Tag: "x-whatever-a-caller-says"}}}
	for _, x := range []serving.Exchange{well, guarded, cached, refused, {Model: "whatever a caller says"}} {
		m.Record(t.Context(), x)
	}
	const want = `
# HELP tilgate_exchanges_total Requests, by the language of the question, the adapter that answered, why that adapter, why not its own weights, and how it ended.
# TYPE tilgate_exchanges_total counter
tilgate_exchanges_total{adapter="",degraded="",language="",model="",outcome="ok",weights="",why=""} 1
tilgate_exchanges_total{adapter="",degraded="",language="refused",model="",outcome="unsupported",weights="",why=""} 1
tilgate_exchanges_total{adapter="ky",degraded="no_store",language="ky",model="tiny",outcome="ok",weights="",why=""} 2
tilgate_exchanges_total{adapter="ky",degraded="no_store",language="ky",model="tiny",outcome="ok",weights="gate_no_verdict",why="fallback"} 1
# HELP tilgate_guard_steps_total What the guard did about answers in the wrong language or script.
# TYPE tilgate_guard_steps_total counter
tilgate_guard_steps_total{did="fallback",language="ky",model="tiny"} 1
tilgate_guard_steps_total{did="retry",language="ky",model="tiny"} 1
# HELP tilgate_guarded_total Things in questions and answers that the guard hid, removed or missed.
# TYPE tilgate_guarded_total counter
tilgate_guarded_total{language="ky",what="citations_removed"} 1
tilgate_guarded_total{language="ky",what="personal_data_hidden"} 2
# HELP tilgate_answer_characters_total Characters answered.
# TYPE tilgate_answer_characters_total counter
tilgate_answer_characters_total{language="ky",model="tiny"} 99
# HELP tilgate_cached_answers_total Answers that were given before and are given again, without a model.
# TYPE tilgate_cached_answers_total counter
tilgate_cached_answers_total{language="ky",model="tiny"} 1
`
	if err := testutil.GatherAndCompare(r, strings.NewReader(want), "tilgate_exchanges_total", "tilgate_guard_steps_total", "tilgate_guarded_total", "tilgate_answer_characters_total", "tilgate_cached_answers_total"); err != nil {
		t.Error(err)
	}
}
