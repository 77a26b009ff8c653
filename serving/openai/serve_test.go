package openai

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"tilgate/adapters"
	"tilgate/adapters/push"
	"tilgate/internal/fault"
	"tilgate/serving"
)

// A vllm is a stand-in for a vLLM server, made from its documentation: the
// endpoints that load and unload a LoRA, the list of models, and answers with
// log-probabilities that depend on the weights. No vLLM was asked.
type vllm struct {
	mu     sync.Mutex
	loras  map[string]string // name to path
	static bool              // it was not started with VLLM_ALLOW_RUNTIME_LORA_UPDATING
	deaf   bool              // it answers with the base whatever is named
	parent string            // of every LoRA
	steps  []string
}

func (v *vllm) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	var req struct {
		Name  string `json:"lora_name"`
		Path  string `json:"lora_path"`
		Model string
	}
	body, _ := io.ReadAll(r.Body)
	_ = json.Unmarshal(body, &req)
	fail := func(status int, text string, args ...any) {
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{"object": "error", "message": fmt.Sprintf(text, args...), "code": status})
	}
	_, loaded := v.loras[req.Name]
	switch path := r.URL.Path; {
	case path == "/v1/models":
		list := []map[string]any{{"id": "base", "owned_by": "vllm", "root": "/models/base", "parent": nil}}
		for name, root := range v.loras {
			list = append(list, map[string]any{"id": name, "owned_by": "vllm", "root": root, "parent": v.parent})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"object": "list", "data": list})
	case path == "/v1/chat/completions" && req.Model != "base" && v.loras[req.Model] == "":
		fail(404, "The model `%s` does not exist.", req.Model)
	case path == "/v1/chat/completions":
		shift := 0.0
		if req.Model != "base" && !v.deaf {
			shift = 0.5
		}
		_, _ = io.WriteString(w, logprobs(shift))
	case v.static || path != "/v1/load_lora_adapter" && path != "/v1/unload_lora_adapter":
		w.WriteHeader(404)
		_, _ = io.WriteString(w, `{"detail":"Not Found"}`)
	case path == "/v1/load_lora_adapter" && loaded:
		fail(400, "The lora adapter '%s' has already been loaded.", req.Name)
	case path == "/v1/load_lora_adapter" && !strings.HasPrefix(req.Path, "/"):
		fail(404, "Loading lora %s failed: No adapter found for %s", req.Name, req.Path)
	case path == "/v1/load_lora_adapter":
		v.steps, v.loras[req.Name] = append(v.steps, "+"+req.Name), req.Path
		_, _ = fmt.Fprintf(w, "Success: LoRA adapter '%s' added successfully.", req.Name)
	case !loaded:
		fail(404, "The lora adapter '%s' cannot be found.", req.Name)
	default:
		v.steps = append(v.steps, "-"+req.Name)
		delete(v.loras, req.Name)
	}
}

// logprobs is an answer of one token.
func logprobs(shift float64) string {
	return fmt.Sprintf(`{"choices":[{"index":0,"message":{"role":"assistant","content":"a"},"finish_reason":"length",
		"logprobs":{"content":[{"token":"a","logprob":%v,"top_logprobs":[{"token":"a","logprob":%[1]v},{"token":"b","logprob":-2}]}]}}]}`, math.Min(0, -1+shift))
}

func newVLLM(t *testing.T) (*vllm, *Client) {
	t.Helper()
	v := &vllm{loras: map[string]string{}, parent: "base"}
	return v, standIn(t, Options{}, v)
}

func plan(path string) push.Plan {
	return push.Plan{Name: "ky1", Base: "base", Path: path, ServerPath: path, Rank: 20, Progress: func(string) {}}
}

// prover proves as push does.
func prover(t *testing.T, c *Client) func(string) error {
	return func(name string) error {
		_, err := push.Probe(t.Context(), c, "base", name, []string{"Салам"})
		return err
	}
}

