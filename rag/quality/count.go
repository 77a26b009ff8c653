package quality

// mostKinds is how many kinds of one thing are told apart. Tags and endings
// come from files, which may hold any number of them.
const mostKinds = 500

// A tally counts things by kind. Those of kinds beyond mostKinds are counted
// under the zero kind.
type tally[K comparable, V any] map[K]*V

// at returns the counts of a kind.
func (t tally[K, V]) at(kind K) *V {
	if v := t[kind]; v != nil {
		return v
	}
	var rest K
	if len(t) >= mostKinds {
		kind = rest
	}
	if t[kind] == nil {
		t[kind] = new(V)
	}
	return t[kind]
}

// mostLength is the longest passage, in characters, whose length is counted as
// it is.
const mostLength = 1 << 14

// A histogram counts passages by their characters.
type histogram struct {
	counts [mostLength + 1]int
	total  int
}

func (h *histogram) add(n int) {
	h.counts[min(n, mostLength)]++
	h.total++
}

// percentile returns the length that so many of 100 passages do not exceed.
func (h *histogram) percentile(p int) int {
	left := (h.total*p + 99) / 100
	for n, count := range h.counts {
		if left -= count; left <= 0 && h.total > 0 {
			return n
		}
	}
	return 0
}
