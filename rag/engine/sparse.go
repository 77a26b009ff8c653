package engine

import (
	"math"

	"github.com/RoaringBitmap/roaring/v2"
)

// A sparseIndex is all there is in memory about one sparse vector name: its
// segments, oldest first, whose slots do not overlap.
type sparseIndex struct {
	spec     sparseSpec
	segments []*segment
	holders  *roaring.Bitmap // living slots that have the vector
	blanks   *roaring.Bitmap
}

func newSparseIndex(spec sparseSpec) *sparseIndex {
	return &sparseIndex{spec: spec, holders: roaring.New(), blanks: roaring.New()}
}

// hold notes that a living slot has the vector; blank says that it is empty.
func (x *sparseIndex) hold(slot uint32, blank bool) {
	x.holders.Add(slot)
	if blank {
		x.blanks.Add(slot)
	}
}

// covered is the slot from which on nothing is in files.
func (x *sparseIndex) covered() uint32 {
	for i := len(x.segments) - 1; i >= 0; i-- {
		if s := x.segments[i]; s.file != "" {
			return s.slots[len(s.slots)-1] + 1
		}
	}
	return 0
}

func (x *sparseIndex) kill(slot uint32) {
	if !x.holders.CheckedRemove(slot) {
		return
	}
	x.blanks.Remove(slot)
	for _, s := range x.segments {
		if s.slots[0] <= slot && slot <= s.slots[len(s.slots)-1] && s.markDead(slot) {
			return
		}
	}
}

// indexed is how many vectors the IDF formula counts: empty ones are not
// indexed.
func (x *sparseIndex) indexed() int {
	return int(x.holders.GetCardinality() - x.blanks.GetCardinality())
}

// lookUp returns where in each segment's terms each term of q is, or -1; one
// segment after the other.
func (x *sparseIndex) lookUp(q sparseVector) []int32 {
	places := make([]int32, 0, len(x.segments)*len(q.indices))
	for _, s := range x.segments {
		for _, term := range q.indices {
			at, ok := place(s.terms, term)
			if !ok {
				at = -1
			}
			places = append(places, int32(at))
		}
	}
	return places
}

// weights returns the query's values, times the rarity of each term if the
// vector asks for that.
func (x *sparseIndex) weights(q sparseVector, places []int32, live bitset) []float32 {
	if !x.spec.idf {
		return q.values
	}
	out := make([]float32, len(q.values))
	n := float64(x.indexed())
	for i := range q.indices {
		df := 0
		for j, s := range x.segments {
			if at := places[j*len(q.indices)+i]; at >= 0 {
				df += s.frequency(int(at), live)
			}
		}
		idf := math.Log((n-float64(df)+0.5)/(float64(df)+0.5) + 1)
		out[i] = q.values[i] * float32(idf)
	}
	return out
}
