package engine

import (
	"github.com/RoaringBitmap/roaring/v2"
	bolt "go.etcd.io/bbolt"
)

// A denseIndex is all there is in memory about one dense vector name.
type denseIndex struct {
	spec    denseSpec
	holders *roaring.Bitmap // living slots that have the vector
}

func newDenseIndex(spec denseSpec) *denseIndex {
	return &denseIndex{spec: spec, holders: roaring.New()}
}

func (x *denseIndex) add(slot uint32, _ []float32) { x.holders.Add(slot) }

func (x *denseIndex) kill(slot uint32) { x.holders.Remove(slot) }

func (c *collection) loadDense(*bolt.Tx) error { return nil }

// searchDense offers every allowed slot that has the vector. Scores of
// distances where smaller is better are offered negated.
func (v *view) searchDense(index int, q []float32, allowed bitset, best *topK) error {
	x := v.dense[index]
	rows, err := v.rows(bucketVectors)
	if err != nil {
		return err
	}
	negate := smallerIsBetter(x.spec.distance)
	buf := make([]float32, 0, x.spec.size)
	for it := x.holders.Iterator(); it.HasNext(); {
		slot := it.Next()
		if !allowed.has(slot) {
			continue
		}
		vec, err := denseFromRow(rows.Get(slotKey(slot)), index, x.spec.size, buf)
		if err != nil {
			return storageError(damaged(v.db.Path(), err))
		}
		score := similarity(x.spec.distance, q, vec)
		if negate {
			score = -score
		}
		best.offer(slot, score)
	}
	return nil
}

// denseFromRow decodes one dense vector of a row into buf.
func denseFromRow(row []byte, index, size int, buf []float32) ([]float32, error) {
	if len(row) < rowSum {
		return nil, errBadRow
	}
	var out []float32
	err := eachVector(row[rowSum:], func(kind byte, i int, data []byte) error {
		if kind == rowDense && i == index && len(data) == 4*size {
			out = decodeFloats(buf[:0], data)
		}
		return nil
	})
	if err == nil && out == nil {
		err = errBadRow
	}
	return out, err
}
