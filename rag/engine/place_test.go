package engine

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestPlace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		near := rapid.Uint32Range(0, 50)
		any := rapid.OneOf(near, rapid.Uint32(), rapid.Uint32Range(math.MaxUint32-50, math.MaxUint32))
		terms := rapid.SliceOfNDistinct(any, 0, 200, rapid.ID).Draw(t, "terms")
		slices.Sort(terms)
		asked := append(rapid.SliceOfN(any, 1, 20).Draw(t, "asked"), terms...)
		for _, term := range asked {
			at, ok := place(terms, term)
			wantAt, want := slices.BinarySearch(terms, term)
			if at != wantAt || ok != want {
				t.Fatalf("place(%v, %d) = %d, %v, want %d, %v", terms, term, at, ok, wantAt, want)
			}
		}
	})
}

func BenchmarkPlace(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	terms := make([]uint32, 300_000)
	for i := range terms {
		terms[i] = r.Uint32()
	}
	slices.Sort(terms)
	b.Run("guess", func(b *testing.B) {
		for b.Loop() {
			place(terms, r.Uint32())
		}
	})
	b.Run("binary", func(b *testing.B) {
		for b.Loop() {
			_, _ = slices.BinarySearch(terms, r.Uint32())
		}
	})
}
