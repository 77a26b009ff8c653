package lora

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tilgate/adapters/lora/gguf"
	"tilgate/serving/ollama/ollamatest"
)

// A model is a small random one as its authors would publish it: matrices out
// × in, and a head's first half turned with its second.
type model struct {
	Shape
	typ    gguf.Type // of its matrices in GGUF
	matrix map[string][]float32
}

// tiny has fewer heads for keys than for queries. Both counts differ from the
// two layers, so that nothing fits by chance.
var tiny = Shape{Arch: "llama", Layers: 2, Embedding: 64, FeedForward: 128, Heads: 4, KVHeads: 2, HeadDim: 16, Vocab: 259, Name: "tiny 1"}

func newModel(s Shape, typ gguf.Type) *model {
	rng := rand.New(rand.NewPCG(1, 1))
	m := &model{Shape: s, typ: typ, matrix: map[string][]float32{}}
	m.matrix["embed"] = gauss(rng, s.Vocab*s.Embedding, 1)
	m.matrix["head"] = gauss(rng, s.Vocab*s.Embedding, 0.001)
	copy(m.matrix["head"]['a'*s.Embedding:], gauss(rng, 26*s.Embedding, 0.3)) // only letters are ever likely
	for layer := range s.Layers {
		for _, x := range modules {
			m.matrix[at(layer, x.peft)] = gauss(rng, x.in(s)*x.out(s), math.Sqrt(1.5/float64(x.in(s))))
			if s.Arch == "qwen2" {
				m.matrix[at(layer, x.peft)+".bias"] = gauss(rng, x.out(s), 0.1)
			}
		}
	}
	return m
}

func at(layer int, module string) string { return fmt.Sprintf("%d.%s", layer, module) }

func gauss(rng *rand.Rand, n int, std float64) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(rng.NormFloat64() * std)
	}
	return out
}

// reordered returns rows of the query or key matrix as llama's GGUF has them,
// by where each row goes.
func reordered(rows []float32, cols, headDim int) []float32 {
	out := make([]float32, len(rows))
	for row := range len(rows) / cols {
		head, half, i := row/headDim, row%headDim/(headDim/2), row%(headDim/2)
		copy(out[(head*headDim+2*i+half)*cols:][:cols], rows[row*cols:])
	}
	return out
}

func (m *model) reorders(module string) bool {
	return m.Arch == "llama" && (module == "q_proj" || module == "k_proj")
}

