package gguf

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// allKeys has a value of each type, and a list of each.
var allKeys = []Key{
	{"u8", uint8(200)}, {"i8", int8(-3)}, {"u16", uint16(60000)}, {"i16", int16(-300)}, {"u32", uint32(1 << 31)}, {"i32", int32(-1 << 31)},
	{"f32", float32(0.5)}, {"yes", true}, {"text", "Кандайсыз?"}, {"u64", uint64(1 << 63)}, {"i64", int64(-1 << 63)}, {"f64", 1e300},
	{"u8s", []uint8{1, 2}}, {"i8s", []int8{-1}}, {"u16s", []uint16{7}}, {"i16s", []int16{-7}}, {"u32s", []uint32{1, 2, 3}}, {"i32s", []int32{-1}},
	{"f32s", []float32{1.5, -2}}, {"bools", []bool{true, false}}, {"texts", []string{"", "ሰላም"}}, {"none", []string{}},
	{"u64s", []uint64{9}}, {"i64s", []int64{-9}}, {"f64s", []float64{0.1}},
}

func sample() []byte {
	var w Writer
	for _, k := range allKeys {
		w.Key(k.Name, k.Value)
	}
	w.F32("odd", []float32{1, 2, 3}, 3)
	w.Tensor("halves", F16, func(out io.Writer) error { return Encode(out, F16, []float32{1, 2, 3, 4, 5, 6}) }, 3, 2)
	w.Tensor("quantised", Q8_0, func(out io.Writer) error { return Encode(out, Q8_0, make([]float32, 64)) }, 32, 2, 1, 1)
	var b bytes.Buffer
	if err := w.Write(&b); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func read(b []byte) (*File, error) { return Read(bytes.NewReader(b), int64(len(b))) }

// values returns the numbers of a tensor.
func values(t *testing.T, f *File, name string) []float32 {
	t.Helper()
	tensor, ok := f.Tensor(name)
	if !ok {
		t.Fatalf("there is no tensor %s", name)
	}
	raw, err := io.ReadAll(f.Data(tensor))
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float32, tensor.Row()*tensor.Rows())
	if err := tensor.Type.Decode(out, raw); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestRoundTrip(t *testing.T) {
	f, err := read(sample())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(allKeys, f.Keys); diff != "" {
		t.Errorf("keys (-written +read):\n%s", diff)
	}
	if got := values(t, f, "halves"); !cmp.Equal(got, []float32{1, 2, 3, 4, 5, 6}) {
		t.Errorf("halves = %v", got)
	}
	if got := values(t, f, "odd"); !cmp.Equal(got, []float32{1, 2, 3}) {
		t.Errorf("odd = %v", got)
	}
	if q, _ := f.Tensor("quantised"); q.Type != Q8_0 || q.Row() != 32 || q.Rows() != 2 || q.Size() != 68 {
		t.Errorf("quantised = %+v", q)
	}
}

// rewrite writes a file once more, its keys as bytes.
func rewrite(f *File) ([]byte, error) {
	w := NewWriter(f)
	for _, t := range f.Tensors {
		w.Tensor(t.Name, t.Type, func(out io.Writer) error {
			_, err := io.Copy(out, f.Data(t))
			return err
		}, t.Dims...)
	}
	var b bytes.Buffer
	err := w.Write(&b)
	return b.Bytes(), err
}

func TestRewriteIsTheSame(t *testing.T) {
	f, err := read(sample())
	if err != nil {
		t.Fatal(err)
	}
	if again, err := rewrite(f); err != nil || !bytes.Equal(again, sample()) {
		t.Errorf("a file that is written again differs, %v", err)
	}
}

// A file of another's making, whose weights were drawn by Python.
func TestReadsAnothersFile(t *testing.T) {
	shared := os.Getenv("TILGATE_SHARED")
	if shared == "" {
		t.Skip("TILGATE_SHARED says where tiny.gguf is; it is not set")
	}
	f, err := Open(filepath.Join(shared, "data/models/tiny.gguf"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got := f.Value("llama.embedding_length"); got != uint32(64) {
		t.Errorf("llama.embedding_length = %v", got)
	}
	if tokens, _ := f.Value("tokenizer.ggml.tokens").([]string); len(tokens) != 259 || tokens['a'] != "a" {
		t.Errorf("%d tokens", len(tokens))
	}
	if norm := values(t, f, "output_norm.weight"); len(norm) != 64 || norm[63] != 1 {
		t.Errorf("output_norm = %v", norm)
	}
	var squares float64
	for _, v := range values(t, f, "token_embd.weight") {
		squares += float64(v) * float64(v)
	}
	if mean := squares / (64 * 259); math.Abs(mean-1) > 0.05 { // they were drawn with a deviation of 1
		t.Errorf("the embedding's variance is %.3f", mean)
	}
}

func TestOpenNothing(t *testing.T) {
	for path, want := range map[string]string{t.TempDir(): "is not a file", "/dev/null": "is not a file", filepath.Join(t.TempDir(), "x"): "no such file"} {
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Open(%s): %v, want %q", path, err, want)
		}
	}
}

// A raw file is made without the Writer, which could not tell these lies.
type raw []byte

func header(tensors, keys uint64) raw {
	return raw("GGUF").u32(3).u64(tensors).u64(keys)
}
func (r raw) u8() raw          { return append(r, 1) }
func (r raw) u32(v uint32) raw { return le.AppendUint32(r, v) }
func (r raw) u64(v uint64) raw { return le.AppendUint64(r, v) }
func (r raw) text(s string) raw {
	return append(r.u64(uint64(len(s))), s...)
}
func (r raw) tensor(name string, typ Type, offset uint64, dims ...uint64) raw {
	r = r.text(name).u32(uint32(len(dims)))
	for _, d := range dims {
		r = r.u64(d)
	}
	return r.u32(uint32(typ)).u64(offset)
}
func (r raw) data(n int) raw {
	return append(r, make([]byte, int(aligned(uint64(len(r)), 32))-len(r)+n)...)
}

var lies = []struct {
	name string
	file raw
	want string
}{
	{"nothing", nil, "not a GGUF file"},
	{"another format", raw("PK\x03\x04 and so on, and so on"), "not a GGUF file"},
	{"version 1", raw("GGUF").u32(1).u64(0).u64(0), "version 1"},
	{"big-endian", raw("GGUF\x00\x00\x00\x03").u64(0).u64(0), "big-endian"},
	{"cut off in the header", header(0, 0)[:20], "cut off"},
	{"more keys than anything", header(0, 1<<60), "1152921504606846976 keys"},
	{"more tensors than anything", header(1<<60, 0), "tensors are more"},
	{"a key that is not there", header(0, 1), "cut off"},
	{"an endless name", header(0, 1).u64(1 << 62), "longer than"},
	{"a name past the end", header(0, 1).u64(1000), "cut off"},
	{"an unknown type", header(0, 1).text("a").u32(77), "type 77"},
	{"a text past the end", header(0, 1).text("a").u32(8).u64(1 << 27), "cut off"},
	{"a list past the end", header(0, 1).text("a").u32(9).u32(12).u64(1 << 27), "cut off"},
	{"a list beyond counting", header(0, 1).text("a").u32(9).u32(12).u64(1 << 62), "too long"},
	{"texts beyond counting", header(0, 1).text("a").u32(9).u32(8).u64(1 << 61), "too long"},
	{"a list of lists", header(0, 1).text("a").u32(9).u32(9).u64(1), "list of type 9"},
	{"a list of an unknown type", header(0, 1).text("a").u32(9).u32(99).u64(1), "list of type 99"},
	{"a key twice", header(0, 2).text("a").u32(0).u8().text("a").u32(0).u8(), "twice"},
	{"a tensor twice", header(2, 0).tensor("t", F32, 0, 1).tensor("t", F32, 32, 1).data(64), "twice"},
	{"a tensor without dimensions", header(1, 0).tensor("t", F32, 0).data(64), "0 dimensions"},
	{"a tensor of many dimensions", header(1, 0).tensor("t", F32, 0, 1, 1, 1, 1, 1).data(64), "5 dimensions"},
	{"an empty tensor", header(1, 0).tensor("t", F32, 0, 0, 5).data(64), "not possible"},
	{"2^60 values", header(1, 0).tensor("t", F32, 0, 1<<60).data(64), "cut off or lies"},
	{"2^128 values", header(1, 0).tensor("t", F32, 0, 1<<32, 1<<32, 1<<32, 1<<32).data(64), "not possible"},
	{"a product that overflows to little", header(1, 0).tensor("t", F32, 0, 1<<63, 2, 2).data(64), "not possible"},
	{"2^40 values", header(1, 0).tensor("t", F32, 0, 1<<40).data(64), "cut off or lies"},
	{"an unknown tensor type", header(1, 0).tensor("t", 99, 0, 32).data(64), "type 99"},
	{"half a block", header(1, 0).tensor("t", Q8_0, 0, 48).data(64), "blocks of 32"},
	{"an offset past the end", header(1, 0).tensor("t", F32, 1<<40, 1).data(64), "cut off or lies"},
	{"an offset that overflows", header(1, 0).tensor("t", F32, math.MaxUint64-31, 16).data(64), "cut off or lies"},
	{"an offset between", header(1, 0).tensor("t", F32, 4, 1).data(64), "multiple of 32"},
	{"the same place twice", header(2, 0).tensor("a", F32, 0, 16).tensor("b", F32, 32, 8).data(64), "same place"},
	{"the data is missing", header(1, 0).tensor("t", F32, 0, 1), "cut off or lies"},
	{"alignment of three", header(0, 1).text(alignKey).u32(4).u32(3), "power of two"},
	{"alignment of nothing", header(0, 1).text(alignKey).u32(4).u32(0), "power of two"},
	{"alignment as text", header(0, 1).text(alignKey).u32(8).text("32"), "power of two"},
}

func TestReadLies(t *testing.T) {
	for _, tt := range lies {
		if _, err := read(tt.file); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v does not say %q", tt.name, err, tt.want)
		}
	}
}

// Wherever a file is cut, it is seen.
func TestReadTruncated(t *testing.T) {
	whole := sample()
	f, err := read(whole)
	if err != nil {
		t.Fatal(err)
	}
	last := f.Tensors[len(f.Tensors)-1]
	end := int(f.start + int64(last.offset+last.size)) // what follows is padding
	for n := range end {
		if _, err := read(whole[:n]); err == nil {
			t.Errorf("a file cut at byte %d of %d was taken", n, end)
		}
	}
}

func TestAlignment(t *testing.T) {
	file := header(2, 1).text(alignKey).u32(4).u32(8).tensor("a", F32, 0, 1).tensor("b", F32, 8, 1)
	file = append(file, make([]byte, int(aligned(uint64(len(file)), 8))-len(file))...)
	file = append(file, 0, 0, 128, 63, 0, 0, 0, 0, 0, 0, 0, 64) // 1, padding, 2
	f, err := read(file)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := values(t, f, "a"), values(t, f, "b"); a[0] != 1 || b[0] != 2 {
		t.Errorf("a = %v, b = %v", a, b)
	}
	again, err := rewrite(f)
	if err != nil || !bytes.HasPrefix(again, file) {
		t.Errorf("written again it differs, %v", err)
	}
}

func TestWriterFaults(t *testing.T) {
	for name, tt := range map[string]struct {
		add  func(*Writer)
		want string
	}{
		"a key of no type":   {func(w *Writer) { w.Key("k", struct{}{}) }, "cannot be written"},
		"too little":         {func(w *Writer) { w.F32("t", []float32{1}, 2) }, "4 bytes were written, not 8"},
		"too much":           {func(w *Writer) { w.F32("t", []float32{1, 2}, 1) }, "8 bytes were written, not 4"},
		"half a block":       {func(w *Writer) { w.Tensor("t", Q8_0, nil, 33) }, "blocks of 32"},
		"infinity":           {func(w *Writer) { w.F32("t", []float32{float32(math.Inf(1))}, 1) }, "cannot be stored"},
		"a tensor that ends": {func(w *Writer) { w.Tensor("t", F32, func(io.Writer) error { return io.ErrUnexpectedEOF }, 1) }, "tensor t"},
	} {
		var w Writer
		tt.add(&w)
		if err := w.Write(io.Discard); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v does not say %q", name, err, tt.want)
		}
	}
}

// What can be read can be written, and reads the same.
func FuzzRead(f *testing.F) {
	f.Add(sample())
	for _, l := range lies {
		f.Add([]byte(l.file))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := read(b)
		if err != nil {
			return
		}
		again, err := rewrite(file)
		if err != nil {
			t.Fatal(err)
		}
		second, err := read(again)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := fmt.Sprint(file.Keys), fmt.Sprint(second.Keys); a != b {
			t.Errorf("keys %s became %s", a, b)
		}
		for i, x := range file.Tensors {
			y := second.Tensors[i]
			one, _ := io.ReadAll(file.Data(x))
			two, _ := io.ReadAll(second.Data(y))
			if x.Name != y.Name || !bytes.Equal(one, two) || int64(len(one)) != x.Size() {
				t.Errorf("tensor %v became %v", x, y)
			}
		}
	})
}
