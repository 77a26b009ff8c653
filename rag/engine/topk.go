package engine

import (
	"math"
	"slices"
	"sync/atomic"
)

// A hit is a slot that a search found.
type hit struct {
	slot  uint32
	score float32
}

// A topK keeps the best hits offered to it; of equals, the ones in lower
// slots. Larger scores are better.
type topK struct {
	k     int
	floor float32 // what is below it is not worth offering
	heap  []hit   // the worst on top
}

func newTopK(k int) *topK {
	return &topK{k: k, floor: float32(math.Inf(-1))}
}

// A sharedFloor is the highest floor of several searches for the same k best.
// It only rises.
type sharedFloor struct{ bits atomic.Uint32 }

func newSharedFloor() *sharedFloor {
	f := &sharedFloor{}
	f.bits.Store(math.Float32bits(float32(math.Inf(-1))))
	return f
}

// meet raises t's floor to the shared one, or the shared one to t's.
func (f *sharedFloor) meet(t *topK) {
	for {
		bits := f.bits.Load()
		if shared := math.Float32frombits(bits); shared >= t.floor {
			t.floor = shared
			return
		}
		if f.bits.CompareAndSwap(bits, math.Float32bits(t.floor)) {
			return
		}
	}
}

// worse reports whether a is worse than b.
func worse(a, b hit) bool {
	return a.score < b.score || (a.score == b.score && a.slot > b.slot)
}

func (t *topK) offer(slot uint32, score float32) {
	h := hit{slot, score}
	if len(t.heap) < t.k {
		t.heap = append(t.heap, h)
		t.up(len(t.heap) - 1)
	} else if t.k > 0 && worse(t.heap[0], h) {
		t.heap[0] = h
		t.down(0)
	}
	if len(t.heap) == t.k && t.k > 0 {
		t.floor = max(t.floor, t.heap[0].score)
	}
}

func (t *topK) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !worse(t.heap[i], t.heap[parent]) {
			return
		}
		t.heap[i], t.heap[parent] = t.heap[parent], t.heap[i]
		i = parent
	}
}

func (t *topK) down(i int) {
	for {
		worst := i
		for c := 2*i + 1; c <= 2*i+2 && c < len(t.heap); c++ {
			if worse(t.heap[c], t.heap[worst]) {
				worst = c
			}
		}
		if worst == i {
			return
		}
		t.heap[i], t.heap[worst] = t.heap[worst], t.heap[i]
		i = worst
	}
}

// sorted empties t and returns what it held, best first.
func (t *topK) sorted() []hit {
	slices.SortFunc(t.heap, func(a, b hit) int { return boolOrder(worse(b, a)) })
	out := t.heap
	t.heap = nil
	return out
}
