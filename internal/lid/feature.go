package lid

import (
	"unicode/utf8"

	"tilgate/internal/lang"
)

const (
	maxGram    = 4  // runes of the longest n-gram
	maxWord    = 48 // runes of a word; the rest makes words of its own
	maxSample  = 4096
	sampleTail = 1024
)

// A word is a run of letters of one script group: where it stands, and which
// of the scanner's features are its own.
type word struct {
	start, end int // bytes of the text
	group      uint8
	from, to   int // features
	letters    int
}

// A scanner cuts text into words and n-grams. It is scratch space: one
// goroutine at a time.
type scanner struct {
	chars    *alphabet
	groups   []uint8  // by class: 1 + the model's place, 0 for scripts without one
	buckets  []uint32 // by model
	features []uint32
	counts   []int
	word     [maxWord + 2]rune
}

const edge = '_' // stands for the start and the end of a word

// mostly returns the class of the script that most letters are in, or 0 if
// there are no letters.
func (s *scanner) mostly(text string) (class uint8) {
	clear(s.counts)
	for _, r := range text {
		if c := s.chars.of(r); c >= classScript {
			s.counts[c]++
		}
	}
	for c := classScript; c < len(s.counts); c++ {
		if s.counts[c] > s.counts[class] {
			class = uint8(c)
		}
	}
	return class
}

// scriptOf names the script of a text of which mostly has just been asked.
func (s *scanner) scriptOf(class uint8) lang.Script {
	if class < classScript {
		return lang.Zyyy
	}
	switch name := s.chars.names[class-classScript]; name {
	case "Hani", "Hira", "Kana":
		for c, other := range s.chars.names {
			if (other == "Hira" || other == "Kana") && s.counts[c+classScript] > 0 {
				return "Jpan"
			}
		}
		return name
	case "Hang":
		return "Kore"
	default:
		return name
	}
}

// scan appends the features of text's words to s.features: of those of group
// only, or of all if group is 0. Each word is given to yield, which may be nil.
func (s *scanner) scan(text string, group uint8, yield func(word)) {
	w, n := word{}, 0
	flush := func(end int) {
		if n > 0 && (group == 0 || w.group == group) {
			w.end, w.from, w.letters = end, len(s.features), n
			s.hash(w.group, n)
			if w.to = len(s.features); yield != nil {
				yield(w)
			}
		}
		n = 0
	}
	quote := false
	for i, r := range text {
		class := s.chars.of(r)
		switch {
		case class == classSkip:
			continue
		case class == classQuote:
			quote = n > 0
			continue
		case class == classBreak, class == classMark && n == 0:
			flush(i)
			quote = false
			continue
		}
		g := w.group
		if class >= classScript {
			g = s.groups[class]
		}
		if n > 0 && (g != w.group || n >= maxWord-1) {
			flush(i)
			quote = false
		}
		if n == 0 {
			w.start, w.group = i, g
		}
		if quote {
			n++
			s.word[n], quote = '\'', false
		}
		n++
		s.word[n] = s.chars.fold(r)
	}
	flush(len(text))
}

// hash appends the n-grams of s.word[1:n+1] and the word itself.
func (s *scanner) hash(group uint8, n int) {
	if group == 0 {
		return
	}
	buckets := uint64(s.buckets[group-1])
	if buckets == 0 {
		return
	}
	w := s.word[:n+2]
	w[0], w[n+1] = edge, edge
	for i := range w {
		h := uint32(0x811C9DC5)
		for k, r := range w[i:min(i+maxGram, len(w))] {
			h = mix(h, r)
			if k > 0 || r != edge {
				s.features = append(s.features, uint32(uint64(h)*buckets>>32))
			}
		}
	}
	if len(w) <= maxGram || n > 24 {
		return
	}
	h := uint32(0x2545F491)
	for _, r := range w {
		h = mix(h, r)
	}
	s.features = append(s.features, uint32(uint64(h)*buckets>>32))
}

func mix(h uint32, r rune) uint32 {
	h = (h ^ uint32(r)) * 0x9E3779B1
	return h ^ h>>15
}

// sample returns text, or if it is long enough of its start, middle and end
// to tell the language by. Reading all of a book would not make us surer.
func sample(text string) string {
	if len(text) <= maxSample {
		return text
	}
	part := func(from, n int) string {
		to := min(from+n, len(text))
		for from < to && !utf8.RuneStart(text[from]) {
			from++
		}
		for to > from && to < len(text) && !utf8.RuneStart(text[to]) {
			to--
		}
		return text[from:to]
	}
	head := part(0, maxSample-2*sampleTail)
	return head + " " + part(len(text)/2, sampleTail) + " " + part(len(text)-sampleTail, sampleTail)
}
