package engine

import (
	"math"
	"slices"
)

// A document is one sparse vector and the slot it belongs to.
type document struct {
	slot   uint32
	vector sparseVector
}

// buildSegments turns documents, ascending by slot, into segments: one,
// unless there are very many.
func buildSegments(docs []document) []*segment {
	var out []*segment
	from, postings := 0, 0
	for i, d := range docs {
		if i > from && (i-from >= maxSegmentDocs || postings+len(d.vector.indices) > maxSegmentPosts) {
			out = append(out, buildSegment(docs[from:i]))
			from, postings = i, 0
		}
		postings += len(d.vector.indices)
	}
	if from < len(docs) {
		out = append(out, buildSegment(docs[from:]))
	}
	return out
}

func buildSegment(docs []document) *segment {
	n := 0
	for _, d := range docs {
		n += len(d.vector.indices)
	}
	keys := make([]uint64, 0, n) // term, then place of the posting in document order
	owners := make([]uint16, 0, n)
	values := make([]float32, 0, n)
	for i, d := range docs {
		for j, term := range d.vector.indices {
			keys = append(keys, uint64(term)<<32|uint64(len(values)))
			owners = append(owners, uint16(i))
			values = append(values, d.vector.values[j])
		}
	}
	keys = sortByTerm(keys)
	table, codes := distinct(values)
	terms := 0
	for i, k := range keys {
		if i == 0 || k>>32 != keys[i-1]>>32 {
			terms++
		}
	}
	s := newSegment(segmentSizes{docs: len(docs), terms: terms, table: len(table), postings: n, raw: table == nil})
	for i, d := range docs {
		s.slots[i] = d.slot
	}
	copy(s.table, table)
	s.fill(keys, owners, values, codes)
	return s
}

func (s *segment) fill(keys []uint64, owners []uint16, values []float32, codes []uint16) {
	term := -1
	for i, k := range keys {
		if i == 0 || k>>32 != keys[i-1]>>32 {
			term++
			s.terms[term], s.starts[term] = uint32(k>>32), uint32(i)
		}
		p := uint32(k)
		s.docs[i] = owners[p]
		if s.codes == nil {
			s.values[i] = values[p]
		} else {
			s.codes[i] = codes[p]
		}
	}
	s.starts[term+1] = uint32(len(keys))
	s.setTops()
}

// sortByTerm sorts by the upper half of the keys and keeps the order of equal
// ones: four passes of a radix sort, skipping bytes that are all the same.
func sortByTerm(keys []uint64) []uint64 {
	other := make([]uint64, len(keys))
	for shift := 32; shift < 64; shift += 8 {
		var counts [256]int
		for _, k := range keys {
			counts[byte(k>>shift)]++
		}
		if len(keys) > 0 && counts[byte(keys[0]>>shift)] == len(keys) {
			continue
		}
		at := 0
		for i, c := range counts {
			counts[i], at = at, at+c
		}
		for _, k := range keys {
			b := byte(k >> shift)
			other[counts[b]] = k
			counts[b]++
		}
		keys, other = other, keys
	}
	return keys
}

// distinct returns the different values, ascending by bits, and for each value
// its place among them; nil when they are too many for a table.
func distinct(values []float32) (table []float32, codes []uint16) {
	size := uint32(64)
	for int(size) < 2*len(values) && size < 4*maxTable {
		size *= 2
	}
	places := make([]uint32, size) // by hash; one more than the place in table
	codes = make([]uint16, len(values))
	for i, v := range values {
		bits := math.Float32bits(v)
		h := bits * 0x9E3779B1 >> 8 & (size - 1)
		for places[h] != 0 && math.Float32bits(table[places[h]-1]) != bits {
			h = (h + 1) & (size - 1)
		}
		if places[h] == 0 {
			if len(table) == maxTable {
				return nil, nil
			}
			table = append(table, v)
			places[h] = uint32(len(table))
		}
		codes[i] = uint16(places[h] - 1)
	}
	seen := make(map[uint32]uint16, len(table))
	for _, v := range table {
		seen[math.Float32bits(v)] = 0
	}
	sorted, codeOf := tableOf(seen)
	renum := make([]uint16, len(table))
	for c, v := range table {
		renum[c] = codeOf[math.Float32bits(v)]
	}
	for i, c := range codes {
		codes[i] = renum[c]
	}
	return sorted, codes
}

// tableOf returns the values whose bits are seen, ascending by bits, and the
// place of each.
func tableOf(seen map[uint32]uint16) ([]float32, map[uint32]uint16) {
	bits := make([]uint32, 0, len(seen))
	for b := range seen {
		bits = append(bits, b)
	}
	slices.Sort(bits)
	table := make([]float32, len(bits))
	for i, b := range bits {
		table[i] = math.Float32frombits(b)
		seen[b] = uint16(i)
	}
	return table, seen
}
