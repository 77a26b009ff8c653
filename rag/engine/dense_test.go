package engine

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

func TestDotBytes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{32, 64, 96, 384, 1024, 4096, 65536} {
		a, b := make([]int16, n), make([]int8, n)
		limit := min(32767, math.MaxInt32/(127*n))
		for i := range a {
			a[i] = int16(r.IntN(2*limit+1) - limit)
			b[i] = int8(r.IntN(255) - 127)
		}
		if n >= 1024 { // the largest there is
			for i := range a {
				a[i], b[i] = int16(limit), 127
			}
		}
		want := int64(0)
		for i := range a {
			want += int64(a[i]) * int64(b[i])
		}
		if got := dotBytes(a, b); int64(got) != want {
			t.Fatalf("dotBytes of %d = %d, want %d", n, got, want)
		}
		if got := dotBytesGeneric(a, b); int64(got) != want {
			t.Fatalf("dotBytesGeneric of %d = %d, want %d", n, got, want)
		}
	}
}

// TestCandidates: the bytes never lose a vector that belongs to the best.
func TestCandidates(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, dim := range []int{1, 33, 128} {
		for _, spread := range []float64{1, 0.01} { // far apart, and very near to each other
			t.Run(fmt.Sprint(dim, spread), func(t *testing.T) {
				x := newDenseIndex(denseSpec{size: dim})
				center := gaussian(r, dim)
				var all [][]float32
				for slot := range uint32(700) {
					v := gaussian(r, dim)
					for i := range v {
						v[i] = center[i] + float32(spread)*v[i]
					}
					all = append(all, v)
					x.append(slot, v)
				}
				live := bitset{}
				for slot := range all {
					live.add(uint32(slot))
				}
				q := gaussian(r, dim)
				best := newTopK(10)
				for slot, v := range all {
					best.offer(uint32(slot), dot(q, v))
				}
				got := map[uint32]bool{}
				for _, slot := range x.candidates(q, live, 10) {
					got[slot] = true
				}
				floor := best.floor
				for _, h := range best.sorted() {
					if h.score > floor && !got[h.slot] {
						t.Errorf("slot %d with score %v is not among %d candidates", h.slot, h.score, len(got))
					}
				}
				t.Logf("%d candidates", len(got))
			})
		}
	}
}

func TestQuantise(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, scale := range []float32{1, 1e-3, 1e30, 1e-30, 1e-44, 0} {
		v := gaussian(r, 100)
		for i := range v {
			v[i] *= scale
		}
		codes := make([]int8, len(v))
		q := quantise(codes, v)
		var lost float64
		for i, x := range v {
			d := float64(x) - float64(codes[i])*float64(q.step)
			lost += d * d
		}
		if math.Sqrt(lost) > float64(q.lost) {
			t.Errorf("scale %v: rounding took %v, said %v", scale, math.Sqrt(lost), q.lost)
		}
	}
}

func BenchmarkQuantise(b *testing.B) {
	v, codes := gaussian(rand.New(rand.NewPCG(1, 1)), 1024), make([]int8, 1024)
	for b.Loop() {
		quantise(codes, v)
	}
}

func BenchmarkDotBytes(b *testing.B) {
	a, v := make([]int16, 1024), make([]int8, 1024)
	for b.Loop() {
		dotBytes(a, v)
	}
}

func BenchmarkDot(b *testing.B) {
	v := make([]float32, 1024)
	for b.Loop() {
		dot(v, v)
	}
}

func gaussian(r *rand.Rand, dim int) []float32 {
	v := make([]float32, dim)
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
	return v
}
