package serving

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestTally(t *testing.T) {
	for _, tt := range []struct {
		name, answer string
		want         Tally
		half         bool
	}{
		{"a completion", `{"id":"x","choices":[{"message":{"role":"assistant","content":"Салам \"дүйнө\"\n"},"finish_reason":"stop"}],` +
			`"usage":{"prompt_tokens":12,"prompt_tokens_details":{"cached_tokens":3},"completion_tokens": 7,"total_tokens":19}}`,
			Tally{14, Usage{PromptTokens: 12, CompletionTokens: 7}, true}, false},
		{"several choices", `{"choices":[{"text" : "аб"},{"text":"в"}]}`, Tally{Chars: 3, Ended: true}, false},
		{"escapes", `{"choices":[{"message":{"content":"\u0441\ud83d\ude00\\"}}]}`, Tally{Chars: 3, Ended: true}, false},
		{"no text", `{"data":[{"embedding":[0.1,-2e5]}],"usage":{"prompt_tokens":5}}`, Tally{Usage: Usage{PromptTokens: 5}, Ended: true}, false},
		{"null", `{"choices":[{"message":{"content":null}}]}`, Tally{Ended: true}, false},
		{"half", `{"choices":[{"message":{"content":"}"`, Tally{Chars: 1, Ended: true}, true},
		{"cut in a string", `{"choices":[{"message":{"content":"Сал`, Tally{Ended: true}, true},
		{"two", `{"a":1}{"b":2}`, Tally{Ended: true}, true},
		{"HTML", `<html>`, Tally{Ended: true}, true},
		{"nothing", ``, Tally{Ended: true}, true},
	} {
		var got Tally
		if whole := got.Object([]byte(tt.answer)); whole == tt.half || got != tt.want {
			t.Errorf("%s: %+v, whole %v, want %+v", tt.name, got, whole, tt.want)
		}
	}
}

// However a stream is cut, the same is counted.
func TestTallyStream(t *testing.T) {
	for _, tt := range []struct {
		stream string
		want   Tally
	}{
		{"data: {\"choices\":[{\"delta\":{\"content\":\"Са\"},\"finish_reason\":null}]}\r\n\r\n: ping\n\ndata:{\"choices\":[{\"delta\":{\"content\":\"лам\"},\"finish_reason\":\"stop\"}]}\n\n" +
			"data: {\"choices\":[],\"usage\":{\"prompt_tokens\":2,\"completion_tokens\":3}}", Tally{5, Usage{PromptTokens: 2, CompletionTokens: 3}, true}},
		{"data: {\"choices\":[{\"delta\":{\"content\":\"Са\"},\"finish_reason\":null}]}\n\n", Tally{Chars: 2}},
		{"data: {\"choices\":[]}\n\ndata: [DONE]\n\n", Tally{Ended: true}},
		{"data: {\"error\":{\"message\":\"x\"}}\n\n", Tally{Ended: true}},
		{"{\"message\":{\"content\":\"Са\"},\"done\":false}\n{\"response\":\"лам\",\"done\":true,\"prompt_eval_count\":2,\"eval_count\":3}\n", Tally{5, Usage{PromptTokens: 2, CompletionTokens: 3}, true}},
		{"data: {\"choices\":[{\"delta\":{\"content\":\"" + strings.Repeat("x", MaxLine) + "\"}}]}\n\ndata: [DONE]\n", Tally{Ended: true}},
	} {
		for _, size := range []int{1, 2, 7, 1 << 20} {
			var got Tally
			var lines Lines
			for rest := tt.stream; rest != ""; rest = rest[min(size, len(rest)):] {
				lines.Add([]byte(rest[:min(size, len(rest))]), got.Line)
			}
			if lines.End(got.Line); got != tt.want {
				t.Errorf("%.80q in pieces of %d: %+v, want %+v", tt.stream, size, got, tt.want)
			}
		}
	}
}

// What is JSON is whole; nothing panics.
func FuzzTally(f *testing.F) {
	f.Add([]byte(`{"content":"\u","usage":{"prompt_tokens":99999999999}}`))
	f.Add([]byte("data: {\"done\":true}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var tally Tally
		whole := tally.Object(data)
		if trimmed := strings.TrimSpace(string(data)); json.Valid(data) && trimmed[0] == '{' && !whole {
			t.Errorf("%q is not whole", data)
		}
		if tally.Chars < 0 || tally.Chars > len(data) || tally.Usage.PromptTokens < 0 {
			t.Errorf("%q: %+v", data, tally)
		}
		var lines Lines
		lines.Add(data, tally.Line)
		lines.End(tally.Line)
	})
}

func BenchmarkTally(b *testing.B) {
	body := []byte(`{"id":"chatcmpl-mock","object":"chat.completion","created":1700000000,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"` +
		strings.Repeat("ሰላም ዓለም ", 30) + `"},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":200,"completion_tokens":80,"total_tokens":280}}`)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		var t Tally
		t.Object(body)
	}
}
