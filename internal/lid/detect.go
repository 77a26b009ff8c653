package lid

import (
	"cmp"
	_ "embed" // the weights
	"slices"
	"strings"
	"sync"

	"tilgate/internal/lang"
)

// DefaultFloor is the confidence below which an answer is Und, if Options
// names no other.
const DefaultFloor = 0.5

// A Guess is one language that a text may be in.
type Guess struct {
	Tag        lang.Tag    // without a script; lang.Und when not sure
	Script     lang.Script // that most letters of the text are in
	Confidence float64     // the probability that Tag is right, calibrated
}

// Options narrow the answer. The zero value asks among every label. Tags are as
// lang.ParseTag gives them; scripts and regions in them do not count, and one
// that training merged with another (prs with fa) stands for that other.
type Options struct {
	// Set are the only tags that can be answered; empty stands for every label.
	// The languages outside it remain possible, so that text in one of them is
	// answered with a low confidence, and not with the nearest tag of the set.
	Set []lang.Tag
	// Prior multiplies the odds of a tag: the conversation so far, a key's
	// default. An absent tag has 1.
	Prior map[lang.Tag]float64
	// Floor is the confidence below which the answer is Und. 0 stands for
	// DefaultFloor; a negative one answers always.
	Floor float64
}

// outside is what the odds of the tags outside a Set are multiplied with.
const outside = 0.02

// A Detector tells languages apart. It is safe for concurrent use.
type Detector struct {
	models []model
	groups []uint8 // by class of character: 1 + the place of its model, or 0
	pool   sync.Pool
}

//go:embed weights.bin
var embedded string

var loadDefault = sync.OnceValue(func() *Detector {
	d, err := Load(strings.NewReader(embedded))
	if err != nil {
		panic("lid: the embedded weights are broken: " + err.Error())
	}
	return d
})

// Default returns the detector of the embedded weights. The first call reads
// them, which takes some milliseconds.
func Default() *Detector { return loadDefault() }

// newDetector prepares models for use.
func newDetector(models []model) *Detector {
	chars := characters()
	d := &Detector{models: models, groups: make([]uint8, 256)}
	for i := range models {
		for _, script := range models[i].scripts {
			if at := slices.Index(chars.names, script); at >= 0 {
				d.groups[classScript+at] = uint8(i + 1)
			}
		}
	}
	for i := range models {
		m := &models[i]
		m.und = slices.Index(m.labels, lang.Und)
	}
	d.pool.New = func() any { return d.newScratch() }
	return d
}

// scratch is what one detection needs and the next can use again.
type scratch struct {
	scanner
	vector [maxDim]float32
	score  []float32
	open   []bool
	words  []word
}

func (d *Detector) newScratch() *scratch {
	s := &scratch{scanner: scanner{chars: characters(), groups: d.groups, counts: make([]int, 256)}}
	most := 0
	for i := range d.models {
		s.buckets = append(s.buckets, uint32(d.models[i].buckets))
		most = max(most, len(d.models[i].labels))
	}
	s.score, s.open = make([]float32, most), make([]bool, most)
	return s
}

// Labels returns every tag that can be answered, sorted.
func (d *Detector) Labels() []lang.Tag {
	var tags []lang.Tag
	for i := range d.models {
		tags = append(tags, d.models[i].labels...)
	}
	tags = slices.DeleteFunc(tags, func(t lang.Tag) bool { return t == lang.Und })
	slices.Sort(tags)
	return slices.Compact(tags)
}

// Detect returns the language that text is most likely in. Text without
// letters, or in a script or language that is not known, is Und.
func (d *Detector) Detect(text string, o Options) Guess {
	s := d.pool.Get().(*scratch)
	defer d.pool.Put(s)
	m, script := d.weigh(s, text, o)
	best := Guess{Tag: lang.Und, Script: script}
	if m == nil {
		return best
	}
	at, most := -1, float32(0)
	for i, p := range s.score[:len(m.labels)] {
		if p > most && s.open[i] {
			at, most = i, p
		}
	}
	if at >= 0 {
		best.Tag, best.Confidence = m.labels[at], float64(most)
	}
	if sure := best.orUnd(o); sure.Tag != lang.Und || at < 0 {
		return sure
	}
	best.Confidence += m.nearMass(s, best.Tag)
	return best.orUnd(o)
}

