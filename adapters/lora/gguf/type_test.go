package gguf

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// Every half float, by the definition: (1 + fraction/1024)·2^(exponent-15).
func TestHalf(t *testing.T) {
	for h := range 1 << 16 {
		exponent, fraction := h>>10&31, float64(h&1023)
		want := math.Ldexp(1+fraction/1024, exponent-15)
		switch {
		case exponent == 0:
			want = math.Ldexp(fraction/1024, -14)
		case exponent == 31 && fraction == 0:
			want = math.Inf(1)
		case exponent == 31:
			if got := fromHalf(uint16(h)); got == got || toHalf(got)&0x7c00 != 0x7c00 || toHalf(got)&0x3ff == 0 {
				t.Errorf("%04x is %v, want NaN", h, got)
			}
			continue
		}
		if h>>15 == 1 {
			want = math.Copysign(want, -1)
		}
		got := fromHalf(uint16(h))
		if float64(got) != want || math.Signbit(float64(got)) != math.Signbit(want) {
			t.Fatalf("%04x is %v, want %v", h, got, want)
		}
		if back := toHalf(got); int(back) != h {
			t.Fatalf("%v was rounded to %04x, want %04x", got, back, h)
		}
	}
}

// Between two neighbours the nearer one wins, in the middle the even one.
func testRounding(t *testing.T, round func(float32) uint16, widen func(uint16) float32, last uint16) {
	t.Helper()
	for low := range last {
		a, b := widen(low), widen(low+1)
		middle := float32((float64(a) + float64(b)) / 2)
		if got := round(middle); got != low+low%2 {
			t.Fatalf("%v, between %v and %v, became %v", middle, a, b, widen(got))
		}
		if got := round(math.Nextafter32(middle, 0)); got != low {
			t.Fatalf("below %v became %v", middle, widen(got))
		}
		if got := round(math.Nextafter32(middle, b)); got != low+1 {
			t.Fatalf("above %v became %v", middle, widen(got))
		}
		if got := round(-middle); got != low+low%2|0x8000 {
			t.Fatalf("%v became %v", -middle, widen(got))
		}
	}
}

func TestRounding(t *testing.T) {
	testRounding(t, toHalf, fromHalf, 0x7bff)
	// From the normal ones on: the middle of two subnormals may not exist.
	widen := func(h uint16) float32 { return math.Float32frombits(uint32(h+0x80) << 16) }
	testRounding(t, func(f float32) uint16 { return toBrain(f) - 0x80 }, widen, 0x7f7f-0x80)
}

