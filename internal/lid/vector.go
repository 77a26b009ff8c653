package lid

import "math"

// The sums of training. Vectors have a multiple of eight numbers. Each product
// is rounded before it is added, by a conversion that keeps the compiler from
// fusing the two, so that all processors agree.

// add adds b to a.
func add(a, b []float32) {
	for len(a) >= 8 && len(b) >= 8 {
		x, y := (*[8]float32)(a), (*[8]float32)(b)
		x[0] += y[0]
		x[1] += y[1]
		x[2] += y[2]
		x[3] += y[3]
		x[4] += y[4]
		x[5] += y[5]
		x[6] += y[6]
		x[7] += y[7]
		a, b = a[8:], b[8:]
	}
}

// addScaled adds s times b to a.
func addScaled(a, b []float32, s float32) {
	for len(a) >= 8 && len(b) >= 8 {
		x, y := (*[8]float32)(a), (*[8]float32)(b)
		x[0] += float32(s * y[0])
		x[1] += float32(s * y[1])
		x[2] += float32(s * y[2])
		x[3] += float32(s * y[3])
		x[4] += float32(s * y[4])
		x[5] += float32(s * y[5])
		x[6] += float32(s * y[6])
		x[7] += float32(s * y[7])
		a, b = a[8:], b[8:]
	}
}

// dot returns the product of a and b, which have a multiple of 16 numbers.
func dot(a, b []float32) float32 {
	var s0, s1, s2, s3 float32
	for len(a) >= 16 && len(b) >= 16 {
		x, y := (*[16]float32)(a), (*[16]float32)(b)
		s0 += float32(x[0] * y[0])
		s1 += float32(x[1] * y[1])
		s2 += float32(x[2] * y[2])
		s3 += float32(x[3] * y[3])
		s0 += float32(x[4] * y[4])
		s1 += float32(x[5] * y[5])
		s2 += float32(x[6] * y[6])
		s3 += float32(x[7] * y[7])
		s0 += float32(x[8] * y[8])
		s1 += float32(x[9] * y[9])
		s2 += float32(x[10] * y[10])
		s3 += float32(x[11] * y[11])
		s0 += float32(x[12] * y[12])
		s1 += float32(x[13] * y[13])
		s2 += float32(x[14] * y[14])
		s3 += float32(x[15] * y[15])
		a, b = a[16:], b[16:]
	}
	return (s0 + s1) + (s2 + s3)
}

func softmax(score []float32) {
	top := score[0]
	for _, s := range score {
		top = max(top, s)
	}
	total := float32(0)
	for i, s := range score {
		score[i] = exp(s - top)
		total += score[i]
	}
	scale := 1 / total
	for i := range score {
		score[i] *= scale
	}
}

func root(x float32) float32 { return float32(math.Sqrt(float64(x))) }

// negligible is where exp becomes 0: two in a thousand million, which nothing here
// can tell from none.
const negligible = -20

// exp is e to the x, good to five digits. It is written out so that training
// gives the same bytes on every machine, which math.Exp does not promise.
func exp(x float32) float32 {
	if x < negligible {
		return 0
	}
	x = min(x, 80)
	y := float32(x * 1.44269504)
	whole := float32(int32(y+200.5)) - 200
	z := float32((y - whole) * 0.69314718)
	p := 1 + float32(z*0.2) // the series to z^5, from the inside out
	p = 1 + float32(float32(z*0.25)*p)
	p = 1 + float32(float32(z*0.33333334)*p)
	p = 1 + float32(float32(z*0.5)*p)
	p = 1 + float32(z*p)
	return p * math.Float32frombits(uint32(int32(whole)+127)<<23)
}
