package main

import (
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"tilgate/adapters/lora/gguf"
	"tilgate/serving/ollama/ollamatest"
)

// The shapes have as many weights as those whose names they bear: 0.596, 1.72,
// 4.02 and 8.19 billion, as Qwen 3's authors count.
func TestShapes(t *testing.T) {
	for i, want := range []float64{0.596, 1.721, 4.022, 8.191} {
		if got := float64(shapes[i].parameters()) / 1e9; math.Abs(got-want) > 0.001*want {
			t.Errorf("%s: %.3f billion weights, want %v", shapes[i].name, got, want)
		}
	}
}

// bytesOnly is a vocabulary of a token for each byte, as byte pairs have it.
func bytesOnly(t testing.TB) vocabulary {
	t.Helper()
	numbers, next := map[string]int{}, rune(256)
	for b := range rune(256) {
		switch {
		case b >= '!' && b <= '~', b >= '¡' && b <= '¬', b >= '®':
			numbers[string(b)] = int(b)
		default: // written as a letter from U+0100 on
			numbers[string(next)] = int(b)
			next++
		}
	}
	encoder, err := json.Marshal(numbers)
	if err != nil {
		t.Fatal(err)
	}
	v, err := readBPE("bytes", encoder, []byte("#version: 0.2\n"))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// small has all that the shapes of the page have.
var small = shape{"small", 8, 256, 512, 4, 2, 64, false, 512, 8192}

func TestWriteShape(t *testing.T) {
	for _, tied := range []bool{true, false} {
		s := small
		s.tied = tied
		path := filepath.Join(t.TempDir(), "small.gguf")
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.write(f, bytesOnly(t)); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		g, err := gguf.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer g.Close()
		down, _ := g.Tensor("blk.0.ffn_down.weight")
		next, _ := g.Tensor("blk.1.ffn_down.weight")
		if _, ok := g.Tensor("output.weight"); ok == tied || len(g.Tensors) != len(s.tensors()) || down.Type == next.Type {
			t.Errorf("tied %v: an output %v, %d tensors, %v and %v", tied, ok, len(g.Tensors), down.Type, next.Type)
		}
	}
}

// Random weights are as large as trained ones: about .02, around zero.
func TestFiller(t *testing.T) {
	for _, typ := range []gguf.Type{gguf.Q4_K, gguf.Q6_K} {
		values := make([]float32, 256*fillBlocks)
		if err := typ.Decode(values, filler(typ)); err != nil {
			t.Fatal(err)
		}
		var sum, squares float64
		for _, v := range values {
			sum += float64(v)
			squares += float64(v) * float64(v)
		}
		n := float64(len(values))
		if mean, std := sum/n, math.Sqrt(squares/n); math.Abs(mean) > 0.1*std || std < 0.005 || std > 0.05 {
			t.Errorf("%v: %.4f around %.4f", typ, std, mean)
		}
	}
}

// A real Ollama loads what is written, and tells its speed; a counter counts.
func TestRealOllama(t *testing.T) {
	s := ollamatest.Start(t)
	o := &ollama{Client: s.API, url: s.URL, models: s.Models}
	if err := os.MkdirAll(filepath.Join(o.models, "blobs"), 0o755); err != nil {
		t.Fatal(err)
	}
	v := bytesOnly(t)
	size, err := o.create(t.Context(), small.model(), func(w io.Writer) error { return small.write(w, v) })
	if err != nil {
		t.Fatal(err)
	}
	text, err := english()
	if err != nil {
		t.Fatal(err)
	}
	a := &asker{ollama: o, model: small.model(), text: text, options: map[string]any{"num_thread": 1, "num_gpu": 0}}
	got, err := a.measure(t.Context(), time.Second)
	if err != nil || got.read <= 0 || got.write <= 0 || got.prompt < leastPrompt || got.runs < 1 || got.runs > mostRuns {
		t.Errorf("%+v, %v", got, err)
	}
	s.Create("tiny")
	var out strings.Builder
	own := flags{url: s.URL, model: "tiny", langs: "sw", limit: time.Second, prompt: 400, load: load{2 * time.Minute, 30 * time.Second}}
	if err := run(t.Context(), own, &out); err != nil || !strings.Contains(out.String(), "\n| en | ~400 | ~100 | ") || !strings.Contains(out.String(), "\n| sw | ~") || !strings.Contains(out.String(), "tiny:latest takes ") {
		t.Errorf("%v\n%s", err, &out)
	}
	told, err := o.told(t.Context(), small.model(), size)
	if cache := int64(contextTokens * small.layers * small.kvHeads * 2 * small.head * 2); err != nil || told.Cache != cache || told.Weights != size {
		t.Errorf("%+v, %v; want %d of cache", told, err, cache)
	}
	c, err := newCounter(t.Context(), o, v)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"Hello", "суу", strings.Repeat("ab\n", longest/2)} {
		for range 2 { // the second time Ollama remembers it
			if n, err := c.countLong(t.Context(), text); err != nil || n != len(text) {
				t.Errorf("%.20q: %d tokens, %v; want %d", text, n, err, len(text))
			}
		}
	}
}

func pieces(texts ...string) (data []byte) {
	for i, text := range texts {
		p := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), text)
		p = protowire.AppendFixed32(protowire.AppendTag(p, 2, protowire.Fixed32Type), math.Float32bits(-float32(i)))
		p = protowire.AppendVarint(protowire.AppendTag(p, 3, protowire.VarintType), uint64(i%2+1))
		data = protowire.AppendBytes(protowire.AppendTag(data, 1, protowire.BytesType), p)
	}
	return append(data, protowire.AppendVarint(protowire.AppendTag(nil, 9, protowire.VarintType), 7)...) // what is not known is passed over
}

func TestReadPieces(t *testing.T) {
	v, err := readPieces("p", pieces(strings.Split(strings.Repeat("a,", 299)+"ә", ",")...))
	if err != nil || len(v.tokens) != 300 || v.tokens[299] != "ә" || v.scores[299] != -299 || v.kinds[299] != 2 {
		t.Errorf("%d tokens, %v", len(v.tokens), err)
	}
}

func FuzzVocabularies(f *testing.F) {
	f.Add(pieces("a", "b"), []byte(`{"a":0,"b":300}`))
	f.Add([]byte{0x0a, 0xff}, []byte(`{"a":-1}`))
	f.Fuzz(func(t *testing.T, p, encoder []byte) {
		if v, err := readPieces("p", p); err == nil && (len(v.scores) != len(v.tokens) || len(v.kinds) != len(v.tokens)) {
			t.Errorf("%d tokens, %d scores, %d kinds", len(v.tokens), len(v.scores), len(v.kinds))
		}
		if v, err := readBPE("b", encoder, nil); err == nil && len(v.kinds) != len(v.tokens) {
			t.Errorf("%d tokens, %d kinds", len(v.tokens), len(v.kinds))
		}
	})
}

func FuzzParseStat(f *testing.F) {
	f.Add("7 (a) b) S 1 5 5 0 -1 4194560 1 0 0 0 123 45 0 0 20 0 1 0 99 1000 25 1844")
	f.Add(")")
	f.Fuzz(func(t *testing.T, text string) {
		group, u, ok := parseStat(text)
		if strings.HasPrefix(text, "7 (a) b) S 1 5 5 0 -1 4194560 1 0 0 0 123 45 0 0 20 0 1 0 99 1000 25 1844") &&
			(!ok || group != 5 || u.cpu != 1680*time.Millisecond || u.resident != 25*int64(os.Getpagesize())) {
			t.Errorf("%d, %+v, %v", group, u, ok)
		}
	})
}
