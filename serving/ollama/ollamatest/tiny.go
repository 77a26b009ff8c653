package ollamatest

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strings"

	"tilgate/adapters/lora/gguf"
)

// Tiny says what a tiny model is like. Models of different seeds say
// different things.
type Tiny struct {
	Seed uint64
	// Endless models never end an answer by themselves. They take some
	// milliseconds for a token, as larger models do, so that a test can leave
	// in the middle.
	Endless bool
	// Embeds makes a model that only embeds.
	Embeds bool
}

// The tiny model's measures. It reads one token per byte, so a context has to
// be long to hold a prompt in a script of three bytes per letter.
const (
	dim, blocks, heads, kvHeads = 64, 2, 4, 2
	trainedCtx                  = 32768
	endOfText, endOfTurn        = 256, 258
	vocabulary                  = 259
)

// ff is the width of the feed-forward layers, most of the work for a token.
func (t Tiny) ff() int {
	if t.Endless {
		return 1 << 14
	}
	return 128
}

// WriteTinyModel writes a model of the llama architecture as GGUF, some
// 450 kB: a token per byte and three special ones. It answers in pronounceable
// lower-case ASCII ("lo fate nu. Kami") of a few dozen letters, never says the
// same token twice in a row, and can be held to JSON by a grammar.
//
// A model of purely random weights stutters, and Ollama ends a stream without
// a word after 30 equal tokens. So the letters that may follow a letter are
// set by hand: a token's embedding is mostly the axis of its class, and the
// output matrix holds for each class what comes next. The blocks add a little
// noise that depends on the whole prompt.
func WriteTinyModel(w io.Writer, t Tiny) error {
	rng := rand.New(rand.NewPCG(t.Seed, 0))
	gauss := func(n int, std float64) []float32 {
		out := make([]float32, n)
		for i := range out {
			if i < 1<<15 {
				out[i] = float32(rng.NormFloat64() * std)
			} else {
				out[i] = out[i-1<<15] // as good, and quick
			}
		}
		return out
	}
	ones := func(n int) []float32 {
		out := make([]float32, n)
		for i := range out {
			out[i] = 1
		}
		return out
	}
	ff := t.ff()
	g := new(gguf.Writer)
	tinyKeys(g, t)
	embedding := gauss(vocabulary*dim, 0.01)
	for v := range vocabulary {
		embedding[v*dim+class(v)] += 1
	}
	const kv = kvHeads * dim / heads
	g.F32("token_embd.weight", embedding, dim, vocabulary)
	for i := range blocks {
		p := fmt.Sprintf("blk.%d.", i)
		g.F32(p+"attn_norm.weight", ones(dim), dim)
		g.F32(p+"attn_q.weight", gauss(dim*dim, 0.15), dim, dim)
		g.F32(p+"attn_k.weight", gauss(dim*kv, 0.15), dim, kv)
		g.F32(p+"attn_v.weight", gauss(dim*kv, 0.15), dim, kv)
		g.F32(p+"attn_output.weight", gauss(dim*dim, 0.002), dim, dim)
		g.F32(p+"ffn_norm.weight", ones(dim), dim)
		g.F32(p+"ffn_gate.weight", gauss(dim*ff, 0.15), dim, ff)
		g.F32(p+"ffn_up.weight", gauss(dim*ff, 0.15), dim, ff)
		g.F32(p+"ffn_down.weight", gauss(ff*dim, 0.02/math.Sqrt(float64(ff))), ff, dim)
	}
	g.F32("output_norm.weight", ones(dim), dim)
	g.F32("output.weight", output(rng, t), dim, vocabulary)
	return g.Write(w)
}

