package lid

import (
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"tilgate/internal/lang"
)

// Classes of characters below classScript; from there on a class is the place
// of a script in alphabet.names.
const (
	classBreak  = iota // ends a word: space, digit, punctuation, emoji
	classSkip          // stands inside words and says little: harakat, tatweel, joiners, nukta
	classMark          // a mark of no script of its own: belongs to the word it stands in
	classQuote         // an apostrophe, which many Latin alphabets use as a letter
	classScript        // the first script
)

// alphabet says of each character of the basic plane which script it is in
// and how it looks in lower case. Looking that up in Unicode's range tables
// would cost more than the whole detection.
type alphabet struct {
	names []lang.Script
	class [0x10000]uint8
	lower [0x10000]uint16
}

var characters = sync.OnceValue(newAlphabet)

func newAlphabet() *alphabet {
	a := &alphabet{}
	places := map[lang.Script]uint8{}
	for _, table := range []*unicode.RangeTable{unicode.L, unicode.M} {
		for _, span := range table.R16 {
			a.addRange(places, span)
		}
	}
	for r := range a.lower {
		a.lower[r] = uint16(r)
	}
	for _, span := range unicode.Upper.R16 {
		for r := rune(span.Lo); r <= rune(span.Hi); r += rune(span.Stride) {
			if low := unicode.ToLower(r); low < 0x10000 {
				a.lower[r] = uint16(low)
			}
		}
	}
	a.addExceptions()
	return a
}

func (a *alphabet) addRange(places map[lang.Script]uint8, span unicode.Range16) {
	// A long range that starts and ends in one script is in it throughout:
	// ideographs, Hangul, Yi. That saves most of the time.
	script := lang.ScriptOfRune(rune(span.Lo))
	wide := span.Stride == 1 && span.Hi-span.Lo > 200 && lang.ScriptOfRune(rune(span.Hi)) == script
	for r := int(span.Lo); r <= int(span.Hi); r += int(span.Stride) {
		if !wide {
			script = lang.ScriptOfRune(rune(r))
		}
		if script == lang.Zyyy {
			a.class[r] = classMark
			continue
		}
		place, ok := places[script]
		if !ok {
			place = uint8(classScript + len(places))
			places[script] = place
			a.names = append(a.names, script)
		}
		a.class[r] = place
	}
}

// addExceptions overrules Unicode's classes where people's typing does.
func (a *alphabet) addExceptions() {
	for _, r := range "'’ʻʼ‘`´ʹʾ" {
		a.class[r], a.lower[r] = classQuote, '\''
	}
	for r := 0x064B; r <= 0x065F; r++ { // harakat
		a.class[r] = classSkip
	}
	for _, r := range "\u0640\u0670\u200c\u200d\u200e\u200f\u00ad\ufeff\u093c\u09bc" {
		a.class[r] = classSkip
	}
	for from, to := range map[rune]rune{ // letters with a nukta
		0x0958: 0x0915, 0x0959: 0x0916, 0x095A: 0x0917, 0x095B: 0x091C, 0x095C: 0x0921, 0x095D: 0x0922, 0x095E: 0x092B,
		0x095F: 0x092F, 0x09DC: 0x09A1, 0x09DD: 0x09A2, 0x09DF: 0x09AF,
	} {
		a.lower[from] = uint16(to)
	}
}

// of returns the class of r.
func (a *alphabet) of(r rune) uint8 {
	if r < 0x10000 {
		return a.class[r]
	}
	script := lang.ScriptOfRune(r)
	for i, name := range a.names {
		if name == script {
			return uint8(classScript + i)
		}
	}
	return classBreak
}

// fold returns r in lower case.
func (a *alphabet) fold(r rune) rune {
	if r < 0x10000 {
		return rune(a.lower[r])
	}
	return unicode.ToLower(r)
}

// composed returns text with its combining accents joined to their letters.
// Most text has none, and is returned as it is.
func composed(text string) string {
	for i := 0; i+1 < len(text); i++ {
		if c := text[i]; c == 0xCC || c == 0xCD && text[i+1] < 0xB0 { // U+0300 to U+036F
			return norm.NFC.String(text)
		}
	}
	return text
}
