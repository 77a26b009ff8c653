package engine

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"

	pb "github.com/qdrant/go-client/qdrant"
	"github.com/zeebo/xxh3"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// Rows are what points.db keeps of a slot: one of its vectors, one of its
// payload. bbolt has no checksums of its own, so every row begins with one.

var errBadRow = errors.New("a stored row is damaged")

const rowSum = 4

func sealRow(b []byte) []byte {
	binary.LittleEndian.PutUint32(b, uint32(xxh3.Hash(b[rowSum:])))
	return b
}

func openRow(b []byte) ([]byte, error) {
	if len(b) < rowSum || binary.LittleEndian.Uint32(b) != uint32(xxh3.Hash(b[rowSum:])) {
		return nil, errBadRow
	}
	return b[rowSum:], nil
}

func payloadRow(payload map[string]*pb.Value) ([]byte, error) {
	b, err := proto.MarshalOptions{}.MarshalAppend(make([]byte, rowSum), &pb.Struct{Fields: payload})
	if err != nil {
		return nil, invalid("payload: %v", err)
	}
	return sealRow(b), nil
}

func decodePayload(row []byte) (map[string]*pb.Value, error) {
	b, err := openRow(row)
	if err != nil {
		return nil, err
	}
	s := &pb.Struct{}
	if err := proto.Unmarshal(b, s); err != nil {
		return nil, errBadRow
	}
	return s.GetFields(), nil
}

// decodeSome is decodePayload for some top-level keys. It skips the others,
// which is what makes filling the indexes of a large collection quick.
func decodeSome(row []byte, keys map[string]bool) (map[string]*pb.Value, error) {
	b, err := openRow(row)
	if err != nil {
		return nil, err
	}
	var some []byte
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 || num != 1 || typ != protowire.BytesType {
			return nil, errBadRow
		}
		entry, m := protowire.ConsumeBytes(b[n:])
		if m < 0 {
			return nil, errBadRow
		}
		if keys[string(entryKey(entry))] {
			some = append(some, b[:n+m]...)
		}
		b = b[n+m:]
	}
	s := &pb.Struct{}
	if err := proto.Unmarshal(some, s); err != nil {
		return nil, errBadRow
	}
	return s.GetFields(), nil
}

// entryKey is the key of an encoded map entry.
func entryKey(b []byte) []byte {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return nil
		}
		if num == 1 && typ == protowire.BytesType {
			key, _ := protowire.ConsumeBytes(b[n:])
			return key
		}
		m := protowire.ConsumeFieldValue(num, typ, b[n:])
		if m < 0 {
			return nil
		}
		b = b[n+m:]
	}
	return nil
}

const (
	rowDense  = 0
	rowSparse = 1
	rowBlank  = 2 // in slot rows only: a sparse vector that is empty
)

// slotRow encodes a point's id and which vectors it has.
func slotRow(id pointID, v pointVectors) []byte {
	b := id.appendKey(make([]byte, 0, 24))
	for _, i := range sortedInts(v.dense) {
		b = binary.AppendUvarint(append(b, rowDense), uint64(i))
	}
	for _, i := range sortedInts(v.sparse) {
		kind := byte(rowSparse)
		if len(v.sparse[i].indices) == 0 {
			kind = rowBlank
		}
		b = binary.AppendUvarint(append(b, kind), uint64(i))
	}
	return b
}

// decodeSlot reverses slotRow; f is called for every vector.
func decodeSlot(row []byte, f func(kind byte, index int) error) (pointID, error) {
	id, b, ok := cutPointID(row)
	if !ok {
		return id, errBadRow
	}
	for len(b) > 0 {
		kind := b[0]
		index, rest, err := readUvarint(b[1:])
		if err != nil || index > 1<<20 || kind > rowBlank {
			return id, errBadRow
		}
		if err := f(kind, int(index)); err != nil {
			return id, err
		}
		b = rest
	}
	return id, nil
}

// vectorsRow encodes vectors as a run of (kind, number in the schema, length,
// bytes).
func vectorsRow(v pointVectors) []byte {
	b := make([]byte, rowSum, 64)
	for _, i := range sortedInts(v.dense) {
		b = append(b, rowDense)
		b = binary.AppendUvarint(b, uint64(i))
		b = binary.AppendUvarint(b, uint64(4*len(v.dense[i])))
		b = appendFloats(b, v.dense[i])
	}
	var tmp []byte
	for _, i := range sortedInts(v.sparse) {
		tmp = appendSparse(tmp[:0], v.sparse[i])
		b = append(b, rowSparse)
		b = binary.AppendUvarint(b, uint64(i))
		b = binary.AppendUvarint(b, uint64(len(tmp)))
		b = append(b, tmp...)
	}
	return sealRow(b)
}