// nearMass is the probability of the labels near tag. Where a text is surely
// Indonesian or Malay and nobody can say which, the likelier of them is a better
// answer than none: who reads one reads the other.
func (m *model) nearMass(s *scratch, tag lang.Tag) float64 {
	mass := 0.0
	for i, p := range s.score[:len(m.labels)] {
		if other := m.labels[i]; other != tag && lang.Near(tag, other) {
			mass += float64(p)
		}
	}
	return mass
}

// orUnd returns the guess, or Und if its confidence is under the floor.
func (g Guess) orUnd(o Options) Guess {
	floor := o.Floor
	if floor == 0 {
		floor = DefaultFloor
	}
	if g.Confidence < floor {
		g.Tag = lang.Und
	}
	return g
}

// Rank returns the n likeliest languages of text, the likeliest first. No
// floor applies; text without letters has no guesses.
func (d *Detector) Rank(text string, o Options, n int) []Guess {
	s := d.pool.Get().(*scratch)
	defer d.pool.Put(s)
	m, script := d.weigh(s, text, o)
	if m == nil {
		return nil
	}
	var all []Guess
	for i, tag := range m.labels {
		if s.open[i] {
			all = append(all, Guess{tag, script, float64(s.score[i])})
		}
	}
	slices.SortStableFunc(all, func(a, b Guess) int {
		return cmp.Or(cmp.Compare(b.Confidence, a.Confidence), cmp.Compare(a.Tag, b.Tag))
	})
	return all[:max(0, min(n, len(all)))]
}

// weigh finds the script of text and the model for it, and leaves the
// probabilities of the model's labels in s.score and which of them may be
// answered in s.open. The model is nil where none reads the script.
func (d *Detector) weigh(s *scratch, text string, o Options) (*model, lang.Script) {
	text = composed(sample(text))
	class := s.mostly(text)
	script := s.scriptOf(class)
	group := d.groups[class]
	if group == 0 {
		return nil, script
	}
	m := &d.models[group-1]
	s.features = s.features[:0]
	letters := 0
	s.scan(text, group, func(w word) { letters += w.letters })
	d.judge(s, m, s.features, letters, o)
	return m, script
}

// judge fills s.score and s.open for features of m's, from so many letters.
func (d *Detector) judge(s *scratch, m *model, features []uint32, letters int, o Options) {
	score, open := s.score[:len(m.labels)], s.open[:len(m.labels)]
	m.sum(features, &s.vector)
	m.scores(&s.vector, score)
	m.allow(open, o.Set)
	m.probabilities(score, letters, open, o)
}

// allow marks the labels that set allows.
func (m *model) allow(open []bool, set []lang.Tag) {
	all := len(set) == 0
	for i := range open {
		open[i] = all
	}
	for _, tag := range set {
		if at, ok := slices.BinarySearch(m.labels, labelOf(tag)); ok {
			open[at] = true
		}
	}
	if m.und >= 0 {
		open[m.und] = false
	}
}

// probabilities turns scores into the probabilities of the labels.
func (m *model) probabilities(score []float32, letters int, open []bool, o Options) {
	t := 1 / m.temp[lengthBin(letters)]
	top := score[0]
	for _, s := range score {
		if s > top {
			top = s
		}
	}
	for i, s := range score {
		p := float32(0)
		if x := (s - top) * t; x > negligible {
			p = exp(x)
		}
		if !open[i] && i != m.und {
			p *= outside
		}
		score[i] = p
	}
	for tag, odds := range o.Prior {
		if at, ok := slices.BinarySearch(m.labels, labelOf(tag)); ok {
			score[at] *= float32(min(max(0, odds), 1e6))
		}
	}
	total := float32(0)
	for _, p := range score {
		total += p
	}
	if total <= 0 {
		return
	}
	for i := range score {
		score[i] /= total
	}
}
