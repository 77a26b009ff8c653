// Package record writes down each exchange: one line of the log, and counts
// for Prometheus. Nothing else in Tilgate counts requests.
//
// The text of questions and answers is not in the record.
package record

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"sync"
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
	out   io.Writer
	lines sync.Pool // of *[]byte
}

// New returns a recorder that writes to out, each line at once.
func New(out io.Writer) *Log {
	return &Log{out: out, lines: sync.Pool{New: func() any { return new([]byte) }}}
}

// Record writes one line.
func (l *Log) Record(_ context.Context, x serving.Exchange) {
	buffer := l.lines.Get().(*[]byte)
	defer l.lines.Put(buffer)
	*buffer = write((*buffer)[:0], x, time.Now())
	_, _ = l.out.Write(*buffer) // a log that cannot be written is nothing to end a request for
}

func write(to []byte, x serving.Exchange, now time.Time) []byte {
	level, kind := "INFO", fault.Of(x.Err)
	if x.Err != nil && kind == fault.Internal {
		level = "ERROR"
	}
	b := newLine(to, now, level, "exchange").str("id", x.ID).str("caller", x.Caller.Name).str("tenant", cmp.Or(x.Caller.Tenant, rag.DefaultTenant)).
		str("model", x.Model).bool("stream", x.Stream).span("total", x.Total)
	if x.First > 0 {
		b = b.span("first", x.First)
	}
	if x.Auto {
		b = b.str("lang", string(x.Plan.Language.Tag)).str("lang_by", x.Plan.Language.By).str("adapter", string(x.Plan.Adapter)).str("why", x.Plan.Why).
			str("weights", x.Plan.Weights).str("answered_by", x.Plan.Model).str("degraded", x.Plan.Degraded).bool("cached", x.Plan.Cached).
			num("passages", len(x.Plan.Passages)).num("citations", x.Citations)
	}
	if x.Backend != "" {
		b = b.str("backend", x.Backend).span("queued", x.Queued)
	}
	if x.Continued > 0 {
		b = b.num("continued", x.Continued)
	}
	if x.Auto || x.Chars > 0 {
		b = b.num("chars", x.Chars).num("tokens_in", x.Usage.PromptTokens).num("tokens_out", x.Usage.CompletionTokens)
	}
	if g := x.Guard; g != (serving.Report{}) {
		b = append(b.key("guard"), '{')
		b = append(b, line{}.num("masked", g.Masked).num("dropped_citations", g.Dropped).num("terms", g.Terms).num("missed_terms", g.MissedTerms)[1:]...)
		b = append(b, '}')
	}
	if len(x.Steps) > 0 {
		b = b.list("steps", steps(x.Steps))
	}
	if x.Err != nil {
		b = b.str("kind", kind.String()).str("err", x.Err.Error())
	}
	return b.end()
}

// steps writes what the guard did, each as "retry after 812ms: ru in Cyrl".
func steps(list []serving.Step) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = fmt.Sprintf("%s after %s: %s in %s", s.Did, s.At.Round(time.Millisecond), s.Got, s.In)
	}
	return out
}
