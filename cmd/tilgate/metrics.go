package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"tilgate/serving/tokencost"
)

// newRegistry returns a registry that knows the process.
func newRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// costCollector shows what characters were measured to cost.
type costCollector struct{ table *tokencost.Table }

var costDesc = prometheus.NewDesc("tilgate_tokens_per_character", "Tokens that a character takes, as tilgate lang cost measured it.",
	[]string{"language", "model"}, nil)

func (c costCollector) Describe(out chan<- *prometheus.Desc) { out <- costDesc }

func (c costCollector) Collect(out chan<- prometheus.Metric) {
	for _, cost := range c.table.All() {
		out <- prometheus.MustNewConstMetric(costDesc, prometheus.GaugeValue, cost.TokensPerCharacter, string(cost.Tag), cost.Model)
	}
}

// serveMetrics serves /metrics until ctx ends. It has an address of its own,
// so that nothing of the public API leads to it.
func serveMetrics(ctx context.Context, address string, r *prometheus.Registry, log *slog.Logger) error {
	ln, err := listen(address)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(r, promhttp.HandlerOpts{}))
	server := &http.Server{Handler: mux, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second}
	context.AfterFunc(ctx, func() { server.Close() })
	go func() {
		if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			log.Error("serving metrics", "err", err)
		}
	}()
	log.Info("serving metrics", "address", ln.Addr().String())
	return nil
}
