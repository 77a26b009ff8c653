package push

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tilgate/adapters"
	"tilgate/adapters/lora"
	"tilgate/internal/fault"
	"tilgate/serving/ollama/ollamatest"
)

// tinyInfo is what a server says of the tiny model.
var tinyInfo = map[string]any{"general.architecture": "llama", "llama.block_count": 2.0, "llama.embedding_length": 64.0,
	"llama.feed_forward_length": 128.0, "llama.attention.head_count": 4.0, "llama.attention.head_count_kv": 2.0}

// A pretender is a server in name.
type pretender struct {
	model  Model
	served Plan
	file   []byte // that it was given
	shift  float64
	noise  float64
	asked  int
	silent bool
	drops  []string
}

func (s *pretender) Describe(context.Context, string) (Model, error) { return s.model, nil }

func (s *pretender) Serve(_ context.Context, p Plan, prove func(string) error) (err error) {
	s.served = p
	if s.file, err = os.ReadFile(p.Path); err != nil && s.model.Engine != VLLM {
		return err
	}
	return prove(p.Trial())
}

func (s *pretender) Drop(_ context.Context, name string) error {
	s.drops = append(s.drops, name)
	return nil
}

func (s *pretender) Sample(_ context.Context, model, _ string, _ int) ([]Token, error) {
	s.asked++
	p := -1 + s.noise*float64(s.asked%2)
	if strings.HasSuffix(model, "-trial") {
		p += s.shift
	}
	if s.silent {
		return []Token{{Text: "a"}}, nil
	}
	return []Token{{Text: "a", Top: []Logprob{{"a", p}, {"\ufffd", -2}, {"\ufffd", -3}}}}, nil
}

