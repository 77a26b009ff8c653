package translit

import (
	"slices"
	"unicode"
	"unicode/utf8"
)

// lower returns the lower case of the character at i, and one apostrophe for
// all of them where it belongs to a word.
func (r *run) lower(i int) rune {
	c := r.text[i]
	switch {
	case r.latin && apostrophe(c):
		return r.apostrophe(i)
	case r.dotted && c == 'I':
		return 'ı'
	case c < utf8.RuneSelf:
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		return c
	}
	return unicode.ToLower(c)
}

// apostrophe decides on the one at i. Between letters it is part of the word;
// after the word's last letter only if the two make one (bogʻ), and if the
// word did not begin with one: 'bog' is quoted.
func (r *run) apostrophe(i int) rune {
	c := r.text[i]
	if i == 0 || !r.isLetter(i-1) {
		r.quoted = true
		return c
	}
	k := i
	for k < len(r.text) && apostrophe(r.text[k]) && k < i+3 {
		k++
	}
	if k < len(r.text) && unicode.IsLetter(r.text[k]) {
		return 'ʼ'
	}
	if c == 'ʼ' || c == 'ʻ' {
		return 'ʼ'
	}
	if k == i+1 && (c == '‘' || !r.quoted) && r.pair(r.low[i-1]) {
		return 'ʼ'
	}
	r.quoted = false
	return c
}

// pair reports whether some letter is written as c and an apostrophe.
func (t *table) pair(c rune) bool {
	if c >= maxLetter || t.index[c] == 0 {
		return false
	}
	return slices.ContainsFunc(t.rules[t.index[c]-1], func(g rule) bool {
		return len(g.from) == 2 && g.from[1] == 'ʼ'
	})
}

func (r *run) isLetter(i int) bool {
	return unicode.IsLetter(r.text[i]) || unicode.IsMark(r.text[i]) || r.low[i] == 'ʼ'
}

func (r *run) apostropheAt(i int) bool { return r.low[i] == 'ʼ' || r.writes && apostrophe(r.text[i]) }

func apostrophe(c rune) bool {
	switch c {
	case '\'', '`', '´', '‘', '’', 'ʻ', 'ʼ', '′', '＇':
		return true
	}
	return false
}
