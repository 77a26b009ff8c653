package lora

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/ollama/ollama/api"

	"tilgate/adapters/lora/gguf"
	"tilgate/serving/ollama/ollamatest"
)

// A server is a real Ollama whose models say how likely each next letter is.
type server struct {
	*ollamatest.Server
	t *testing.T
}

const prompt = "Bir eki uch tort besh alty"

func (s server) blob(data []byte) string {
	s.t.Helper()
	digest := fmt.Sprintf("sha256:%x", sha256.Sum256(data))
	// It hangs up on one who sends what it has.
	if r, err := http.Head(s.URL + "/api/blobs/" + digest); err != nil {
		s.t.Fatal(err)
	} else if r.Body.Close(); r.StatusCode == http.StatusOK {
		return digest
	}
	if err := s.API.CreateBlob(s.t.Context(), digest, bytes.NewReader(data)); err != nil {
		s.t.Fatal(err)
	}
	return digest
}

// create makes a model of a base, with an adapter if there is one.
func (s server) create(name string, base, lora []byte, quantise string) {
	s.t.Helper()
	req := &api.CreateRequest{Model: name, Files: map[string]string{"base.gguf": s.blob(base)}, Quantize: quantise,
		Parameters: map[string]any{"num_thread": 1, "num_ctx": 256}}
	if lora != nil {
		req.Adapters = map[string]string{"lora.gguf": s.blob(lora)}
	}
	if err := s.API.Create(s.t.Context(), req, func(api.ProgressResponse) error { return nil }); err != nil {
		s.t.Fatalf("creating %s: %v", name, err)
	}
}

// logprobs asks for the letters that most likely come next.
func (s server) logprobs(name string) (map[string]float64, error) {
	found := map[string]float64{}
	req := &api.GenerateRequest{Model: name, Prompt: prompt, Raw: true, Logprobs: true, TopLogprobs: 20,
		Options: map[string]any{"num_predict": 1, "temperature": 0}}
	err := s.API.Generate(s.t.Context(), req, func(r api.GenerateResponse) error {
		for _, l := range r.Logprobs {
			for _, top := range l.TopLogprobs {
				if len(top.Token) == 1 { // else it is a part of a letter, and several parts look the same
					found[top.Token] = top.Logprob
				}
			}
		}
		return nil
	})
	return found, err
}

// must is logprobs of a model that surely answers.
func (s server) must(name string) map[string]float64 {
	s.t.Helper()
	got, err := s.logprobs(name)
	if err != nil {
		s.t.Fatalf("asking %s: %v", name, err)
	}
	if len(got) < 10 {
		s.t.Fatalf("%s gives %d log-probabilities", name, len(got))
	}
	return got
}

// off returns how far an answer is from what the model's definition gives.
func off(got map[string]float64, want []float64) (most float64) {
	for letter, logprob := range got {
		most = max(most, math.Abs(logprob-want[letter[0]]))
	}
	return most
}

// A server keeps keys and values as half floats, which moves a log-probability
// by a few hundredths; between two of its own models there is less.
const (
	fromDefinition = 0.05
	fromEachOther  = 0.005
)

// A real server's log-probabilities with our converted LoRA are those that the
// model's definition gives for the weights that were trained. Our merged file,
// and one that was merged before it was converted, give the same; the base
// does not.
func TestOllama(t *testing.T) {
	t.Parallel() // most of it is waiting for the server
	s := server{ollamatest.Start(t), t}
	for arch, some := range map[string][]string{"llama": {"plain", "rsLoRA with patterns"}, "qwen2": {"plain"}} {
		shape := tiny
		shape.Arch = arch
		m := newModel(shape, gguf.F32)
		s.create(arch, m.file(t), nil, "")
		before := m.logprobs(prompt)
		if off := off(s.must(arch), before); off > fromDefinition {
			t.Fatalf("%s: the base itself is off by %.4f: this test's model is wrong", arch, off)
		}
		base := openBase(t, m.write(t))
		for _, kind := range some {
			l := newAdapter(shape, kinds[kind])
			w := open(t, l.write(t))
			name := strings.ToLower(arch + "-" + strings.ReplaceAll(kind, " ", "-"))
			s.create(name, m.file(t), converted(t, w, base.Shape()), "")
			s.create(name+"-before", m.plus(l).file(t), nil, "")
			var b bytes.Buffer
			if err := Merge(&b, base, w, nil); err != nil {
				t.Fatal(err)
			}
			s.create(name+"-merged", b.Bytes(), nil, "")
			got, want := s.must(name), m.plus(l).logprobs(prompt)
			t.Logf("%s, %s: off by %.4f, from the base by %.2f", arch, kind, off(got, want), off(got, before))
			if off := off(got, want); off > fromDefinition {
				t.Errorf("%s, %s: with the LoRA off by %.4f", arch, kind, off)
			}
			for _, other := range []string{"-before", "-merged"} {
				if apart := furthestApart(got, s.must(name+other)); apart > fromEachOther {
					t.Errorf("%s, %s: %s is %.4f apart from the LoRA", arch, kind, other, apart)
				}
			}
			if off := off(got, before); off < 1 {
				t.Errorf("%s, %s: the adapter changes too little, %.4f, to tell", arch, kind, off)
			}
		}
	}
}

