package qdrant

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"math"
	"slices"

	"github.com/qdrant/go-client/qdrant"
	"google.golang.org/protobuf/proto"
)

// A digest identifies the state of a point: id, payload and vectors.
type digest [sha256.Size]byte

// A sum identifies a set of points, whatever their order: their digests, added
// up. Unlike XOR, adding notices a point that is there twice.
type sum struct {
	count int
	lanes [4]uint64
}

func (s *sum) add(d digest) {
	s.count++
	for i := range s.lanes {
		s.lanes[i] += binary.LittleEndian.Uint64(d[8*i:])
	}
}

func (s sum) String() string {
	return fmt.Sprintf("%016x%016x%016x%016x", s.lanes[0], s.lanes[1], s.lanes[2], s.lanes[3])
}

// sum adds up this tenant's points of a collection that meet want, which may
// be nil.
func (x *Index) sum(ctx context.Context, collection string, want func(*qdrant.RetrievedPoint) bool) (sum, error) {
	var s sum
	err := x.scroll(ctx, collection, qdrant.NewWithPayload(true), true, func(points []*qdrant.RetrievedPoint) error {
		for _, p := range points {
			if want == nil || want(p) {
				s.add(digestOf(p))
			}
		}
		return nil
	})
	return s, err
}

// digests returns the state of those of some points that a collection has.
func (x *Index) digests(ctx context.Context, collection string, points []*qdrant.RetrievedPoint) (map[string]digest, error) {
	ids := make([]*qdrant.PointId, len(points))
	for i, p := range points {
		ids[i] = p.GetId()
	}
	found, _, err := x.page(ctx, &qdrant.ScrollPoints{CollectionName: collection, Limit: qdrant.PtrOf(uint32(max(len(ids), 1))),
		Filter:      &qdrant.Filter{Must: []*qdrant.Condition{qdrant.NewHasID(ids...)}},
		WithPayload: qdrant.NewWithPayload(true), WithVectors: qdrant.NewWithVectors(true)})
	if err != nil {
		return nil, err
	}
	out := make(map[string]digest, len(found))
	for _, p := range found {
		out[p.GetId().GetUuid()] = digestOf(p)
	}
	return out, nil
}

func digestOf(p *qdrant.RetrievedPoint) digest {
	h := sha256.New()
	field(h, []byte(p.GetId().GetUuid()))
	for _, key := range sortedKeys(p.GetPayload()) {
		// Deterministic within this program, which reads both sides.
		value, err := proto.MarshalOptions{Deterministic: true}.Marshal(p.GetPayload()[key])
		if err != nil {
			value = []byte(err.Error()) // a string that is not UTF-8, which gRPC lets nobody send
		}
		field(h, []byte(key))
		field(h, value)
	}
	vectors := p.GetVectors().GetVectors().GetVectors()
	for _, name := range sortedKeys(vectors) {
		field(h, []byte(name))
		field(h, vectorBytes(vectors[name]))
	}
	return digest(h.Sum(nil))
}

// field writes bytes with their length, so that no two lists of fields run
// together to the same bytes.
func field(h hash.Hash, data []byte) {
	h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(data))))
	h.Write(data)
}

// vectorBytes writes a vector down; stores return the terms of a sparse one
// in any order.
func vectorBytes(v *qdrant.VectorOutput) []byte {
	var out []byte
	for _, value := range v.GetDense().GetData() {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(value))
	}
	return append(out, sparseBytes(v.GetSparse().GetIndices(), v.GetSparse().GetValues())...)
}

// sparseBytes writes the terms of a sparse vector down, sorted.
func sparseBytes(indices []uint32, values []float32) []byte {
	order := make([]int, min(len(indices), len(values)))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(indices[a], indices[b]) })
	out := make([]byte, 0, 8*len(order))
	for _, i := range order {
		out = binary.LittleEndian.AppendUint32(out, indices[i])
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(values[i]))
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
