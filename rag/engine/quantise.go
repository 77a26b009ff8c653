package engine

import "math"

// Dense vectors are scanned as bytes and the best are scored again as they
// are. Each part of a vector is rounded to a multiple of a step of its own,
// and how much was rounded away is kept, so that the scan knows how wrong it
// can be: the answer is exact.

// quantised is a vector in bytes: about step times each of codes.
type quantised struct {
	step float32
	lost float32 // length of what rounding took away
}

// quantise rounds v to codes of -127 to 127.
func quantise(codes []int8, v []float32) quantised {
	var bits uint32 // of numbers without sign, which are in the order of the numbers
	for _, x := range v {
		bits = max(bits, math.Float32bits(x)&^(1<<31))
	}
	most := math.Float32frombits(bits)
	if most < 1e-30 { // steps would be too small to be precise
		clear(codes)
		return quantised{lost: most * float32(len(v))}
	}
	q := quantised{step: most / 127}
	inverse := 127 / most
	codes = codes[:len(v)]
	var lost float32 // in steps, squared
	for i, x := range v {
		steps := x * inverse
		c := min(int32(steps+127.5), 254) - 127 // not negative, so cutting it off rounds
		codes[i] = int8(c)
		d := steps - float32(c)
		lost += d * d
	}
	// Besides, this sum and the product with inverse are rounded themselves.
	root := math.Sqrt(float64(lost))*1.001 + 1e-4*math.Sqrt(float64(len(v)))
	q.lost = float32(root * float64(q.step))
	return q
}

// A wideQuery is a query in sixteen bits, which is precise enough for the
// error to be almost all the stored vectors'.
type wideQuery struct {
	codes  []int16
	step   float32
	lost   float32
	length float32
}

// newWideQuery rounds v so that its product with bytes cannot overflow 32
// bits.
func newWideQuery(v []float32) wideQuery {
	var most, sum float64
	for _, x := range v {
		most = max(most, math.Abs(float64(x)))
		sum += float64(x) * float64(x)
	}
	q := wideQuery{codes: make([]int16, padded(len(v))), length: float32(math.Sqrt(sum)) * 1.001}
	if most == 0 {
		return q
	}
	limit := min(32767, math.Floor(math.MaxInt32/(127*float64(padded(len(v))))))
	q.step = float32(most / limit)
	var lost float64
	for i, x := range v {
		c := math.Round(float64(x) / float64(q.step))
		c = max(-limit, min(limit, c))
		q.codes[i] = int16(c)
		d := float64(x) - c*float64(q.step)
		lost += d * d
	}
	q.lost = float32(math.Sqrt(lost)) * 1.001
	return q
}

// padded is the length of a row of codes: a multiple of what the kernel takes
// at a time.
func padded(n int) int { return (n + 31) &^ 31 }

// dotBytesGeneric is the plain form of the kernel, and what machines without AVX2
// use. The lengths are equal and multiples of 32.
func dotBytesGeneric(a []int16, b []int8) int32 {
	b = b[:len(a)]
	var s0, s1, s2, s3 int32
	for i := 0; i+4 <= len(a); i += 4 {
		s0 += int32(a[i]) * int32(b[i])
		s1 += int32(a[i+1]) * int32(b[i+1])
		s2 += int32(a[i+2]) * int32(b[i+2])
		s3 += int32(a[i+3]) * int32(b[i+3])
	}
	return s0 + s1 + s2 + s3
}
