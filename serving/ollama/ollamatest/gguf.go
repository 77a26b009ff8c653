package ollamatest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
)

// A gguf is a model file in the making: keys and tensors in the order in
// which they are written.
type gguf struct {
	keys    []ggufKey
	tensors []ggufTensor
}

type ggufKey struct {
	name  string
	value any // uint32, float32, bool, string, []string or []int32
}

type ggufTensor struct {
	name string
	dims []uint64 // innermost first
	data []float32
}

const ggufAlign = 32 // of tensors, as readers assume

func (g *gguf) key(name string, value any) { g.keys = append(g.keys, ggufKey{name, value}) }

func (g *gguf) tensor(name string, data []float32, dims ...int) {
	t := ggufTensor{name: name, data: data}
	for _, d := range dims {
		t.dims = append(t.dims, uint64(d))
	}
	g.tensors = append(g.tensors, t)
}

// write writes version 3 of the format, little-endian, tensors as F32.
func (g *gguf) write(w io.Writer) error {
	var b bytes.Buffer
	b.WriteString("GGUF")
	put(&b, uint32(3), uint64(len(g.tensors)), uint64(len(g.keys)))
	for _, k := range g.keys {
		putString(&b, k.name)
		if err := putValue(&b, k.value); err != nil {
			return fmt.Errorf("key %s: %w", k.name, err)
		}
	}
	var offset uint64
	for _, t := range g.tensors {
		putString(&b, t.name)
		put(&b, uint32(len(t.dims)), t.dims, uint32(0), offset) // 0 is F32
		offset += uint64(aligned(4 * len(t.data)))
	}
	pad(&b)
	for _, t := range g.tensors {
		put(&b, t.data)
		pad(&b)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// putValue writes the number of v's type, then v.
func putValue(b *bytes.Buffer, v any) error {
	const kindString, kindList = 8, 9
	switch v := v.(type) {
	case uint32:
		put(b, uint32(4), v)
	case float32:
		put(b, uint32(6), v)
	case bool:
		put(b, uint32(7), v)
	case string:
		put(b, uint32(kindString))
		putString(b, v)
	case []int32:
		put(b, uint32(kindList), uint32(5), uint64(len(v)), v)
	case []string:
		put(b, uint32(kindList), uint32(kindString), uint64(len(v)))
		for _, s := range v {
			putString(b, s)
		}
	default:
		return fmt.Errorf("%T has no number here", v)
	}
	return nil
}

func putString(b *bytes.Buffer, s string) {
	put(b, uint64(len(s)))
	b.WriteString(s)
}

// put writes values of fixed size; a bytes.Buffer takes them all.
func put(b *bytes.Buffer, values ...any) {
	for _, v := range values {
		_ = binary.Write(b, binary.LittleEndian, v)
	}
}

func aligned(n int) int { return (n + ggufAlign - 1) / ggufAlign * ggufAlign }

func pad(b *bytes.Buffer) {
	b.Write(slices.Repeat([]byte{0}, aligned(b.Len())-b.Len()))
}
