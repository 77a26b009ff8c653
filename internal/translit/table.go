package translit

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"tilgate/internal/lang"
)

// A spec is an alphabet as its author writes it. The lists hold pairs of
// words: letters and what stands for them, "-" for nothing. Of two pairs with
// the same left side and conditions the earlier wins. A left side may begin
// with conditions:
//
//	^  no letter is before it      +  a vowel is       -  a consonant is
//	/  the nearest vowel, the next one or else the last, is a front vowel
//	\  it is a back vowel          <  the last vowel is a front vowel
//	>  a vowel follows at once
type spec struct {
	tag        string
	main       lang.Script
	script     lang.Script
	name       string
	both       string // from main to script, and back under the same condition
	to         string // only from main
	from       string // only back
	marks      string // letters or pairs of them that show a text to be in this alphabet
	dotted     bool   // I is the capital of ı, and İ of i
	vowels     string // of the Latin alphabet, if not the usual ones
	alsoVowels string // of the main script, beside the usual ones
	roundTrips bool
	apart      bool // letters that would be read as one are kept apart
	oneWay     bool
	writeWord  func(word []rune) (changed []rune, before string)
	readWord   func(word []rune) (changed []rune, before string)
}

// A rule writes one letter or a few as others.
type rule struct {
	from      []rune // lower case
	to        string
	condition string
	joins     []string // what, after it, would be read as one letter with it
}

// A table holds the rules of one direction.
type table struct {
	index   [maxLetter]uint8 // 1 + the place in rules of those that begin with a letter
	rules   [][]rule
	class   [maxLetter]uint8
	latin   bool // the source is
	apart   bool
	writes  bool
	harmony bool // a rule asks for the vowels around
	marks   []string
	dotted  bool // source
	dots    bool // target
	word    func(word []rune) (changed []rune, before string)
}

// maxLetter is past the last letter of Latin, Cyrillic and Arabic alphabets.
const maxLetter = 0x780

// Classes of letters, by what they do to the letters around.
const (
	none uint8 = iota
	consonant
	front // vowels
	back
	neutral
)

// vowels gives the front, the back and the other vowels of a script.
var vowels = map[lang.Script][3]string{
	"Cyrl": {"әеэиөүіӛӣ", "аоуыёюяұӯў", ""},
	"Latn": {"äeəiöüèéëīáúó", "aouıūì", ""},
	"Arab": {"ەېۆۈۅۉئٶٷٸ", "اوۇ", "ى"},
}

func newTable(s spec, writes bool) *table {
	t := &table{writes: writes, apart: s.apart, marks: strings.Fields(s.marks)}
	source, target, word := s.script, s.main, s.readWord
	list := append(pairs(s.both, true), pairs(s.from, false)...)
	if writes {
		source, target, word = s.main, s.script, s.writeWord
		list = append(pairs(s.to, false), pairs(s.both, false)...)
	}
	t.word, t.latin = word, source == "Latn"
	t.dotted, t.dots = s.dotted && source == "Latn", s.dotted && target == "Latn"
	t.classify(source, s.vowels)
	if writes {
		for _, r := range s.alsoVowels {
			t.class[r] = neutral
		}
	}
	for _, p := range list {
		t.add(p)
	}
	for _, group := range t.rules {
		slices.SortStableFunc(group, func(a, b rule) int {
			return cmp.Or(cmp.Compare(len(b.from), len(a.from)), cmp.Compare(len(b.condition), len(a.condition)))
		})
	}
	return t
}

// pairs reads a list; inverse turns each pair around, and the condition stays.
func pairs(list string, inverse bool) []rule {
	var rules []rule
	f := strings.Fields(list)
	for i := 0; i+1 < len(f); i += 2 {
		from, to := f[i], f[i+1]
		n := len(from) - len(strings.TrimLeft(from, `^+-/\<>`))
		condition := from[:n]
		from = from[n:]
		if to == "-" {
			to = ""
		}
		if inverse {
			from, to = to, from
		}
		if from != "" {
			rules = append(rules, rule{from: []rune(from), to: to, condition: condition})
		}
	}
	return rules
}

func (t *table) add(r rule) {
	if t.latin {
		for i, c := range r.from {
			if apostrophe(c) {
				r.from[i] = 'ʼ'
			}
		}
	}
	at := r.from[0]
	if t.index[at] == 0 {
		t.rules = append(t.rules, nil)
		t.index[at] = uint8(len(t.rules))
	}
	group := &t.rules[t.index[at]-1]
	for _, have := range *group {
		if have.condition == r.condition && slices.Equal(have.from, r.from) {
			return
		}
	}
	*group = append(*group, r)
	t.harmony = t.harmony || strings.ContainsAny(r.condition, `/\<`)
}

func (t *table) classify(source lang.Script, own string) {
	for r := range rune(maxLetter) {
		if unicode.IsLetter(r) && !strings.ContainsRune("ьъʹʺʼ", r) {
			t.class[r] = consonant
		}
	}
	v := vowels[source]
	if own != "" && source == "Latn" {
		v = [3]string{2: own}
	}
	for i, list := range v {
		for _, r := range list {
			t.class[r] = front + uint8(i)
		}
	}
}

// keepApart finds, for each rule of write, what after it Read would take for
// one letter with it.
func keepApart(write, read *table) {
	keys := map[string]bool{}
	for _, group := range read.rules {
		for _, r := range group {
			keys[string(r.from)] = true
		}
	}
	joins := func(letters string) []string {
		var rest []string
		for key := range keys {
			if s, ok := strings.CutPrefix(key, letters); ok && s != "" && letters != "" {
				rest = append(rest, s)
			}
		}
		return rest
	}
	for _, group := range write.rules {
		for i := range group {
			group[i].joins = joins(group[i].to)
		}
	}
	for _, group := range read.rules {
		for i := range group {
			group[i].joins = joins(string(group[i].from))
		}
	}
}

// joined reports that next, written after the rule's letters, would be read
// as part of them.
func joined(joins []string, next string) bool {
	return slices.ContainsFunc(joins, func(s string) bool { return strings.HasPrefix(next, s) || strings.HasPrefix(s, next) })
}
