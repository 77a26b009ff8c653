package engine

import (
	"math"
	"slices"
	"testing"
)

// FuzzSegment: whatever a file holds, a segment that is accepted can be
// searched and merged.
func FuzzSegment(f *testing.F) {
	for _, docs := range [][]document{
		{{1, sparseVector{[]uint32{1, 5}, []float32{1, 2}}}},
		{{3, sparseVector{[]uint32{5}, []float32{-1}}}, {4, sparseVector{}}},
	} {
		f.Add(buildSegment(docs).data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < segmentHeader {
			return
		}
		s, err := parseSealed(aligned(data))
		if err != nil {
			return
		}
		x := &sparseIndex{segments: []*segment{s}, holders: newSparseIndex(sparseSpec{}).holders, blanks: newSparseIndex(sparseSpec{}).blanks}
		live := bitset{math.MaxUint64}
		x.search(sparseVector{[]uint32{1, 5, 9}, []float32{1, 2, -3}}, live, live, newTopK(3))
		x.search(sparseVector{[]uint32{1, 5}, []float32{1, 2}}, live, live, newTopK(1))
		if len(s.slots) < maxSegmentDocs {
			mergeSegments([]*segment{s}, live)
		}
	})
}

// aligned copies data to where numbers may be read in place, as a mapped file
// is.
func aligned(data []byte) []byte {
	s := newSegment(segmentSizes{docs: len(data)/4 + 1})
	return append(s.data[:0:len(s.data)], data...)
}

// FuzzRows: whatever a row holds, decoding it gives a value or an error.
func FuzzRows(f *testing.F) {
	v := pointVectors{dense: map[int][]float32{0: {1, 2, 3}}, sparse: map[int]sparseVector{0: {[]uint32{1, 9}, []float32{1, 1}}}}
	f.Add(vectorsRow(v)[rowSum:])
	f.Add(slotRow(numID(7), v))
	f.Add(slotRow(pointID{true, 1, 2}, v))
	s := &schema{dense: []denseSpec{{size: 3}}, sparse: []sparseSpec{{name: "lex"}}}
	f.Fuzz(func(t *testing.T, data []byte) {
		row := sealRow(slices.Concat(make([]byte, rowSum), data))
		decodeVectors(s, row)
		decodePayload(row)
		decodeSome(row, map[string]bool{"a": true})
		denseFromRow(row, 0, 3, nil)
		decodeSlot(data, func(byte, int) error { return nil })
		decodeSparse(data)
		decodeCatalogEntry(data)
		decodeSegmentEntry([]byte("0-1.postings"), data)
		if p, err := parsePath(string(data)); err == nil {
			p.values(nil)
			p.eachElement()
		}
		parseDate(string(data))
	})
}

func TestSparseRows(t *testing.T) {
	many := sparseVector{}
	for i := range uint32(600) {
		many.indices = append(many.indices, i*7000001)
		many.values = append(many.values, float32(i)/7)
	}
	for _, v := range []sparseVector{
		{},
		{[]uint32{0}, []float32{1}},
		{[]uint32{0, math.MaxUint32}, []float32{-1, -1}},
		{[]uint32{1, 2, 3, 4, 5, 6}, []float32{1, 2, 1, 2, 1, 2}},
		many,
	} {
		got, err := decodeSparse(appendSparse(nil, v))
		if err != nil || !slices.Equal(got.indices, v.indices) || !slices.Equal(got.values, v.values) {
			t.Errorf("%v comes back as %v, %v", v, got, err)
		}
	}
}
