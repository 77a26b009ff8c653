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
	best := Guess{Tag: lang.Und, Script: lang.Zyyy}
	script := d.weigh(text, o, func(tag lang.Tag, p float32) {
		if float64(p) > best.Confidence {
			best.Tag, best.Confidence = tag, float64(p)
		}
	})
	best.Script = script
	return best.orUnd(o)
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
	var all []Guess
	script := d.weigh(text, o, func(tag lang.Tag, p float32) {
		all = append(all, Guess{Tag: tag, Confidence: float64(p)})
	})
	slices.SortStableFunc(all, func(a, b Guess) int {
		return cmp.Or(cmp.Compare(b.Confidence, a.Confidence), cmp.Compare(a.Tag, b.Tag))
	})
	all = all[:max(0, min(n, len(all)))]
	for i := range all {
		all[i].Script = script
	}
	return all
}

// weigh gives yield the probability of each tag that may be answered, and
// returns the script of text.
func (d *Detector) weigh(text string, o Options, yield func(lang.Tag, float32)) lang.Script {
	s := d.pool.Get().(*scratch)
	defer d.pool.Put(s)
	text = composed(sample(text))
	class := s.mostly(text)
	script := s.scriptOf(class)
	group := d.groups[class]
	if group == 0 {
		return script
	}
	m := &d.models[group-1]
	s.features = s.features[:0]
	letters := 0
	s.scan(text, group, func(w word) { letters += w.letters })
	m.sum(s.features, &s.vector)
	score := s.score[:len(m.labels)]
	m.scores(&s.vector, score)
	open := s.open[:len(m.labels)]
	m.allow(open, o.Set)
	m.probabilities(score, letters, open, o)
	for i, p := range score {
		if open[i] {
			yield(m.labels[i], p)
		}
	}
	return script
}

// allow marks the labels that set allows.
func (m *model) allow(open []bool, set []lang.Tag) {
	for i := range open {
		open[i] = len(set) == 0 && m.labels[i] != lang.Und
	}
	for _, tag := range set {
		if at, ok := slices.BinarySearch(m.labels, labelOf(tag)); ok && tag != lang.Und {
			open[at] = true
		}
	}
}

// probabilities turns scores into the probabilities of the labels.
func (m *model) probabilities(score []float32, letters int, open []bool, o Options) {
	t := 1 / m.temp[lengthBin(letters)]
	top := slices.Max(score)
	for i, s := range score {
		if score[i] = exp((s - top) * t); !open[i] && m.labels[i] != lang.Und {
			score[i] *= outside
		}
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
