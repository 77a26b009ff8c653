package charset

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

const (
	sampleBytes = 6 << 10 // that are looked at; more would not change the answer

	// Half bits, measured on public text of all languages: see the table in doc.go.
	slack      = 60 // that a text may cost more than 5/4 of what is usual
	sureMargin = 40 // at least, between the best answer and the next
)

// A verdict is what detection says about a text.
type verdict struct {
	candidate
	cost  int // of the sample as the candidate reads it
	usual int // cost of so much text in the language that reads it best
	ahead int // of the next best candidate that reads the sample otherwise
}

func (v verdict) plausible() bool { return v.cost <= v.usual*5/4+slack }
func (v verdict) sure() bool      { return v.plausible() && v.ahead >= sureMargin }

// detect returns the candidate in which data reads most like a language.
func detect(data []byte) verdict {
	part := sample(data)
	best := verdict{cost: 1 << 40}
	texts := map[string]int{} // cost by reading
	var bestText string
	for _, c := range candidates {
		text := c.decode(part)
		cost, usual := c.read(text)
		if _, known := texts[text]; !known || cost < texts[text] {
			texts[text] = cost
		}
		if cost < best.cost {
			best, bestText = verdict{candidate: c, cost: cost, usual: usual}, text
		}
	}
	best.ahead = 1 << 40
	for text, cost := range texts {
		if text != bestText {
			best.ahead = min(best.ahead, cost-best.cost)
		}
	}
	return best
}

// read returns the cost of a text to who reads it best, and what is usual for
// them.
func (c candidate) read(text string) (cost, usual int) {
	v := look(text)
	v.fixed += c.rare
	cost = 1 << 40
	for _, name := range strings.Fields(c.languages) {
		l := languages()[name]
		if sum := v.in(l); sum < cost {
			cost, usual = sum, l.usual*v.n
		}
	}
	return cost, usual
}

// anyone is read for an encoding that may be in any language.
func (c candidate) anyone(text string) (cost, usual int) {
	cost = 1 << 40
	for _, other := range candidates {
		if other.encoding == c.encoding {
			return other.read(text)
		}
	}
	v := look(text)
	for _, l := range languages() {
		if sum := v.in(l); sum < cost {
			cost, usual = sum, l.usual*v.n
		}
	}
	return cost, usual
}

// sample returns the lines of data that have something to say.
func sample(data []byte) []byte {
	var part []byte
	for line := range bytes.Lines(data) {
		if !ascii(line) {
			part = append(part, line[:min(len(line), sampleBytes-len(part))]...)
		}
		if len(part) == sampleBytes {
			break
		}
	}
	return part
}

func ascii(data []byte) bool {
	for _, b := range data {
		if b >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