// file returns the model in GGUF. The keys are those of the tests' tiny model,
// with other measures.
func (m *model) file(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := ollamatest.WriteTinyModel(&b, ollamatest.Tiny{Seed: 1}); err != nil {
		t.Fatal(err)
	}
	from, err := gguf.Read(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	var w gguf.Writer
	measures := map[string]int{"embedding_length": m.Embedding, "block_count": m.Layers, "feed_forward_length": m.FeedForward,
		"attention.head_count": m.Heads, "attention.head_count_kv": m.KVHeads, "rope.dimension_count": m.HeadDim}
	for _, k := range from.Keys {
		name, ours := strings.CutPrefix(k.Name, "llama.")
		if n, there := measures[name]; ours && there {
			k.Value = uint32(n)
		}
		if ours {
			k.Name = m.Arch + "." + name
		}
		switch k.Name {
		case "general.architecture":
			k.Value = m.Arch
		case "general.file_type":
			k.Value = uint32(1) // else Ollama would not quantise it
		}
		w.Key(k.Name, k.Value)
	}
	m.tensors(&w)
	b.Reset()
	if err := w.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (m *model) tensors(w *gguf.Writer) {
	add := func(name string, typ gguf.Type, values []float32, dims ...uint64) {
		w.Tensor(name, typ, func(out io.Writer) error { return gguf.Encode(out, typ, values) }, dims...)
	}
	ones := make([]float32, m.Embedding)
	for i := range ones {
		ones[i] = 1
	}
	add("token_embd.weight", m.typ, m.matrix["embed"], uint64(m.Embedding), uint64(m.Vocab))
	for layer := range m.Layers {
		prefix := fmt.Sprintf("blk.%d.", layer)
		w.F32(prefix+"attn_norm.weight", ones, m.Embedding)
		w.F32(prefix+"ffn_norm.weight", ones, m.Embedding)
		for _, x := range modules {
			values := m.matrix[at(layer, x.peft)]
			if m.reorders(x.peft) {
				values = reordered(values, x.in(m.Shape), m.HeadDim)
			}
			add(prefix+x.gguf+".weight", m.typ, values, uint64(x.in(m.Shape)), uint64(x.out(m.Shape)))
			if bias := m.matrix[at(layer, x.peft)+".bias"]; bias != nil && strings.Contains("q_proj k_proj v_proj", x.peft) {
				w.F32(prefix+x.gguf+".bias", bias, len(bias))
			}
		}
	}
	w.F32("output_norm.weight", ones, m.Embedding)
	add("output.weight", m.typ, m.matrix["head"], uint64(m.Embedding), uint64(m.Vocab))
}

// write writes the model to a file and returns its path.
func (m *model) write(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "base.gguf")
	if err := os.WriteFile(path, m.file(t), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// plus returns the model with an adapter added as PEFT does it.
func (m *model) plus(l *adapter) *model {
	sum := &model{Shape: m.Shape, typ: m.typ, matrix: map[string][]float32{}}
	for name, values := range m.matrix {
		sum.matrix[name] = values
		if l.a[name] != nil {
			sum.matrix[name] = make([]float32, len(values))
			for i, d := range l.delta(name) {
				sum.matrix[name][i] = float32(float64(values[i]) + d)
			}
		}
	}
	return sum
}

// logprobs returns the log-probability of each token after a text: what the
// model's authors define, in the plainest way.
func (m *model) logprobs(text string) []float64 {
	var states [][]float64
	for _, token := range []byte(text) {
		states = append(states, wide(m.matrix["embed"][int(token)*m.Embedding:][:m.Embedding]))
	}
	for layer := range m.Layers {
		var q, k, v [][]float64
		for pos, x := range states {
			n := normed(x)
			q = append(q, m.rotated(m.apply(layer, "q_proj", n), pos))
			k = append(k, m.rotated(m.apply(layer, "k_proj", n), pos))
			v = append(v, m.apply(layer, "v_proj", n))
		}
		for pos, x := range states {
			add(x, m.apply(layer, "o_proj", m.attend(q[pos], k[:pos+1], v)))
			n := normed(x)
			gate, up := m.apply(layer, "gate_proj", n), m.apply(layer, "up_proj", n)
			for i, g := range gate {
				up[i] *= g / (1 + math.Exp(-g))
			}
			add(x, m.apply(layer, "down_proj", up))
		}
	}
	logits := times(m.matrix["head"], normed(states[len(states)-1]))
	var sum float64
	for _, l := range logits {
		sum += math.Exp(l)
	}
	for i := range logits {
		logits[i] -= math.Log(sum)
	}
	return logits
}

func (m *model) apply(layer int, module string, x []float64) []float64 {
	y := times(m.matrix[at(layer, module)], x)
	if bias := m.matrix[at(layer, module)+".bias"]; bias != nil && strings.Contains("q_proj k_proj v_proj", module) {
		add(y, wide(bias))
	}
	return y
}

// rotated turns the first half of each head with its second.
func (m *model) rotated(x []float64, pos int) []float64 {
	half := m.HeadDim / 2
	for head := 0; head < len(x); head += m.HeadDim {
		for i := range half {
			sin, cos := math.Sincos(float64(pos) * math.Pow(10000, -float64(i)/float64(half)))
			a, b := x[head+i], x[head+i+half]
			x[head+i], x[head+i+half] = a*cos-b*sin, b*cos+a*sin
		}
	}
	return x
}

func (m *model) attend(q []float64, k, v [][]float64) []float64 {
	out := make([]float64, len(q))
	for head := range m.Heads {
		shared := head / (m.Heads / m.KVHeads) * m.HeadDim
		var sum float64
		weights := make([]float64, len(k))
		for pos := range k {
			for i := range m.HeadDim {
				weights[pos] += q[head*m.HeadDim+i] * k[pos][shared+i]
			}
			weights[pos] = math.Exp(weights[pos] / math.Sqrt(float64(m.HeadDim)))
			sum += weights[pos]
		}
		for pos, weight := range weights {
			for i := range m.HeadDim {
				out[head*m.HeadDim+i] += weight / sum * v[pos][shared+i]
			}
		}
	}
	return out
}

func wide(x []float32) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}

func normed(x []float64) []float64 {
	var squares float64
	for _, v := range x {
		squares += v * v
	}
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = v / math.Sqrt(squares/float64(len(x))+1e-5)
	}
	return out
}

func times(rows []float32, x []float64) []float64 {
	out := make([]float64, len(rows)/len(x))
	for i := range out {
		for j, v := range x {
			out[i] += float64(rows[i*len(x)+j]) * v
		}
	}
	return out
}

func add(x, y []float64) {
	for i := range x {
		x[i] += y[i]
	}
}

// An adapter is a random LoRA as PEFT would leave it.
type adapter struct {
	config map[string]any
	dtype  string
	rank   func(name string) int
	scale  func(name string) float64
	a, b   map[string][]float32 // by the names of the model's matrices
	shape  Shape
}

// newAdapter adapts all seven projections with rank 8 and alpha 16; change may
// change what it says before it is written, and must change what it means too.
func newAdapter(s Shape, change func(*adapter)) *adapter {
	l := &adapter{dtype: "F32", shape: s, a: map[string][]float32{}, b: map[string][]float32{},
		rank: func(string) int { return 8 }, scale: func(string) float64 { return 2 },
		config: map[string]any{"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 8, "lora_alpha": 16, "bias": "none", "lora_dropout": 0.1,
			"init_lora_weights": true, "inference_mode": true, "base_model_name_or_path": "somebody/tiny", "modules_to_save": nil,
			"target_modules": []string{"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}}}
	if change != nil {
		change(l)
	}
	rng := rand.New(rand.NewPCG(2, 2))
	for layer := range s.Layers {
		for _, x := range modules {
			name := at(layer, x.peft)
			l.a[name] = l.rounded(gauss(rng, l.rank(name)*x.in(s), 0.15))
			l.b[name] = l.rounded(gauss(rng, x.out(s)*l.rank(name), 0.15))
		}
	}
	return l
}

// rounded returns values that the adapter's type can hold.
func (l *adapter) rounded(values []float32) []float32 {
	typ := dtypes[l.dtype]
	b := make([]byte, typ.Bytes(len(values)))
	if err := typ.Encode(b, values); err != nil {
		panic(err)
	}
	_ = typ.Decode(values, b)
	return values
}

// delta returns scale·B·A, in the authors' order.
func (l *adapter) delta(name string) []float64 {
	return product(l.a[name], l.b[name], l.rank(name), l.scale(name))
}

func product(a, b []float32, rank int, scale float64) []float64 {
	in, out := len(a)/rank, len(b)/rank
	d := make([]float64, in*out)
	for o := range out {
		for k := range rank {
			for i := range in {
				d[o*in+i] += scale * float64(b[o*rank+k]) * float64(a[k*in+i])
			}
		}
	}
	return d
}

// write writes a PEFT folder.
func (l *adapter) write(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	config, err := json.Marshal(l.config)
	if err != nil {
		t.Fatal(err)
	}
	var s safetensors
	for layer := range l.shape.Layers {
		for _, x := range modules {
			name, rank := at(layer, x.peft), l.rank(at(layer, x.peft))
			stem := fmt.Sprintf("base_model.model.model.layers.%d.%s.%s.lora_", layer, x.within, x.peft)
			s.add(stem+"A.weight", l.dtype, l.a[name], rank, x.in(l.shape))
			s.add(stem+"B.weight", l.dtype, l.b[name], x.out(l.shape), rank)
		}
	}
	for name, text := range map[string][]byte{configFile: config, weightsFile: s.file(), cardFile: []byte("---\nlanguage: ky\nlicense: \"apache-2.0\"\n---\n# Tiny\n")} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A safetensors file in the making.
type safetensors struct {
	header []string
	data   []byte
}

func (s *safetensors) add(name, dtype string, values []float32, shape ...int) {
	b := make([]byte, dtypes[dtype].Bytes(len(values)))
	if err := dtypes[dtype].Encode(b, values); err != nil {
		panic(err)
	}
	dims, _ := json.Marshal(shape)
	s.header = append(s.header, fmt.Sprintf(`%q:{"dtype":%q,"shape":%s,"data_offsets":[%d,%d]}`, name, dtype, dims, len(s.data), len(s.data)+len(b)))
	s.data = append(s.data, b...)
}

func (s *safetensors) file() []byte {
	return safetensorsFile(`{"__metadata__":{"format":"pt"},`+strings.Join(s.header, ",")+`}  `, s.data)
}

func safetensorsFile(header string, data []byte) []byte {
	n := uint64(len(header))
	b := []byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24), 0, 0, 0, 0}
	return append(append(b, header...), data...)
}

func open(t testing.TB, path string) *Weights {
	t.Helper()
	w, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

func openBase(t testing.TB, path string) *Base {
	t.Helper()
	b, err := OpenBase(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}
