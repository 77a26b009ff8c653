package lora

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tilgate/adapters/lora/gguf"
)

// kinds of adapter whose scale is computed in another way.
var kinds = map[string]func(*adapter){
	"plain": nil,
	"rsLoRA": func(l *adapter) {
		l.config["use_rslora"] = true
		l.scale = func(string) float64 { return 16 / math.Sqrt(8) }
	},
	"F16":  func(l *adapter) { l.dtype = "F16" },
	"BF16": func(l *adapter) { l.dtype = "BF16" },
	"patterns": func(l *adapter) {
		l.config["rank_pattern"] = map[string]int{"v_proj": 4, `layers\.0\.mlp\.(up|gate)_proj`: 2}
		l.config["alpha_pattern"] = map[string]float64{"0.self_attn.q_proj": 24}
		l.rank = func(name string) int {
			switch {
			case strings.HasSuffix(name, "v_proj"):
				return 4
			case name == "0.up_proj", name == "0.gate_proj":
				return 2
			}
			return 8
		}
		l.scale = func(name string) float64 {
			if name == "0.q_proj" {
				return 3
			}
			return 16 / float64(l.rank(name))
		}
	},
	"rsLoRA with patterns": func(l *adapter) {
		l.config["use_rslora"] = true
		l.config["rank_pattern"] = map[string]int{"down_proj": 2}
		l.config["alpha_pattern"] = map[string]float64{"o_proj": 4}
		l.rank = func(name string) int {
			if strings.HasSuffix(name, "down_proj") {
				return 2
			}
			return 8
		}
		l.scale = func(name string) float64 {
			if strings.HasSuffix(name, "o_proj") {
				return 4 / math.Sqrt(8)
			}
			return 16 / math.Sqrt(float64(l.rank(name)))
		}
	},
}

func converted(t testing.TB, w *Weights, s Shape) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := w.WriteGGUF(&b, s); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// What a server computes from the converted file, alpha/rank·B·A, is what was
// trained, with the rows where the base has them.
func TestWriteGGUF(t *testing.T) {
	for _, arch := range []string{"llama", "qwen2"} {
		for name, change := range kinds {
			s := tiny
			s.Arch = arch
			m, l := newModel(s, gguf.F32), newAdapter(s, change)
			file := converted(t, open(t, l.write(t)), s)
			f, err := gguf.Read(bytes.NewReader(file), int64(len(file)))
			if err != nil {
				t.Fatal(err)
			}
			if len(f.Tensors) != 2*len(l.a) {
				t.Errorf("%s, %s: %d tensors, want %d", arch, name, len(f.Tensors), 2*len(l.a))
			}
			alpha, _ := f.Value("adapter.lora.alpha").(float32)
			for layer := range s.Layers {
				for _, x := range modules {
					where := at(layer, x.peft)
					want := l.delta(where)
					if m.reorders(x.peft) {
						want = wide(reordered(narrow(want), x.in(s), s.HeadDim))
					}
					stem := fmt.Sprintf("blk.%d.%s.weight.lora_", layer, x.gguf)
					a, b := floats(t, f, stem+"a"), floats(t, f, stem+"b")
					rank := l.rank(where)
					got := product(a, b, rank, float64(alpha)/float64(rank))
					if off := furthest(got, want); off > 1e-5 {
						t.Errorf("%s, %s, %s: off by %g", arch, name, where, off)
					}
				}
			}
		}
	}
}

func floats(t testing.TB, f *gguf.File, name string) []float32 {
	t.Helper()
	x, ok := f.Tensor(name)
	if !ok {
		t.Fatalf("there is no tensor %s", name)
	}
	raw, err := io.ReadAll(f.Data(x))
	if err != nil {
		t.Fatal(err)
	}
	values := make([]float32, x.Row()*x.Rows())
	if err := x.Type.Decode(values, raw); err != nil {
		t.Fatal(err)
	}
	return values
}

func narrow(x []float64) []float32 {
	out := make([]float32, len(x))
	for i, v := range x {
		out[i] = float32(v)
	}
	return out
}

// furthest returns the largest difference, infinity if the lengths differ.
func furthest(a, b []float64) (most float64) {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	for i := range a {
		most = max(most, math.Abs(a[i]-b[i]))
	}
	return most
}

// A converted file is one that Open reads, that says the same, and that goes
// through unchanged.
func TestWriteGGUFTwice(t *testing.T) {
	w := open(t, newAdapter(tiny, nil).write(t))
	path := writeFile(t, "lora.gguf", converted(t, w, tiny))
	again := open(t, path)
	if again.Format != "gguf" || again.Arch != "llama" || again.Rank != 8 || again.Alpha != 16 || again.Layers != 2 ||
		again.Base != "somebody/tiny" || again.Licence != "apache-2.0" || len(again.Modules) != 7 {
		t.Errorf("%+v", again)
	}
	if !bytes.Equal(converted(t, again, tiny), converted(t, w, tiny)) {
		t.Error("a GGUF file did not pass through as it is")
	}
}

func TestWriteGGUFRefuses(t *testing.T) {
	dir := newAdapter(tiny, nil).write(t)
	other := tiny
	other.Layers = 1
	var b bytes.Buffer
	if err := open(t, dir).WriteGGUF(&b, other); err == nil || b.Len() > 0 {
		t.Errorf("it was written for a base that it does not fit: %v, %d bytes", err, b.Len())
	}
	path := filepath.Join(dir, weightsFile)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	copy(data[len(data)-4:], []byte{0, 0, 0x80, 0x7f}) // infinity
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	err = open(t, dir).WriteGGUF(io.Discard, tiny)
	if err == nil || !strings.Contains(err.Error(), "blk.1.ffn_down.weight.lora_b: value 511 is +Inf") {
		t.Errorf("infinity: %v", err)
	}
}

// A file that is changed between Open and WriteGGUF is not what was checked.
func TestWriteGGUFChanged(t *testing.T) {
	path := writeFile(t, "lora.gguf", converted(t, open(t, newAdapter(tiny, nil).write(t)), tiny))
	w := open(t, path)
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte{1, 2, 3}, 5000); err != nil {
		t.Fatal(err)
	}
	if err := w.WriteGGUF(io.Discard, tiny); err == nil || !strings.Contains(err.Error(), "was changed") {
		t.Errorf("want an error that the file was changed, not %v", err)
	}
}
