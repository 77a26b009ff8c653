package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"tilgate/adapters/lora/gguf"
)

// A vocabulary is what a model cuts text into, as GGUF keeps it.
type vocabulary struct {
	name, model, pre string
	tokens, merges   []string
	scores           []float32
	kinds            []int32
}

// The kinds of tokens that matter here.
const (
	normal  = 1
	control = 3
)

// vocabularies reads those that lie in the source of Ollama's module, where its
// own tests use them: two families of models, as they were published.
func vocabularies() (llama, gemma vocabulary, err error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/ollama/ollama").Output()
	if err != nil {
		return llama, gemma, fmt.Errorf("looking for the source of Ollama's module: %w", err)
	}
	dir := filepath.Join(strings.TrimSpace(string(out)), "tokenizer", "testdata")
	encoder, err := os.ReadFile(filepath.Join(dir, "llama3.2", "encoder.json"))
	if err != nil {
		return llama, gemma, err
	}
	merges, err := os.ReadFile(filepath.Join(dir, "llama3.2", "vocab.bpe"))
	if err != nil {
		return llama, gemma, err
	}
	pieces, err := os.ReadFile(filepath.Join(dir, "gemma2", "tokenizer.model"))
	if err != nil {
		return llama, gemma, err
	}
	if llama, err = readBPE("Llama 3", encoder, merges); err != nil {
		return llama, gemma, err
	}
	gemma, err = readPieces("Gemma 2", pieces)
	return llama, gemma, err
}

// mostTokens is more than any vocabulary has.
const mostTokens = 1 << 20

// readBPE reads a vocabulary of byte pairs: a number for each token, and which
// are merged, a pair a line.
func readBPE(name string, encoder, merges []byte) (vocabulary, error) {
	v := vocabulary{name: name, model: "gpt2", pre: "llama-bpe"}
	var numbers map[string]int
	if err := json.Unmarshal(encoder, &numbers); err != nil {
		return v, fmt.Errorf("reading the vocabulary of %s: %w", name, err)
	}
	for token, n := range numbers {
		if n < 0 || n >= mostTokens {
			return v, fmt.Errorf("reading the vocabulary of %s: token %q has the number %d", name, token, n)
		}
		for n >= len(v.tokens) {
			v.tokens = append(v.tokens, fmt.Sprintf("<|unused %d|>", len(v.tokens)))
			v.kinds = append(v.kinds, control)
		}
		v.tokens[n], v.kinds[n] = token, normal
	}
	for line := range strings.Lines(string(merges)) {
		if line = strings.TrimRight(line, "\r\n"); strings.Count(line, " ") == 1 && !strings.HasPrefix(line, "#version") {
			v.merges = append(v.merges, line)
		}
	}
	if len(v.tokens) < 256 {
		return v, fmt.Errorf("reading the vocabulary of %s: it has %d tokens, fewer than bytes there are", name, len(v.tokens))
	}
	return v, nil
}

// readPieces reads a vocabulary of SentencePiece: a protobuf of pieces, field 1,
// each with its text, score and kind.
func readPieces(name string, data []byte) (vocabulary, error) {
	v := vocabulary{name: name, model: "llama", pre: "default"}
	for len(data) > 0 {
		num, typ, n := protowire.ConsumeTag(data)
		if n < 0 {
			return v, fmt.Errorf("reading the vocabulary of %s: %w", name, protowire.ParseError(n))
		}
		data = data[n:]
		if num != 1 || typ != protowire.BytesType {
			if n = protowire.ConsumeFieldValue(num, typ, data); n < 0 {
				return v, fmt.Errorf("reading the vocabulary of %s: %w", name, protowire.ParseError(n))
			}
			data = data[n:]
			continue
		}
		piece, n := protowire.ConsumeBytes(data)
		if n < 0 {
			return v, fmt.Errorf("reading the vocabulary of %s: %w", name, protowire.ParseError(n))
		}
		data = data[n:]
		if err := v.piece(piece); err != nil {
			return v, fmt.Errorf("reading the vocabulary of %s, piece %d: %w", name, len(v.tokens), err)
		}
	}
	if len(v.tokens) < 256 {
		return v, fmt.Errorf("reading the vocabulary of %s: it has %d pieces only", name, len(v.tokens))
	}
	return v, nil
}

