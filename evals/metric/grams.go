package metric

// A gram is up to six characters or four words in a row, told apart exactly:
// characters take 21 bits each, words 32.
type gram struct{ hi, lo uint64 }

func (g gram) push(symbol uint32, bits uint) gram {
	return gram{g.hi<<bits | g.lo>>(64-bits), g.lo<<bits | uint64(symbol)}
}

const (
	charBits = 21
	wordBits = 32
)

type gramCount map[gram]int32

// add counts the n-grams of symbols, and returns how many there are.
func (c gramCount) add(symbols []uint32, n int, bits uint) int {
	for i := 0; i+n <= len(symbols); i++ {
		var g gram
		for _, s := range symbols[i : i+n] {
			g = g.push(s, bits)
		}
		c[g]++
	}
	return max(0, len(symbols)-n+1)
}

// take counts how many of the n-grams of symbols are there, each as often as
// it was counted, and takes them away.
func (c gramCount) take(symbols []uint32, n int, bits uint) (matches int) {
	for i := 0; i+n <= len(symbols); i++ {
		var g gram
		for _, s := range symbols[i : i+n] {
			g = g.push(s, bits)
		}
		if left := c[g]; left > 0 {
			c[g] = left - 1
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
