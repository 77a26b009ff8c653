package overlay

import (
	"bytes"
	"testing"

	"tilgate/adapters/lora/gguf"
)

// tinyLoRA is a GGUF file with a LoRA of one pair.
func tinyLoRA(t *testing.T, seed byte) []byte {
	t.Helper()
	var g gguf.Writer
	g.Key("general.type", "adapter")
	g.Key("general.architecture", "qwen2")
	g.Key("adapter.type", "lora")
	g.Key("adapter.lora.alpha", float32(1))
	g.F32("blk.0.attn_v.weight.lora_a", []float32{float32(seed), 2}, 2, 1)
	g.F32("blk.0.attn_v.weight.lora_b", []float32{1, 2}, 1, 2)
	var b bytes.Buffer
	if err := g.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
