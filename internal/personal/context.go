package personal

import (
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
			c.stems = append(c.stems, strings.ToLower(w))
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

// near reports whether one of the words stands near text[start:end].
func (c contextWords) near(text string, start, end int) bool {
	before := text[max(0, start-reachBefore):start]
	after := text[end:min(len(text), end+reachAfter)]
	return c.in(before) || c.in(after)
}

// besideNumber is near, but does not look beyond another number, unless that
// is long enough to be of the same kind: "call 112, the fine is 2 500 000"
// says nothing of the second.
func (c contextWords) besideNumber(text string, start, end int) bool {
	before := text[max(0, start-reachBefore):start]
	after := text[end:min(len(text), end+reachAfter)]
	return c.in(before[backTo(before):]) || c.in(after[:onTo(after)])
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

func inNumber(c byte) bool { return strings.IndexByte(" -./()", c) >= 0 }

func (c contextWords) in(text string) bool {
	for _, w := range c.acronyms {
		if stands(text, w, true) {
			return true
		}
	}
	text = strings.ToLower(text)
	for _, w := range c.stems {
		if stands(text, w, false) {
			return true
		}
	}
	return false
}

// stands reports whether a word stands in text: as it is if whole, else with
// any ending. It may begin anywhere in scripts without spaces, and in Arabic
// and Ethiopic, which write "the" and "by" as one with it.
func stands(text, word string, whole bool) bool {
	first, _ := utf8.DecodeRuneInString(word)
	script := lang.ScriptOfRune(first)
	spaced := script.Spaced() && script != "Arab" && script != "Ethi"
	for at := 0; ; {
		i := strings.Index(text[at:], word)
		if i < 0 {
			return false
		}
		before, _ := utf8.DecodeLastRuneInString(text[:at+i])
		after, _ := utf8.DecodeRuneInString(text[at+i+len(word):])
		if !(spaced && wordRune(before)) && !(whole && wordRune(after)) {
			return true
		}
		at += i + len(word)
	}
}

func wordRune(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r))
}
