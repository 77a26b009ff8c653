package lora

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"slices"

	"tilgate/adapters/lora/gguf"
	"tilgate/internal/fault"
)

// permuted says of an architecture whether its GGUF files hold the rows of the
// query and key matrices in another order than the authors' files do. Those
// with true turn neighbouring values of a head together, where the authors
// turn the first half of a head with the second. Mistral is llama in GGUF.
//
// The table holds what is certain; guessing wrong would go unnoticed.
var permuted = map[string]bool{
	"llama": true, "granite": true, "smollm3": true,
	"qwen2": false, "qwen3": false, "gemma": false, "gemma2": false, "gemma3": false, "olmo2": false,
}

// WriteGGUF writes the LoRA as the file that llama.cpp and Ollama load over a
// base of shape s. PEFT is converted, with numbers as F32; GGUF passes through
// as it is. What does not fit s is an error, as Check says it.
func (w *Weights) WriteGGUF(out io.Writer, s Shape) error {
	if err := w.Check(s); err != nil {
		return err
	}
	if w.Format == "gguf" {
		return w.copyGGUF(out)
	}
	var g gguf.Writer
	g.Key("general.type", "adapter")
	g.Key("general.architecture", s.Arch)
	if w.Base != "" {
		g.Key("general.base_model.0.name", w.Base)
	}
	if w.Licence != "" {
		g.Key("general.license", w.Licence)
	}
	g.Key("adapter.type", "lora")
	// Readers compute alpha/rank for each pair. A pair with another scale than
	// that gets the difference into its B.
	alpha := w.pairs[0].scale * float64(w.pairs[0].rank())
	g.Key("adapter.lora.alpha", float32(alpha))
	for _, p := range w.pairs {
		m, _ := moduleNamed(p.module)
		name := fmt.Sprintf("blk.%d.%s.weight", p.layer, m.gguf)
		g.Tensor(name+".lora_a", gguf.F32, write(p.a.read), uint64(p.a.cols), uint64(p.a.rows))
		g.Tensor(name+".lora_b", gguf.F32, write(func() ([]float32, error) {
			return w.left(p, s, p.scale*float64(p.rank())/alpha)
		}), uint64(p.b.cols), uint64(p.b.rows))
	}
	return g.Write(out)
}

// copyGGUF copies the file, which must be the one that was opened.
func (w *Weights) copyGGUF(out io.Writer) error {
	h := sha256.New()
	if _, err := io.Copy(io.MultiWriter(out, h), io.NewSectionReader(w.source, 0, math.MaxInt64)); err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != w.SHA256 {
		return fault.Invalid.Errorf("the LoRA's file was changed while it was read")
	}
	return nil
}

// left returns the B of a pair with its rows in GGUF's order, times factor.
func (w *Weights) left(p pair, s Shape, factor float64) ([]float32, error) {
	b, err := p.b.read()
	if err != nil {
		return nil, err
	}
	if factor != 1 {
		for i := range b {
			b[i] = float32(float64(b[i]) * factor)
		}
	}
	if w.Format == "peft" && permuted[s.Arch] && (p.module == "q_proj" || p.module == "k_proj") {
		b = permute(b, p.b.cols, s.HeadDim)
	}
	return b, finite(b)
}

// permute returns rows in another order within each head: the first of the
// first half, the first of the second, the second of the first half, …
func permute(rows []float32, cols, headDim int) []float32 {
	out := make([]float32, 0, len(rows))
	for head := range slices.Chunk(rows, headDim*cols) {
		for i := range headDim / 2 {
			out = append(out, head[i*cols:(i+1)*cols]...)
			second := i + headDim/2
			out = append(out, head[second*cols:(second+1)*cols]...)
		}
	}
	return out
}

func write(read func() ([]float32, error)) func(io.Writer) error {
	return func(out io.Writer) error {
		values, err := read()
		if err != nil {
			return err
		}
		return gguf.Encode(out, gguf.F32, values)
	}
}
