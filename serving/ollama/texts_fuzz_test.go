package ollama

import (
	"testing"

	"github.com/ollama/ollama/api"

	"tilgate/internal/fault"
)

// FuzzTexts checks that no body panics, and that what is let through can be
// asked of Ollama.
func FuzzTexts(f *testing.F) {
	f.Add([]byte(`{"prompt":["а","б"],"echo":true,"stop":"x","max_tokens":5,"stream_options":{"include_usage":true}}`))
	f.Add([]byte(`{"input":["а","б"],"dimensions":3,"encoding_format":"base64"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		texts := &texts{translation: translation{ChatRequest: &api.ChatRequest{Options: map[string]any{}}}}
		if err := texts.translate(body); err != nil && !fault.Invalid.Is(err) {
			t.Errorf("%q: %v", body, err)
		} else if err == nil && (len(texts.prompts) == 0 || len(texts.prompts) > mostPrompts || texts.echo && texts.Logprobs) {
			t.Errorf("%q is read as %+v", body, texts)
		}
		var e embedding
		if err := e.translate(body); err != nil && !fault.Invalid.Is(err) {
			t.Errorf("%q: %v", body, err)
		} else if err == nil && (len(e.input) == 0 || len(e.input) > mostInputs || e.dimensions < 0) {
			t.Errorf("%q is read as %+v", body, e)
		}
	})
}
