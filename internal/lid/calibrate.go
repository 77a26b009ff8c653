package lid

import (
	"math"
	"slices"
)

// quantised returns the model with rows of half bytes. Each dimension has a
// scale of its own, which moves into the weights.
func (t *trainer) quantised() model {
	m := model{scripts: scriptsOf(t.group), dim: t.dim, buckets: t.buckets, bias: slices.Clone(t.bias),
		weight: slices.Clone(t.weight), rows: make([]byte, t.buckets*t.dim/2)}
	for i := range m.temp {
		m.temp[i] = 1
	}
	for _, c := range t.classes {
		m.labels = append(m.labels, c.tag)
	}
	for k := range t.dim {
		scale := t.scaleOf(k)
		for row := range t.buckets {
			at := row*t.dim + k
			q := math.RoundToEven(float64(t.rows[at] / scale))
			half := byte(max(-7, min(7, q)) + rowZero)
			m.rows[at/2] |= half << (4 * (at % 2))
		}
		for i := range m.labels {
			m.weight[i*t.dim+k] *= scale
		}
	}
	return m
}

// scaleOf returns the step of dimension k that loses least when rows are
// rounded to it: large values are rare and may be cut.
func (t *trainer) scaleOf(k int) float32 {
	sum := 0.0
	for row := range t.buckets {
		v := float64(t.rows[row*t.dim+k])
		sum += float64(v * v)
	}
	deviation := math.Sqrt(sum / float64(max(t.buckets, 1)))
	best, least := 1.0, math.Inf(1)
	for _, width := range []float64{1.5, 2, 2.5, 3, 3.5, 4, 5, 6} {
		scale, lost := max(deviation*width/7, 1e-6), 0.0
		for row := 0; row < t.buckets; row += 7 {
			v := float64(t.rows[row*t.dim+k])
			q := max(-7, min(7, math.RoundToEven(v/scale)))
			lost += float64((v - float64(q*scale)) * (v - float64(q*scale)))
		}
		if lost < least {
			best, least = scale, lost
		}
	}
	return float32(best)
}

// An example is a text's scores and the class that it is in.
type example struct {
	score []float32
	class int
}

// calibrate sets the temperatures with which the confidence in an answer is
// the share of such answers that are right, on crops of the sentences kept
// aside for it.
func (t *trainer) calibrate(m *model) {
	if len(m.labels) < 2 {
		return
	}
	coreSet, largeSet := setOf(core), setOf(large)
	var bins [len(lengthBins)][]example
	for i, c := range t.classes {
		texts := c.text[forCalibration]
		n := min(len(texts), int(40*weightOf(c, coreSet, largeSet)))
		for k := range n {
			for _, length := range []int{1, 2, 4, 6, 10, 16, 24, 40, 80, 200} {
				text := middle(texts[k*len(texts)/n], length)
				if score, letters := t.scored(m, text); letters > 0 {
					bin := lengthBin(letters)
					bins[bin] = append(bins[bin], example{score, i})
				}
			}
		}
	}
	for bin, examples := range bins {
		m.temp[bin] = temperature(examples)
	}
}

// scored returns m's scores for text and the number of its letters.
func (t *trainer) scored(m *model, text string) (score []float32, letters int) {
	s := t.scratch
	s.features = s.features[:0]
	s.scan(composed(text), 1, func(w word) { letters += w.letters })
	m.sum(s.features, &s.vector)
	score = make([]float32, len(m.labels))
	m.scores(&s.vector, score)
	return score, letters
}

// temperature returns what to divide scores by so that the probabilities of
// examples come nearest to what is right, by their squares.
func temperature(examples []example) float32 {
	best := float32(1)
	if len(examples) == 0 {
		return best
	}
	p := make([]float32, len(examples[0].score))
	least := math.Inf(1)
	try := func(temp float32) {
		loss := 0.0
		for _, e := range examples {
			for i := range p {
				p[i] = e.score[i] / temp
			}
			softmax(p)
			p[e.class]--
			for _, off := range p {
				loss += float64(off * off)
			}
		}
		if loss < least {
			least, best = loss, temp
		}
	}
	for _, temp := range []float32{0.3, 0.5, 0.8, 1, 1.3, 1.8, 2.5, 4, 6, 9} {
		try(temp)
	}
	for around, i := best, 0; i < 5; i++ {
		try(around * []float32{0.78, 0.86, 0.93, 1.08, 1.17}[i])
	}
	return best
}
