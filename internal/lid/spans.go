package lid

import (
	"cmp"
	"math"
	"slices"

	"tilgate/internal/lang"
)

// A Span is a piece of a text that is in one language.
type Span struct {
	Start, End int // bytes of the text
	Guess
}

const (
	maxSpanText = 16 << 10 // bytes that are looked at; the rest belongs to the last span
	switchCost  = 5.0      // of going over to another language between two words, in nats
	aliens      = 10       // letters below which a piece joins its neighbour unless it is sure
	candidates  = 8        // languages among which a run's words are divided
	topOfWord   = 4
)

// Spans divides text where its language changes. The spans stand in order and
// cover all of it, what is between words belonging to the word before. Text
// without letters has none.
func (d *Detector) Spans(text string, o Options) []Span {
	s := d.pool.Get().(*scratch)
	defer d.pool.Put(s)
	s.features, s.words = s.features[:0], s.words[:0]
	s.scan(prefixBytes(text, maxSpanText), 0, func(w word) { s.words = append(s.words, w) })
	var spans []piece
	for from := 0; from < len(s.words); {
		to := from + 1
		for to < len(s.words) && s.words[to].group == s.words[from].group {
			to++
		}
		spans = append(spans, d.divide(s, from, to, o)...)
		from = to
	}
	return d.finish(s, text, joined(spans), o)
}

// prefixBytes returns at most n bytes of text, not ending inside a character.
func prefixBytes(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for range 3 {
		if text[n]&0xC0 != 0x80 {
			break
		}
		n--
	}
	return text[:n]
}

// A piece is a run of words, by their numbers, in one language.
type piece struct {
	from, to int
	letters  int
	tag      lang.Tag
	sure     float64
}

// divide cuts the words from..to, which are in one group of scripts, into
// pieces by the likeliest sequence of languages.
func (d *Detector) divide(s *scratch, from, to int, o Options) []piece {
	group := s.words[from].group
	if group == 0 {
		return []piece{newPiece(s, from, to, lang.Und, 0)}
	}
	m := &d.models[group-1]
	tops := make([][topOfWord]labelled, to-from)
	mass := make([]float32, len(m.labels))
	for i := from; i < to; i++ {
		p := d.likely(s, m, max(from, i-1), min(to, i+2), o)
		for k, x := range p {
			mass[k] += x
		}
		tops[i-from] = topLabels(p)
	}
	path := viterbi(tops, heaviest(mass))
	var pieces []piece
	for i := 0; i < len(path); {
		k := i + 1
		for k < len(path) && path[k] == path[i] {
			k++
		}
		if k < len(path) {
			k = d.sharpen(s, m, path, from, i, k, o)
		}
		sure := float64(d.likely(s, m, from+i, from+k, o)[path[i]])
		pieces = append(pieces, newPiece(s, from+i, from+k, m.labels[path[i]], sure))
		i = k
	}
	return pieces
}

// sharpen moves the change of language before word at of path, which windows
// of three words have blurred, to where the words on both sides fit best. It
// rewrites path to match. The piece before began at start.
func (d *Detector) sharpen(s *scratch, m *model, path []int, from, start, at int, o Options) int {
	before, after := path[at-1], path[at]
	end := at
	for end < len(path) && path[end] == after {
		end++
	}
	best, most := at, math.Inf(-1)
	for k := max(start+1, at-2); k <= min(end-1, at+2); k++ {
		left := d.likely(s, m, from+max(start, k-3), from+k, o)[before]
		right := d.likely(s, m, from+k, from+min(end, k+3), o)[after]
		fit := math.Log(float64(left)+1e-4) + math.Log(float64(right)+1e-4)
		if s.words[from+k].start-s.words[from+k-1].end > 1 {
			fit++ // there is more than a space between: a full stop, a dash
		}
		if fit > most {
			best, most = k, fit
		}
	}
	for k := min(at, best); k < max(at, best); k++ {
		if path[k] = before; best < at {
			path[k] = after
		}
	}
	return best
}