func furthestApart(a, b map[string]float64) (most float64) {
	for letter, logprob := range a {
		if v, there := b[letter]; there {
			most = max(most, math.Abs(v-logprob))
		}
	}
	return most
}

var blobPath = regexp.MustCompile(`(?m)^FROM (/.*/sha256-[0-9a-f]+)$`)

// stored returns the file that Ollama made of a model.
func (s server) stored(name string) []byte {
	s.t.Helper()
	shown, err := s.API.Show(s.t.Context(), &api.ShowRequest{Model: name})
	if err != nil {
		s.t.Fatal(err)
	}
	found := blobPath.FindStringSubmatch(shown.Modelfile)
	if found == nil {
		s.t.Fatalf("no file in %s", shown.Modelfile)
	}
	data, err := os.ReadFile(found[1])
	if err != nil {
		s.t.Fatal(err)
	}
	return data
}

// What a real server quantises is read as what it was, but for rounding; and
// a LoRA merged into it gives what the server makes of the two together.
func TestOllamaQuantised(t *testing.T) {
	t.Parallel() // most of it is waiting for the server
	s := server{ollamatest.Start(t), t}
	wide := Shape{Arch: "llama", Layers: 2, Embedding: 256, FeedForward: 512, Heads: 4, KVHeads: 2, HeadDim: 64, Vocab: 259, Name: "tiny 1"}
	m, l := newModel(wide, gguf.F32), newAdapter(wide, func(l *adapter) { l.config["lora_alpha"] = 6 })
	w := open(t, l.write(t))
	seen := map[gguf.Type]bool{}
	for _, quantise := range []string{"Q4_K_M", "Q8_0"} {
		name := strings.ToLower(quantise)
		s.create(name, m.file(t), nil, quantise)
		base := openBase(t, writeFile(t, "base.gguf", s.stored(name)))
		readAsWritten(t, m, base, seen)
		if info, err := s.API.Show(t.Context(), &api.ShowRequest{Model: name}); err != nil {
			t.Fatal(err)
		} else if got, err := ShapeOf(info.ModelInfo); err != nil || got.Arch != "llama" || got.HeadDim != 64 || got.KVHeads != 2 || got.Layers != 2 {
			t.Errorf("the shape that the server shows is %+v, %v", got, err)
		}
		s.create(name+"-lora", s.stored(name), converted(t, w, base.Shape()), "")
		var b bytes.Buffer
		if err := Merge(&b, base, w, nil); err != nil {
			t.Fatal(err)
		}
		s.create(name+"-merged", b.Bytes(), nil, "")
		want := s.must(name + "-lora")
		off, adapted := apart(s.must(name+"-merged"), want), apart(s.must(name), want)
		t.Logf("%s: merged and applied differ by %.4f, adapted and not by %.2f", quantise, off, adapted)
		if off > 0.15 || adapted < 10*off {
			t.Errorf("%s: merged and applied differ by %.4f, adapted and not by %.4f", quantise, off, adapted)
		}
	}
	for _, typ := range []gguf.Type{gguf.Q4_K, gguf.Q6_K, gguf.Q8_0} {
		if !seen[typ] {
			t.Errorf("the server wrote nothing as %s", typ)
		}
	}
}

// apart returns how far two answers are from each other, weighed by how likely
// a letter is: the server rounds what it multiplies with quantised matrices.
func apart(a, b map[string]float64) (sum float64) {
	for letter, logprob := range b {
		if v, there := a[letter]; there {
			sum += math.Exp(logprob) * math.Abs(v-logprob)
		}
	}
	return sum
}

// readAsWritten compares what the server quantised with what it was given. A
// value in the wrong place would be off by about a deviation.
func readAsWritten(t *testing.T, m *model, base *Base, seen map[gguf.Type]bool) {
	t.Helper()
	given := openBase(t, m.write(t)).file
	for _, x := range base.file.Tensors {
		seen[x.Type] = true
		got, want := floats(t, base.file, x.Name), floats(t, given, x.Name)
		var squares, errors float64
		for i, v := range want {
			squares += float64(v) * float64(v)
			errors += float64(v-got[i]) * float64(v-got[i])
		}
		if relative := math.Sqrt(errors / squares); relative > 0.12 {
			t.Errorf("%s as %s is off by %.3f of its size", x.Name, x.Type, relative)
		}
	}
}

// The server really refuses what ServesLoRA says it does.
func TestOllamaNewEngine(t *testing.T) {
	t.Parallel() // most of it is waiting for the server
	s := server{ollamatest.Start(t), t}
	shape := tiny
	shape.Arch = "qwen3"
	m := newModel(shape, gguf.F32)
	s.create("qwen3", m.file(t), converted(t, open(t, newAdapter(shape, nil).write(t)), shape), "")
	_, err := s.logprobs("qwen3")
	if err == nil || !strings.Contains(err.Error(), "loras are not yet implemented") {
		t.Errorf("a LoRA on qwen3: %v", err)
	}
	if err := ServesLoRA("ollama", "qwen3"); err == nil {
		t.Error("ServesLoRA says that it does")
	}
}
