package ollamatest

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"

	"tilgate/adapters/lora/gguf"
)

// TinyLoRA says what a LoRA on tiny models is like. It adapts the output of
// attention and of the feed-forward layers, in every block.
type TinyLoRA struct {
	Seed    uint64
	Zero    bool   // it changes nothing
	Endless bool   // its base is an endless model
	Arch    string // of its base; empty means llama, as tiny models are
	Width   int    // of its base; 0 means that of tiny models
}

const tinyRank, tinyAlpha = 4, 8

type tinyPair struct {
	block      int
	gguf, peft string // names of the matrix
	in         int
	a, b       []float32 // rank × in, width × rank
}

func (l TinyLoRA) pairs() (pairs []tinyPair, width int) {
	width = cmp.Or(l.Width, dim)
	rng := rand.New(rand.NewPCG(l.Seed, 1))
	gauss := func(n int, std float64) []float32 {
		out := make([]float32, n)
		for i := range out {
			out[i] = float32(rng.NormFloat64() * std)
		}
		return out
	}
	for block := range blocks {
		for _, p := range []tinyPair{
			{gguf: "attn_output", peft: "self_attn.o_proj", in: width},
			{gguf: "ffn_down", peft: "mlp.down_proj", in: Tiny{Endless: l.Endless}.ff()},
		} {
			p.block, p.a, p.b = block, gauss(tinyRank*p.in, 0.1), gauss(width*tinyRank, 0.5)
			if l.Zero {
				clear(p.b)
			}
			pairs = append(pairs, p)
		}
	}
	return pairs, width
}

// WriteTinyLoRA writes it as GGUF.
func WriteTinyLoRA(w io.Writer, l TinyLoRA) error {
	g := new(gguf.Writer)
	g.Key("general.type", "adapter")
	g.Key("general.architecture", cmp.Or(l.Arch, "llama"))
	g.Key("adapter.type", "lora")
	g.Key("adapter.lora.alpha", float32(tinyAlpha))
	pairs, width := l.pairs()
	for _, p := range pairs {
		name := fmt.Sprintf("blk.%d.%s.weight", p.block, p.gguf)
		g.F32(name+".lora_a", p.a, p.in, tinyRank)
		g.F32(name+".lora_b", p.b, tinyRank, width)
	}
	return g.Write(w)
}

// WriteTinyPEFT writes it as PEFT does, into the folder dir.
func WriteTinyPEFT(dir string, l TinyLoRA) error {
	type tensor struct {
		Type    string `json:"dtype"`
		Shape   [2]int `json:"shape"`
		Offsets [2]int `json:"data_offsets"`
	}
	header := map[string]tensor{}
	var data bytes.Buffer
	add := func(name string, values []float32, rows, cols int) {
		begin := data.Len()
		_ = binary.Write(&data, binary.LittleEndian, values) // a buffer takes all
		header[name] = tensor{"F32", [2]int{rows, cols}, [2]int{begin, data.Len()}}
	}
	pairs, width := l.pairs()
	for _, p := range pairs {
		name := fmt.Sprintf("base_model.model.model.layers.%d.%s.lora_", p.block, p.peft)
		add(name+"A.weight", p.a, tinyRank, p.in)
		add(name+"B.weight", p.b, width, tinyRank)
	}
	head, err := json.Marshal(header)
	if err != nil {
		return err
	}
	file := append(binary.LittleEndian.AppendUint64(nil, uint64(len(head))), head...)
	config := fmt.Sprintf(`{"peft_type":"LORA","r":%d,"lora_alpha":%d,"target_modules":["o_proj","down_proj"],"base_model_name_or_path":"tiny"}`, tinyRank, tinyAlpha)
	if err := os.WriteFile(filepath.Join(dir, "adapter_config.json"), []byte(config), 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "adapter_model.safetensors"), append(file, data.Bytes()...), 0o600)
}
