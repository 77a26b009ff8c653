package openai

import (
	"encoding/json"
	"net/http"
	"testing"

	"tilgate/internal/fault"
	"tilgate/serving"
)

const oneToken = "data: {\"choices\":[{\"delta\":{\"content\":\"x\"},\"finish_reason\":\"length\"}]}\n\ndata: [DONE]\n\n"

// A canary is a generation: a server that lists its models, and makes no
// token, is not well.
func TestCanary(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		well   bool
	}{
		{"a token", says(200, oneToken), true},
		{"the engine is dead", says(500, `{"error":{"message":"EngineDeadError"}}`), false},
		{"no token", says(200, "data: [DONE]\n\n"), false},
	} {
		var asked chatRequest
		c := fake(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
			_ = json.Unmarshal([]byte(body(r)), &asked)
			tt.answer(w, r)
		})
		err := c.Canary(t.Context(), "m")
		if (err == nil) != tt.well || err != nil && !fault.Unavailable.Is(err) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if asked.Model != "m" || asked.MaxTokens == nil || *asked.MaxTokens != 1 {
			t.Errorf("%s: asked %+v", tt.name, asked)
		}
	}
}

// What each make of server is told, so that it goes on with an answer.
func TestGoOn(t *testing.T) {
	for _, tt := range []struct {
		kind          Kind
		owner         string // of the model, as the server signs it
		goesOn, added any    // the two fields, nil if they are not sent
	}{
		{VLLM, "vllm", true, false},
		{SGLang, "sglang", true, nil},
		{Other, "me", nil, nil},
		{Tilgate, "vllm", true, false}, // which is behind it
		{Tilgate, "ollama", nil, nil},
	} {
		var asked map[string]any
		c := standIn(t, Options{Kind: tt.kind}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/v1/models" {
				says(200, `{"data":[{"id":"other","owned_by":"sglang"},{"id":"m","owned_by":"`+tt.owner+`"}]}`)(w, r)
				return
			}
			_ = json.NewDecoder(r.Body).Decode(&asked)
			says(200, oneToken)(w, r)
		}))
		p := serving.Prompt{Model: "m", Messages: []serving.Message{{Role: "user", Content: "Бишкек?"}}, Begun: "Бишкек —"}
		for _, err := range c.Chat(t.Context(), p) {
			if err != nil {
				t.Fatal(err)
			}
		}
		if asked["continue_final_message"] != tt.goesOn || asked["add_generation_prompt"] != tt.added {
			t.Errorf("%s: %v", tt.kind, asked)
		}
		messages := asked["messages"].([]any)
		if last := messages[len(messages)-1].(map[string]any); last["role"] != "assistant" || last["content"] != "Бишкек —" {
			t.Errorf("%s: the last message is %v", tt.kind, last)
		}
	}
}

// What another Tilgate answers by itself is not taken for a model.
func TestNotAuto(t *testing.T) {
	c := standIn(t, Options{Kind: Tilgate}, says(200, `{"data":[{"id":"auto","owned_by":"tilgate"},{"id":"auto:ky","owned_by":"tilgate"},{"id":"m","owned_by":"vllm"}]}`))
	if held, err := c.Ready(t.Context()); err != nil || len(held) != 1 || held[0].Name != "m" {
		t.Errorf("%+v, %v", held, err)
	}
}
