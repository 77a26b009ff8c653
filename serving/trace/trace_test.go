package trace

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"tilgate/internal/fault"
	"tilgate/serving"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// collect records exchanges, and returns the spans that a collector was sent.
func collect(t *testing.T, o Options, exchanges ...serving.Exchange) (all []*spans.Span) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var req collector.ExportTraceServiceRequest
		if err != nil || proto.Unmarshal(body, &req) != nil || r.URL.Path != "/v1/traces" {
			t.Errorf("%s: %v", r.URL.Path, err)
		}
		for _, rs := range req.ResourceSpans {
			for _, ss := range rs.ScopeSpans {
				all = append(all, ss.Spans...)
			}
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	defer s.Close()
	o.Endpoint, o.Client = s.URL, s.Client()
	r, err := New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range exchanges {
		r.Record(t.Context(), x)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := r.Close(ctx); err != nil {
		t.Fatal(err)
	}
	s.Client().CloseIdleConnections()
	return all
}

func value(s *spans.Span, key string) string {
	for _, a := range s.Attributes {
		if a.Key == key {
			return a.Value.String()
		}
	}
	return ""
}

func TestSpans(t *testing.T) {
	start := time.Now()
	all := collect(t, Options{}, serving.Exchange{ID: "chatcmpl-1", Start: start, Total: 3 * time.Second, First: time.Second, Retrieved: 200 * time.Millisecond, Queued: 300 * time.Millisecond,
		Trace: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		Model: "auto", Auto: true, Backend: "gpu1", Plan: serving.Plan{Model: "qwen3:8b", Adapter: "ky", Language: serving.Language{Tag: "ky"}},
		Usage: serving.Usage{PromptTokens: 7, CompletionTokens: 3}, Steps: []serving.Step{{At: time.Second, Did: serving.StepRetry, Got: "ru"}},
		Err: fault.Timeout.Errorf("the model server fell silent")})
	if len(all) != 3 {
		t.Fatalf("%d spans", len(all))
	}
	named := map[string]*spans.Span{}
	for _, s := range all {
		named[s.Name] = s
	}
	request, search, model := named["answer auto"], named["retrieve"], named["chat qwen3:8b"]
	if request == nil || search == nil || model == nil {
		t.Fatalf("%v", named)
	}
	if got := string(request.TraceId); got != "\x0a\xf7\x65\x19\x16\xcd\x43\xdd\x84\x48\xeb\x21\x1c\x80\x31\x9c" || string(request.ParentSpanId) != "\xb7\xad\x6b\x71\x69\x20\x33\x31" {
		t.Errorf("it is not under its caller's span: %x", got)
	}
	if string(model.ParentSpanId) != string(request.SpanId) || model.StartTimeUnixNano != uint64(start.Add(500*time.Millisecond).UnixNano()) || model.EndTimeUnixNano != uint64(start.Add(3*time.Second).UnixNano()) {
		t.Errorf("the model's span: %v", model)
	}
	for key, want := range map[string]string{"gen_ai.operation.name": "chat", "gen_ai.response.model": "qwen3:8b", "gen_ai.usage.output_tokens": "3", "error.type": "timeout"} {
		if got := value(model, key); !strings.Contains(got, want) {
			t.Errorf("%s is %s, want %s", key, got, want)
		}
	}
	if len(request.Events) != 1 || request.Events[0].Name != "guard retry" || request.Status.Code != spans.Status_STATUS_CODE_ERROR {
		t.Errorf("%v", request)
	}
}

// What a caller samples out is not told of; nor is what callers write taken
// for a span.
func TestParents(t *testing.T) {
	if all := collect(t, Options{}, serving.Exchange{Start: time.Now(), Trace: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"}); len(all) != 0 {
		t.Errorf("%v", all)
	}
	all := collect(t, Options{}, serving.Exchange{Start: time.Now(), Model: "m", Trace: "nonsense"})
	if len(all) != 1 || len(all[0].ParentSpanId) != 0 || all[0].Name != "answer model" {
		t.Errorf("%v", all)
	}
}

// A collector that is down costs no answer.
func TestDown(t *testing.T) {
	r, err := New(t.Context(), Options{Endpoint: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	from := time.Now()
	for range 10_000 {
		r.Record(t.Context(), serving.Exchange{Start: from})
	}
	if took := time.Since(from); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	r.Close(ctx)
}
