package charset

import (
	_ "embed" // the letters
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Costs are in half bits: how surprised somebody who reads a language is to
// see one letter after another.
const (
	costUnknown  = 36 // a letter that the language does not have
	costSymbol   = 14 // punctuation that texts in many languages have
	costOdd      = 30 // another sign, such as a line of a box
	costBroken   = 50 // no character, or one that no text has
	costOddCase  = 12 // a capital after a small letter
	costMixed    = 20 // a letter next to one of another script
	costSwitch   = 8  // a word in another script than the one before
	anyLetter    = '*'
	wordBoundary = ' '
)

// letters.txt is made from public text by TestLetters: for each language and
// cost, the pairs of letters that cost so much. A pair with * is a letter after
// any other; with a space, one at the beginning or the end of a word.
//
//go:embed letters.txt
var lettersFile string

// A language knows which letters follow which.
type language struct {
	usual int // cost of a character of its texts, rounded up
	cost  map[[2]rune]uint8
}

// usualCost is where the file has what a language usually costs.
var usualCost = [2]rune{anyLetter, anyLetter}

var languages = sync.OnceValue(func() map[string]*language {
	all := map[string]*language{}
	for line := range strings.Lines(lettersFile) {
		name, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		cost, pairs, _ := strings.Cut(rest, "\t")
		l := all[name]
		if l == nil {
			l = &language{cost: map[[2]rune]uint8{}}
			all[name] = l
		}
		n, _ := strconv.Atoi(cost)
		for len(pairs) > 0 {
			a, size := utf8.DecodeRuneInString(pairs)
			b, more := utf8.DecodeRuneInString(pairs[size:])
			pairs = pairs[size+more:]
			l.cost[[2]rune{a, b}] = uint8(n)
		}
	}
	for _, l := range all {
		l.usual = int(l.cost[usualCost])
	}
	return all
})

// A reading is how a text looks to the pairs of letters: what is not ASCII,
// with the letter before and behind. ASCII is read the same in almost every
// encoding, and so says nothing.
type reading struct {
	pairs [][2]rune
	fixed int // cost of what costs the same in each language
	n     int // characters that cost something
}

// look reads a text.
func look(text string) *reading {
	v := &reading{}
	prev, before, last := rune(wordBoundary), rune(wordBoundary), rune(0) // folded; as it stands; the last letter
	for _, r := range text {
		letter, high := isLetter(r), r >= utf8.RuneSelf
		folded := rune(wordBoundary)
		if letter {
			folded = fold(r)
		}
		if letter && high || prev >= utf8.RuneSelf {
			v.pairs = append(v.pairs, [2]rune{prev, folded})
		}
		if letter {
			v.fixed += between(last, before, r, folded)
			last = r
		}
		if high && letter {
			v.n++
		} else if high || odd(r) {
			v.n++
			v.fixed += costOf(r)
		}
		prev, before = folded, r
	}
	return v
}

// between returns what is odd about the letter b after the letter last, of
// which before is the character right before it.
func between(last, before, b, folded rune) (cost int) {
	mixed := last != 0 && unicode.Is(unicode.Latin, last) != unicode.Is(unicode.Latin, b)
	switch {
	case before != last: // another word
		if mixed {
			cost += costSwitch
		}
		if before >= utf8.RuneSelf && !beforeWords(before) {
			cost += costSymbol
		}
	case mixed:
		cost += costMixed
	case folded != b && unicode.IsLower(last):
		cost += costOddCase
	}
	return cost
}

// odd reports whether r is an ASCII character that no text has.
func odd(r rune) bool {
	return r < ' ' && !strings.ContainsRune("\t\n\v\f\r\x1a\x1b", r) || r == 0x7f
}

// beforeWords reports whether r is a sign that often stands before a letter.
func beforeWords(r rune) bool {
	return strings.ContainsRune("«„“‘’–—§¿¡「『《〈【（、，。：；！？", r)
}

func isLetter(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r|0x20 && r|0x20 <= 'z'
	}
	return unicode.IsLetter(r) && !strings.ContainsRune("ªºʻʼ", r) || unicode.IsMark(r)
}

// fold returns a letter in lower case, but keeps İ, whose small form says less.
func fold(r rune) rune {
	if low := unicode.ToLower(r); r < utf8.RuneSelf || low >= utf8.RuneSelf {
		return low
	}
	return r
}

// costOf returns the cost of what is no letter.
func costOf(r rune) int {
	switch {
	case strings.ContainsRune("«»„“”‘’‚ʻʼ–—…№§°·•\u00a0،؛؟。，、；：？！（）「」『』《》〈〉【】・．％", r), unicode.IsDigit(r):
		return costSymbol
	case r < utf8.RuneSelf, r == utf8.RuneError, unicode.IsControl(r), !unicode.IsPrint(r) && !unicode.In(r, unicode.Cf, unicode.Zs):
		return costBroken
	}
	return costOdd
}

// in returns the cost of the reading to one who reads the language.
func (v *reading) in(l *language) int {
	sum := v.fixed
	for _, p := range v.pairs {
		if c, ok := l.cost[p]; ok {
			sum += int(c)
		} else if c, ok := l.cost[[2]rune{anyLetter, p[1]}]; ok {
			sum += int(c)
		} else if p[1] == wordBoundary {
			sum += costSymbol
		} else {
			sum += costUnknown
		}
	}
	return sum
}
