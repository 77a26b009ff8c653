package engine

import "slices"

// place is slices.BinarySearch for terms. Hashed terms are spread evenly, so
// where one must be is guessed first and looked for from there: a few near
// reads in place of many far ones. Terms that are not spread evenly cost a
// little more, never much.
func place(terms []uint32, term uint32) (int, bool) {
	n := len(terms)
	if n == 0 || term <= terms[0] {
		return 0, n > 0 && term == terms[0]
	}
	if last := terms[n-1]; term >= last {
		if term == last {
			return n - 1, true
		}
		return n, false
	}
	// From here terms[0] < term < terms[n-1].
	guess := int(uint64(term-terms[0]) * uint64(n-1) / uint64(terms[n-1]-terms[0]))
	low, high := guess, guess+1 // terms[low] <= term <= terms[high] in the end
	for step := 128; terms[low] > term; step *= 2 {
		high, low = low, max(0, low-step)
	}
	for step := 128; terms[high] < term; step *= 2 {
		low, high = high, min(n-1, high+step)
	}
	at, ok := slices.BinarySearch(terms[low:high+1], term)
	return low + at, ok
}
