package gguf

import (
	"fmt"
	"math/bits"
)

// A Type is how the values of a tensor are stored.
type Type uint32

// The types whose values this package reads (all of these) and writes (F32,
// F16, BF16 and Q8_0). The numbers are the format's own.
const (
	F32  Type = 0
	F16  Type = 1
	Q4_0 Type = 2
	Q4_1 Type = 3
	Q5_0 Type = 6
	Q5_1 Type = 7
	Q8_0 Type = 8
	Q4_K Type = 12
	Q5_K Type = 13
	Q6_K Type = 14
	BF16 Type = 30
)

// A layout is how a type lies in a file: blocks of so many values in so many
// bytes, and how to read one and write one.
type layout struct {
	name   string
	values uint64
	bytes  uint64
	decode func(dst []float32, block []byte)
	encode func(block []byte, src []float32)
}

// layouts holds every type that a file may have, since without its size
// nobody can tell whether a tensor lies inside its file.
var layouts = map[Type]layout{
	F32:  {"F32", 1, 4, decodeF32, encodeF32},
	F16:  {"F16", 1, 2, decodeF16, encodeF16},
	Q4_0: {"Q4_0", 32, 18, decodeQ4_0, nil},
	Q4_1: {"Q4_1", 32, 20, decodeQ4_1, nil},
	Q5_0: {"Q5_0", 32, 22, decodeQ5_0, nil},
	Q5_1: {"Q5_1", 32, 24, decodeQ5_1, nil},
	Q8_0: {"Q8_0", 32, 34, decodeQ8_0, encodeQ8_0},
	Q4_K: {"Q4_K", 256, 144, decodeQ4_K, nil},
	Q5_K: {"Q5_K", 256, 176, decodeQ5_K, nil},
	Q6_K: {"Q6_K", 256, 210, decodeQ6_K, nil},
	BF16: {"BF16", 1, 2, decodeBF16, encodeBF16},

	9:  {name: "Q8_1", values: 32, bytes: 36},
	10: {name: "Q2_K", values: 256, bytes: 84},
	11: {name: "Q3_K", values: 256, bytes: 110},
	15: {name: "Q8_K", values: 256, bytes: 292},
	16: {name: "IQ2_XXS", values: 256, bytes: 66},
	17: {name: "IQ2_XS", values: 256, bytes: 74},
	18: {name: "IQ3_XXS", values: 256, bytes: 98},
	19: {name: "IQ1_S", values: 256, bytes: 50},
	20: {name: "IQ4_NL", values: 32, bytes: 18},
	21: {name: "IQ3_S", values: 256, bytes: 110},
	22: {name: "IQ2_S", values: 256, bytes: 82},
	23: {name: "IQ4_XS", values: 256, bytes: 136},
	24: {name: "I8", values: 1, bytes: 1},
	25: {name: "I16", values: 1, bytes: 2},
	26: {name: "I32", values: 1, bytes: 4},
	27: {name: "I64", values: 1, bytes: 8},
	28: {name: "F64", values: 1, bytes: 8},
	29: {name: "IQ1_M", values: 256, bytes: 56},
	34: {name: "TQ1_0", values: 256, bytes: 54},
	35: {name: "TQ2_0", values: 256, bytes: 66},
	39: {name: "MXFP4", values: 32, bytes: 17},
}

func (t Type) String() string {
	if l, ok := layouts[t]; ok {
		return l.name
	}
	return fmt.Sprintf("type %d", uint32(t))
}

// Readable reports whether Decode knows the type.
func (t Type) Readable() bool { return layouts[t].decode != nil }

// Writable reports whether Encode knows the type.
func (t Type) Writable() bool { return layouts[t].encode != nil }

// maxDims is what llama.cpp takes.
const maxDims = 4

// size returns the bytes of a tensor, or what is wrong with its measures.
func (t Type) size(dims []uint64) (uint64, error) {
	l, ok := layouts[t]
	if !ok {
		return 0, fmt.Errorf("type %d is not known here", uint32(t))
	}
	if len(dims) == 0 || len(dims) > maxDims {
		return 0, fmt.Errorf("%d dimensions are not in 1..%d", len(dims), maxDims)
	}
	if dims[0]%l.values != 0 {
		return 0, fmt.Errorf("a row of %d values does not divide into %s's blocks of %d", dims[0], l.name, l.values)
	}
	n := l.bytes
	for i, d := range dims {
		if i == 0 {
			d /= l.values
		}
		high, low := bits.Mul64(n, d)
		if low == 0 || high > 0 || low > 1<<62 {
			return 0, fmt.Errorf("measures %v are not possible", dims)
		}
		n = low
	}
	return n, nil
}

// Bytes returns how many bytes n values take, a whole number of blocks.
func (t Type) Bytes(n int) int {
	l := layouts[t]
	return n / int(l.values) * int(l.bytes)
}

// Decode turns stored bytes into values; dst says how many.
func (t Type) Decode(dst []float32, src []byte) error {
	l := layouts[t]
	if l.decode == nil {
		return fmt.Errorf("values of type %s cannot be read here", t)
	}
	if err := t.fits(l, len(dst), len(src)); err != nil {
		return err
	}
	for v, b := int(l.values), int(l.bytes); len(dst) > 0; dst, src = dst[v:], src[b:] {
		l.decode(dst[:v:v], src[:b:b])
	}
	return nil
}

// Encode turns values into bytes to store, rounded as the type has it. What
// is not finite, or too large for the type, is an error.
func (t Type) Encode(dst []byte, src []float32) error {
	l := layouts[t]
	if l.encode == nil {
		return fmt.Errorf("values cannot be written as %s here", t)
	}
	if err := t.fits(l, len(src), len(dst)); err != nil {
		return err
	}
	most := greatest(t)
	for _, v := range src {
		if !(v <= most && v >= -most) { // neither is NaN
			return fmt.Errorf("%v cannot be stored as %s", v, t)
		}
	}
	for v, b := int(l.values), int(l.bytes); len(src) > 0; src, dst = src[v:], dst[b:] {
		l.encode(dst[:b:b], src[:v:v])
	}
	return nil
}

func (t Type) fits(l layout, values, bytes int) error {
	if values%int(l.values) != 0 || values/int(l.values)*int(l.bytes) != bytes {
		return fmt.Errorf("%d values of type %s do not take %d bytes", values, t, bytes)
	}
	return nil
}
