package metric

import (
	"math/bits"
	"math/rand/v2"
)

// A gram is up to six characters or four words in a row, told apart exactly:
// characters take 21 bits each, words 32.
type gram struct{ hi, lo uint64 }

const (
	charBits = 21
	wordBits = 32
)

// next is the last n symbols of g and symbol.
func (g gram) next(symbol uint32, n int, width uint) gram {
	g = gram{g.hi<<width | g.lo>>(64-width), g.lo<<width | uint64(symbol)}
	kept := uint(n) * width
	if kept <= 64 {
		return gram{0, g.lo & (1<<kept - 1)}
	}
	return gram{g.hi & (1<<(kept-64) - 1), g.lo}
}

// seeds keep texts from being made to collide.
var seeds = [2]uint64{rand.Uint64(), rand.Uint64()}

func (g gram) hash() uint64 {
	hi, lo := bits.Mul64(g.lo^seeds[0], g.hi^seeds[1])
	return hi ^ lo
}

// A gramCount counts n-grams. With a map of Go's, chrF spent four fifths of
// its time in it.
type gramCount struct {
	slots []gramSlot // their number is a power of two
	used  int
	round int32
}

type gramSlot struct {
	gram  gram
	count int32
	round int32 // of another one the slot is empty
}

func newGramCount() *gramCount { return &gramCount{slots: make([]gramSlot, 256), round: 1} }

// clear forgets all n-grams.
func (c *gramCount) clear() {
	c.used = 0
	c.round++
}

// slot returns where g is, or would be.
func (c *gramCount) slot(g gram) *gramSlot {
	last := uint64(len(c.slots) - 1)
	for at := g.hash() & last; ; at = (at + 1) & last {
		if s := &c.slots[at]; s.round != c.round || s.gram == g {
			return s
		}
	}
}

// of returns the slot of g, which is there from now on.
func (c *gramCount) of(g gram) *gramSlot {
	s := c.slot(g)
	if s.round == c.round {
		return s
	}
	if c.used++; 2*c.used > len(c.slots) {
		old := c.slots
		c.slots = make([]gramSlot, 2*len(old))
		for _, o := range old {
			if o.round == c.round {
				*c.slot(o.gram) = o
			}
		}
		s = c.slot(g)
	}
	*s = gramSlot{gram: g, round: c.round}
	return s
}

// add counts the n-grams of symbols, and returns how many there are.
func (c *gramCount) add(symbols []uint32, n int, width uint) int {
	var g gram
	for i, s := range symbols {
		if g = g.next(s, n, width); i+1 >= n {
			c.of(g).count++
		}
	}
	return max(0, len(symbols)-n+1)
}

// atLeast makes every count at least that of symbols.
func (c *gramCount) atLeast(symbols []uint32, n int, width uint) {
	one := newGramCount()
	one.add(symbols, n, width)
	for _, s := range one.slots {
		if s.round == one.round {
			most := c.of(s.gram)
			most.count = max(most.count, s.count)
		}
	}
}

// take counts how many of the n-grams of symbols are there, each as often as
// it was counted, and takes them away.
func (c *gramCount) take(symbols []uint32, n int, width uint) (matches int) {
	var g gram
	for i, s := range symbols {
		if g = g.next(s, n, width); i+1 < n {
			continue
		}
		if at := c.slot(g); at.round == c.round && at.count > 0 {
			at.count--
			matches++
		}
	}
	return matches
}

// A vocabulary numbers words.
type vocabulary map[string]uint32

func (v vocabulary) symbols(words []string) []uint32 {
	out := make([]uint32, len(words))
	for i, w := range words {
		id, ok := v[w]
		if !ok {
			id = uint32(len(v))
			v[w] = id
		}
		out[i] = id
	}
	return out
}

func characters(s string) []uint32 {
	out := make([]uint32, 0, len(s))
	for _, r := range s {
		if !isSpace(r) {
			out = append(out, uint32(r))
		}
	}
	return out
}