func TestVLLM(t *testing.T) {
	v, c := newVLLM(t)
	for range 2 { // again is the same
		v.steps = nil
		if err := c.Serve(t.Context(), plan("/loras/ky"), prover(t, c)); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"+ky1-trial", "-ky1", "+ky1", "-ky1-trial"}; !slices.Equal(v.steps, want) {
		t.Errorf("%q, want %q", v.steps, want)
	}
	m, err := c.Describe(t.Context(), "ky1")
	if err != nil || m.Engine != push.VLLM || m.Parent != "base" || len(m.Digest) != 64 {
		t.Errorf("%+v, %v", m, err)
	}
	if held, err := c.Ready(t.Context()); err != nil || !slices.Equal(heldNames(held), []string{"base", "ky1"}) {
		t.Errorf("%v, %v", held, err)
	}
	if err := c.Drop(t.Context(), "ky1"); err != nil || len(v.loras) != 0 {
		t.Errorf("%v, %v", v.loras, err)
	}
	if err := c.Drop(t.Context(), "ky1"); err != nil {
		t.Errorf("again: %v", err)
	}
	if err := c.Drop(t.Context(), "base"); !fault.Invalid.Is(err) {
		t.Errorf("the base: %v", err)
	}
}

// Nothing is left of a LoRA that was not proved.
func TestVLLMFaults(t *testing.T) {
	for _, tt := range []struct {
		name string
		set  func(*vllm)
		path string
		kind fault.Kind
		says string
	}{
		{"answers with the base", func(v *vllm) { v.deaf = true }, "/loras/ky", fault.Unavailable, "answers with the base"},
		{"another base", func(v *vllm) { v.parent = "other" }, "/loras/ky", fault.Unavailable, `on "other", not on base`},
		{"no such path", func(*vllm) {}, "ky", fault.Invalid, "--server-path"},
		{"closed", func(v *vllm) { v.static = true }, "/loras/ky", fault.Unsupported, "--enable-lora --lora-modules ky1=/loras/ky --max-lora-rank 32"},
	} {
		v, c := newVLLM(t)
		tt.set(v)
		err := c.Serve(t.Context(), plan(tt.path), prover(t, c))
		if !tt.kind.Is(err) || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if len(v.loras) != 0 {
			t.Errorf("%s: left are %v", tt.name, v.loras)
		}
	}
	// One that was started with the LoRA needs no loading.
	v, c := newVLLM(t)
	v.static, v.loras["ky1"] = true, "/loras/ky"
	if err := c.Serve(t.Context(), plan("/loras/ky"), prover(t, c)); err != nil {
		t.Error(err)
	}
	if err := c.Drop(t.Context(), "ky1"); !fault.Unsupported.Is(err) {
		t.Errorf("dropped: %v", err)
	}
}

// A llama is a stand-in for llama.cpp's server, made to behave as its build
// 11434 does: it looks at no model name, and applies the LoRAs that a request
// lists by number, or, if it lists none, those that it was started with.
type llama struct {
	loras string // as /lora-adapters lists them
	mu    sync.Mutex
	sent  sentToLlama
}

type sentToLlama struct {
	Model string
	LoRA  *[]scaledLoRA `json:"lora"`
}

func (s sentToLlama) list() []scaledLoRA {
	if s.LoRA == nil {
		return nil
	}
	return *s.LoRA
}

