package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"tilgate/serving"
	"tilgate/serving/admin"
	"tilgate/serving/feedback"
	"tilgate/serving/gateway"
	"tilgate/serving/handover"
	"tilgate/serving/ledger"
	"tilgate/serving/record"
)

func (p *program) serveCommand() *cobra.Command {
	var path string
	cmd := &cobra.Command{Use: "serve", Short: "Serve the API and the question page",
		Long: `Serve the API and the question page, as the configuration file says.

The log goes to standard error, one JSON object a line. Callers need a key:
tilgate key create makes one. Model servers, aliases and the fallback follow the
file while it runs; a faulty file changes nothing. While a Qdrant server cannot
be reached it answers without documents, at the start too, and says so. Ctrl-C
or SIGTERM lets answers on their way end first.`,
		Example: "  tilgate serve --config tilgate.toml",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			file := configFile{path, stampOf(path)}
			c, leave, err := enterPlace(cmd.Context(), path, p.getenv)
			if err != nil {
				return err
			}
			defer leave()
			return p.serve(cmd.Context(), file, c)
		}}
	p.configFlag(cmd, &path)
	return cmd
}

func (p *program) serve(ctx context.Context, file configFile, c Config) error {
	out := record.NewBuffer(p.err)
	defer out.Close()
	log := newLog(out)
	access, closeAccess, err := openAccess(ctx, c, log)
	if err != nil {
		return err
	}
	defer closeAccess()
	ln, err := listen(c.Listen)
	if err != nil {
		return err
	}
	defer ln.Close()
	store, closeStore, err := awaitStore(ctx, c, log)
	if err != nil {
		return err
	}
	defer closeStore()
	metrics := newRegistry()
	metrics.MustRegister(buildInfo(buildVersion()), clock(), diskCollector{c.Data}, storeUp(store.Ping))
	access.limits = countLimits(metrics, access.limits)
	counts := record.NewMetrics(metrics)
	memory, live := c.Feedback.memory(), new(admin.Live)
	beside := besides{log: out, recorders: []serving.Recorder{counts, access.limits, memory, live}}
	kept, closeKept, err := openKept(ctx, c, &beside, metrics, log)
	if err != nil {
		return err
	}
	defer closeKept()
	metrics.MustRegister(lostLog(out))
	svc, err := openService(ctx, c, store.Store, log, beside)
	if err != nil {
		return err
	}
	metrics.MustRegister(costCollector{svc.costs}, backendCollector{svc.models}, newLanguages(svc.Languages, counts))
	stopApart, err := serveApart(c, metrics, log)
	defer stopApart()
	if err != nil {
		return err
	}
	if ln, err = c.TLS.secure(ctx, ln, followEvery, metrics, log); err != nil {
		return err
	}
	if file.path != "" {
		go followBackends(ctx, file, p.getenv, followEvery, svc.models, log)
	}
	if err := followKnowledge(ctx, c, store, svc.clear, newSyncMetrics(metrics), log); err != nil {
		return err
	}
	desk, err := c.openDesk(memory, kept, svc, log)
	if err != nil {
		return err
	}
	desk = countFeedback(metrics, desk)
	people, closePeople, err := c.openHandover(ctx, kept, metrics, log)
	if err != nil {
		return err
	}
	defer closePeople()
	console := c.console(svc, consoleParts{live, store.Store, access.used, kept, desk, memory, people}, log)
	log.Info("serving", "address", ln.Addr().String())
	return runGateway(ctx, c, ln, front{svc, access, desk, console, people}, log)
}

// openKept opens where answers are written down, and has them noted there: the
// ledger, which is nil if none is kept, the audit log, the collector of traces.
func openKept(ctx context.Context, c Config, b *besides, metrics *prometheus.Registry, log *slog.Logger) (l *ledger.Ledger, closeKept func(), err error) {
	var ends []func()
	closeKept = func() {
		for _, end := range slices.Backward(ends) {
			end()
		}
	}
	defer func() {
		if err != nil {
			closeKept()
		}
	}()
	l, closeLedger, err := openLedger(ctx, c, log)
	if err != nil {
		return nil, nil, err
	}
	ends = append(ends, closeLedger)
	if l != nil && c.Audit.Folder != "" {
		ends = append(ends, noteHeads(ctx, l, c.Audit.Folder, log))
	}
	trail, err := c.Audit.open(log)
	if err != nil {
		return nil, nil, err
	}
	if trail != nil {
		ends = append(ends, func() { trail.Close() })
		b.refuse, b.keep = trail.Refuse, trail.Keep
		metrics.MustRegister(lostRecords(trail))
	}
	if l != nil {
		b.countIn(l, c.Ledger.Durable)
		metrics.MustRegister(ledgerRows(l)...)
	}
	spans, endSpans, err := c.OTel.open(ctx, log)
	if err != nil {
		return nil, nil, err
	}
	ends = append(ends, endSpans)
	if spans != nil {
		b.recorders = append(b.recorders, spans)
	}
	return l, closeKept, nil
}

// serveApart serves what has an address of its own, and returns what ends it,
// also beside an error.
func serveApart(c Config, metrics *prometheus.Registry, log *slog.Logger) (stop func(), err error) {
	var stops []func()
	stop = func() {
		for _, s := range stops {
			s()
		}
	}
	for _, apart := range []struct {
		address string
		serve   func(string, *prometheus.Registry, *slog.Logger) (func(), error)
	}{{c.Metrics, serveMetrics}, {c.Admin, serveAdmin}} {
		if apart.address == "" {
			continue
		}
		s, err := apart.serve(apart.address, metrics, log)
		if err != nil {
			return stop, err
		}
		stops = append(stops, s)
	}
	return stop, nil
}

func listen(address string) (net.Listener, error) {
	ln, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%w; if another program has this address, choose another with listen (or --listen)", err)
	}
	return ln, nil
}

// drain is how long answers on their way may take to end at shutdown.
const drain = 20 * time.Second

// front is what the gateway stands in front of, and who may pass.
type front struct {
	svc     gateway.Service
	access  access
	desk    *feedback.Desk
	console gateway.Console
	people  *handover.Desk
}

// runGateway serves until ctx ends, then lets answers on their way end.
func runGateway(ctx context.Context, c Config, ln net.Listener, f front, log *slog.Logger) error {
	proxies, _ := c.proxies() // whose faults the configuration was checked for
	a := f.access
	options := gateway.Options{Feedback: f.desk, Handover: f.people, Console: f.console, SessionSecret: c.SessionSecret, Share: c.Page.Share, Hosts: c.Hosts, Origins: c.Origins, Pages: a.keys, Proxies: proxies, Log: log}
	if a.limits != nil {
		options.Limits = a.limits
	}
	g := gateway.New(f.svc, a.who, options)
	a.keys.OnEnd(g.EndCaller)
	served := make(chan error, 1)
	go func() { served <- g.Serve(ln) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	if err := g.Shutdown(end); err != nil {
		return fmt.Errorf("stopping: %w", err)
	}
	return <-served
}
