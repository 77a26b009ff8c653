package lang

import (
	"unicode"
	"unicode/utf8"
)

// A Script is an ISO 15924 code: "Cyrl", "Arab", "Khmr". Zyyy stands for text
// without letters.
type Script string

// Zyyy is the script of text that has no letters: digits, marks, emoji.
const Zyyy Script = "Zyyy"

// The scripts people write in our languages, with those of the languages that
// stand beside them. The order is that of frequency, which makes lookups short.
var scripts = [...]struct {
	script Script
	table  *unicode.RangeTable
}{
	{"Latn", unicode.Latin}, {"Cyrl", unicode.Cyrillic}, {"Arab", unicode.Arabic}, {"Deva", unicode.Devanagari},
	{"Beng", unicode.Bengali}, {"Khmr", unicode.Khmer}, {"Mymr", unicode.Myanmar}, {"Ethi", unicode.Ethiopic},
	{"Thai", unicode.Thai}, {"Laoo", unicode.Lao}, {"Taml", unicode.Tamil}, {"Telu", unicode.Telugu},
	{"Sinh", unicode.Sinhala}, {"Hani", unicode.Han}, {"Hira", unicode.Hiragana}, {"Kana", unicode.Katakana},
	{"Hang", unicode.Hangul}, {"Grek", unicode.Greek}, {"Hebr", unicode.Hebrew}, {"Armn", unicode.Armenian},
	{"Geor", unicode.Georgian}, {"Gujr", unicode.Gujarati}, {"Guru", unicode.Gurmukhi}, {"Knda", unicode.Kannada},
	{"Mlym", unicode.Malayalam}, {"Orya", unicode.Oriya}, {"Tibt", unicode.Tibetan}, {"Thaa", unicode.Thaana},
	{"Mong", unicode.Mongolian}, {"Tfng", unicode.Tifinagh}, {"Nkoo", unicode.Nko}, {"Olck", unicode.Ol_Chiki},
	{"Java", unicode.Javanese}, {"Syrc", unicode.Syriac}, {"Cher", unicode.Cherokee}, {"Cans", unicode.Canadian_Aboriginal},
	{"Vaii", unicode.Vai}, {"Yiii", unicode.Yi}, {"Mtei", unicode.Meetei_Mayek}, {"Tglg", unicode.Tagalog},
	{"Gran", unicode.Grantha}, {"Adlm", unicode.Adlam}, {"Cakm", unicode.Chakma},
}

// scriptIndex returns the place of r's script in scripts, or -1. Letters and
// the marks on them count; digits and punctuation do not.
func scriptIndex(r rune) int {
	if r < 0x80 {
		if 'a' <= r|0x20 && r|0x20 <= 'z' {
			return 0
		}
		return -1
	}
	if !unicode.IsLetter(r) && !unicode.IsMark(r) {
		return -1
	}
	for i := range scripts {
		if unicode.Is(scripts[i].table, r) {
			return i
		}
	}
	return -1
}

// ScriptOfRune returns the script of one letter or mark, or Zyyy.
func ScriptOfRune(r rune) Script {
	if i := scriptIndex(r); i >= 0 {
		return scripts[i].script
	}
	return Zyyy
}

// ScriptOf returns the script that most letters of text are in, or Zyyy if it
// has none. Japanese is Jpan when it shows any kana.
func ScriptOf(text string) Script {
	var counts [len(scripts)]int
	last := 0 // most letters are of the script of the one before
	for _, r := range text {
		i := last
		if r < 0x80 || !unicode.Is(scripts[last].table, r) || !unicode.IsLetter(r) && !unicode.IsMark(r) {
			i = scriptIndex(r)
		}
		if i >= 0 && r != utf8.RuneError {
			counts[i]++
			last = i
		}
	}
	best, kana := -1, 0
	for i, n := range counts {
		if n > 0 && (best < 0 || n > counts[best]) {
			best = i
		}
		if s := scripts[i].script; s == "Hira" || s == "Kana" {
			kana += n
		}
	}
	if best < 0 {
		return Zyyy
	}
	switch s := scripts[best].script; s {
	case "Hani", "Hira", "Kana":
		if kana > 0 {
			return "Jpan"
		}
		return s
	case "Hang":
		return "Kore"
	default:
		return s
	}
}

// RightToLeft reports whether the script runs from right to left.
func (s Script) RightToLeft() bool {
	switch s {
	case "Arab", "Hebr", "Thaa", "Syrc", "Nkoo", "Adlm":
		return true
	}
	return false
}

// Spaced reports whether the script puts spaces between words. Thai, Lao,
// Khmer, Burmese, Tibetan, Javanese, Chinese and Japanese do not.
func (s Script) Spaced() bool {
	switch s {
	case "Thai", "Laoo", "Khmr", "Mymr", "Tibt", "Java", "Hani", "Hira", "Kana", "Jpan":
		return false
	}
	return true
}