func sortedInts[V any](m map[int]V) []int {
	keys := make([]int, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func appendFloats(b []byte, v []float32) []byte {
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}

func decodeFloats(dst []float32, b []byte) []float32 {
	for ; len(b) >= 4; b = b[4:] {
		dst = append(dst, math.Float32frombits(binary.LittleEndian.Uint32(b)))
	}
	return dst
}

// appendSparse encodes the gaps between indices as varints. Values follow as
// one-byte codes into a table when few differ, as with term weights, and as
// they are otherwise.
func appendSparse(b []byte, v sparseVector) []byte {
	b = binary.AppendUvarint(b, uint64(len(v.indices)))
	last := uint32(0)
	for _, x := range v.indices {
		b = binary.AppendUvarint(b, uint64(x-last))
		last = x
	}
	table, codes := valueTable(v.values)
	b = append(b, byte(len(table)))
	if len(table) == 0 {
		return appendFloats(b, v.values)
	}
	return append(appendFloats(b, table), codes...)
}

// valueTable returns the distinct values and, for each value, its place among
// them; nothing when they are more than fit a byte.
func valueTable(values []float32) (table []float32, codes []byte) {
	const slots = 1024
	var places [slots]uint16 // by hash; one more than the place in table
	codes = make([]byte, len(values))
	for i, v := range values {
		bits := math.Float32bits(v)
		h := bits * 0x9E3779B1 >> 22
		for places[h] != 0 && math.Float32bits(table[places[h]-1]) != bits {
			h = (h + 1) % slots
		}
		if places[h] == 0 {
			if len(table) == 255 {
				return nil, nil
			}
			table = append(table, v)
			places[h] = uint16(len(table))
		}
		codes[i] = byte(places[h] - 1)
	}
	if 4*len(table)+len(values) >= 4*len(values) {
		return nil, nil
	}
	return table, codes
}

func decodeSparse(b []byte) (v sparseVector, err error) {
	n, b, err := readUvarint(b)
	if err != nil || n > uint64(len(b)) {
		return v, errBadRow
	}
	v.indices = make([]uint32, n)
	sum := uint64(0)
	for i := range v.indices {
		var gap uint64
		if gap, b, err = readUvarint(b); err != nil {
			return v, err
		}
		sum += gap
		if sum > math.MaxUint32 || gap > math.MaxUint32 || (i > 0 && gap == 0) {
			return v, errBadRow
		}
		v.indices[i] = uint32(sum)
	}
	v.values, err = decodeValues(b, int(n))
	return v, err
}

func decodeValues(b []byte, n int) ([]float32, error) {
	if len(b) == 0 {
		return nil, errBadRow
	}
	size := int(b[0])
	b = b[1:]
	if size == 0 {
		if len(b) != 4*n {
			return nil, errBadRow
		}
		return decodeFloats(make([]float32, 0, n), b), nil
	}
	if len(b) != 4*size+n {
		return nil, errBadRow
	}
	var buf [256]float32
	table := decodeFloats(buf[:0], b[:4*size])
	values := make([]float32, n)
	for i, code := range b[4*size:] {
		if int(code) >= size {
			return nil, errBadRow
		}
		values[i] = table[code]
	}
	return values, nil
}

func readUvarint(b []byte) (uint64, []byte, error) {
	v, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, nil, errBadRow
	}
	return v, b[n:], nil
}

// eachVector calls f for every vector of a row's body, with the bytes still
// encoded.
func eachVector(b []byte, f func(kind byte, index int, data []byte) error) error {
	for len(b) > 0 {
		kind := b[0]
		index, rest, err := readUvarint(b[1:])
		if err != nil {
			return err
		}
		n, rest, err := readUvarint(rest)
		if err != nil || n > uint64(len(rest)) || index > 1<<20 || kind > rowSparse {
			return errBadRow
		}
		if err := f(kind, int(index), rest[:n]); err != nil {
			return err
		}
		b = rest[n:]
	}
	return nil
}

func decodeVectors(s *schema, row []byte) (v pointVectors, err error) {
	body, err := openRow(row)
	if err != nil {
		return v, err
	}
	v = pointVectors{dense: map[int][]float32{}, sparse: map[int]sparseVector{}}
	err = eachVector(body, func(kind byte, i int, data []byte) error {
		if kind == rowDense {
			if i >= len(s.dense) || len(data) != 4*s.dense[i].size {
				return errBadRow
			}
			v.dense[i] = decodeFloats(make([]float32, 0, len(data)/4), data)
			return nil
		}
		if i >= len(s.sparse) {
			return errBadRow
		}
		var err error
		v.sparse[i], err = decodeSparse(data)
		return err
	})
	return v, err
}