// ky is an adapter with the tiny LoRA of a format, and the path of its weights.
func ky(t *testing.T, format string) (*adapters.Adapter, string) {
	t.Helper()
	set, err := adapters.Bundled()
	if err != nil {
		t.Fatal(err)
	}
	bundled, _ := set.For("ky")
	a := *bundled
	path := filepath.Join(t.TempDir(), "peft")
	if format == "peft" {
		err = errors.Join(os.Mkdir(path, 0o755), ollamatest.WriteTinyPEFT(path, ollamatest.TinyLoRA{Seed: 1}))
	} else {
		path = filepath.Join(filepath.Dir(path), "x.gguf")
		f, _ := os.Create(path)
		err = errors.Join(ollamatest.WriteTinyLoRA(f, ollamatest.TinyLoRA{Seed: 1}), f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	w, err := lora.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	a.Kind, a.Model, a.LoRA = adapters.LoRA, "tiny", &adapters.Weights{SHA256: w.SHA256}
	return &a, path
}

func TestPut(t *testing.T) {
	shape, err := lora.ShapeOf(tinyInfo)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		engine, format string
		info           map[string]any
		scale          float64
		shape          *lora.Shape
		says           string // "" is well
	}{
		{Ollama, "gguf", tinyInfo, 0, nil, ""},
		{Ollama, "peft", tinyInfo, 1, nil, ""},
		{Ollama, "gguf", tinyInfo, 2, nil, "ollama serves a LoRA at scale 1 only; llama.cpp can serve it at 2"},
		{Ollama, "gguf", map[string]any{"general.architecture": "gemma3"}, 0, nil, "tilgate adapter merge"},
		{Ollama, "gguf", map[string]any{"general.architecture": "llama"}, 0, nil, "llama.block_count is missing"},
		{VLLM, "peft", nil, 0, nil, ""},
		{VLLM, "gguf", nil, 0, nil, "vLLM takes a LoRA as PEFT left it"},
		{LlamaCpp, "peft", nil, 2, &shape, ""},
		{LlamaCpp, "peft", nil, 0, nil, "give the base as GGUF with --base-file"},
		{LlamaCpp, "gguf", nil, 0, &shape, "llama.cpp knows a LoRA by the name of its file: rename"},
		{LlamaCpp, "gguf", nil, 0, &lora.Shape{Arch: "qwen2"}, "it is made for llama, the base is qwen2"},
		{"other", "gguf", nil, 0, nil, "if it is vLLM or llama.cpp, say so"},
	} {
		a, path := ky(t, tt.format)
		a.LoRA.Scale = tt.scale
		s := &pretender{model: Model{Name: "tiny", Engine: tt.engine, Info: tt.info}, shift: 0.5}
		r, err := Put(t.Context(), s, a, Options{Weights: path, Shape: tt.shape})
		if tt.says != "" {
			if err == nil || !strings.Contains(err.Error(), tt.says) || s.asked > 0 {
				t.Errorf("%+v: %v", tt, err)
			}
			continue
		}
		if err != nil || r.Proof == nil || r.Name != a.ServedName() || s.served.Base != "tiny" || s.served.Rank != 4 || s.served.ServerPath != s.served.Path {
			t.Errorf("%+v: %+v, %+v, %v", tt, r, s.served, err)
		}
		if tt.engine != VLLM && string(s.file[:4]) != "GGUF" {
			t.Errorf("%+v: it was given %q", tt, s.file[:4])
		}
		// Beside the weights stays only what llama.cpp is to be started with.
		left, _ := os.ReadDir(filepath.Dir(path))
		if stays := tt.engine == LlamaCpp; (len(left) == 2) != stays || stays && filepath.Base(s.served.Path) != a.ServedName()+".gguf" {
			t.Errorf("%+v: left are %v", tt, left)
		}
	}
}

func TestPutChanged(t *testing.T) {
	a, path := ky(t, "gguf")
	a.LoRA.SHA256 = strings.Repeat("0", 64)
	s := &pretender{model: Model{Engine: Ollama, Info: tinyInfo}}
	if _, err := Put(t.Context(), s, a, Options{Weights: path}); !fault.Invalid.Is(err) || !strings.Contains(err.Error(), "changed since it was added") {
		t.Errorf("%v", err)
	}
	a.Kind, a.LoRA = adapters.FullModel, nil
	if r, err := Put(t.Context(), s, a, Options{}); err != nil || r.Name != "tiny" || r.Proof != nil {
		t.Errorf("%+v, %v", r, err)
	}
	if err := Drop(t.Context(), s, "ky1"); err != nil || !slices.Equal(s.drops, []string{"ky1-trial", "ky1"}) {
		t.Errorf("%q, %v", s.drops, err)
	}
}

func TestProbe(t *testing.T) {
	for _, tt := range []struct {
		shift, noise float64
		silent       bool
		says         string
	}{
		{0.5, 0, false, ""},
		{0.5, 0.05, false, ""},
		{0, 0, false, "the server answers with the base"},
		{0.0001, 0, false, "the server answers with the base"},
		{0.1, 0.2, false, "the server answers with the base"}, // no more than the base's own
		{math.NaN(), 0, false, "the server answers with the base"},
		{0.5, 0, true, "gives no log-probabilities"},
	} {
		s := &pretender{shift: tt.shift, noise: tt.noise, silent: tt.silent}
		e, err := Probe(t.Context(), s, "base", "ky-trial", []string{"бир", "эки", "үч"})
		if (err == nil) != (tt.says == "") || err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%+v: %v, %v", tt, e, err)
		}
	}
}

// Answers are compared as far as they are the same, and a token that only one
// list holds counts from the end of the other.
func TestCompare(t *testing.T) {
	a := []Token{{"x", []Logprob{{"x", -1}, {"y", -2}}}, {"p", []Logprob{{"p", -1}}}, {"q", []Logprob{{"q", -9}}}}
	b := []Token{{"x", []Logprob{{"x", -1.5}, {"z", -2.5}}}, {"r", []Logprob{{"r", -4}}}, {"q", []Logprob{{"q", -1}}}}
	var m mean
	m.compare(a, b)
	// x 0.5; y from -2 to -2.5 or less; z may have had its -2.5 before; p from
	// -1 to -4 or less; r may have had its -4 before. q is beyond.
	if want := 0.5 + 0.5 + 0 + 3 + 0; m.n != 5 || math.Abs(m.sum-want) > 1e-9 {
		t.Errorf("%v over %d, want %v over 5", m.sum, m.n, want)
	}
}
