package engine

import (
	"cmp"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// A scorer adds up the scores of one segment's documents, term by term. Its
// arrays are as long as a uint16 can reach, which spares the inner loop its
// bounds checks.
type scorer struct {
	sums  [1 << 16]float32
	table [1 << 16]float32
	terms []queryTerm
	left  []uint16 // candidates, see finish
}

// A queryTerm is one term of a query and its postings in a segment.
type queryTerm struct {
	weight   float32
	from, to int
	most     float32 // that a document can get from it
}

var scorers = sync.Pool{New: func() any { return new(scorer) }}

// untouched marks the documents that share no term with the query: a sum that
// any term was added to is never a negative zero.
var untouched = math.Float32frombits(1 << 31)

func touched(sum float32) bool { return math.Float32bits(sum) != 1<<31 }

// search offers every allowed document that shares a term with q. Large
// searches are shared among processors.
func (x *sparseIndex) search(q sparseVector, live, allowed bitset, best *topK) {
	places := x.lookUp(q)
	weights := x.weights(q, places, live)
	var next atomic.Int32
	floor := newSharedFloor()
	work := func(best *topK) {
		sc := scorers.Get().(*scorer)
		defer scorers.Put(sc)
		for i := int(next.Add(1)) - 1; i < len(x.segments); i = int(next.Add(1)) - 1 {
			floor.meet(best)
			sc.search(x.segments[i], places[i*len(weights):(i+1)*len(weights)], weights, allowed, best)
		}
		floor.meet(best)
	}
	const worthwhile = 16384 // documents
	helpers := min(runtime.GOMAXPROCS(0), 4, docsIn(x.segments)/worthwhile) - 1
	found := make([]*topK, max(0, helpers))
	var wg sync.WaitGroup
	for i := range found {
		found[i] = newTopK(best.k)
		wg.Go(func() { work(found[i]) })
	}
	work(best)
	wg.Wait()
	for _, f := range found {
		for _, h := range f.heap {
			best.offer(h.slot, h.score)
		}
	}
}

func (sc *scorer) search(s *segment, places []int32, weights []float32, allowed bitset, best *topK) {
	prunable := sc.take(s, places, weights)
	if len(sc.terms) == 0 {
		return
	}
	sums := sc.sums[:len(s.slots)]
	for i := range sums {
		sums[i] = untouched
	}
	copy(sc.table[:], s.table)
	if prunable {
		sc.pruned(s, allowed, best)
		return
	}
	for _, t := range sc.terms {
		sc.add(s, t)
	}
	sc.collect(s, allowed, best)
}

// take notes the query's terms that the segment has. It reports whether no term can lower a
// score, in which case the terms come with what they can add at most, the
// largest first.
func (sc *scorer) take(s *segment, places []int32, weights []float32) (prunable bool) {
	sc.terms = sc.terms[:0]
	prunable = len(s.table) > 0 && !math.Signbit(float64(s.table[len(s.table)-1])) // negatives sort last
	for i, at := range places {
		if at < 0 {
			continue
		}
		t := queryTerm{weight: weights[i], from: int(s.starts[at]), to: int(s.starts[at+1])}
		prunable = prunable && t.weight >= 0
		if prunable {
			t.most = t.weight * s.table[s.tops[at]]
		}
		sc.terms = append(sc.terms, t)
	}
	if prunable {
		slices.SortFunc(sc.terms, func(a, b queryTerm) int { return cmp.Compare(b.most, a.most) })
	}
	return prunable
}

// add adds weight times value for every posting of the term. The added zero
// turns a product of negative zero into a positive one, see untouched.
func (sc *scorer) add(s *segment, t queryTerm) {
	docs, weight := s.docs[t.from:t.to], t.weight
	if s.codes == nil {
		values := s.values[t.from:t.to][:len(docs)]
		for i, d := range docs {
			sc.sums[d] += weight*values[i] + 0
		}
		return
	}
	codes := s.codes[t.from:t.to][:len(docs)]
	for i, d := range docs {
		sc.sums[d] += weight*sc.table[codes[i]] + 0
	}
}

func (sc *scorer) collect(s *segment, allowed bitset, best *topK) {
	for d, sum := range sc.sums[:len(s.slots)] {
		if sum < best.floor || !touched(sum) {
			continue
		}
		if slot := s.slots[d]; allowed.has(slot) {
			best.offer(slot, sum)
		}
	}
}

// rounding is how far a sum of float32 may be from what its bound says.
const rounding = 1.0001

// pruned is the search when no term can lower a score (MaxScore). Once the
// terms that are left cannot lift an untouched document over the floor, only
// documents that can still get there are looked at; when those are few, they
// are looked up instead of reading whole lists. The result is exact.
func (sc *scorer) pruned(s *segment, allowed bitset, best *topK) {
	rest := float32(0)
	for _, t := range sc.terms {
		rest += t.most
	}
	for i, t := range sc.terms {
		if rest*rounding < best.floor && i%2 == 0 && sc.few(s, sc.terms[i:], best.floor-rest*rounding) {
			sc.finish(s, sc.terms[i:], rest, allowed, best)
			return
		}
		sc.add(s, t)
		rest -= t.most
	}
	sc.collect(s, allowed, best)
}

// lookupCost is what looking up one document costs, in postings read.
const lookupCost = 12

// few gathers the documents whose sum is at least need, and reports whether
// looking them up is cheaper than reading the lists of the terms.
func (sc *scorer) few(s *segment, terms []queryTerm, need float32) bool {
	postings := 0
	for _, t := range terms {
		postings += t.to - t.from
	}
	limit := postings / (lookupCost * len(terms))
	sc.left = sc.left[:0]
	for d, sum := range sc.sums[:len(s.slots)] {
		if sum >= need {
			if len(sc.left) >= limit {
				return false
			}
			sc.left = append(sc.left, uint16(d))
		}
	}
	return true
}

// finish adds the last terms to the candidates alone, dropping those that
// cannot reach the floor any more.
func (sc *scorer) finish(s *segment, terms []queryTerm, rest float32, allowed bitset, best *topK) {
	left := sc.left[:0]
	for _, d := range sc.left {
		if allowed.has(s.slots[d]) {
			left = append(left, d)
		}
	}
	for _, t := range terms {
		docs, codes := s.docs[t.from:t.to], s.codes[t.from:t.to]
		rest = max(0, rest-t.most)
		need := best.floor - rest*rounding
		kept, at := left[:0], 0
		for _, d := range left {
			at = gallop(docs, at, d)
			if at < len(docs) && docs[at] == d {
				sc.sums[d] += t.weight * sc.table[codes[at]]
			}
			if sc.sums[d] >= need {
				kept = append(kept, d)
			}
		}
		left = kept
	}
	for _, d := range left {
		best.offer(s.slots[d], sc.sums[d])
	}
}

// gallop returns the first place from at on whose document is not before d.
func gallop(docs []uint16, at int, d uint16) int {
	step := 1
	for at+step < len(docs) && docs[at+step] < d {
		at += step
		step *= 2
	}
	end := min(at+step+1, len(docs))
	n, _ := slices.BinarySearch(docs[at:end], d)
	return at + n
}
