package main

import (
	"context"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tilgate/internal/fault"
	"tilgate/serving"
	"tilgate/serving/feedback"
	"tilgate/serving/record"
)

// buildInfo shows which version runs.
func buildInfo(v versionResult) prometheus.Collector {
	g := prometheus.NewGauge(prometheus.GaugeOpts{Name: "tilgate_build_info", Help: "Always 1; the labels say which version runs.",
		ConstLabels: prometheus.Labels{"version": v.Version, "commit": v.Commit, "go": v.Go}})
	g.Set(1)
	return g
}

// clock shows this machine's time, so that Prometheus can compare it with its
// own.
func clock() prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "tilgate_clock_timestamp_seconds", Help: "What time it is on this machine."},
		func() float64 { return float64(time.Now().UnixMicro()) / 1e6 })
}

// expiry shows until when the certificate in force is valid.
func (c *certificate) expiry() prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "tilgate_certificate_expiry_timestamp_seconds", Help: "Until when the certificate that is shown to callers is valid."},
		func() float64 { return float64(c.inForce.Load().Leaf.NotAfter.Unix()) })
}

// languageCollector shows which languages are served, and has them counted from
// 0 on, also those whose files came while the service ran.
type languageCollector struct {
	languages func(ctx context.Context) []serving.Spoken
	counts    *record.Metrics
}

var languageDesc = prometheus.NewDesc("tilgate_language_served", "Always 1; a language that is served, and why its own weights do not answer now.",
	[]string{"language", "kind", "weights"}, nil)

// newLanguages expects the languages at once, too: the first scrape may gather
// the counts before it comes here.
func newLanguages(languages func(ctx context.Context) []serving.Spoken, counts *record.Metrics) languageCollector {
	for _, l := range languages(context.Background()) {
		counts.Expect(l.Tag)
	}
	return languageCollector{languages, counts}
}

func (languageCollector) Describe(out chan<- *prometheus.Desc) { out <- languageDesc }

func (c languageCollector) Collect(out chan<- prometheus.Metric) {
	for _, l := range c.languages(context.Background()) {
		c.counts.Expect(l.Tag)
		out <- prometheus.MustNewConstMetric(languageDesc, prometheus.GaugeValue, 1, string(l.Tag), l.Kind, l.Weights)
	}
}

// diskCollector shows the disk that the data folder is on. It shows nothing
// where the system does not tell.
type diskCollector struct{ folder string }

var (
	diskFree = prometheus.NewDesc("tilgate_data_free_bytes", "Bytes that are free on the disk of the data folder.", nil, nil)
	diskSize = prometheus.NewDesc("tilgate_data_disk_bytes", "Bytes that the disk of the data folder has.", nil, nil)
)

func (diskCollector) Describe(out chan<- *prometheus.Desc) {
	out <- diskFree
	out <- diskSize
}

func (c diskCollector) Collect(out chan<- prometheus.Metric) {
	d, err := diskAt(c.folder)
	if err != nil {
		return
	}
	out <- prometheus.MustNewConstMetric(diskFree, prometheus.GaugeValue, float64(d.free))
	out <- prometheus.MustNewConstMetric(diskSize, prometheus.GaugeValue, float64(d.size))
}

// storeTime is how long a scrape waits for the store of passages.
const storeTime = time.Second

// storeUp shows whether the store of passages answers.
func storeUp(ping func(context.Context) error) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "tilgate_knowledge_store_up", Help: "Whether the store of the knowledge bases is ready and answers."},
		func() float64 {
			ctx, cancel := context.WithTimeout(context.Background(), storeTime)
			defer cancel()
			return number(ping(ctx) == nil)
		})
}

// countedLimits counts the requests that limits keep out: they come to no
// exchange.
type countedLimits struct {
	limits
	refused prometheus.Counter
}

func countLimits(r prometheus.Registerer, l limits) limits {
	c := countedLimits{l, prometheus.NewCounter(prometheus.CounterOpts{Name: "tilgate_quota_refusals_total", Help: "Requests that were refused because a key, or who shares it, had used up what it may."})}
	r.MustRegister(c.refused)
	return c
}

// Admit lets a request in, or counts it.
func (c countedLimits) Admit(ctx context.Context, caller serving.Caller, chars int) (serving.Grant, error) {
	grant, err := c.limits.Admit(ctx, caller, chars)
	if fault.Limited.Is(err) {
		c.refused.Inc()
	}
	return grant, err
}

// countedFeedback counts what people say about answers.
type countedFeedback struct {
	feedback.Store
	given *prometheus.CounterVec
}

// countFeedback has a desk count; nil is no desk.
func countFeedback(r prometheus.Registerer, d *feedback.Desk) *feedback.Desk {
	c := countedFeedback{given: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tilgate_feedback_total",
		Help: "Times that people said whether an answer was good (1) or bad (-1); who changes it is counted again."}, []string{"language", "rating"})}
	r.MustRegister(c.given)
	if d != nil {
		c.Store = d.Store
		d.Store = c
	}
	return d
}

// PutFeedback stores feedback, and counts what could be stored.
func (c countedFeedback) PutFeedback(ctx context.Context, f feedback.Feedback) error {
	err := c.Store.PutFeedback(ctx, f)
	if err == nil {
		c.given.WithLabelValues(string(f.Language.Base()), strconv.Itoa(f.Rating)).Inc()
	}
	return err
}
