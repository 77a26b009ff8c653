package main

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tilgate/rag/sources"
	"tilgate/rag/upkeep"
)

// syncMetrics show how knowledge bases are kept up to date by the service. What
// tilgate kb sync does in a process of its own is not in them.
type syncMetrics struct {
	syncs  *prometheus.CounterVec
	synced *prometheus.GaugeVec
	every  *prometheus.GaugeVec
	unread *prometheus.GaugeVec
	of     map[string]sources.Manifest // by file, as it was last read
}

// newSyncMetrics registers the metrics.
func newSyncMetrics(r prometheus.Registerer) *syncMetrics {
	gauge := func(name, help string) *prometheus.GaugeVec {
		g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "tilgate_knowledge_" + name, Help: help}, []string{"tenant", "kb"})
		r.MustRegister(g)
		return g
	}
	m := &syncMetrics{of: map[string]sources.Manifest{},
		syncs: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tilgate_knowledge_syncs_total",
			Help: "Times that a knowledge base was to be brought up to date, and whether it was."}, []string{"tenant", "kb", "outcome"}),
		synced: gauge("synced_timestamp_seconds", "When a knowledge base was last brought up to date; if not since the start, when the service started."),
		every:  gauge("every_seconds", "How often a knowledge base is to be brought up to date; 0 is at the start only."),
		unread: gauge("unread_documents", "Documents that the last run over the sources could not read."),
	}
	r.MustRegister(m.syncs)
	return m
}

// expect shows a knowledge base before its first sync has ended. As the other
// methods, it is called by one goroutine at a time.
func (s *syncMetrics) expect(file string, m sources.Manifest) {
	s.of[file] = m
	s.synced.WithLabelValues(m.Tenant, m.Name).SetToCurrentTime()
	s.every.WithLabelValues(m.Tenant, m.Name).Set(time.Duration(m.Every).Seconds())
	for _, outcome := range []string{"ok", "failed"} {
		s.syncs.WithLabelValues(m.Tenant, m.Name, outcome)
	}
}

// note counts a sync.
func (s *syncMetrics) note(file string, m sources.Manifest, o upkeep.Outcome, err error) {
	if before := s.of[file]; before.Tenant != m.Tenant || before.Name != m.Name {
		s.forget(before)
		s.expect(file, m)
	}
	s.every.WithLabelValues(m.Tenant, m.Name).Set(time.Duration(m.Every).Seconds())
	s.unread.WithLabelValues(m.Tenant, m.Name).Set(float64(len(o.Report.Faults)))
	if err != nil {
		s.syncs.WithLabelValues(m.Tenant, m.Name, "failed").Inc()
		return
	}
	s.syncs.WithLabelValues(m.Tenant, m.Name, "ok").Inc()
	s.synced.WithLabelValues(m.Tenant, m.Name).SetToCurrentTime()
}

// unreadable counts a manifest that has become faulty since the service began.
func (s *syncMetrics) unreadable(file string) {
	m := s.of[file]
	s.syncs.WithLabelValues(m.Tenant, m.Name, "failed").Inc()
}

// forget takes away a knowledge base that its manifest calls otherwise now.
func (s *syncMetrics) forget(m sources.Manifest) {
	labels := prometheus.Labels{"tenant": m.Tenant, "kb": m.Name}
	s.syncs.DeletePartialMatch(labels)
	for _, g := range []*prometheus.GaugeVec{s.synced, s.every, s.unread} {
		g.Delete(labels)
	}
}
