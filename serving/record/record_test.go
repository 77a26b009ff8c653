package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"tilgate/internal/fault"
	"tilgate/rag"
	"tilgate/serving"
)

var well = serving.Exchange{
	ID: "chatcmpl-1", Start: time.Now(), Caller: serving.Caller{Name: "desk"}, Model: "auto", Auto: true, Stream: true,
	Plan: serving.Plan{Language: serving.Language{Tag: "ky-Latn"}, Adapter: "ky", Model: "tiny", Degraded: serving.NoStore,
		Passages: []rag.Passage{{Text: "secret of the passage"}, {}}},
	First: 1234567 * time.Nanosecond, Total: 2 * time.Second, Chars: 33, Citations: 2,
	Usage: serving.Usage{PromptTokens: 7, CompletionTokens: 3},
}

func TestRecord(t *testing.T) {
	plain := serving.Exchange{ID: "2", Model: "tiny:latest", Total: time.Second}
	refused, lost, broken := plain, well, well
	refused.Err = fault.NotFound.Errorf("no such model")
	lost.Err, lost.First = fault.Canceled.Errorf("the reader left"), 0
	broken.Err = errors.New("index out of range")
	for _, tt := range []struct {
		name     string
		exchange serving.Exchange
		want     []string
		without  []string
	}{
		{"well", well, []string{`"level":"INFO"`, `"msg":"exchange"`, `"id":"chatcmpl-1"`, `"caller":"desk"`, `"model":"auto"`, `"stream":true`,
			`"lang":"ky-Latn"`, `"adapter":"ky"`, `"answered_by":"tiny"`, `"degraded":"no_store"`, `"passages":2`, `"citations":2`, `"chars":33`,
			`"tokens_in":7`, `"tokens_out":3`, `"first":1235000`, `"total":2000000000`}, []string{"secret", `"kind"`, `"err"`}},
		{"a plain model", plain, []string{`"model":"tiny:latest"`, `"total":1000000000`}, []string{`"lang"`, `"first"`, `"degraded"`}},
		{"refused", refused, []string{`"level":"INFO"`, `"kind":"not_found"`, `"err":"no such model"`}, nil},
		{"left", lost, []string{`"level":"INFO"`, `"kind":"canceled"`}, []string{`"first"`}},
		{"our mistake", broken, []string{`"level":"ERROR"`, `"kind":"internal"`, `"err":"index out of range"`}, nil},
	} {
		var out bytes.Buffer
		New(&out).Record(t.Context(), tt.exchange)
		line := out.String()
		if !json.Valid(out.Bytes()) || strings.Count(line, "\n") != 1 {
			t.Errorf("%s is not one line of JSON: %s", tt.name, line)
		}
		for _, want := range tt.want {
			if !strings.Contains(line, want) {
				t.Errorf("%s: no %s in %s", tt.name, want, line)
			}
		}
		for _, no := range tt.without {
			if strings.Contains(line, no) {
				t.Errorf("%s: %s in %s", tt.name, no, line)
			}
		}
	}
}

// A line is JSON, whatever stands in it.
func FuzzLine(f *testing.F) {
	f.Add("qwen3:8b", "the reader left")
	f.Add("\"\\\x00\n\u2028\xff<&>", "Бишкек 😀")
	f.Fuzz(func(t *testing.T, model, wrong string) {
		text := write(nil, serving.Exchange{Model: model, Caller: serving.Caller{Name: wrong}, Err: errors.New(wrong), Guard: serving.Report{Masked: 2}}, time.Now())
		var got struct {
			Model, Err string
			Guard      struct{ Masked int }
		}
		if err := json.Unmarshal(text, &got); err != nil || got.Model != strings.ToValidUTF8(model, "\ufffd") && utf8.ValidString(model) || got.Guard.Masked != 2 || bytes.Count(text, []byte("\n")) != 1 {
			t.Errorf("%q, %q: %s, %v", model, wrong, text, err)
		}
	})
}

func BenchmarkLog(b *testing.B) {
	l := New(io.Discard)
	x := serving.Exchange{ID: "chatcmpl-abcdefghijklmnopqrstuvwxyz", Caller: serving.Caller{Name: "desk"}, Model: "qwen3:8b", First: time.Millisecond, Total: time.Second,
		Chars: 200, Usage: serving.Usage{PromptTokens: 100, CompletionTokens: 50}, Backend: "gpu1", Queued: time.Microsecond}
	b.ReportAllocs()
	for b.Loop() {
		l.Record(b.Context(), x)
	}
}
