package lid

import (
	"encoding/binary"
	"math"

	"tilgate/internal/lang"
)

// lengthBins are the numbers of letters up to which each temperature holds;
// the last holds for all longer text.
var lengthBins = [...]int{1, 2, 4, 8, 14, 24, 40, 80, math.MaxInt}

func lengthBin(letters int) int {
	for i, most := range lengthBins {
		if letters <= most {
			return i
		}
	}
	return len(lengthBins) - 1
}

// A model tells apart the languages of one group of scripts. A text's vector
// is the sum of its features' rows over the root of their number; label i's
// score is that vector's product with row i of weight. A model of one label
// has no rows: the script says it all.
type model struct {
	scripts []lang.Script
	labels  []lang.Tag // sorted
	und     int        // place of lang.Und among the labels, or -1
	dim     int        // a multiple of 16
	buckets int
	rows    []byte // buckets x dim half bytes, each 8 more than its value
	weight  []float32
	bias    []float32
	temp    [len(lengthBins)]float32
}

const (
	rowZero  = 8    // the half byte that stands for 0
	lowHalf  = 0x0f // of a byte
	flushRow = 4096 // rows that fit 16-bit lanes: 4096*15 < 65536
	maxDim   = 64
)

// sum adds up the rows of features. Eight half bytes of a row are added at a
// time, in lanes of 16 bits of one word.
func (m *model) sum(features []uint32, vector *[maxDim]float32) {
	const lanes = 0x000f000f000f000f
	var total [maxDim]int32
	stride := m.dim / 2
	for done := 0; done < len(features); done += flushRow {
		part := features[done:min(done+flushRow, len(features))]
		for block := 0; block < stride; block += 8 {
			var a, b, c, d uint64
			rows := m.rows[block:]
			for _, f := range part {
				x := binary.LittleEndian.Uint64(rows[int(f)*stride:])
				a += x & lanes
				b += x >> 4 & lanes
				c += x >> 8 & lanes
				d += x >> 12 & lanes
			}
			for lane := range 4 {
				at, shift := 2*block+4*lane, 16*lane
				total[at] += int32(a >> shift & 0xffff)
				total[at+1] += int32(b >> shift & 0xffff)
				total[at+2] += int32(c >> shift & 0xffff)
				total[at+3] += int32(d >> shift & 0xffff)
			}
		}
	}
	scale := 1 / float32(math.Sqrt(float64(max(len(features), 1))))
	for i := range m.dim {
		vector[i] = float32(total[i]-int32(rowZero*len(features))) * scale
	}
}

// scores writes each label's score for vector to into, which has their length.
func (m *model) scores(vector *[maxDim]float32, into []float32) {
	v := vector[:m.dim]
	for i := range into {
		into[i] = dot(m.weight[i*m.dim:][:m.dim], v) + m.bias[i]
	}
}
