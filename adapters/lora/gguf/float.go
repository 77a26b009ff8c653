package gguf

import (
	"encoding/binary"
	"math"
)

var le = binary.LittleEndian

// greatest returns the largest value that a type can hold: what would round
// to infinity is above it.
func greatest(t Type) float32 {
	const half = 65504
	switch t {
	case F16:
		return 65519.996 // the last one that rounds down to half
	case BF16:
		return math.Float32frombits(0x7f7f7fff)
	case Q8_0:
		return half * 127 // its scale is a half float
	}
	return math.MaxFloat32
}

func decodeF32(dst []float32, b []byte)  { dst[0] = math.Float32frombits(le.Uint32(b)) }
func encodeF32(b []byte, src []float32)  { le.PutUint32(b, math.Float32bits(src[0])) }
func decodeF16(dst []float32, b []byte)  { dst[0] = half(b) }
func encodeF16(b []byte, src []float32)  { le.PutUint16(b, toHalf(src[0])) }
func decodeBF16(dst []float32, b []byte) { dst[0] = math.Float32frombits(uint32(le.Uint16(b)) << 16) }
func encodeBF16(b []byte, src []float32) { le.PutUint16(b, toBrain(src[0])) }
func half(b []byte) float32              { return fromHalf(le.Uint16(b)) }

// fromHalf widens an IEEE 754 binary16, which is exact.
func fromHalf(h uint16) float32 {
	sign, exponent, fraction := uint32(h>>15)<<31, uint32(h>>10&31), uint32(h&0x3ff)
	switch exponent {
	case 0:
		tiny := math.Float32bits(float32(fraction) * 0x1p-24)
		return math.Float32frombits(sign | tiny)
	case 31:
		return math.Float32frombits(sign | 0x7f800000 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+112)<<23 | fraction<<13)
}

// toHalf rounds to the nearest binary16, ties to even.
func toHalf(f float32) uint16 {
	bits := math.Float32bits(f)
	sign, bits := uint16(bits>>16)&0x8000, bits&0x7fffffff
	switch {
	case bits > 0x7f800000:
		return sign | 0x7e00 // not a number
	case bits >= 0x47800000: // 65536
		return sign | 0x7c00
	case bits < 0x38800000: // below the smallest normal one, 2^-14
		return sign | uint16(math.RoundToEven(float64(math.Float32frombits(bits))*0x1p24))
	}
	bits += 0xfff + bits>>13&1 // a carry goes into the exponent, as it should
	return sign | uint16((bits-0x38000000)>>13)
}

// toBrain rounds to the nearest bfloat16, ties to even.
func toBrain(f float32) uint16 {
	bits := math.Float32bits(f)
	if bits&0x7fffffff > 0x7f800000 {
		return uint16(bits>>16) | 0x40 // stays not a number
	}
	return uint16((bits + 0x7fff + bits>>16&1) >> 16)
}