func newPiece(s *scratch, from, to int, tag lang.Tag, sure float64) piece {
	if sure == 0 { // nothing that may be answered is in these letters
		tag = lang.Und
	}
	p := piece{from: from, to: to, tag: tag, sure: sure}
	for _, w := range s.words[from:to] {
		p.letters += w.letters
	}
	return p
}

// likely returns the probabilities of m's labels for words from..to, those of
// labels that may not be answered being 0. The slice is the scratch's own.
func (d *Detector) likely(s *scratch, m *model, from, to int, o Options) []float32 {
	letters := 0
	for _, w := range s.words[from:to] {
		letters += w.letters
	}
	d.judge(s, m, s.features[s.words[from].from:s.words[to-1].to], letters, o)
	score, open := s.score[:len(m.labels)], s.open[:len(m.labels)]
	for i := range score {
		if !open[i] {
			score[i] = 0
		}
	}
	return score
}

// A labelled probability: the place of a label and how likely it is.
type labelled struct {
	label int
	p     float32
}

// topLabels returns the likeliest labels, the likeliest first.
func topLabels(p []float32) (top [topOfWord]labelled) {
	for i, x := range p {
		for k := range top {
			if x > top[k].p {
				copy(top[k+1:], top[k:])
				top[k] = labelled{i, x}
				break
			}
		}
	}
	return top
}

// heaviest returns the places of the largest of mass, in order of place.
func heaviest(mass []float32) []int {
	places := make([]int, len(mass))
	for i := range places {
		places[i] = i
	}
	slices.SortStableFunc(places, func(a, b int) int { return cmp.Compare(mass[b], mass[a]) })
	places = places[:min(candidates, len(places))]
	slices.Sort(places)
	return places
}

// viterbi returns for each word the label, of labels, that lies on the
// likeliest way through all words.
func viterbi(tops [][topOfWord]labelled, labels []int) []int {
	cost := make([]float64, len(labels))
	came := make([][]int, len(tops))
	for i, top := range tops {
		cheapest := 0
		for k := range cost {
			if cost[k] < cost[cheapest] {
				cheapest = k
			}
		}
		least := cost[cheapest]
		came[i] = make([]int, len(labels))
		for k, label := range labels {
			came[i][k] = k
			if i > 0 && least+switchCost < cost[k] {
				cost[k], came[i][k] = least+switchCost, cheapest
			}
			p := 1e-3
			for _, t := range top {
				if t.label == label {
					p = max(p, float64(t.p))
				}
			}
			cost[k] -= math.Log(p) / 2 // words are seen in threes, so each counts more than once
		}
	}
	at := 0
	for k := range cost {
		if cost[k] < cost[at] {
			at = k
		}
	}
	path := make([]int, len(tops))
	for i := len(tops) - 1; i >= 0; i-- {
		path[i] = labels[at]
		at = came[i][at]
	}
	return path
}

// joined merges neighbours of one language, and pieces that are too short to
// say anything, such as a name in other letters, into the piece before.
func joined(pieces []piece) []piece {
	var out []piece
	for _, p := range pieces {
		weak := p.letters < aliens && (p.sure < 0.8 || p.letters < 3)
		last := len(out) - 1
		switch {
		case last >= 0 && out[last].tag == p.tag:
			out[last].sure = max(out[last].sure, p.sure)
			out[last].to, out[last].letters = p.to, out[last].letters+p.letters
		case last >= 0 && weak:
			out[last].to = p.to
		case last == 0 && out[0].letters < aliens && out[0].sure < 0.8:
			p.from = out[0].from
			out[0] = p
		default:
			out = append(out, p)
		}
	}
	return out
}

// finish turns pieces into spans that cover text.
func (d *Detector) finish(s *scratch, text string, pieces []piece, o Options) []Span {
	var spans []Span
	for i, p := range pieces {
		span := Span{Start: s.words[p.from].start, End: len(text)}
		if i == 0 {
			span.Start = 0
		}
		if i+1 < len(pieces) {
			span.End = s.words[pieces[i+1].from].start
		}
		class := s.mostly(sample(text[span.Start:span.End]))
		span.Guess = Guess{Tag: p.tag, Script: s.scriptOf(class), Confidence: p.sure}.orUnd(o)
		spans = append(spans, span)
	}
	return spans
}
