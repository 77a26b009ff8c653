package lora

import "slices"

// A module is one of the matrices of a layer that a LoRA may adapt.
type module struct {
	peft   string // as PEFT names it
	within string // the part of the layer it is in there
	gguf   string // its name in GGUF, between "blk.N." and ".weight"
	in     func(Shape) int
	out    func(Shape) int
}

var modules = []module{
	{"q_proj", "self_attn", "attn_q", embedding, queries},
	{"k_proj", "self_attn", "attn_k", embedding, keys},
	{"v_proj", "self_attn", "attn_v", embedding, keys},
	{"o_proj", "self_attn", "attn_output", queries, embedding},
	{"gate_proj", "mlp", "ffn_gate", embedding, feedForward},
	{"up_proj", "mlp", "ffn_up", embedding, feedForward},
	{"down_proj", "mlp", "ffn_down", feedForward, embedding},
}

func embedding(s Shape) int   { return s.Embedding }
func feedForward(s Shape) int { return s.FeedForward }
func queries(s Shape) int     { return s.Heads * s.HeadDim }
func keys(s Shape) int        { return s.KVHeads * s.HeadDim }

func moduleIndex(peft string) int {
	return slices.IndexFunc(modules, func(m module) bool { return m.peft == peft })
}

func moduleNamed(peft string) (module, bool) {
	i := moduleIndex(peft)
	if i < 0 {
		return module{}, false
	}
	return modules[i], true
}