func (l *llama) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch r.URL.Path {
	case "/v1/models":
		_, _ = io.WriteString(w, `{"object":"list","data":[{"id":"base","owned_by":"llamacpp","meta":{"n_vocab":32000,"n_embd":64}}]}`)
	case "/lora-adapters":
		_, _ = io.WriteString(w, l.loras)
	case "/v1/chat/completions":
		l.sent.LoRA = nil
		body, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(body, &l.sent)
		applied := l.sent.LoRA == nil || len(*l.sent.LoRA) == 0
		for _, s := range l.sent.list() {
			applied = applied || s.Scale > 0
		}
		switch {
		case strings.Contains(string(body), `"stream":true`):
			_, _ = io.WriteString(w, half+stopped+done)
		case applied:
			_, _ = io.WriteString(w, logprobs(0.5))
		default:
			_, _ = io.WriteString(w, logprobs(0))
		}
	default:
		w.WriteHeader(404)
		_, _ = io.WriteString(w, `{"error":{"message":"File Not Found","type":"not_found_error","code":404}}`)
	}
}

func TestLlamaCpp(t *testing.T) {
	l := &llama{loras: `[]`}
	c := standIn(t, Options{}, l)
	err := c.Serve(t.Context(), plan("/loras/ky1.gguf"), prover(t, c))
	if !fault.Unsupported.Is(err) || !strings.Contains(err.Error(), "--lora-init-without-apply --lora /loras/ky1.gguf") {
		t.Errorf("%v", err)
	}
	if err := c.Serve(t.Context(), plan("/loras/other.gguf"), prover(t, c)); !fault.Invalid.Is(err) {
		t.Errorf("another file: %v", err)
	}
	l.loras = `[{"id":0,"path":"uz1.gguf","scale":1.0},{"id":1,"path":"C:\\loras\\ky1.gguf","scale":1.0}]`
	if err := c.Serve(t.Context(), plan("/loras/ky1.gguf"), prover(t, c)); err != nil {
		t.Error(err)
	}
	if m, err := c.Describe(t.Context(), "ky1"); err != nil || m.Engine != push.LlamaCpp || m.Parent != "base" {
		t.Errorf("%+v, %v", m, err)
	}
	if err := c.Drop(t.Context(), "ky1"); !fault.Unsupported.Is(err) || !strings.Contains(err.Error(), "without --lora C:") {
		t.Errorf("dropped: %v", err)
	}

	p := question()
	p.Adapter = &adapters.Adapter{LoRA: &adapters.Weights{Scale: 0.7}}
	for _, tt := range []struct {
		model string
		lora  []scaledLoRA
	}{{"ky1", []scaledLoRA{{0, 0}, {1, 0.7}}}, {"base", []scaledLoRA{{0, 0}, {1, 0}}}} {
		p.Model = tt.model
		if _, _, err := gather(t, c, p); err != nil || !slices.Equal(l.sent.list(), tt.lora) {
			t.Errorf("%s: sent %+v, %v", tt.model, l.sent, err)
		}
	}
	// It would answer to any name.
	p.Model = "ky2"
	if _, _, err := gather(t, c, p); !fault.NotFound.Is(err) {
		t.Errorf("a LoRA that is not there: %v", err)
	}
	if _, err := c.Forward(t.Context(), serving.Raw{Model: "ky1", Body: []byte(`{}`)}); !fault.NotFound.Is(err) {
		t.Errorf("a LoRA as a plain model: %v", err)
	}
}

func TestOtherKinds(t *testing.T) {
	c := fake(t, Options{}, hang)
	if err := c.Serve(t.Context(), plan("/x"), nil); !fault.Unsupported.Is(err) {
		t.Errorf("%v", err)
	}
	if m, err := c.Describe(t.Context(), "m"); err != nil || m.Engine != string(SGLang) {
		t.Errorf("%+v, %v", m, err)
	}
	if _, err := c.Describe(t.Context(), "n"); !fault.NotFound.Is(err) || !strings.Contains(err.Error(), "it has m") {
		t.Errorf("%v", err)
	}
	// A server that cannot be asked now is asked again.
	c = standIn(t, Options{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/models" {
			says(200, `{"data":[{"id":"m"}]}`)(w, r)
			return
		}
		w.WriteHeader(503)
	}))
	if _, err := c.Kind(t.Context()); !fault.Unavailable.Is(err) {
		t.Errorf("%v", err)
	}
}
