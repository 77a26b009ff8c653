package lora

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tilgate/adapters/lora/gguf"
)

func writeFile(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func merged(t testing.TB, base *Base, w *Weights) *gguf.File {
	t.Helper()
	var b bytes.Buffer
	steps, last, total := 0, 0, 0
	if err := Merge(&b, base, w, func(done, all int) {
		if done < last {
			t.Errorf("progress went back from %d to %d", last, done)
		}
		steps, last, total = steps+1, done, all
	}); err != nil {
		t.Fatal(err)
	}
	if steps == 0 || last != total {
		t.Errorf("progress ended at %d of %d after %d steps", last, total, steps)
	}
	f, err := gguf.Read(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// The merged file holds base + scale·B·A, off by what its type rounds away,
// and all the rest is as it was.
func TestMerge(t *testing.T) {
	for typ, most := range map[gguf.Type]float64{gguf.F32: 1e-6, gguf.F16: 1.5e-3, gguf.BF16: 1.2e-2, gguf.Q8_0: 3e-2} {
		for _, format := range []string{"peft", "gguf"} {
			m, l := newModel(tiny, typ), newAdapter(tiny, nil)
			base, w := openBase(t, m.write(t)), open(t, l.write(t))
			if format == "gguf" {
				w = open(t, writeFile(t, "lora.gguf", converted(t, w, tiny)))
			}
			got := merged(t, base, w)
			want := openBase(t, m.plus(l).write(t)).file
			if len(got.Tensors) != len(base.file.Tensors) || len(got.Keys) != len(base.file.Keys) {
				t.Fatalf("%d tensors and %d keys", len(got.Tensors), len(got.Keys))
			}
			for i, x := range got.Tensors {
				if x.Name != base.file.Tensors[i].Name || x.Type != base.file.Tensors[i].Type {
					t.Errorf("%s as %s became %s as %s", base.file.Tensors[i].Name, base.file.Tensors[i].Type, x.Name, x.Type)
				}
				if off := furthest(wide(floats(t, got, x.Name)), wide(floats(t, want, x.Name))); off > most {
					t.Errorf("%s, %s, %s: off by %g", typ, format, x.Name, off)
				}
			}
		}
	}
}

// What is finely quantised becomes Q8_0 where it is added to, and stays where
// it is not.
func TestMergeQuantised(t *testing.T) {
	var w gguf.Writer
	m := newModel(tiny, gguf.F32)
	f := openBase(t, m.write(t)).file
	for _, k := range f.Keys {
		w.Key(k.Name, k.Value)
	}
	block := []byte{0, 0x3c, 0x88, 0x88, 0x88, 0x88, 0x88, 0x88, 0x88, 0x98, 0x88, 0x88, 0x88, 0x88, 0x88, 0x88, 0x88, 0x88} // scale 1; all 0 but number 23, 1
	rows := func(n int) []byte { return bytes.Repeat(block, n) }
	for _, x := range f.Tensors {
		if len(x.Dims) == 2 {
			w.Tensor(x.Name, gguf.Q4_0, func(out io.Writer) error {
				_, err := out.Write(rows(x.Row() * x.Rows() / 32))
				return err
			}, x.Dims...)
			continue
		}
		w.F32(x.Name, floats(t, f, x.Name), x.Row())
	}
	var b bytes.Buffer
	if err := w.Write(&b); err != nil {
		t.Fatal(err)
	}
	base := openBase(t, writeFile(t, "q4.gguf", b.Bytes()))
	l := newAdapter(tiny, nil)
	got := merged(t, base, open(t, l.write(t)))
	up, _ := got.Tensor("blk.1.ffn_up.weight")
	embed, _ := got.Tensor("token_embd.weight")
	if up.Type != gguf.Q8_0 || embed.Type != gguf.Q4_0 {
		t.Errorf("ffn_up is %s, token_embd %s", up.Type, embed.Type)
	}
	want := l.delta("1.up_proj")
	for i := 23; i < len(want); i += 32 {
		want[i]++
	}
	if off := furthest(wide(floats(t, got, up.Name)), want); off > 0.03 {
		t.Errorf("ffn_up is off by %g", off)
	}
}

// Bases that a LoRA fits by its measures, and that still cannot take it.
func TestMergeRefuses(t *testing.T) {
	w := open(t, newAdapter(tiny, nil).write(t))
	f := openBase(t, newModel(tiny, gguf.F32).write(t)).file
	for _, tt := range []struct {
		name   string
		change func(w *gguf.Writer, x gguf.Tensor) bool // says whether it wrote another tensor
		want   []string
	}{
		{"fused", func(w *gguf.Writer, x gguf.Tensor) bool {
			return strings.Contains(x.Name, "attn_q") || strings.Contains(x.Name, "attn_k.")
		}, []string{"cannot be merged into tiny 1", "blk.0.attn_q.weight and 3 more: the base has no such tensor"}},
		{"of a type that is not read", func(w *gguf.Writer, x gguf.Tensor) bool {
			if x.Name != "blk.1.ffn_up.weight" {
				return false
			}
			const iq4NL = 20
			w.Tensor(x.Name, iq4NL, func(out io.Writer) error { _, err := out.Write(make([]byte, 128*2*18)); return err }, x.Dims...)
			return true
		}, []string{"blk.1.ffn_up.weight: the base has it as IQ4_NL"}},
		{"with other measures than it says", func(w *gguf.Writer, x gguf.Tensor) bool {
			if x.Name != "blk.1.ffn_up.weight" {
				return false
			}
			w.F32(x.Name, make([]float32, 64), 64)
			return true
		}, []string{"blk.1.ffn_up.weight: the base has [64] values, the LoRA 64×128"}},
	} {
		g := gguf.NewWriter(f)
		for _, x := range f.Tensors {
			if !tt.change(g, x) {
				g.F32(x.Name, floats(t, f, x.Name), x.Row(), x.Rows())
			}
		}
		var b bytes.Buffer
		if err := g.Write(&b); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		err := Merge(&out, openBase(t, writeFile(t, "base.gguf", b.Bytes())), w, nil)
		for _, want := range tt.want {
			if err == nil || !strings.Contains(err.Error(), want) || out.Len() > 0 {
				t.Errorf("%s: error %v does not say %q, %d bytes", tt.name, err, want, out.Len())
			}
		}
	}
}

func TestOpenBaseRefuses(t *testing.T) {
	for _, tt := range []struct {
		key   string
		value any
		want  string
	}{
		{"general.type", "adapter", "general.type is adapter"},
		{"split.count", uint16(3), "one part of 3"},
		{"general.name", "nothing else", "general.architecture is missing"},
	} {
		var w gguf.Writer
		w.Key(tt.key, tt.value)
		var b bytes.Buffer
		if err := w.Write(&b); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenBase(writeFile(t, "base.gguf", b.Bytes())); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s = %v: error %v does not say %q", tt.key, tt.value, err, tt.want)
		}
	}
}
