package stats

import (
	"math/big"
	"math/bits"
)

// A PCG64 is NumPy's default random generator, number for number, so that a
// resampling test made here gives the p-value that it gives there.
//
// PCG XSL-RR 128/64 (O'Neill 2014), seeded through SeedSequence as
// numpy.random.default_rng is.
type PCG64 struct {
	state, inc uint128
	half       uint32 // what is left of the last 64 bits
	has        bool
}

type uint128 struct{ hi, lo uint64 }

var pcgMultiplier = uint128{0x2360ed051fc65da4, 0x4385df649fccf645}

func (a uint128) mul(b uint128) uint128 {
	hi, lo := bits.Mul64(a.lo, b.lo)
	return uint128{hi + a.hi*b.lo + a.lo*b.hi, lo}
}

func (a uint128) add(b uint128) uint128 {
	lo, carry := bits.Add64(a.lo, b.lo, 0)
	hi, _ := bits.Add64(a.hi, b.hi, carry)
	return uint128{hi, lo}
}

// NewPCG64 is default_rng(seed).
func NewPCG64(seed uint64) *PCG64 {
	s := seedSequence(seed)
	sequence := uint128{s[2]<<1 | s[3]>>63, s[3]<<1 | 1}
	g := &PCG64{inc: sequence}
	g.step()
	g.state = g.state.add(uint128{s[0], s[1]})
	g.step()
	return g
}

func (g *PCG64) step() { g.state = g.state.mul(pcgMultiplier).add(g.inc) }

// Uint64 returns the next 64 bits.
func (g *PCG64) Uint64() uint64 {
	g.step()
	return bits.RotateLeft64(g.state.hi^g.state.lo, -int(g.state.hi>>58))
}

// Uint32 returns half of the next 64 bits, the low one first.
func (g *PCG64) Uint32() uint32 {
	if g.has {
		g.has = false
		return g.half
	}
	n := g.Uint64()
	g.half, g.has = uint32(n>>32), true
	return uint32(n)
}

// Choice fills out with draws from 0 to n-1, with replacement: rng.choice(n,
// len(out)). n is from 1 to 2³² (Lemire 2019, "Fast Random Integer Generation
// in an Interval").
func (g *PCG64) Choice(n int, out []int32) {
	if n == 1 {
		clear(out)
		return
	}
	size := uint32(n)
	for i := range out {
		m := uint64(g.Uint32()) * uint64(size)
		if uint32(m) < size {
			for least := -size % size; uint32(m) < least; {
				m = uint64(g.Uint32()) * uint64(size)
			}
		}
		out[i] = int32(m >> 32)
	}
}

// Bools fills out with coin flips: rng.integers(2, size=len(out), dtype=bool).
// One draw of 32 bits serves 32 of them.
func (g *PCG64) Bools(out []bool) {
	var word uint32
	left := 0
	for i := range out {
		if left == 0 {
			word, left = g.Uint32(), 32
		}
		out[i] = word&1 == 1
		word >>= 1
		left--
	}
}

// seedSequence is SeedSequence(seed).generate_state(4, uint64).
func seedSequence(seed uint64) [4]uint64 {
	const initA, multA, initB, multB = 0x43b0d7e5, 0x931e8875, 0x8b51f9dd, 0x58f38ded
	hash, multiplier := uint32(initA), uint32(multA)
	mix := func(value uint32) uint32 {
		value ^= hash
		hash *= multiplier
		value *= hash
		return value ^ value>>16
	}
	var pool [4]uint32
	for i := range pool {
		switch i {
		case 0:
			pool[i] = mix(uint32(seed))
		case 1:
			pool[i] = mix(uint32(seed >> 32))
		default:
			pool[i] = mix(0)
		}
	}
	for from := range pool {
		for to := range pool {
			if from != to {
				r := 0xca01f9dd*pool[to] - 0x4973f715*mix(pool[from])
				pool[to] = r ^ r>>16
			}
		}
	}
	hash, multiplier = initB, multB
	var out [4]uint64
	for i := range 8 {
		out[i/2] |= uint64(mix(pool[i%4])) << (32 * (i % 2))
	}
	return out
}

// State returns the generator's state and its increment, as NumPy shows them:
// the decimal digits of 128 bits.
func (g *PCG64) State() (state, inc string) { return g.state.String(), g.inc.String() }

func (u uint128) String() string {
	n := new(big.Int).SetUint64(u.hi)
	return n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(u.lo)).String()
}
