package gateway

import (
	"context"
	"strings"
	"testing"

	"tilgate/internal/fault"
	"tilgate/serving"
)

func endpointAt(t *testing.T, path string) endpoint {
	t.Helper()
	for _, e := range endpoints {
		if e.path == path {
			return e
		}
	}
	t.Fatalf("there is nothing at %s", path)
	return endpoint{}
}

func TestPermit(t *testing.T) {
	const chat, completions, ollama, embed = "/v1/chat/completions", "/v1/completions", "/api/chat", "/v1/embeddings"
	safe, short := serving.Policy{}, serving.Policy{MaxTokens: 100}
	open := serving.Policy{MaxN: 32, MaxLogprobs: 50, Templates: true, LoRA: true, MediaHosts: []string{"img.example", "img.example:8443"}}
	image := func(url string) string { return `"messages":[{"content":[{"image_url":{"url":"` + url + `"}}]}]` }
	for _, tt := range []struct {
		policy serving.Policy
		path   string
		fields string
		param  string // at fault; empty is fine
	}{
		{safe, chat, `"n":16,"logprobs":true,"top_logprobs":20,"max_tokens":-1`, ""},
		{safe, chat, `"n":17`, "n"},
		{safe, chat, `"n":16.5`, "n"},
		{safe, chat, `"n":1e3`, "n"},
		{safe, chat, `"n":-1`, "n"},
		{safe, chat, `"n":"100"`, "n"}, // some servers take it for a number
		{safe, chat, `"n":[100]`, "n"},
		{safe, chat, `"n":null`, ""},
		{safe, chat, `"n_cmpl":17`, "n_cmpl"},
		{safe, completions, `"best_of":17`, "best_of"},
		{safe, completions, `"logprobs":21`, "logprobs"},
		{safe, completions, `"prompt_logprobs":-1`, "prompt_logprobs"}, // all of the vocabulary
		{safe, completions, `"n_probs":50`, "n_probs"},
		{open, completions, `"n":32,"logprobs":50`, ""},
		{safe, chat, `"chat_template":"{{x}}"`, "chat_template"},
		{safe, chat, `"chat_template_kwargs":{"chat_template":"{{x}}"}`, "chat_template"},
		{safe, chat, `"chat_template_kwargs":{"enable_thinking":false}`, ""},
		{safe, "/api/generate", `"template":"{{x}}"`, "template"},
		{safe, "/api/generate", `"template": ""`, ""},
		{safe, "/api/generate", `"template":" "`, "template"},
		{safe, "/api/generate", `"template":[""]`, "template"},
		{safe, chat, `"lora":[{"id":0,"scale":1}]`, "lora"},
		{safe, chat, `"lora_request":{"lora_path":"/x"}`, "lora_request"},
		{open, chat, `"chat_template":"x","template":"x","lora":[],"lora_request":{}`, ""},

		{short, chat, `"max_tokens":100`, ""},
		{short, chat, `"max_completion_tokens":1`, ""},
		{short, chat, `"max_tokens":101`, "max_tokens"},
		{short, chat, `"max_tokens":0`, "max_tokens"},
		{short, chat, `"max_tokens":-1`, "max_tokens"},
		{short, chat, `"max_tokens":"9999"`, "max_tokens"},
		{short, chat, `"max_tokens":null`, "max_tokens"},
		{short, chat, `"max_tokens":10,"n_predict":9999`, "n_predict"},
		{short, chat, `"x":1`, "max_tokens"},
		{short, chat, `"num_predict":10`, "max_tokens"}, // nobody there reads it
		{short, completions, `"max_completion_tokens":10`, "max_tokens"},
		{short, ollama, `"options":{"num_predict":100}`, ""},
		{short, ollama, `"options":{"num_predict":-2}`, "num_predict"},
		{short, ollama, `"options":{}`, "options.num_predict"},
		{short, ollama, `"max_tokens":10`, "options.num_predict"},
		{short, ollama, `"num_predict":10`, "options.num_predict"},
		{short, embed, `"input":"x"`, ""},

		{safe, chat, image("data:image/png;base64,aa"), ""},
		{safe, chat, image("https://img.example/a.png"), "image_url"},
		{open, chat, image("https://img.example/a.png"), ""},
		{open, chat, image("HTTPS://IMG.example/a.png?b"), ""},
		{open, chat, image("http://img.example:8443/a.png"), ""},
		{open, chat, image("http://img.example:22/"), "image_url"},
		{open, chat, image("http://img.example@10.0.0.1/"), "image_url"},
		{open, chat, image(`http://10.0.0.1\\@img.example/`), "image_url"},
		{open, chat, image("http://10.0.0.1#@img.example/"), "image_url"},
		{open, chat, image("file://img.example/etc/passwd"), "image_url"},
		{open, chat, image("http:img.example"), "image_url"},
		{open, chat, `"messages":[{"content":[{"image_url":"https://img.example/a"},{"video_url":"http://10.0.0.1/b"}]}]`, "image_url"},
	} {
		h, err := peek([]byte(`{"model":"a",`+tt.fields+`}`), false)
		if err != nil {
			t.Errorf("%s: %v", tt.fields, err)
			continue
		}
		err = h.permit(endpointAt(t, tt.path), tt.policy)
		if _, param := fault.Public(err); (err == nil) != (tt.param == "") || err != nil && param != tt.param {
			t.Errorf("%s with %s and %+v: %v, in %q; want it in %q", tt.path, tt.fields, tt.policy, err, param, tt.param)
		}
		if kind := fault.Of(err); err != nil && kind != fault.Invalid && kind != fault.Forbidden {
			t.Errorf("%s: %v is of kind %v", tt.fields, err, kind)
		}
	}
}

// TestPolicyHolds sees that what is refused never reaches the model server.
func TestPolicyHolds(t *testing.T) {
	f := &fake{forward: func(_ context.Context, r serving.Raw, yield func([]byte, error) bool) { yield(r.Body, nil) }}
	addr, _ := start(t, f, Options{})
	url := "http://" + addr + "/v1/chat/completions"
	if r, body := send(t, "POST", url, `{"model":"tiny","n":99}`); r.StatusCode != 400 || !strings.Contains(body, "n must be a number in 0..16 with this key") {
		t.Errorf("%d %s", r.StatusCode, body)
	}
	const fine = `{"model":"tiny", "n":2,"unknown":[1]}`
	if r, body := send(t, "POST", url, fine); r.StatusCode != 200 || body != fine {
		t.Errorf("%d %s", r.StatusCode, body)
	}
}
