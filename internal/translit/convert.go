package translit

import (
	"slices"
	"strings"
	"unicode"
)

// convert returns text by the rules of t. It takes time in proportion to the
// text: each rule is a few letters long, and nothing is looked at twice.
func (t *table) convert(text string) string {
	var out strings.Builder
	out.Grow(len(text) + len(text)/2)
	at := 0
	for at < len(text) {
		start, end := t.kept(text, at)
		t.convertAll(&out, text[at:start])
		out.WriteString(strings.ToValidUTF8(text[start:end], "\uFFFD"))
		at = end
	}
	return out.String()
}

// A run is a stretch of text on its way through a table.
type run struct {
	*table
	out        *strings.Builder
	text       []rune // as it is
	low        []rune // lower case, one apostrophe for all
	next, last []uint8
	before     uint8    // class of the letter before
	joins      []string // of the rule before, if it ended just here
	quoted     bool     // the word began with an apostrophe
}

func (t *table) convertAll(out *strings.Builder, text string) {
	if text == "" {
		return
	}
	r := &run{table: t, out: out, text: []rune(text)}
	r.low = make([]rune, len(r.text))
	for i := range r.text {
		r.low[i] = r.lower(i)
	}
	if t.word == nil {
		r.convert()
		return
	}
	words := *r
	for start := 0; start < len(words.text); {
		end := start + 1
		letter := words.isLetter(start)
		for end < len(words.text) && words.isLetter(end) == letter {
			end++
		}
		r.text, r.low = words.text[start:end], words.low[start:end]
		if letter {
			changed, before := t.word(r.low)
			out.WriteString(before)
			r.text, r.low = changed, changed
		}
		r.convert()
		start = end
	}
}

func (r *run) convert() {
	if r.harmony {
		r.findVowels()
	}
	r.before, r.joins = none, nil
	for i := 0; i < len(r.text); {
		if n := r.separator(i); n > 0 {
			i += n
			continue
		}
		rule := r.rule(i)
		if rule == nil {
			r.copy(i)
			i++
			continue
		}
		r.apply(rule, i)
		i += len(rule.from)
	}
}

// separator handles the apostrophes at i, if that is what stands there, and
// returns how many there were: one that Write put between two letters goes.
func (r *run) separator(i int) int {
	if !r.apart || r.joins == nil || !r.apostropheAt(i) {
		return 0
	}
	n := 1
	for i+n < len(r.text) && r.apostropheAt(i+n) {
		n++
	}
	if i+n == len(r.text) {
		return 0
	}
	next := r.rule(i + n)
	if next == nil {
		return 0
	}
	if !r.writes && joined(r.joins, string(next.from)) {
		if n > 1 {
			r.joins = nil // the others are letters of the text
			r.letters(i, n-1)
		}
		r.joins = nil
		return n
	}
	return 0
}

// letters writes n characters that are no part of a pair.
func (r *run) letters(i, n int) {
	for k := i; k < i+n; k++ {
		if rule := r.rule(k); rule != nil && len(rule.from) == 1 {
			r.apply(rule, k)
		} else {
			r.copy(k)
		}
	}
}

func (r *run) copy(i int) {
	if r.apart && r.writes && apostrophe(r.text[i]) {
		r.out.WriteRune(r.text[i]) // joins stays: one more comes after it
		r.before = none
		return
	}
	r.out.WriteRune(r.text[i])
	r.before, r.joins = r.classOf(i), nil
}

// rule returns the first rule that fits at i, or nil.
func (r *run) rule(i int) *rule {
	c := r.low[i]
	if c >= maxLetter || r.index[c] == 0 {
		return nil
	}
	group := r.rules[r.index[c]-1]
	for k := range group {
		g := &group[k]
		n := len(g.from)
		if i+n <= len(r.low) && (n == 1 || slices.Equal(r.low[i:i+n], g.from)) && r.fits(g.condition, i, n) {
			return g
		}
	}
	return nil
}

func (r *run) fits(conditions string, i, n int) bool {
	for _, condition := range conditions {
		fits := true
		switch condition {
		case '^':
			fits = r.before == none
		case '+':
			fits = r.before >= front
		case '-':
			fits = r.before == consonant
		case '<':
			fits = r.last[i] == front
		case '/':
			fits = r.nearest(i, n) == front
		case '\\':
			fits = r.nearest(i, n) == back
		case '>':
			fits = i+n < len(r.low) && r.classOf(i+n) >= front
		}
		if !fits {
			return false
		}
	}
	return true
}

func (r *run) nearest(i, n int) uint8 {
	if v := r.next[i+n-1]; v != none {
		return v
	}
	return r.last[i]
}

func (r *run) apply(g *rule, i int) {
	to := g.to
	if r.apart && r.writes {
		if r.joins != nil && joined(r.joins, to) && !isApostrophes(to) {
			r.out.WriteRune('ʼ')
		}
		if !isApostrophes(to) {
			r.joins = g.joins
		}
	} else {
		r.joins = g.joins
	}
	if r.capital(i, len(g.from)) {
		to = r.capitals(to, i, len(g.from))
	}
	r.out.WriteString(to)
	last := i + len(g.from) - 1
	if last > i && r.low[last] == 'ʼ' {
		last-- // oʻ is a vowel
	}
	r.before = r.classOf(last)
}

func isApostrophes(s string) bool { return s == "ʼ" }

func (r *run) classOf(i int) uint8 {
	if c := r.low[i]; c < maxLetter {
		return r.class[c]
	}
	return none
}

// findVowels notes, for each letter, the classes of the vowels after and
// before it in its word.
func (r *run) findVowels() {
	n := len(r.text)
	r.next, r.last = make([]uint8, n), make([]uint8, n)
	seen := none
	for i := range n {
		r.last[i] = seen
		if r.low[i] != 'ь' { // softens what is before it: яшь, but not көньяк
			seen = r.seen(seen, i)
		}
	}
	seen = none
	for i := n - 1; i >= 0; i-- {
		r.next[i] = seen
		seen = r.seen(seen, i)
	}
}

func (r *run) seen(seen uint8, i int) uint8 {
	switch c := r.classOf(i); {
	case c == front, c == back:
		return c
	case r.low[i] == 'ь':
		return front
	case c == none && !unicode.IsMark(r.text[i]):
		return none
	}
	return seen
}
