package personal

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"tilgate/internal/lang"
)

// contextWords are words that say what a number near them is.
type contextWords struct {
	acronyms []string // ASCII capitals, matched as they are, as whole words
	stems    []string // lower case, matched from the start of a word
}

func newContext(words []string) contextWords {
	var c contextWords
	for _, w := range words {
		if w == strings.ToUpper(w) && strings.Trim(w, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" {
			c.acronyms = append(c.acronyms, w)
		} else {
			c.stems = append(c.stems, lower(w))
		}
	}
	return c
}

// How far words reach, in bytes: many languages write the verb, "call", after
// the number.
const (
	reachBefore = 120
	reachAfter  = 80
)

// near reports whether one of the words stands near t.text[start:end].
func (c *contextWords) near(t *folded, start, end int) bool {
	return c.between(t, start-reachBefore, start) || c.between(t, end, end+reachAfter)
}

// besideNumber is near, but does not look beyond another number, unless that
// is long enough to be of the same kind: "call 112, the fine is 2 500 000"
// says nothing of the second.
func (c *contextWords) besideNumber(t *folded, start, end int) bool {
	if !c.near(t, start, end) {
		return false
	}
	first, last := max(0, start-reachBefore), min(len(t.text), end+reachAfter)
	return c.between(t, first+backTo(t.text[first:start]), start) || c.between(t, end, end+onTo(t.text[end:last]))
}

// placed is where a word stands.
type placed struct{ start, end int }

// between reports whether one of the words stands in t.text[start:end].
func (c *contextWords) between(t *folded, start, end int) bool {
	list, done := t.spotted[c]
	if !done {
		list = c.spot(t)
	}
	i, _ := slices.BinarySearchFunc(list, start, func(p placed, at int) int { return p.start - at })
	for ; i < len(list) && list[i].start < end; i++ {
		if list[i].end <= end {
			return true
		}
	}
	return false
}

// spot finds all of the words in t, once: looking beside each number anew
// took most of the time of texts that are all numbers.
func (c *contextWords) spot(t *folded) []placed {
	if t.spotted == nil {
		t.spotted, t.lower = map[*contextWords][]placed{}, lower(t.text)
	}
	var list []placed
	for _, w := range c.acronyms {
		list = places(list, t.text, w, true)
	}
	for _, w := range c.stems {
		list = places(list, t.lower, w, false)
	}
	slices.SortFunc(list, func(a, b placed) int { return a.start - b.start })
	t.spotted[c] = list
	return list
}

// lower returns s in lower case, but for letters that would become longer or
// shorter.
func lower(s string) string {
	b := []byte(s)
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if l := unicode.ToLower(r); r != l && utf8.RuneLen(l) == size {
			utf8.EncodeRune(b[i:], l)
		}
		i += size
	}
	return string(b)
}

// backTo returns where text begins after the last short number in it.
func backTo(text string) int {
	digits, last := 0, 0
	for i := len(text) - 1; i >= -1; i-- {
		switch {
		case i >= 0 && digit(text[i]):
			if digits == 0 {
				last = i + 1
			}
			digits++
		case i >= 0 && digits > 0 && inNumber(text[i]):
		case digits > 0 && digits < minPhone:
			return last
		default:
			digits = 0
		}
	}
	return 0
}

// onTo returns where the first short number in text begins.
func onTo(text string) int {
	digits, first := 0, 0
	for i := 0; i <= len(text); i++ {
		switch {
		case i < len(text) && digit(text[i]):
			if digits == 0 {
				first = i
			}
			digits++
		case i < len(text) && digits > 0 && inNumber(text[i]):
		case digits > 0 && digits < minPhone:
			return first
		default:
			digits = 0
		}
	}
	return len(text)
}

func inNumber(c byte) bool { return strings.IndexByte(" -.()", c) >= 0 }

// places appends where a word stands in text: as it is if whole, else with any
// ending. It may begin anywhere in scripts without spaces, and in Arabic and
// Ethiopic, which write "the" and "by" as one with it.
func places(list []placed, text, word string, whole bool) []placed {
	first, _ := utf8.DecodeRuneInString(word)
	script := lang.ScriptOfRune(first)
	spaced := script.Spaced() && script != "Arab" && script != "Ethi"
	for at := 0; ; {
		i := strings.Index(text[at:], word)
		if i < 0 {
			return list
		}
		p := placed{at + i, at + i + len(word)}
		before, _ := utf8.DecodeLastRuneInString(text[:p.start])
		after, _ := utf8.DecodeRuneInString(text[p.end:])
		if !(spaced && wordRune(before)) && !(whole && wordRune(after)) {
			list = append(list, p)
		}
		at = p.end
	}
}

func wordRune(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r))
}
