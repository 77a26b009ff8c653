// Package trace tells a collector of OpenTelemetry how each answer went: a
// span for the request, under the span of its caller if that sent one, and in
// it spans for finding passages and for the model, in the words of the
// semantic conventions for generative AI.
//
// Spans are made from the Exchange when it is over, so that an answer on its
// way costs nothing, and sent from the side. What was asked and answered is in
// none of them.
package trace

import (
	"context"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"tilgate/internal/fault"
	"tilgate/serving"
)

// Options of a Recorder.
type Options struct {
	Endpoint string       // of the collector: "http://127.0.0.1:4318"
	Sample   float64      // share of the requests without a caller's span that are told of; 0 means all
	Client   *http.Client // that reaches it; nil means a plain one
	Version  string       // of Tilgate
}

// A Recorder turns exchanges into spans. It is safe for concurrent use.
type Recorder struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
}

var _ serving.Recorder = (*Recorder)(nil)

// tracePath is where a collector takes spans.
const tracePath = "/v1/traces"

// New returns a recorder. It does not connect yet, and a collector that is
// down costs spans, not answers.
func New(ctx context.Context, o Options) (*Recorder, error) {
	options := []otlptracehttp.Option{otlptracehttp.WithEndpointURL(strings.TrimSuffix(strings.TrimRight(o.Endpoint, "/"), tracePath) + tracePath)}
	if o.Client != nil {
		options = append(options, otlptracehttp.WithHTTPClient(o.Client))
	}
	exporter, err := otlptracehttp.New(ctx, options...)
	if err != nil {
		return nil, err
	}
	sample := sdk.AlwaysSample()
	if o.Sample > 0 && o.Sample < 1 {
		sample = sdk.TraceIDRatioBased(o.Sample)
	}
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithSampler(sdk.ParentBased(sample)),
		sdk.WithResource(resource.NewSchemaless(attribute.String("service.name", "tilgate"), attribute.String("service.version", o.Version))))
	return &Recorder{provider, provider.Tracer("tilgate")}, nil
}

// Close sends what waits, as long as ctx lasts.
func (r *Recorder) Close(ctx context.Context) error { return r.provider.Shutdown(ctx) }

// Record tells of one exchange.
func (r *Recorder) Record(ctx context.Context, x serving.Exchange) {
	if x.Trace != "" {
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": x.Trace})
	}
	end := trace.WithTimestamp(x.Start.Add(x.Total))
	ctx, span := r.tracer.Start(ctx, "answer "+nameOf(x), trace.WithSpanKind(trace.SpanKindServer), trace.WithTimestamp(x.Start), trace.WithAttributes(
		attribute.String("tilgate.id", x.ID), attribute.String("tilgate.caller", x.Caller.Name), attribute.String("tilgate.language", string(x.Plan.Language.Tag)),
		attribute.String("tilgate.adapter", string(x.Plan.Adapter)), attribute.String("tilgate.degraded", x.Plan.Degraded),
		attribute.Int("tilgate.passages", len(x.Plan.Passages)), attribute.Int("tilgate.citations", x.Citations), attribute.Int("tilgate.characters", x.Chars)))
	fail(span, x.Err)
	for _, s := range x.Steps {
		span.AddEvent("guard "+s.Did, trace.WithTimestamp(x.Start.Add(s.At)), trace.WithAttributes(attribute.String("tilgate.language", string(s.Got))))
	}
	asked := x.Start
	if x.Retrieved > 0 {
		asked = x.Start.Add(x.Retrieved)
		_, search := r.tracer.Start(ctx, "retrieve", trace.WithTimestamp(x.Start))
		search.End(trace.WithTimestamp(asked))
	}
	if x.Backend != "" {
		r.model(ctx, x, asked.Add(x.Queued), end)
	}
	span.End(end)
}

// model tells of what the model server did.
func (r *Recorder) model(ctx context.Context, x serving.Exchange, from time.Time, end trace.SpanEndEventOption) {
	model := x.Plan.Model
	if model == "" {
		model = x.Model
	}
	_, span := r.tracer.Start(ctx, "chat "+model, trace.WithSpanKind(trace.SpanKindClient), trace.WithTimestamp(from), trace.WithAttributes(
		attribute.String("gen_ai.operation.name", "chat"), attribute.String("gen_ai.provider.name", x.Backend),
		attribute.String("gen_ai.request.model", x.Model), attribute.String("gen_ai.response.model", model),
		attribute.Int("gen_ai.usage.input_tokens", x.Usage.PromptTokens), attribute.Int("gen_ai.usage.output_tokens", x.Usage.CompletionTokens),
		attribute.Float64("tilgate.queued_seconds", x.Queued.Seconds())))
	if x.First > 0 {
		span.AddEvent("first text", trace.WithTimestamp(x.Start.Add(x.First)))
	}
	fail(span, x.Err)
	span.End(end)
}

func fail(span trace.Span, err error) {
	if err == nil {
		return
	}
	kind := fault.Of(err).String()
	span.SetStatus(codes.Error, kind)
	span.SetAttributes(attribute.String("error.type", kind))
}

func nameOf(x serving.Exchange) string {
	if x.Auto {
		return serving.Auto
	}
	return "model"
}