func tinyKeys(g *gguf.Writer, t Tiny) {
	tokens := append(byteTokens(), "<|endoftext|>", "<|im_start|>", "<|im_end|>")
	kinds := make([]int32, vocabulary)
	for i := range kinds {
		kinds[i] = 1 // normal
		if i >= endOfText {
			kinds[i] = 3 // control
		}
	}
	g.Key("general.architecture", "llama")
	g.Key("general.name", fmt.Sprintf("tiny %d", t.Seed))
	g.Key("general.file_type", uint32(0)) // F32
	g.Key("llama.context_length", uint32(trainedCtx))
	g.Key("llama.embedding_length", uint32(dim))
	g.Key("llama.block_count", uint32(blocks))
	g.Key("llama.feed_forward_length", uint32(t.ff()))
	g.Key("llama.attention.head_count", uint32(heads))
	g.Key("llama.attention.head_count_kv", uint32(kvHeads))
	g.Key("llama.attention.layer_norm_rms_epsilon", float32(1e-5))
	g.Key("llama.rope.dimension_count", uint32(dim/heads))
	g.Key("llama.rope.freq_base", float32(10000))
	g.Key("llama.vocab_size", uint32(vocabulary))
	if t.Embeds {
		g.Key("llama.pooling_type", uint32(1)) // the mean
	}
	g.Key("tokenizer.ggml.model", "gpt2")
	g.Key("tokenizer.ggml.pre", "default")
	g.Key("tokenizer.ggml.tokens", tokens)
	g.Key("tokenizer.ggml.token_type", kinds)
	g.Key("tokenizer.ggml.merges", []string{})
	g.Key("tokenizer.ggml.bos_token_id", uint32(endOfText))
	g.Key("tokenizer.ggml.eos_token_id", uint32(endOfTurn))
	g.Key("tokenizer.ggml.add_bos_token", false)
}

const (
	vowels     = "aeiou"
	consonants = "bdfghjklmnprstvz"
)

// The classes of tokens: each letter is one, and so are space, stop and all
// the others together.
const space, stop, other, classes = 26, 27, 28, 29

func class(token int) int {
	switch {
	case 'a' <= token && token <= 'z':
		return token - 'a'
	case token == ' ':
		return space
	case token == '.':
		return stop
	}
	return other
}

// output returns the output matrix, a row for each token. The norm before it
// makes the axis of a class sqrt(dim) long.
func output(rng *rand.Rand, t Tiny) []float32 {
	m := make([]float32, vocabulary*dim)
	for c := range classes {
		set := func(token int, p float64) {
			m[token*dim+c] = float32((12 + math.Log(p)) / math.Sqrt(dim))
		}
		some := func(letters string, p float64) {
			for _, l := range letters {
				set(int(l), p*math.Exp(rng.NormFloat64())/float64(len(letters)))
			}
		}
		// Where a grammar leaves nothing else: an object's end, then the end.
		m['}'*dim+c], m[endOfTurn*dim+c] = 0.5, 0.3
		switch {
		case c < space && strings.ContainsRune(vowels, rune('a'+c)):
			some(consonants, 0.55)
			set(' ', 0.37)
			set('.', 0.08)
		case c < space:
			some(vowels, 1)
		case c == stop && t.Endless:
			set(' ', 1)
		case c == stop:
			// The quotation mark falls to the sampler's top_p of 0.9, except
			// inside a JSON string: there no end of the answer is allowed, and
			// the space soon loses to the penalty for repetition.
			set(endOfTurn, 0.58)
			set(' ', 0.40)
			set('"', 0.02)
		default:
			some(consonants, 1)
		}
	}
	return m
}

// byteTokens returns how GPT-2's vocabulary writes each byte: printable ones
// as themselves, the others as the letters from U+0100 on.
func byteTokens() []string {
	tokens := make([]string, 0, vocabulary)
	next := rune(256)
	for b := range rune(256) {
		switch {
		case b >= '!' && b <= '~', b >= '¡' && b <= '¬', b >= '®':
			tokens = append(tokens, string(b))
		default:
			tokens = append(tokens, string(next))
			next++
		}
	}
	return tokens
}
