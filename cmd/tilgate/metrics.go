package main

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"tilgate/serving/audit"
	"tilgate/serving/pool"
	"tilgate/serving/record"
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

// lostLog counts what the log could not be written of.
func lostLog(out *record.Buffer) prometheus.Collector {
	return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "tilgate_log_bytes_lost_total", Help: "Bytes of the log that could not be written."},
		func() float64 { return float64(out.Lost()) })
}

// lostRecords counts the records of the audit log that could not be written.
func lostRecords(l *audit.Log) prometheus.Collector {
	return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "tilgate_audit_records_lost_total", Help: "Records of the audit log that could not be written."},
		func() float64 { return float64(l.Lost()) })
}

// serveMetrics serves /metrics. It has an address of its own, so that nothing
// of the public API leads to it.
func serveMetrics(address string, r *prometheus.Registry, log *slog.Logger) (stop func(), err error) {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(r, promhttp.HandlerOpts{}))
	return serveBeside("metrics", address, mux, log)
}

// serveAdmin serves what only this machine may ask for: /metrics, and Go's
// profiles, which show what is in memory.
func serveAdmin(address string, r *prometheus.Registry, log *slog.Logger) (stop func(), err error) {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(r, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return serveBeside("admin", address, mux, log)
}

// serveBeside serves h at an address of its own until stop is called.
func serveBeside(what, address string, h http.Handler, log *slog.Logger) (stop func(), err error) {
	ln, err := listen(address)
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, WriteTimeout: 5 * time.Minute}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			log.Error("serving "+what, "err", err)
		}
	}()
	log.Info("serving "+what, "address", ln.Addr().String())
	return func() {
		server.Close()
		<-ended
	}, nil
}

// isLoopback reports whether an address can be reached from this machine only.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip, wrong := netip.ParseAddr(host)
	return err == nil && (host == "localhost" || wrong == nil && ip.IsLoopback())
}

// backendCollector shows how the model servers are.
type backendCollector struct{ models *pool.Pool }

var (
	backendUp       = backendDesc("up", "Whether the model server answers and has a model.")
	backendBreaker  = backendDesc("open", "Whether the model server is left alone because it kept failing.")
	backendRunning  = backendDesc("running", "Requests at the model server.")
	backendWaiting  = backendDesc("waiting", "Requests that wait for room at the model server.")
	backendTrip     = backendDesc("trip_seconds", "The way to the model server and back, about; the nearest site that is not busy is asked.")
	backendSwitches = backendDesc("switches_total", "Changes of the model in memory, as far as requests cause them.")
)

func backendDesc(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("tilgate_backend_"+name, help, []string{"backend"}, nil)
}

func (c backendCollector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{backendUp, backendBreaker, backendRunning, backendWaiting, backendTrip, backendSwitches} {
		out <- d
	}
}

func (c backendCollector) Collect(out chan<- prometheus.Metric) {
	for _, s := range c.models.States() {
		gauge := func(d *prometheus.Desc, v float64) {
			out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, s.Name)
		}
		gauge(backendUp, number(s.Up))
		gauge(backendBreaker, number(s.Breaker == "open"))
		gauge(backendRunning, float64(s.Running))
		gauge(backendWaiting, float64(s.Waiting))
		if s.Trip > 0 {
			gauge(backendTrip, s.Trip.Seconds())
		}
		out <- prometheus.MustNewConstMetric(backendSwitches, prometheus.CounterValue, float64(s.Switches), s.Name)
	}
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
