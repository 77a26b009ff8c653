package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

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
		New(slog.New(slog.NewJSONHandler(&out, nil))).Record(t.Context(), tt.exchange)
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
