// Package record writes down each exchange: one line of the log for now.
// Nothing else in Tilgate counts requests.
//
// The text of questions and answers is not in the record.
package record

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"tilgate/internal/fault"
	"tilgate/rag"
	"tilgate/serving"
)

// A Log records exchanges as log lines.
type Log struct {
	log *slog.Logger
}

// New returns a recorder that writes to log.
func New(log *slog.Logger) *Log { return &Log{log} }

// Record writes one line.
func (l *Log) Record(ctx context.Context, x serving.Exchange) {
	level := slog.LevelInfo
	attrs := []slog.Attr{
		slog.String("id", x.ID), slog.String("caller", x.Caller.Name), slog.String("tenant", cmp.Or(x.Caller.Tenant, rag.DefaultTenant)), slog.String("model", x.Model),
		slog.Bool("stream", x.Stream), slog.Duration("total", x.Total.Round(time.Microsecond)),
	}
	if x.First > 0 {
		attrs = append(attrs, slog.Duration("first", x.First.Round(time.Microsecond)))
	}
	if x.Auto {
		attrs = append(attrs, slog.String("lang", string(x.Plan.Language.Tag)), slog.String("adapter", string(x.Plan.Adapter)),
			slog.String("answered_by", x.Plan.Model), slog.String("degraded", x.Plan.Degraded),
			slog.Int("passages", len(x.Plan.Passages)), slog.Int("citations", x.Citations), slog.Int("chars", x.Chars),
			slog.Int("tokens_in", x.Usage.PromptTokens), slog.Int("tokens_out", x.Usage.CompletionTokens))
	}
	if x.Err != nil {
		kind := fault.Of(x.Err)
		attrs = append(attrs, slog.String("kind", kind.String()), slog.String("err", x.Err.Error()))
		if kind == fault.Internal {
			level = slog.LevelError
		}
	}
	l.log.LogAttrs(ctx, level, "exchange", attrs...)
}
