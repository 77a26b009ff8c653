package lid

import (
	"context"
	"math"
	"unicode/utf8"

	"tilgate/internal/lang"
)

const (
	rowRate   = 0.5  // learning rates
	labelRate = 0.3  //
	tooSmall  = 1e-4 // gradient that is not worth a step
	longest   = 240  // characters of a sentence that are read
)

// A trainer learns one model. Its numbers are float32, each product rounded
// before it is added, so that processors with fused instructions agree.
type trainer struct {
	o       TrainOptions
	group   lang.Script
	classes []*class
	draws   []int // of each class in a round
	next    []int // sentence of each class
	rng     random
	scratch *scratch

	dim, buckets int
	rows, weight []float32
	bias         []float32
	rowSeen      []float32 // sums of squared gradients, one for each row
	labelSeen    []float32

	vector, back [maxDim]float32
	score        []float32
	step, steps  int
}

func newTrainer(group lang.Script, classes []*class, buckets int, o TrainOptions) *trainer {
	t := &trainer{
		o: o, group: group, classes: classes, dim: o.Dim, buckets: buckets,
		rng:  random(o.Seed*0x9E3779B97F4A7C15 + uint64(len(classes))*0x1234567 + uint64(group[0])<<32 + uint64(group[1])<<40),
		next: make([]int, len(classes)),
		rows: make([]float32, buckets*o.Dim), rowSeen: make([]float32, buckets),
		weight: make([]float32, len(classes)*o.Dim), labelSeen: make([]float32, len(classes)),
		bias: make([]float32, len(classes)), score: make([]float32, len(classes)),
	}
	coreSet, largeSet := setOf(core), setOf(large)
	for _, c := range classes {
		n := int(float64(o.PerRound) * weightOf(c, coreSet, largeSet))
		t.draws = append(t.draws, n)
		t.steps += n * o.Rounds
		shuffle(&t.rng, c.text[forTraining])
	}
	for i := range t.rows {
		t.rows[i] = float32((t.rng.float() - 0.5) * 0.1)
	}
	empty := newDetector([]model{{scripts: scriptsOf(group), buckets: buckets}})
	t.scratch = empty.newScratch()
	return t
}

// run trains, and returns the model as it will be used.
func (t *trainer) run(ctx context.Context) model {
	for round := range t.o.Rounds {
		if len(t.classes) < 2 || ctx.Err() != nil {
			break
		}
		loss := t.round()
		t.o.Logf("%s: round %d of %d, %d labels, loss %.4f", t.group, round+1, t.o.Rounds, len(t.classes), loss)
	}
	m := t.quantised()
	t.calibrate(&m)
	return m
}

// round shows every class its share of crops, in a random order.
func (t *trainer) round() float64 {
	var order []int
	for i, n := range t.draws {
		for range n {
			order = append(order, i)
		}
	}
	shuffle(&t.rng, order)
	loss, seen := 0.0, 0
	for _, c := range order {
		t.step++
		texts := t.classes[c].text[forTraining]
		if len(texts) == 0 {
			continue
		}
		text := texts[t.next[c]%len(texts)]
		t.next[c]++
		if t.features(t.disturbed(t.classes[c], t.crop(text))) {
			loss += t.learn(c)
			seen++
		}
	}
	return loss / float64(max(seen, 1))
}

// crop returns all of text, or more often a piece of it: people write less
// than a sentence, and stop in the middle of words.
func (t *trainer) crop(text string) string {
	runes := min(utf8.RuneCountInString(text), longest)
	n := runes
	switch draw := t.rng.below(100); {
	case draw < 35:
	case draw < 75:
		n = 8 + t.rng.below(24)
	default:
		n = 24 + t.rng.below(60)
	}
	if n >= runes {
		return prefix(text, runes)
	}
	from := len(prefix(text, t.rng.below(runes-n+1)))
	if t.rng.below(2) == 0 { // to the start of a word
		for from > 0 && text[from-1] != ' ' {
			from--
		}
	}
	return prefix(text[from:], n)
}

// prefix returns the first n characters of text.
func prefix(text string, n int) string {
	for i := range text {
		if n == 0 {
			return text[:i]
		}
		n--
	}
	return text
}

// disturbed returns text as typed on a poor keyboard, now and then.
func (t *trainer) disturbed(c *class, text string) string {
	if t.rng.below(100) >= 18 {
		return text
	}
	text, _ = mistyped(c.tag, c.group, text)
	return text
}

// features scans text, and reports whether there is anything to learn from.
func (t *trainer) features(text string) bool {
	s := t.scratch
	s.features = s.features[:0]
	s.scan(composed(text), 1, nil)
	return len(s.features) > 0
}

// learn takes one step towards class c for the features just scanned, and
// returns the loss before it.
func (t *trainer) learn(c int) float64 {
	t.forward()
	p := t.score[c]
	rate := 1 - float32(t.step)/float32(t.steps+1)
	back := t.back[:t.dim]
	clear(back)
	for i := range t.score {
		g := -t.score[i]
		if i == c {
			g++
		}
		if g < tooSmall && g > -tooSmall {
			continue
		}
		t.labelSeen[i] += float32(g * g)
		step := float32(float32(labelRate*rate*g) / root(t.labelSeen[i]+1))
		w := t.weight[i*t.dim:][:t.dim]
		for k := range w {
			back[k] += float32(g * w[k])
			w[k] += float32(step * t.vector[k])
		}
		t.bias[i] += step
	}
	t.backward(back, rate)
	return -math.Log(math.Max(float64(p), 1e-9))
}

// forward fills vector and score, the latter with probabilities.
func (t *trainer) forward() {
	features := t.scratch.features
	v := t.vector[:t.dim]
	clear(v)
	for _, f := range features {
		row := t.rows[int(f)*t.dim:][:len(v)]
		for k := range v {
			v[k] += row[k]
		}
	}
	scale := 1 / root(float32(len(features)))
	for k := range v {
		v[k] *= scale
	}
	m := model{dim: t.dim, weight: t.weight, bias: t.bias}
	m.scores(&t.vector, t.score)
	softmax(t.score)
}

// backward moves the rows of the features along the gradient back.
func (t *trainer) backward(back []float32, rate float32) {
	features := t.scratch.features
	scale := 1 / root(float32(len(features)))
	square := float32(0)
	for k := range back {
		back[k] *= scale
		square += float32(back[k] * back[k])
	}
	square /= float32(t.dim)
	for _, f := range features {
		t.rowSeen[f] += square
		step := float32(rowRate*rate) / root(t.rowSeen[f]+1e-6)
		row := t.rows[int(f)*t.dim:][:len(back)]
		for k := range back {
			row[k] += float32(step * back[k])
		}
	}
}

func softmax(score []float32) {
	top := score[0]
	for _, s := range score {
		top = max(top, s)
	}
	total := float32(0)
	for i, s := range score {
		score[i] = exp(s - top)
		total += score[i]
	}
	scale := 1 / total
	for i := range score {
		score[i] *= scale
	}
}

func root(x float32) float32 { return float32(math.Sqrt(float64(x))) }

// random is the splitmix64 generator: the same numbers everywhere, for ever.
type random uint64

func (r *random) uint64() uint64 {
	*r += 0x9E3779B97F4A7C15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

func (r *random) below(n int) int { return int(r.uint64() >> 33 % uint64(n)) }
func (r *random) float() float64  { return float64(r.uint64()>>11) / (1 << 53) }

func shuffle[T any](r *random, list []T) {
	for i := len(list) - 1; i > 0; i-- {
		j := r.below(i + 1)
		list[i], list[j] = list[j], list[i]
	}
}
