package engine

import (
	"math"
	"runtime"
	"slices"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"

	bolt "go.etcd.io/bbolt"
)

// A denseIndex is all there is in memory about one dense vector name: for
// Cosine and Dot the vectors in bytes, in blocks of rows that are never moved.
// Euclid and Manhattan are searched in the database.
type denseIndex struct {
	spec    denseSpec
	holders *roaring.Bitmap // living slots that have the vector
	width   int             // of a row of codes
	blocks  []*denseBlock
	dead    int // rows whose slot died
}

const blockRows = 1024

// A denseBlock holds up to blockRows rows.
type denseBlock struct {
	slots []uint32
	rows  []quantised
	codes []int8
}

func newDenseIndex(spec denseSpec) *denseIndex {
	return &denseIndex{spec: spec, holders: roaring.New(), width: padded(spec.size)}
}

func (x *denseIndex) scans() bool { return !smallerIsBetter(x.spec.distance) }

func (x *denseIndex) add(slot uint32, v []float32) {
	x.holders.Add(slot)
	if x.scans() {
		x.append(slot, v)
	}
}

func (x *denseIndex) append(slot uint32, v []float32) {
	if n := len(x.blocks); n == 0 || len(x.blocks[n-1].slots) == blockRows {
		x.blocks = append(x.blocks, &denseBlock{})
	}
	b := x.blocks[len(x.blocks)-1]
	at := len(b.codes)
	b.codes = slices.Grow(b.codes, x.width)[:at+x.width]
	clear(b.codes[at+x.spec.size:])
	b.rows = append(b.rows, quantise(b.codes[at:at+x.spec.size], v))
	b.slots = append(b.slots, slot)
}

func (x *denseIndex) kill(slot uint32) {
	if !x.holders.CheckedRemove(slot) {
		return
	}
	if x.dead++; x.scans() && x.dead > blockRows && x.dead > int(x.holders.GetCardinality()) {
		x.compact()
	}
}

// compact drops the rows of dead slots.
func (x *denseIndex) compact() {
	old := x.blocks
	x.blocks, x.dead = nil, 0
	for _, b := range old {
		for i, slot := range b.slots {
			if !x.holders.Contains(slot) {
				continue
			}
			if n := len(x.blocks); n == 0 || len(x.blocks[n-1].slots) == blockRows {
				x.blocks = append(x.blocks, &denseBlock{})
			}
			to := x.blocks[len(x.blocks)-1]
			to.slots = append(to.slots, slot)
			to.rows = append(to.rows, b.rows[i])
			to.codes = append(to.codes, b.codes[i*x.width:(i+1)*x.width]...)
		}
	}
}

// loadDense reads the dense vectors into memory, as bytes.
func (c *collection) loadDense(tx *bolt.Tx) error {
	rows := tx.Bucket(bucketVectors)
	for i, x := range c.dense {
		if !x.scans() {
			continue
		}
		buf := make([]float32, 0, x.spec.size)
		for it := x.holders.Iterator(); it.HasNext(); {
			slot := it.Next()
			row := rows.Get(slotKey(slot))
			if _, err := openRow(row); err != nil {
				return err
			}
			v, err := denseFromRow(row, i, x.spec.size, buf)
			if err != nil {
				return err
			}
			x.append(slot, v)
		}
	}
	return nil
}

// searchDense offers every allowed slot that has the vector. Scores of
// distances where smaller is better are offered negated.
func (v *view) searchDense(index int, q []float32, allowed bitset, best *topK) error {
	x := v.dense[index]
	if x.scans() {
		return v.rescore(index, q, x.candidates(q, allowed, best.k), best)
	}
	var slots []uint32
	for it := x.holders.Iterator(); it.HasNext(); {
		if slot := it.Next(); allowed.has(slot) {
			slots = append(slots, slot)
		}
	}
	return v.rescore(index, q, slots, best)
}

// rescore offers the slots with their true scores.
func (v *view) rescore(index int, q []float32, slots []uint32, best *topK) error {
	spec := v.dense[index].spec
	rows, err := v.rows(bucketVectors)
	if err != nil {
		return err
	}
	buf := make([]float32, 0, spec.size)
	for _, slot := range slots {
		vec, err := denseFromRow(rows.Get(slotKey(slot)), index, spec.size, buf)
		if err != nil {
			return storageError(damaged(v.db.Path(), err))
		}
		score := similarity(spec.distance, q, vec)
		if smallerIsBetter(spec.distance) {
			score = -score
		}
		best.offer(slot, score)
	}
	return nil
}

// A bounded is a slot whose score is at most high.
type bounded struct {
	slot uint32
	high float32
}

// candidates returns slots among which the k best surely are: those whose
// score may be as high as the k-th largest that is certain. Large scans are
// shared among processors.
func (x *denseIndex) candidates(q []float32, allowed bitset, k int) []uint32 {
	if k <= 0 {
		return nil
	}
	wide := newWideQuery(q)
	const worthwhile = 16 // blocks
	shares := max(1, min(runtime.GOMAXPROCS(0), 4, len(x.blocks)/worthwhile))
	scans := make([]denseScan, shares)
	var wg sync.WaitGroup
	for i := range scans {
		from, to := i*len(x.blocks)/shares, (i+1)*len(x.blocks)/shares
		work := func() { scans[i] = x.scan(x.blocks[from:to], wide, allowed, k) }
		if i == shares-1 {
			work()
			break
		}
		wg.Go(work)
	}
	wg.Wait()
	certain := newTopK(k)
	for _, s := range scans {
		for _, h := range s.certain.heap {
			certain.offer(h.slot, h.score)
		}
	}
	var out []uint32
	for _, s := range scans {
		for _, m := range s.may {
			if m.high >= certain.floor {
				out = append(out, m.slot)
			}
		}
	}
	return out
}

// A denseScan is what scanning some blocks found.
type denseScan struct {
	certain *topK // by the least that scores can be
	may     []bounded
}

func (x *denseIndex) scan(blocks []*denseBlock, wide wideQuery, allowed bitset, k int) denseScan {
	out := denseScan{certain: newTopK(k)}
	queryLost := wide.lost * 127 * float32(math.Sqrt(float64(x.spec.size)))
	for _, b := range blocks {
		for i, slot := range b.slots {
			if !allowed.has(slot) {
				continue
			}
			row := b.rows[i]
			mid := float32(dotBytes(wide.codes, b.codes[i*x.width:(i+1)*x.width])) * wide.step * row.step
			// |q·v - mid| <= |q||v - v'| + |q - q'||v'|, and float32 rounds.
			off := wide.length*row.lost + queryLost*row.step + 1e-5*float32(math.Abs(float64(mid)))
			if mid+off < out.certain.floor {
				continue
			}
			out.may = append(out.may, bounded{slot, mid + off})
			out.certain.offer(slot, mid-off)
		}
	}
	return out
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