func (v *vocabulary) piece(data []byte) error {
	text, score, kind := "", float32(0), int32(normal)
	for len(data) > 0 {
		num, typ, n := protowire.ConsumeTag(data)
		if n < 0 {
			return protowire.ParseError(n)
		}
		data = data[n:]
		switch {
		case num == 1 && typ == protowire.BytesType:
			var b []byte
			b, n = protowire.ConsumeBytes(data)
			text = string(b)
		case num == 2 && typ == protowire.Fixed32Type:
			var bits uint32
			bits, n = protowire.ConsumeFixed32(data)
			score = math.Float32frombits(bits)
		case num == 3 && typ == protowire.VarintType:
			var k uint64
			k, n = protowire.ConsumeVarint(data)
			kind = int32(k)
		default:
			n = protowire.ConsumeFieldValue(num, typ, data)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		data = data[n:]
	}
	v.tokens, v.scores, v.kinds = append(v.tokens, text), append(v.scores, score), append(v.kinds, kind)
	return nil
}

// padded returns v with tokens that no text has, so that it is as large as a
// model's output.
func (v vocabulary) padded(size int) vocabulary {
	v.tokens, v.kinds = slices.Clone(v.tokens), slices.Clone(v.kinds)
	for len(v.tokens) < size {
		v.tokens = append(v.tokens, fmt.Sprintf("<|pad %d|>", len(v.tokens)))
		v.kinds = append(v.kinds, control)
	}
	return v
}

// keys writes v into a file. The end of an answer is the last token, which a
// model of random weights hardly ever says.
func (v vocabulary) keys(g *gguf.Writer) {
	last := uint32(len(v.tokens) - 1)
	g.Key("tokenizer.ggml.model", v.model)
	g.Key("tokenizer.ggml.pre", v.pre)
	g.Key("tokenizer.ggml.tokens", v.tokens)
	g.Key("tokenizer.ggml.token_type", v.kinds)
	if v.scores != nil {
		g.Key("tokenizer.ggml.scores", v.scores)
	} else {
		g.Key("tokenizer.ggml.merges", v.merges)
	}
	g.Key("tokenizer.ggml.bos_token_id", last)
	g.Key("tokenizer.ggml.eos_token_id", last)
	g.Key("tokenizer.ggml.add_bos_token", false)
	g.Key("tokenizer.ggml.add_space_prefix", false)
}

// The measures of a counter: a model that is asked how many tokens a text has,
// and nothing else.
const (
	counterWidth   = 32
	counterContext = contextTokens
)

// writeCounter writes a model of the llama architecture that costs next to nothing.
func (v vocabulary) writeCounter(out io.Writer) error {
	g := new(gguf.Writer)
	v = v.padded(len(v.tokens) + 1)
	g.Key("general.architecture", "llama")
	g.Key("general.file_type", uint32(0))
	for _, k := range []struct {
		name  string
		value int
	}{{"context_length", counterContext}, {"embedding_length", counterWidth}, {"block_count", 1}, {"feed_forward_length", counterWidth},
		{"attention.head_count", 1}, {"attention.head_count_kv", 1}, {"rope.dimension_count", counterWidth}, {"vocab_size", len(v.tokens)}} {
		g.Key("llama."+k.name, uint32(k.value))
	}
	g.Key("llama.attention.layer_norm_rms_epsilon", float32(1e-5))
	v.keys(g)
	rng := rand.New(rand.NewPCG(1, 1))
	add := func(name string, in, out int) {
		values := make([]float32, in*out)
		for i := range values {
			values[i] = float32(rng.NormFloat64() * 0.02)
		}
		g.F32(name, values, in, out)
	}
	add("token_embd.weight", counterWidth, len(v.tokens))
	for _, name := range []string{"attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"} {
		add("blk.0."+name+".weight", counterWidth, counterWidth)
	}
	for _, name := range []string{"blk.0.attn_norm", "blk.0.ffn_norm", "output_norm"} {
		g.Tensor(name+".weight", gguf.F32, repeat(ones(), 4*counterWidth), counterWidth)
	}
	return g.Write(out)
}
