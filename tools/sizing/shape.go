package main

import (
	"fmt"
	"io"
	"math/rand/v2"

	"tilgate/adapters/lora/gguf"
)

// A shape is what a model measures. Its speed on a processor depends on this and
// on how its weights are stored, not on what the weights are.
type shape struct {
	name                string // as people name the size: "4B"
	layers, width, ff   int
	heads, kvHeads      int
	head                int // values of a head
	tied                bool
	vocabulary, trained int // tokens
}

// shapes are those of Qwen 3, which setup offers, by its published configuration.
var shapes = []shape{
	{"0.6B", 28, 1024, 3072, 16, 8, 128, true, 151_936, 40_960},
	{"1.7B", 28, 2048, 6144, 16, 8, 128, true, 151_936, 40_960},
	{"4B", 36, 2560, 9728, 32, 8, 128, true, 151_936, 40_960},
	{"8B", 36, 4096, 12288, 32, 8, 128, false, 151_936, 40_960},
}

// model is what Ollama calls a model of this shape here.
func (s shape) model() string { return "sizing-" + s.name }

// A tensor is one matrix of a model, or one row.
type tensor struct {
	name string
	typ  gguf.Type
	dims []uint64
}

// tensors lists what a file holds, stored as Q4_K_M: most of it in some 4.5 bits
// a weight, half of the values' and of the second feed-forward matrices and the
// output in 6.5.
func (s shape) tensors() []tensor {
	n := func(i int) uint64 { return uint64(i) }
	embedding := gguf.Q4_K
	if s.tied {
		embedding = gguf.Q6_K // it is the output too
	}
	list := []tensor{{"token_embd.weight", embedding, []uint64{n(s.width), n(s.vocabulary)}}}
	for i := range s.layers {
		more := gguf.Q4_K
		if i < s.layers/8 || i >= 7*s.layers/8 || (i-s.layers/8)%3 == 2 {
			more = gguf.Q6_K
		}
		p := fmt.Sprintf("blk.%d.", i)
		list = append(list,
			tensor{p + "attn_norm.weight", gguf.F32, []uint64{n(s.width)}},
			tensor{p + "attn_q.weight", gguf.Q4_K, []uint64{n(s.width), n(s.heads * s.head)}},
			tensor{p + "attn_q_norm.weight", gguf.F32, []uint64{n(s.head)}},
			tensor{p + "attn_k.weight", gguf.Q4_K, []uint64{n(s.width), n(s.kvHeads * s.head)}},
			tensor{p + "attn_k_norm.weight", gguf.F32, []uint64{n(s.head)}},
			tensor{p + "attn_v.weight", more, []uint64{n(s.width), n(s.kvHeads * s.head)}},
			tensor{p + "attn_output.weight", gguf.Q4_K, []uint64{n(s.heads * s.head), n(s.width)}},
			tensor{p + "ffn_norm.weight", gguf.F32, []uint64{n(s.width)}},
			tensor{p + "ffn_gate.weight", gguf.Q4_K, []uint64{n(s.width), n(s.ff)}},
			tensor{p + "ffn_up.weight", gguf.Q4_K, []uint64{n(s.width), n(s.ff)}},
			tensor{p + "ffn_down.weight", more, []uint64{n(s.ff), n(s.width)}},
		)
	}
	list = append(list, tensor{"output_norm.weight", gguf.F32, []uint64{n(s.width)}})
	if !s.tied {
		list = append(list, tensor{"output.weight", gguf.Q6_K, []uint64{n(s.width), n(s.vocabulary)}})
	}
	return list
}

// parameters counts the weights.
func (s shape) parameters() (n uint64) {
	for _, t := range s.tensors() {
		one := uint64(1)
		for _, d := range t.dims {
			one *= d
		}
		n += one
	}
	return n
}

// write writes a model of random weights.
func (s shape) write(out io.Writer, v vocabulary) error {
	g := new(gguf.Writer)
	g.Key("general.architecture", "qwen3")
	g.Key("general.name", s.model())
	g.Key("general.file_type", uint32(15)) // Q4_K_M
	for _, k := range []struct {
		name  string
		value int
	}{
		{"context_length", s.trained}, {"embedding_length", s.width}, {"block_count", s.layers}, {"feed_forward_length", s.ff},
		{"attention.head_count", s.heads}, {"attention.head_count_kv", s.kvHeads}, {"attention.key_length", s.head}, {"attention.value_length", s.head},
	} {
		g.Key("qwen3."+k.name, uint32(k.value))
	}
	g.Key("qwen3.attention.layer_norm_rms_epsilon", float32(1e-6))
	g.Key("qwen3.rope.freq_base", float32(1e6))
	v.padded(s.vocabulary).keys(g)
	fills := map[gguf.Type][]byte{gguf.F32: ones(), gguf.Q4_K: filler(gguf.Q4_K), gguf.Q6_K: filler(gguf.Q6_K)}
	for _, t := range s.tensors() {
		values := 1
		for _, d := range t.dims {
			values *= int(d)
		}
		g.Tensor(t.name, t.typ, repeat(fills[t.typ], t.typ.Bytes(values)), t.dims...)
	}
	return g.Write(out)
}

// repeat writes n bytes of fill, again and again.
func repeat(fill []byte, n int) func(io.Writer) error {
	return func(out io.Writer) error {
		for n := n; n > 0; n -= len(fill) {
			if _, err := out.Write(fill[:min(n, len(fill))]); err != nil {
				return err
			}
		}
		return nil
	}
}

// fillBlocks is no multiple of a row's blocks, so that rows differ.
const fillBlocks = 8191

// filler returns blocks of random weights, some .02 around zero as in trained
// models: with wild ones the values overflow, and what is no number is slow.
func filler(t gguf.Type) []byte {
	rng := rand.NewChaCha8([32]byte{byte(t)})
	size := t.Bytes(256)
	fill := make([]byte, fillBlocks*size)
	_, _ = rng.Read(fill) // it never fails
	for i := 0; i < len(fill); i += size {
		b := fill[i : i+size]
		switch t {
		case gguf.Q4_K: // step and offset, as half floats: 8e-5 and 6e-4
			copy(b, []byte{0x3e, 0x05, 0xea, 0x10})
		case gguf.Q6_K: // 16 scales of at most 31, then the step: 6.2e-5
			for j := range b[192:208] {
				b[192+j] &= 31
			}
			copy(b[208:], []byte{0x10, 0x04})
		}
	}
	return fill
}

// ones are weights of a norm: 1 as F32.
func ones() []byte {
	fill := make([]byte, 0, 1<<14)
	for len(fill) < cap(fill) {
		fill = append(fill, 0, 0, 0x80, 0x3f)
	}
	return fill
}
