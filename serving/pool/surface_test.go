package pool

import (
	"testing"

	"tilgate/serving"
)

// A request goes to a server that speaks its surface, or whose client can put
// it in the server's words.
func TestSurfaces(t *testing.T) {
	ollama, vllm := says("ollama"), says("vllm")
	list := named(ollama, vllm)
	list[0].Surfaces, list[1].Surfaces = []serving.Surface{serving.Ollama}, []serving.Surface{serving.OpenAI}
	for _, tt := range []struct {
		surface serving.Surface
		path    string
		want    []string
	}{
		{serving.OpenAI, "/v1/chat/completions", []string{"ollama", "vllm"}},
		{serving.OpenAI, "/v1/embeddings", []string{"ollama", "vllm"}},
		{serving.OpenAI, "/v1/rerank", []string{"vllm"}},
		{serving.Ollama, "/api/chat", []string{"ollama"}},
	} {
		p := New(list, quoting, Options{})
		got := map[string]bool{}
		for range 10 {
			reply, err := p.Forward(t.Context(), serving.Raw{Surface: tt.surface, Path: tt.path, Model: "m", Body: []byte("{}")})
			if err != nil {
				t.Fatal(err)
			}
			got[string(reply.Body)] = true
		}
		for _, name := range tt.want {
			if !got[name] {
				t.Errorf("%s: %s is not asked", tt.path, name)
			}
		}
		if len(got) != len(tt.want) {
			t.Errorf("%s: %v", tt.path, got)
		}
	}
}