// What does not fit is an error, and never becomes infinity.
func TestEncodeRange(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(-1))
	for _, tt := range []struct {
		typ Type
		v   float32
		ok  bool
	}{
		{F32, math.MaxFloat32, true}, {F32, nan, false}, {F32, inf, false},
		{F16, 65504, true}, {F16, -65504, true}, {F16, 65519, true}, {F16, 65520, false}, {F16, nan, false},
		{BF16, math.Float32frombits(0x7f7f7fff), true}, {BF16, math.MaxFloat32, false}, {BF16, inf, false},
	} {
		b := make([]byte, tt.typ.Bytes(1))
		err := tt.typ.Encode(b, []float32{tt.v})
		var back [1]float32
		if err2 := tt.typ.Decode(back[:], b); err2 != nil || back[0]-back[0] != 0 || (err == nil) != tt.ok {
			t.Errorf("%v as %s: %v, read as %v", tt.v, tt.typ, err, back)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, err := range []error{
		Type(10).Decode(make([]float32, 256), make([]byte, 84)),
		Type(99).Decode(make([]float32, 1), make([]byte, 4)),
		Q4_K.Encode(make([]byte, 144), make([]float32, 256)),
		Q8_0.Decode(make([]float32, 31), make([]byte, 34)),
		Q8_0.Decode(make([]float32, 32), make([]byte, 33)),
		Q8_0.Encode(make([]byte, 33), make([]float32, 32)),
	} {
		if err == nil || !strings.Contains(err.Error(), "type") && !strings.Contains(err.Error(), "as") {
			t.Errorf("want an error that names the type, not %v", err)
		}
	}
}

// A block is made from a scale, perhaps a minimum, and whole numbers: the test
// puts each number's bits where the format has them, one by one.
type block struct {
	rng   *rand.Rand
	bytes []byte
}

func (b *block) put(at, shift, width, v int) { b.bytes[at] |= byte(v & (1<<width - 1) << shift) }

// half puts a scale that is exact as a half float.
func (b *block) half(at int) float64 {
	v := float64(b.rng.IntN(2000)+1) / 4096
	le.PutUint16(b.bytes[at:], toHalf(float32(v)))
	return v
}

// number draws a value of some bits.
func (b *block) number(bits int) int { return b.rng.IntN(1 << bits) }

// kScales draws eight scales and minimums of six bits and puts them into the
// twelve bytes from at on.
func (b *block) kScales(at int) (scales, mins [8]int) {
	for i := range 8 {
		s, m := b.number(6), b.number(6)
		scales[i], mins[i] = s, m
		if i < 4 {
			b.put(at+i, 0, 6, s)
			b.put(at+4+i, 0, 6, m)
			continue
		}
		b.put(at+4+i, 0, 4, s) // low bits, then high ones
		b.put(at+4+i, 4, 4, m)
		b.put(at+i-4, 6, 2, s>>4)
		b.put(at+i, 6, 2, m>>4)
	}
	return scales, mins
}

var quantised = []struct {
	typ  Type
	fill func(b *block, want []float64)
}{
	{Q4_0, func(b *block, want []float64) {
		d := b.half(0)
		for i := range 32 {
			q := b.number(4)
			b.put(2+i%16, i/16*4, 4, q)
			want[i] = d * float64(q-8)
		}
	}},
	{Q4_1, func(b *block, want []float64) {
		d, m := b.half(0), b.half(2)
		for i := range 32 {
			q := b.number(4)
			b.put(4+i%16, i/16*4, 4, q)
			want[i] = d*float64(q) + m
		}
	}},
	{Q5_0, func(b *block, want []float64) {
		d := b.half(0)
		for i := range 32 {
			q := b.number(5)
			b.put(6+i%16, i/16*4, 4, q&15)
			b.put(2+i/8, i%8, 1, q>>4)
			want[i] = d * float64(q-16)
		}
	}},
	{Q5_1, func(b *block, want []float64) {
		d, m := b.half(0), b.half(2)
		for i := range 32 {
			q := b.number(5)
			b.put(8+i%16, i/16*4, 4, q&15)
			b.put(4+i/8, i%8, 1, q>>4)
			want[i] = d*float64(q) + m
		}
	}},
	{Q8_0, func(b *block, want []float64) {
		d := b.half(0)
		for i := range 32 {
			q := b.number(8) - 128
			b.put(2+i, 0, 8, q)
			want[i] = d * float64(q)
		}
	}},
	{Q4_K, func(b *block, want []float64) {
		d, m := b.half(0), b.half(2)
		scales, mins := b.kScales(4)
		for i := range 256 {
			q := b.number(4)
			b.put(16+i/64*32+i%32, i/32%2*4, 4, q)
			want[i] = d*float64(scales[i/32]*q) - m*float64(mins[i/32])
		}
	}},
	{Q5_K, func(b *block, want []float64) {
		d, m := b.half(0), b.half(2)
		scales, mins := b.kScales(4)
		for i := range 256 {
			q := b.number(5)
			b.put(48+i/64*32+i%32, i/32%2*4, 4, q&15)
			b.put(16+i%32, i/32, 1, q>>4)
			want[i] = d*float64(scales[i/32]*q) - m*float64(mins[i/32])
		}
	}},
	{Q6_K, func(b *block, want []float64) {
		d := b.half(208)
		for i := range 256 {
			scale := int(int8(b.bytes[192+i/16]))
			if i%16 == 0 {
				scale = b.number(8) - 128
				b.put(192+i/16, 0, 8, scale)
			}
			q := b.number(6)
			b.put(i/128*64+i%64, i/64%2*4, 4, q&15)
			b.put(128+i/128*32+i%32, i/32%4*2, 2, q>>4)
			want[i] = d * float64(scale*(q-32))
		}
	}},
}

func TestDequantise(t *testing.T) {
	for _, tt := range quantised {
		l := layouts[tt.typ]
		rng := rand.New(rand.NewPCG(uint64(tt.typ), 1))
		for range 20 {
			b := &block{rng, make([]byte, l.bytes)}
			want, got := make([]float64, l.values), make([]float32, l.values)
			tt.fill(b, want)
			if err := tt.typ.Decode(got, b.bytes); err != nil {
				t.Fatal(err)
			}
			for i := range want {
				if diff := math.Abs(float64(got[i]) - want[i]); diff > 1e-5*(1+math.Abs(want[i])) {
					t.Fatalf("%s: value %d is %v, want %v", tt.typ, i, got[i], want[i])
				}
			}
		}
	}
}

// A value is off by half a step, plus what the step's rounding to eleven bits
// makes of 127 of them.
func TestQ8_0RoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 0))
	for _, size := range []float64{1e-3, 0.02, 1, 3e4} {
		for range 200 {
			src, dst, b := make([]float32, 64), make([]float32, 64), make([]byte, 68)
			for i := range src {
				src[i] = float32(rng.NormFloat64() * size)
			}
			if err := Q8_0.Encode(b, src); err != nil {
				t.Fatal(err)
			}
			if err := Q8_0.Decode(dst, b); err != nil {
				t.Fatal(err)
			}
			for part := range 2 {
				var most float64
				for _, v := range src[part*32:][:32] {
					most = max(most, math.Abs(float64(v)))
				}
				step := most / 127
				for i, v := range src[part*32:][:32] {
					if off := math.Abs(float64(dst[part*32+i] - v)); off > step*(0.5+127.0/2048+1e-3)+127*0x1p-25 {
						t.Fatalf("%v became %v with steps of %v", v, dst[part*32+i], step)
					}
				}
			}
		}
	}
	var zero, tiny [34]byte
	if err := Q8_0.Encode(zero[:], make([]float32, 32)); err != nil || zero != [34]byte{} {
		t.Errorf("zeros became % x, %v", zero, err)
	}
	least := make([]float32, 32)
	least[0] = math.SmallestNonzeroFloat32
	if err := Q8_0.Encode(tiny[:], least); err != nil || tiny != zero {
		t.Errorf("the smallest number became % x, %v", tiny, err)
	}
}
