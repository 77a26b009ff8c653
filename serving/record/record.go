// Package record writes down each exchange: one line of the log, and counts
// for Prometheus. Nothing else in Tilgate counts requests.
//
// The text of questions and answers is not in the record.
package record

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"

	"tilgate/internal/fault"
	"tilgate/rag"
	"tilgate/serving"
)

// All records with each of its recorders.
type All []serving.Recorder

// Record asks each recorder.
func (a All) Record(ctx context.Context, x serving.Exchange) {
	for _, r := range a {
		r.Record(ctx, x)
	}
}

// A Log records exchanges as log lines.
type Log struct {
	log *slog.Logger
}

// New returns a recorder that writes to log.
func New(log *slog.Logger) *Log { return &Log{log} }

// Record writes one line.
func (l *Log) Record(ctx context.Context, x serving.Exchange) {
	level := slog.LevelInfo
	attrs := append(make([]slog.Attr, 0, 24), slog.String("id", x.ID), slog.String("caller", x.Caller.Name), slog.String("tenant", cmp.Or(x.Caller.Tenant, rag.DefaultTenant)), slog.String("model", x.Model),
		slog.Bool("stream", x.Stream), slog.Duration("total", x.Total.Round(time.Microsecond)))
	if x.First > 0 {
		attrs = append(attrs, slog.Duration("first", x.First.Round(time.Microsecond)))
	}
	if x.Auto {
		attrs = append(attrs, slog.String("lang", string(x.Plan.Language.Tag)), slog.String("lang_by", x.Plan.Language.By),
			slog.String("adapter", string(x.Plan.Adapter)), slog.String("why", x.Plan.Why), slog.String("weights", x.Plan.Weights),
			slog.String("answered_by", x.Plan.Model), slog.String("degraded", x.Plan.Degraded), slog.Bool("cached", x.Plan.Cached),
			slog.Int("passages", len(x.Plan.Passages)), slog.Int("citations", x.Citations))
	}
	if x.Backend != "" {
		attrs = append(attrs, slog.String("backend", x.Backend), slog.Duration("queued", x.Queued.Round(time.Microsecond)))
	}
	if x.Continued > 0 {
		attrs = append(attrs, slog.Int("continued", x.Continued))
	}
	if x.Auto || x.Chars > 0 {
		attrs = append(attrs, slog.Int("chars", x.Chars), slog.Int("tokens_in", x.Usage.PromptTokens), slog.Int("tokens_out", x.Usage.CompletionTokens))
	}
	if x.Guard != (serving.Report{}) {
		attrs = append(attrs, slog.Group("guard", slog.Int("masked", x.Guard.Masked), slog.Int("dropped_citations", x.Guard.Dropped),
			slog.Int("terms", x.Guard.Terms), slog.Int("missed_terms", x.Guard.MissedTerms)))
	}
	if len(x.Steps) > 0 {
		attrs = append(attrs, slog.Any("steps", steps(x.Steps)))
	}
	if x.Err != nil {
		kind := fault.Of(x.Err)
		attrs = append(attrs, slog.String("kind", kind.String()), slog.String("err", x.Err.Error()))
		if kind == fault.Internal {
			level = slog.LevelError
		}
	}
	// The handler is asked itself: where in the code this is says nothing, and
	// finding out takes as long as the rest.
	if h := l.log.Handler(); h.Enabled(ctx, level) {
		line := slog.NewRecord(time.Now(), level, "exchange", 0)
		line.AddAttrs(attrs...)
		_ = h.Handle(ctx, line) // as slog itself has it
	}
}

// steps writes what the guard did, each as "retry after 812ms: ru in Cyrl".
func steps(list []serving.Step) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = fmt.Sprintf("%s after %s: %s in %s", s.Did, s.At.Round(time.Millisecond), s.Got, s.In)
	}
	return out
}
