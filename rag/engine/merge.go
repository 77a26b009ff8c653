package engine

import (
	"math"
	"slices"
)

// mergeSegments makes one segment of several, which follow one another in
// slot order, without the documents that died.
func mergeSegments(parts []*segment, live bitset) *segment {
	m := newMerger(parts, live)
	if len(m.slots) == 0 {
		return nil
	}
	z := m.measure()
	s := newSegment(z)
	copy(s.slots, m.slots)
	copy(s.table, m.table)
	m.write(s)
	return s
}

// A merger walks the terms of its parts in step.
type merger struct {
	parts []*segment
	slots []uint32
	renum [][]uint16 // per part: a document's new number, or gone
	codes [][]uint16 // per part: a code's new code; nil when the result is raw
	table []float32
	lossy []bool // per part: whether any document is gone
	at    []int  // per part: the next term
}

const gone = math.MaxUint16

func newMerger(parts []*segment, live bitset) *merger {
	m := &merger{parts: parts, renum: make([][]uint16, len(parts)), lossy: make([]bool, len(parts)), at: make([]int, len(parts))}
	for i, p := range parts {
		m.renum[i] = make([]uint16, len(p.slots))
		for d, slot := range p.slots {
			if !live.has(slot) {
				m.renum[i][d], m.lossy[i] = gone, true
				continue
			}
			m.renum[i][d] = uint16(len(m.slots))
			m.slots = append(m.slots, slot)
		}
	}
	m.mergeTables()
	return m
}

func (m *merger) mergeTables() {
	seen := map[uint32]uint16{}
	for _, p := range m.parts {
		if p.codes == nil && len(p.docs) > 0 {
			return
		}
		for _, v := range p.table {
			seen[math.Float32bits(v)] = 0
		}
	}
	if len(seen) > maxTable {
		return
	}
	var codeOf map[uint32]uint16
	m.table, codeOf = tableOf(seen)
	m.codes = make([][]uint16, len(m.parts))
	for i, p := range m.parts {
		m.codes[i] = make([]uint16, len(p.table))
		for c, v := range p.table {
			m.codes[i][c] = codeOf[math.Float32bits(v)]
		}
	}
}

// next calls f for every term in ascending order, with the parts that have it.
func (m *merger) next(f func(term uint32, having []int)) {
	clear(m.at)
	having := make([]int, 0, len(m.parts))
	for {
		having = having[:0]
		term := uint32(math.MaxUint32)
		for i, p := range m.parts {
			if m.at[i] == len(p.terms) {
				continue
			}
			switch t := p.terms[m.at[i]]; {
			case t < term || len(having) == 0:
				term, having = t, append(having[:0], i)
			case t == term:
				having = append(having, i)
			}
		}
		if len(having) == 0 {
			return
		}
		f(term, having)
		for _, i := range having {
			m.at[i]++
		}
	}
}

// measure counts the terms and postings that are left.
func (m *merger) measure() segmentSizes {
	z := segmentSizes{docs: len(m.slots), table: len(m.table), raw: m.codes == nil}
	m.next(func(_ uint32, having []int) {
		n := 0
		for _, i := range having {
			p := m.parts[i]
			from, to := p.starts[m.at[i]], p.starts[m.at[i]+1]
			if !m.lossy[i] {
				n += int(to - from)
				continue
			}
			for _, d := range p.docs[from:to] {
				if m.renum[i][d] != gone {
					n++
				}
			}
		}
		if n > 0 {
			z.terms++
			z.postings += n
		}
	})
	return z
}

func (m *merger) write(s *segment) {
	n, terms := 0, 0
	m.next(func(term uint32, having []int) {
		before := n
		for _, i := range having {
			n = m.copyPostings(s, n, i)
		}
		if n > before {
			s.terms[terms], s.starts[terms] = term, uint32(before)
			terms++
		}
	})
	s.starts[terms] = uint32(n)
	s.setTops()
}

// copyPostings appends part i's postings of the current term and returns how
// many there are then.
func (m *merger) copyPostings(s *segment, n, i int) int {
	p := m.parts[i]
	renum := m.renum[i]
	from, to := int(p.starts[m.at[i]]), int(p.starts[m.at[i]+1])
	for j := from; j < to; j++ {
		d := renum[p.docs[j]]
		if d == gone {
			continue
		}
		s.docs[n] = d
		switch {
		case s.codes != nil:
			s.codes[n] = m.codes[i][p.codes[j]]
		case p.codes == nil:
			s.values[n] = p.values[j]
		default:
			s.values[n] = p.table[p.codes[j]]
		}
		n++
	}
	return n
}

// markDead counts a slot that died, if the segment holds it.
func (s *segment) markDead(slot uint32) bool {
	if _, ok := slices.BinarySearch(s.slots, slot); !ok {
		return false
	}
	s.dead++
	return true
}
