package lid

import (
	"context"
	"math"
	"unicode/utf8"

	"tilgate/internal/lang"
)

const (
	rowRate   = 0.5  // learning rate of the rows
	labelRate = 0.3  // and of the labels' weights
	tooSmall  = 1e-4 // gradient that is not worth a step
	longest   = 240  // characters of a sentence that are read
)

// A trainer learns one model. Its numbers are float32, each product rounded
// before it is added, so that processors with fused instructions agree.
type trainer struct {
	o       TrainOptions
	group   lang.Script
	classes []*class
	base    []float64  // crops of each class in a round, if it is well known
	served  []bool     // classes that deserve more crops when they are not
	next    []int      // sentence of each class
	greet   [][]string // greetings of each class
	rng     random
	scratch *scratch

	dim, buckets int
	rows, weight []float32
	bias         []float32
	rowSeen      []float32 // sums of squared gradients, one for each row
	labelSeen    []float32

	vector, back [maxDim]float32
	score        []float32
	rate         float32 // of learning, from 1 down to 0
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
	greet := greetingsIn(group)
	for _, c := range classes {
		t.greet = append(t.greet, greet[c.tag])
		t.base = append(t.base, float64(o.PerRound)*weightOf(c, coreSet, largeSet))
		t.served = append(t.served, coreSet[c.tag] || largeSet[c.tag])
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
		loss := t.round(ctx, round)
		t.o.Logf("%s: round %d of %d, %d labels, loss %.4f", t.group, round+1, t.o.Rounds, len(t.classes), loss)
	}
	m := t.quantised()
	t.calibrate(&m)
	return m
}

// round shows every class its share of crops, in a random order.
func (t *trainer) round(ctx context.Context, round int) float64 {
	var order []int
	for c, n := range t.draws() {
		for range n {
			order = append(order, c)
		}
	}
	shuffle(&t.rng, order)
	loss, seen := 0.0, 0
	for i, c := range order {
		if i%4096 == 0 && ctx.Err() != nil {
			break
		}
		t.rate = float32(t.o.Rounds-round) - float32(i)/float32(len(order))
		t.rate /= float32(t.o.Rounds)
		if t.features(t.text(c)) {
			loss += t.learn(c)
			seen++
		}
	}
	return loss / float64(max(seen, 1))
}

// draws returns how many crops of each class the next round takes. Indonesian
// or Rundi, with many near relatives among the labels, need more than Georgian:
// a class gets up to four times its base, by how many of its sentences kept
// aside for calibration are still taken for another's.
func (t *trainer) draws() []int {
	draws := make([]int, len(t.classes))
	for i, c := range t.classes {
		share, texts := 1.0, c.text[forCalibration]
		if n := min(len(texts), 80); t.served[i] && n > 0 {
			wrong := 0
			for k := range n {
				if t.features(middle(texts[k*len(texts)/n], 24)) && t.best() != i {
					wrong++
				}
			}
			share += 3 * float64(wrong) / float64(n)
		}
		draws[i] = int(t.base[i] * share)
	}
	return draws
}

// best returns the likeliest class for the features just scanned.
func (t *trainer) best() int {
	t.forward()
	best := 0
	for i, p := range t.score {
		if p > t.score[best] {
			best = i
		}
	}
	return best
}

// text returns a piece of class c's text to learn from.
func (t *trainer) text(c int) string {
	texts := t.classes[c].text[forTraining]
	if n := len(t.greet[c]); n > 0 && t.rng.below(25) == 0 {
		return t.disturbed(t.classes[c], t.greet[c][t.rng.below(n)])
	}
	if len(texts) == 0 {
		return ""
	}
	text := texts[t.next[c]%len(texts)]
	t.next[c]++
	return t.disturbed(t.classes[c], t.crop(text))
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
		step := float32(float32(labelRate*t.rate*g) / root(t.labelSeen[i]+1))
		w := t.weight[i*t.dim:][:t.dim]
		addScaled(back, w, g)
		addScaled(w, t.vector[:t.dim], step)
		t.bias[i] += step
	}
	t.backward(back)
	return -math.Log(math.Max(float64(p), 1e-9))
}

// forward fills vector and score, the latter with probabilities.
func (t *trainer) forward() {
	features := t.scratch.features
	v := t.vector[:t.dim]
	clear(v)
	for _, f := range features {
		add(v, t.rows[int(f)*t.dim:][:t.dim])
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
func (t *trainer) backward(back []float32) {
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
		step := float32(rowRate*t.rate) / root(t.rowSeen[f]+1e-6)
		addScaled(t.rows[int(f)*t.dim:][:t.dim], back, step)
	}
}
