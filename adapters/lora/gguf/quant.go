package gguf

import "math"

// Blocks of 32 values. The low nibbles of the bytes are the first 16 values,
// the high ones the last 16.

func decodeQ4_0(dst []float32, b []byte) {
	d := half(b)
	for i, q := range b[2:18] {
		dst[i] = d * float32(int(q&15)-8)
		dst[i+16] = d * float32(int(q>>4)-8)
	}
}

func decodeQ4_1(dst []float32, b []byte) {
	d, least := half(b), half(b[2:])
	for i, q := range b[4:20] {
		dst[i] = d*float32(q&15) + least
		dst[i+16] = d*float32(q>>4) + least
	}
}

func decodeQ5_0(dst []float32, b []byte) {
	d, fifth := half(b), le.Uint32(b[2:])
	for i, q := range b[6:22] {
		dst[i] = d * float32(int(uint32(q&15)|fifth>>i&1<<4)-16)
		dst[i+16] = d * float32(int(uint32(q>>4)|fifth>>(i+16)&1<<4)-16)
	}
}

func decodeQ5_1(dst []float32, b []byte) {
	d, least, fifth := half(b), half(b[2:]), le.Uint32(b[4:])
	for i, q := range b[8:24] {
		dst[i] = d*float32(uint32(q&15)|fifth>>i&1<<4) + least
		dst[i+16] = d*float32(uint32(q>>4)|fifth>>(i+16)&1<<4) + least
	}
}

func decodeQ8_0(dst []float32, b []byte) {
	d := half(b)
	for i, q := range b[2:34] {
		dst[i] = d * float32(int8(q))
	}
}

// encodeQ8_0 makes the largest value 127 steps. A value is off by at most half
// a step, and what the rounding of the step to a half float adds.
func encodeQ8_0(b []byte, src []float32) {
	var most float32
	for _, v := range src {
		most = max(most, float32(math.Abs(float64(v))))
	}
	step := toHalf(most / 127)
	le.PutUint16(b, step)
	for i, v := range src {
		b[2+i] = 0
		if step > 0 {
			b[2+i] = byte(int8(math.Round(float64(v) * 127 / float64(most))))
		}
	}
}

// Blocks of 256 values, in eight parts of 32 or sixteen of 16 with scales of
// their own, which are themselves stored in few bits.

func decodeQ4_K(dst []float32, b []byte) {
	d, dmin, scales := half(b), half(b[2:]), b[4:16]
	for part := range 8 {
		scale, least := sixBits(scales, part)
		step, offset := d*scale, dmin*least
		for i, q := range b[16+part/2*32:][:32] {
			dst[part*32+i] = step*float32(q>>(part%2*4)&15) - offset
		}
	}
}

func decodeQ5_K(dst []float32, b []byte) {
	d, dmin, scales, fifth := half(b), half(b[2:]), b[4:16], b[16:48]
	for part := range 8 {
		scale, least := sixBits(scales, part)
		step, offset := d*scale, dmin*least
		for i, q := range b[48+part/2*32:][:32] {
			dst[part*32+i] = step*float32(q>>(part%2*4)&15|fifth[i]>>part&1<<4) - offset
		}
	}
}

// sixBits returns the scale and the minimum of a part. The first four of each
// have a byte's low six bits; the others have a nibble, and the two bits that
// those leave.
func sixBits(s []byte, part int) (scale, least float32) {
	if part < 4 {
		return float32(s[part] & 63), float32(s[part+4] & 63)
	}
	return float32(s[part+4]&15 | s[part-4]>>6<<4), float32(s[part+4]>>4 | s[part]>>6<<4)
}

func decodeQ6_K(dst []float32, b []byte) {
	low, high, scales, d := b[:128], b[128:192], b[192:208], half(b[208:])
	for part := range 8 {
		// Two halves of four parts: a byte of low holds a value of one part
		// and of the one two further on, a byte of high one of each part.
		h, p := part/4, part%4
		for i := range 32 {
			q := low[h*64+p%2*32+i]>>(p/2*4)&15 | high[h*32+i]>>(p*2)&3<<4
			dst[part*32+i] = d * float32(int8(scales[part*2+i/16])) * float32(int(q)-32)
		}
	}
}
