package engine

import (
	"encoding/binary"
	"errors"
	"slices"
	"unsafe"

	"github.com/zeebo/xxh3"
)

// A segment is an immutable inverted index over some slots: for every term
// (index of a sparse vector) the documents that have it and the values they
// have there. It is one run of bytes, the same on the heap and in a mapped
// file:
//
//	header  48 bytes
//	slots   uint32 per document, ascending; a document's number is its place here
//	terms   uint32 per term, ascending
//	starts  uint32 per term and one more: where its postings begin
//	tops    uint16 per term: its largest code; zero in raw segments
//	table   float32 per distinct value, ascending by bits; empty in raw segments
//	docs    uint16 per posting, ascending within a term
//	codes   uint16 per posting, a place in the table; raw: float32 per posting
//
// Weights of terms take few distinct values, so a posting costs four bytes,
// and a table lookup gives back the exact float32.
type segment struct {
	data   []byte // what the slices below point into
	slots  []uint32
	terms  []uint32
	starts []uint32
	tops   []uint16
	table  []float32
	docs   []uint16
	codes  []uint16  // nil in raw segments
	values []float32 // nil but in raw segments

	dead int    // documents whose slot died; guarded by collection.mu
	file string // name in the collection's folder, "" on the heap
}

const (
	segmentMagic    = 0x53504754 // "TGPS"
	segmentVersion  = 1
	segmentHeader   = 48
	maxSegmentDocs  = 1 << 15
	maxSegmentPosts = 1 << 27
	maxTable        = 1 << 16
)

var errBadSegment = errors.New("the posting segment is damaged")

// segmentSizes are the counts in a segment's header.
type segmentSizes struct {
	docs, terms, table, postings int
	raw                          bool
}

// layout returns where each part begins, and the whole length.
func (z segmentSizes) layout() (at [7]int, size int) {
	width := 2
	if z.raw {
		width = 4
	}
	lengths := [...]int{4 * z.docs, 4 * z.terms, 4 * (z.terms + 1), 2 * z.terms, 4 * z.table, 2 * z.postings, width * z.postings}
	size = segmentHeader
	for i, n := range lengths {
		at[i] = size
		size += (n + 7) &^ 7
	}
	return at, size
}

// newSegment returns a segment of the given sizes, all zero, to be filled.
func newSegment(z segmentSizes) *segment {
	_, size := z.layout()
	words := make([]uint64, size/8) // for its alignment
	data := unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), size)
	binary.LittleEndian.PutUint32(data[0:], segmentMagic)
	binary.LittleEndian.PutUint32(data[4:], segmentVersion)
	binary.LittleEndian.PutUint32(data[16:], uint32(z.docs))
	binary.LittleEndian.PutUint32(data[20:], uint32(z.terms))
	binary.LittleEndian.PutUint32(data[24:], uint32(z.table))
	binary.LittleEndian.PutUint32(data[28:], uint32(z.postings))
	if z.raw {
		data[32] = 1
	}
	s := &segment{data: data}
	s.slice(z)
	return s
}

// setTops fills in tops, once codes are there.
func (s *segment) setTops() {
	for i := range s.terms {
		if s.codes != nil {
			s.tops[i] = slices.Max(s.codes[s.starts[i]:s.starts[i+1]])
		}
	}
}

// seal writes the checksum, once everything is filled in.
func (s *segment) seal() {
	binary.LittleEndian.PutUint64(s.data[8:], xxh3.Hash(s.data[16:]))
}

func (s *segment) slice(z segmentSizes) {
	at, _ := z.layout()
	s.slots = numbers[uint32](s.data, at[0], z.docs)
	s.terms = numbers[uint32](s.data, at[1], z.terms)
	s.starts = numbers[uint32](s.data, at[2], z.terms+1)
	s.tops = numbers[uint16](s.data, at[3], z.terms)
	s.table = numbers[float32](s.data, at[4], z.table)
	s.docs = numbers[uint16](s.data, at[5], z.postings)
	if z.raw {
		s.values = numbers[float32](s.data, at[6], z.postings)
	} else {
		s.codes = numbers[uint16](s.data, at[6], z.postings)
	}
}

// numbers reads part of a little-endian file as numbers, in place. Every part
// begins at a multiple of eight.
func numbers[T uint16 | uint32 | float32](data []byte, at, n int) []T {
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(&data[at])), n)
}

// parseSegment checks data, whole, and returns the segment in it. Nothing in
// it can make a search go out of bounds afterwards.
func parseSegment(data []byte) (*segment, error) {
	if len(data) < segmentHeader || binary.LittleEndian.Uint32(data) != segmentMagic {
		return nil, errBadSegment
	}
	if v := binary.LittleEndian.Uint32(data[4:]); v != segmentVersion {
		return nil, newerFormatError{v}
	}
	if binary.LittleEndian.Uint64(data[8:]) != xxh3.Hash(data[16:]) {
		return nil, errBadSegment
	}
	return parseSealed(data)
}

func parseSealed(data []byte) (*segment, error) {
	z := segmentSizes{
		docs:     int(binary.LittleEndian.Uint32(data[16:])),
		terms:    int(binary.LittleEndian.Uint32(data[20:])),
		table:    int(binary.LittleEndian.Uint32(data[24:])),
		postings: int(binary.LittleEndian.Uint32(data[28:])),
		raw:      data[32] == 1,
	}
	if _, size := z.layout(); size != len(data) || z.docs < 1 || z.docs > 1<<16 || z.table > maxTable {
		return nil, errBadSegment
	}
	s := &segment{data: data}
	s.slice(z)
	if !s.valid() {
		return nil, errBadSegment
	}
	return s, nil
}

func (s *segment) valid() bool {
	for i := 1; i < len(s.slots); i++ {
		if s.slots[i-1] >= s.slots[i] {
			return false
		}
	}
	for i := 1; i < len(s.terms); i++ {
		if s.terms[i-1] >= s.terms[i] {
			return false
		}
	}
	last := uint32(0)
	for i, at := range s.starts {
		if (i > 0 && at <= last) || (i == 0 && at != 0) {
			return false // every term has a posting
		}
		last = at
	}
	if int(last) != len(s.docs) {
		return false
	}
	return below(s.docs, len(s.slots)) && (s.codes == nil || below(s.codes, len(s.table)) && below(s.tops, len(s.table)))
}

func below(xs []uint16, limit int) bool {
	var most uint16
	for _, x := range xs {
		most = max(most, x)
	}
	return len(xs) == 0 || int(most) < limit
}

// frequency counts the living documents that have the term at that place.
func (s *segment) frequency(at int, live bitset) int {
	from, to := s.starts[at], s.starts[at+1]
	if s.dead == 0 {
		return int(to - from)
	}
	n := 0
	for _, d := range s.docs[from:to] {
		if live.has(s.slots[d]) {
			n++
		}
	}
	return n
}
