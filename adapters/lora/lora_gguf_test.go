package lora

import (
	"bytes"
	"io"
	"math"
	"strings"
	"testing"

	"tilgate/adapters/lora/gguf"
)

// loraFile writes a LoRA of one pair in GGUF; keys replace what it says, nil
// leaves a key out.
func loraFile(t testing.TB, keys map[string]any, change func(*gguf.Writer)) []byte {
	t.Helper()
	var w gguf.Writer
	for _, k := range []gguf.Key{{Name: "general.type", Value: "adapter"}, {Name: "general.architecture", Value: "llama"},
		{Name: "adapter.type", Value: "lora"}, {Name: "adapter.lora.alpha", Value: float32(2)}} {
		if v, replaced := keys[k.Name]; replaced {
			k.Value = v
		}
		if k.Value != nil {
			w.Key(k.Name, k.Value)
		}
	}
	w.F32("blk.0.attn_q.weight.lora_a", make([]float32, 64), 64, 1)
	w.F32("blk.0.attn_q.weight.lora_b", make([]float32, 64), 1, 64)
	if change != nil {
		change(&w)
	}
	var b bytes.Buffer
	if err := w.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func openBytes(file []byte) (*Weights, error) {
	g, err := gguf.Read(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, err
	}
	return assembleGGUF(g)
}

func TestOpenGGUFFaults(t *testing.T) {
	tensor := func(name string, dims ...int) func(*gguf.Writer) {
		return func(w *gguf.Writer) {
			n := 1
			for _, d := range dims {
				n *= d
			}
			w.F32(name, make([]float32, n), dims...)
		}
	}
	for _, tt := range []struct {
		name   string
		keys   map[string]any
		change func(*gguf.Writer)
		want   string // "" if it is fine
	}{
		{"as it should be", nil, nil, ""},
		{"a model", map[string]any{"general.type": "model"}, nil, `general.type: is "model"`},
		{"no type", map[string]any{"general.type": nil}, nil, `general.type: is ""`},
		{"a type that is no text", map[string]any{"general.type": uint32(1)}, nil, `general.type: is ""`},
		{"no architecture", map[string]any{"general.architecture": nil}, nil, "general.architecture: is missing"},
		{"a control vector", map[string]any{"adapter.type": "controlvector"}, nil, `adapter.type: is "controlvector"`},
		{"no alpha", map[string]any{"adapter.lora.alpha": nil}, nil, "adapter.lora.alpha"},
		{"an alpha of 0", map[string]any{"adapter.lora.alpha": float32(0)}, nil, "adapter.lora.alpha: is 0"},
		{"an alpha that is none", map[string]any{"adapter.lora.alpha": float32(math.NaN())}, nil, "adapter.lora.alpha: is NaN"},
		{"a whole alpha", map[string]any{"adapter.lora.alpha": uint32(16)}, nil, "as F32"},
		{"aLoRA", nil, func(w *gguf.Writer) { w.Key("adapter.alora.invocation_tokens", []uint32{1}) }, "aLoRA"},
		{"a norm", nil, tensor("blk.0.attn_norm.weight", 64), "blk.0.attn_norm.weight: is no lora_a or lora_b"},
		{"the vocabulary", nil, tensor("token_embd.weight.lora_a", 64, 8), "trained vocabularies"},
		{"fused", nil, tensor("blk.0.attn_qkv.weight.lora_a", 64, 8), "each a matrix of its own"},
		{"half a pair", nil, tensor("blk.1.ffn_up.weight.lora_a", 64, 8), "layer 1, up_proj: A is there without its B"},
		{"three dimensions", nil, tensor("blk.1.ffn_up.weight.lora_a", 64, 8, 2), "has 3 dimensions"},
		{"a type that is not read", nil, func(w *gguf.Writer) {
			w.Tensor("blk.1.ffn_up.weight.lora_a", 23, func(out io.Writer) error { _, err := out.Write(make([]byte, 136)); return err }, 256, 1)
		}, "is stored as IQ4_XS"},
	} {
		_, err := openBytes(loraFile(t, tt.keys, tt.change))
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: error %v does not say %q", tt.name, err, tt.want)
		}
	}
}

// Whatever a file says, a LoRA that was opened and fits a base can be merged.
func FuzzGGUF(f *testing.F) {
	base := openBase(f, newModel(tiny, gguf.F32).write(f))
	f.Add(loraFile(f, nil, nil))
	f.Add(loraFile(f, map[string]any{"general.type": nil}, nil))
	f.Add(loraFile(f, nil, nil)[:300])
	f.Fuzz(func(t *testing.T, file []byte) {
		w, err := openBytes(file)
		if err != nil || w.Check(tiny) != nil {
			return
		}
		if err := Merge(io.Discard, base, w, nil); err != nil && !strings.Contains(err.Error(), "training went wrong") && !strings.Contains(err.Error(), "cannot be stored") {
			t.Error(err)
		}
	})
}
