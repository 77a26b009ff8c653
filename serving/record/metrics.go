package record

import (
	"context"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/serving"
)

// Metrics counts exchanges for Prometheus. Labels come from what is served,
// never from what a caller wrote, so their number is bounded. A language is
// that of the question, also where another's adapter answered it.
type Metrics struct {
	levels     levels
	exchanges  *prometheus.CounterVec
	plain      sync.Map // those of plain models, by outcome: the name is the caller's word there
	first      *prometheus.HistogramVec
	total      *prometheus.HistogramVec
	characters *prometheus.CounterVec
	tokens     *prometheus.CounterVec
	steps      *prometheus.CounterVec
	guarded    *prometheus.CounterVec
	cached     *prometheus.CounterVec
	rate       *prometheus.HistogramVec // by language and model
	queue      *prometheus.HistogramVec // by backend, as the next two
	waited     *prometheus.HistogramVec
	took       *prometheus.HistogramVec
}

// seconds are the bounds of the histograms: from a quotation, which takes
// milliseconds, to a model without a GPU, which takes minutes.
var seconds = []float64{.002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 20, 60, 180, 600}

// NewMetrics registers the metrics.
func NewMetrics(r prometheus.Registerer) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tilgate_" + name, Help: help}, labels)
		r.MustRegister(c)
		return c
	}
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "tilgate_" + name, Help: help, Buckets: buckets}, labels)
		r.MustRegister(h)
		return h
	}
	m := &Metrics{
		levels: levels{counter("levels_total", "Answers, by whether they kept a service level of the language of the question.",
			"language", "level", "kept")},
		exchanges: counter("exchanges_total", "Requests, by the language of the question, the adapter that answered, why that adapter, why not its own weights, and how it ended.",
			"language", "adapter", "model", "why", "weights", "degraded", "outcome"),
		first:      histogram("first_text_seconds", "Time to the first text of an answer.", seconds, "language", "model"),
		total:      histogram("exchange_seconds", "Time to the end of an answer.", seconds, "language", "model"),
		characters: counter("answer_characters_total", "Characters answered.", "language", "model"),
		tokens:     counter("tokens_total", "Tokens, as the model server counted or, if it did not, estimated.", "language", "model", "kind", "estimated"),
		steps:      counter("guard_steps_total", "What the guard did about answers in the wrong language or script.", "language", "model", "did"),
		guarded:    counter("guarded_total", "Things in questions and answers that the guard hid, removed or missed.", "language", "what"),
		cached:     counter("cached_answers_total", "Answers that were given before and are given again, without a model.", "language", "model"),
		rate:       histogram("output_tokens_per_second", "Tokens a second, from the first text of an answer on.", prometheus.ExponentialBuckets(.5, 2, 12), "language", "model"),
		queue:      histogram("queue_seconds", "Time that requests waited for a model server.", seconds, "backend"),
		waited:     histogram("backend_first_seconds", "Time to the first piece of what a model server answered, to plain requests too.", seconds, "backend"),
		took:       histogram("backend_seconds", "Time to the end of what a model server answered.", seconds, "backend"),
	}
	m.levels.ready("")
	m.levels.ready(refused)
	return m
}

// Record counts an exchange.
func (m *Metrics) Record(_ context.Context, x serving.Exchange) {
	outcome := "ok"
	if x.Err != nil {
		outcome = fault.Of(x.Err).String()
	}
	m.levels.judge(x)
	m.served(x)
	if !x.Auto {
		m.ofPlain(outcome).Inc()
		return
	}
	p := x.Plan
	tag, model := languageOf(x), p.Model
	m.exchanges.WithLabelValues(tag, string(p.Adapter), model, p.Why, p.Weights, p.Degraded, outcome).Inc()
	if model == "" {
		return // refused before anything answered
	}
	if p.Cached {
		m.cached.WithLabelValues(tag, model).Inc()
		m.characters.WithLabelValues(tag, model).Add(float64(x.Chars))
		return // its times and tokens are not the model's
	}
	if x.First > 0 {
		m.first.WithLabelValues(tag, model).Observe(x.First.Seconds())
	}
	m.total.WithLabelValues(tag, model).Observe(x.Total.Seconds())
	if writing := x.Total - x.First; x.First > 0 && writing > 0 && x.Usage.CompletionTokens > 1 {
		m.rate.WithLabelValues(tag, model).Observe(float64(x.Usage.CompletionTokens-1) / writing.Seconds())
	}
	m.characters.WithLabelValues(tag, model).Add(float64(x.Chars))
	estimated := map[bool]string{true: "yes", false: "no"}[x.Usage.Estimated]
	m.tokens.WithLabelValues(tag, model, "prompt", estimated).Add(float64(x.Usage.PromptTokens))
	m.tokens.WithLabelValues(tag, model, "completion", estimated).Add(float64(x.Usage.CompletionTokens))
	for _, s := range x.Steps {
		m.steps.WithLabelValues(tag, model, s.Did).Inc()
	}
	for what, n := range map[string]int{"personal_data_hidden": x.Guard.Masked, "citations_removed": x.Guard.Dropped,
		"terms_asked": x.Guard.Terms, "terms_missed": x.Guard.MissedTerms} {
		if n > 0 {
			m.guarded.WithLabelValues(tag, what).Add(float64(n))
		}
	}
}

// served counts what a model server did, whoever asked for it.
func (m *Metrics) served(x serving.Exchange) {
	if x.Backend == "" {
		return
	}
	m.queue.WithLabelValues(x.Backend).Observe(x.Queued.Seconds())
	if x.First > 0 {
		m.waited.WithLabelValues(x.Backend).Observe(x.First.Seconds())
	}
	m.took.WithLabelValues(x.Backend).Observe(x.Total.Seconds())
}

// ofPlain returns the counter of an outcome, without a look at all labels.
func (m *Metrics) ofPlain(outcome string) prometheus.Counter {
	if c, ok := m.plain.Load(outcome); ok {
		return c.(prometheus.Counter)
	}
	c := m.exchanges.WithLabelValues("", "", "", "", "", "", outcome)
	m.plain.Store(outcome, c)
	return c
}

// refused stands for the language of questions that nobody answers.
const refused = "refused"

// heard is the language of the question as far as anyone serves it. Callers may
// name any tag; what is refused is counted together.
func heard(p serving.Plan) lang.Tag {
	if p.Adapter == "" {
		return refused
	}
	return p.Language.Tag.Base()
}
