package lora

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/ollama/ollama/fs/ggml"

	"tilgate/internal/fault"
)

func TestCheck(t *testing.T) {
	w := open(t, newAdapter(tiny, nil).write(t))
	g := open(t, writeFile(t, "lora.gguf", converted(t, w, tiny)))
	for _, tt := range []struct {
		name   string
		w      *Weights
		change func(*Shape)
		want   []string // none if it fits
	}{
		{"the same", w, func(*Shape) {}, nil},
		{"the same, as GGUF", g, func(*Shape) {}, nil},
		{"another architecture for PEFT, which says none", w, func(s *Shape) { s.Arch = "qwen2" }, nil},
		{"another architecture for GGUF", g, func(s *Shape) { s.Arch = "qwen2" }, []string{"it is made for llama, the base is qwen2"}},
		{"an architecture of unknown order", w, func(s *Shape) { s.Arch = "phi3" }, []string{"how phi3 orders its rows", "convert_lora_to_gguf.py"}},
		{"more layers", w, func(s *Shape) { s.Layers = 3 }, []string{"it is made for 2, the base has 3"}},
		{"more layers than the file adapts", g, func(s *Shape) { s.Layers = 3 }, nil},
		{"fewer layers", g, func(s *Shape) { s.Layers = 1 }, []string{"layer 1, q_proj and 6 more: the base has 1 layers, 0 to 0"}},
		{"heads that cannot be halved", w, func(s *Shape) { s.HeadDim = 15 }, []string{"cannot be halved", "gives 60"}},
		{"many things at once", w, func(s *Shape) { s.Embedding, s.KVHeads, s.FeedForward = 96, 4, 256 }, []string{
			"this LoRA was made for somebody/tiny, and does not fit tiny 1:",
			"layer 0, q_proj and 1 more: A takes 64 values, the base's q_proj takes 96",
			"layer 0, k_proj and 1 more: B gives 32 values, the base's k_proj gives 64",
			"layer 0, o_proj and 1 more: B gives 64 values, the base's o_proj gives 96",
			"layer 0, down_proj and 1 more: A takes 128 values, the base's down_proj takes 256"}},
	} {
		s := tiny
		tt.change(&s)
		err := tt.w.Check(s)
		if tt.want == nil && err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		for _, want := range tt.want {
			if !fault.Invalid.Is(err) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %v does not say %q", tt.name, err, want)
			}
		}
	}
}

// The shape is the same whether it is read from a file or from what a server
// shows of it in JSON.
func TestShapeOf(t *testing.T) {
	if got := openBase(t, newModel(tiny, 0).write(t)).Shape(); got != tiny {
		t.Errorf("the file's shape is %+v, want %+v", got, tiny)
	}
	const shown = `{"general.architecture":"qwen3","general.name":"Qwen3 8B","qwen3.block_count":36,"qwen3.embedding_length":4096,
		"qwen3.feed_forward_length":12288,"qwen3.attention.head_count":32,"qwen3.attention.head_count_kv":8,
		"qwen3.attention.key_length":128,"qwen3.attention.value_length":128,"tokenizer.ggml.tokens":null}`
	want := Shape{"qwen3", 36, 4096, 12288, 32, 8, 128, 0, "Qwen3 8B"}
	var plain, numbers map[string]any
	dec := json.NewDecoder(strings.NewReader(shown))
	dec.UseNumber()
	if json.Unmarshal([]byte(shown), &plain) != nil || dec.Decode(&numbers) != nil {
		t.Fatal("the test's JSON is wrong")
	}
	for _, info := range []map[string]any{plain, numbers} {
		if got, err := ShapeOf(info); err != nil || got != want {
			t.Errorf("ShapeOf = %+v, %v, want %+v", got, err, want)
		}
	}
}

func TestShapeOfFaults(t *testing.T) {
	for _, tt := range []struct {
		key   string
		value any // nil takes the key away
		want  string
	}{
		{"general.architecture", nil, "general.architecture is missing"},
		{"llama.block_count", nil, "llama.block_count is missing"},
		{"llama.block_count", 0.0, "llama.block_count is 0"},
		{"llama.block_count", -3.0, "is -3"},
		{"llama.block_count", 1.5, "is 1.5"},
		{"llama.block_count", 1e30, "is 1e+30"},
		{"llama.block_count", uint64(1 << 63), "is 9223372036854775808"},
		{"llama.block_count", "many", "is many"},
		{"llama.block_count", json.Number("x"), "is x"},
		{"llama.attention.head_count_kv", []any{4.0, 8.0}, "is [4 8]; one number"},
		{"llama.attention.head_count_kv", []any{nil, 8.0}, "one number"},
		{"llama.attention.head_count_kv", []uint32{}, "is []"},
		{"llama.attention.head_count_kv", []uint32{2, 2}, ""},
		{"llama.attention.head_count_kv", nil, ""},
		{"llama.attention.value_length", 8.0, "value_length is 8 and key_length 16"},
	} {
		info := map[string]any{"general.architecture": "llama", "llama.block_count": 2.0, "llama.embedding_length": 64.0,
			"llama.feed_forward_length": 128.0, "llama.attention.head_count": 4.0, "llama.attention.head_count_kv": 2.0}
		info[tt.key] = tt.value
		if tt.value == nil {
			delete(info, tt.key)
		}
		_, err := ShapeOf(info)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s = %v: error %v does not say %q", tt.key, tt.value, err, tt.want)
		}
	}
	if _, err := ShapeOf(nil); err == nil {
		t.Error("nothing has a shape")
	}
}

// Names come from strangers, and go to logs and terminals.
func TestBrief(t *testing.T) {
	for _, tt := range []struct {
		v    any
		want string
	}{
		{"Qwen/Qwen3-8B", "Qwen/Qwen3-8B"},
		{"Кыргыз тили", "Кыргыз тили"},
		{"\x1b[31mred\n", "·[31mred·"},
		{"\xff", "·"},
		{strings.Repeat("ж", 60), strings.Repeat("ж", 50) + "…"},
		{strings.Repeat("ሰ", 60), strings.Repeat("ሰ", 33) + "·…"},
	} {
		if got := brief(tt.v); got != tt.want {
			t.Errorf("brief(%q) = %q, want %q", tt.v, got, tt.want)
		}
	}
}

// The list is that of the Ollama in go.mod.
func TestServesLoRA(t *testing.T) {
	others := []string{"llama", "qwen2", "qwen2moe", "gemma", "gemma2", "phi2", "phi3", "granite", "olmo2", "command-r", "cohere2", "stablelm",
		"starcoder2", "falcon", "exaone", "internlm2", "minicpm", "glm4", "smollm3", "qwen2vl", "olmoe", "deepseek", "mistral4", "qwen4", "gemma4"}
	for _, arch := range slices.Concat(ollamaNewEngine, others) {
		err := ServesLoRA("ollama", arch)
		if refuses := (ggml.KV{"general.architecture": arch}).OllamaEngineRequired(); refuses != (err != nil) {
			t.Errorf("ServesLoRA(ollama, %s) = %v, but on the new engine: %v", arch, err, refuses)
		}
		if err != nil && (!fault.Unsupported.Is(err) || !strings.Contains(err.Error(), "tilgate adapter merge")) {
			t.Errorf("ServesLoRA(ollama, %s) = %v; it must say what does work", arch, err)
		}
		if err := ServesLoRA("openai", arch); err != nil {
			t.Errorf("ServesLoRA(openai, %s) = %v", arch, err)
		}
	}
}
