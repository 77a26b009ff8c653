package near

import (
	"cmp"
	"math"
	"slices"

	"github.com/zeebo/xxh3"
)

// A joiner makes groups of documents.
type joiner struct {
	docs   []document
	least  int     // slots that must agree
	rows   int     // slots of a band
	parent []int32 // of a document in the tree of its group; the first document is the root
	twin   []bool  // documents that are the same as an earlier one
	pairs  []pair
}

type pair struct {
	a, b  int32
	agree int
	same  bool
}

// found is the share of pairs just at the threshold that must share a band.
// More alike pairs do so more often.
const found = 0.95

// newJoiner chooses bands as long as it can: two documents that agree in all
// slots of a band are compared, and the longer bands are, the fewer documents
// are compared in vain.
func newJoiner(docs []document, threshold float64) *joiner {
	j := &joiner{docs: docs, least: int(math.Ceil(threshold * slots)), rows: 1, parent: make([]int32, len(docs)), twin: make([]bool, len(docs))}
	for i := range j.parent {
		j.parent[i] = int32(i)
	}
	for shareBand(threshold, j.rows+1) >= found && j.rows < 16 {
		j.rows++
	}
	return j
}

// shareBand is how likely documents that are so alike agree in all slots of
// at least one band.
func shareBand(similarity float64, rows int) float64 {
	return 1 - math.Pow(1-math.Pow(similarity, float64(rows)), float64(slots/rows))
}

// joinSame joins documents whose text is the same. Only the first of them is
// compared with others.
func (j *joiner) joinSame() {
	first := make(map[xxh3.Uint128]int32, len(j.docs))
	for i, d := range j.docs {
		if a, ok := first[d.text]; ok {
			j.twin[i] = true
			j.join(pair{a, int32(i), slots, true})
		} else {
			first[d.text] = int32(i)
		}
	}
}

// An entry is a document's place in a band.
type entry struct {
	band uint64 // hash of its slots
	doc  int32
}

// joinNear joins documents that agree in a band and in enough slots.
func (j *joiner) joinNear() {
	var list []entry
	for at := 0; at+j.rows <= slots; at += j.rows {
		list = list[:0]
		for i, d := range j.docs {
			if !d.short && !j.twin[i] {
				list = append(list, entry{hash(d.slots[at : at+j.rows]), int32(i)})
			}
		}
		slices.SortFunc(list, func(a, b entry) int { return cmp.Or(cmp.Compare(a.band, b.band), cmp.Compare(a.doc, b.doc)) })
		for from, i := 0, 1; i <= len(list); i++ {
			if i == len(list) || list[i].band != list[from].band {
				j.joinBand(list[from:i])
				from = i
			}
		}
	}
}

// hash tells bands apart. When it does not, two documents are compared in vain.
func hash(band []uint16) uint64 {
	var h uint64
	for _, v := range band {
		h = scatter(h ^ uint64(v) + 1)
	}
	return h
}

// mostKinds is with how many documents of a band another is compared, so that
// a form of which there are 50,000 does not take a day.
const mostKinds = 32

// joinBand compares documents that agree in a band: each with one of every
// group that it meets there, until it is like one.
func (j *joiner) joinBand(list []entry) {
	var kinds []int32
	for _, e := range list {
		if !slices.ContainsFunc(kinds, func(kind int32) bool { return j.alike(kind, e.doc) }) && len(kinds) < mostKinds {
			kinds = append(kinds, e.doc)
		}
	}
}

// alike reports whether two documents are in one group, or can be joined.
func (j *joiner) alike(a, b int32) bool {
	if j.root(a) == j.root(b) {
		return true
	}
	n := j.docs[a].agree(j.docs[b].signature)
	if n >= j.least {
		j.join(pair{a, b, n, false})
	}
	return n >= j.least
}

func (j *joiner) join(p pair) {
	j.pairs = append(j.pairs, p)
	a, b := j.root(p.a), j.root(p.b)
	j.parent[max(a, b)] = min(a, b)
}

func (j *joiner) root(i int32) int32 {
	for j.parent[i] != i {
		j.parent[i] = j.parent[j.parent[i]]
		i = j.parent[i]
	}
	return i
}

// groups returns the pairs by group.
func (j *joiner) groups() [][]Pair {
	slices.SortFunc(j.pairs, func(p, q pair) int {
		return cmp.Or(cmp.Compare(j.root(p.a), j.root(q.a)), q.agree-p.agree, cmp.Compare(p.a, q.a), cmp.Compare(p.b, q.b))
	})
	var groups [][]Pair
	last := int32(-1)
	for _, p := range j.pairs {
		if root := j.root(p.a); root != last {
			groups, last = append(groups, nil), root
		}
		g := &groups[len(groups)-1]
		*g = append(*g, Pair{j.docs[p.a].key, j.docs[p.b].key, float64(p.agree) / slots, p.same})
	}
	return groups
}
