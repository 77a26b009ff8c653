package office

import (
	"cmp"
	"strings"
	"unicode"

	"tilgate/internal/lang"
)

// A toggle is a property that a style sets, takes back or leaves alone.
type toggle int8

const (
	off toggle = iota - 1
	unset
	on
)

// langs are the languages that text is said to be in, by the kind of its
// letters: Latin and those like it, complex ones such as Arabic, those of East
// Asia.
type langs struct{ latin, complex, asian string }

// of returns the language among them that is written in a script. Programs
// name one for each kind, whether there is any such text or not.
func (l langs) of(script lang.Script) (lang.Tag, bool) {
	for _, name := range []string{l.latin, l.complex, l.asian} {
		tag, err := lang.ParseTag(name)
		if err == nil && (tag.Script() == script || tag.Script() == "" && tag.In(script) == tag) {
			return tag, true
		}
	}
	return "", false
}

// A look is what is known of how text looks. A zero field is as it was.
type look struct {
	font    string // of Latin letters; of a theme, "theme"
	complex string // of letters of scripts such as Devanagari
	langs   langs
	hidden  toggle
	bold    toggle
	raised  rune // '^' above the line, '_' below it, '=' on it
}

// with returns the look with another's fields over it.
func (l look) with(over look) look {
	return look{
		font: cmp.Or(over.font, l.font), complex: cmp.Or(over.complex, l.complex),
		langs:  langs{cmp.Or(over.langs.latin, l.langs.latin), cmp.Or(over.langs.complex, l.langs.complex), cmp.Or(over.langs.asian, l.langs.asian)},
		hidden: cmp.Or(over.hidden, l.hidden), bold: cmp.Or(over.bold, l.bold), raised: cmp.Or(over.raised, l.raised),
	}
}

// shown returns text as it is seen. Raised digits keep their meaning: article
// 17¹ is not article 171.
func (l look) shown(text string) string {
	if isSymbolFont(l.font) {
		text = symbols(l.font, text)
	}
	switch l.raised {
	case '^':
		return mapAll(text, superscripts)
	case '_':
		return mapAll(text, subscripts)
	}
	return text
}

var (
	superscripts = map[rune]rune{'0': '⁰', '1': '¹', '2': '²', '3': '³', '4': '⁴', '5': '⁵', '6': '⁶', '7': '⁷',
		'8': '⁸', '9': '⁹', '+': '⁺', '-': '⁻', '−': '⁻', '–': '⁻', '(': '⁽', ')': '⁾', 'n': 'ⁿ'}
	subscripts = map[rune]rune{'0': '₀', '1': '₁', '2': '₂', '3': '₃', '4': '₄', '5': '₅', '6': '₆', '7': '₇',
		'8': '₈', '9': '₉', '+': '₊', '-': '₋', '−': '₋', '–': '₋', '(': '₍', ')': '₎'}
)

// mapAll maps the characters of a text if it can map all of them.
func mapAll(text string, to map[rune]rune) string {
	mapped := strings.Map(func(r rune) rune { return to[r] }, text)
	if strings.ContainsRune(mapped, 0) {
		return text
	}
	return mapped
}

func hasLetter(text string) bool { return strings.ContainsFunc(text, unicode.IsLetter) }

// A voice is a script with the languages that text in it is said to be in.
type voice struct {
	langs  langs
	script lang.Script
}

// voices counts the text in each.
type voices map[voice]int

// maxVoices is how many voices a document is taken to have.
const maxVoices = 100

func (v voices) add(one voice, n int) {
	if _, ok := v[one]; ok || len(v) < maxVoices {
		v[one] += n
	}
}

// hint is the language that most text is said to be in. If no run says one
// that is written in its script, it is otherwise, if that one is.
func (v voices) hint(otherwise lang.Tag) lang.Tag {
	tags, scripts := map[lang.Tag]int{}, map[lang.Script]int{}
	for one, n := range v {
		scripts[one.script] += n
		if tag, ok := one.langs.of(one.script); ok {
			tags[tag] += n
		}
	}
	if tag := most(tags); tag != "" {
		return tag
	}
	tag, _ := langs{latin: string(otherwise)}.of(most(scripts))
	return tag
}

// most returns the key with the highest count, the first of several.
func most[K cmp.Ordered](counts map[K]int) K {
	var best K
	for key, n := range counts {
		if n > counts[best] || n == counts[best] && key < best {
			best = key
		}
	}
	return best
}
