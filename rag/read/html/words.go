package html

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html/atom"
)

// words adds a text, in which white space counts only inside pre.
func (t *tree) words(text []byte) {
	if t.skipped > 0 {
		return
	}
	for i := 0; i < len(text); {
		size, letters := word(text[i:])
		switch {
		case size > 0:
			t.write(text[i:i+size], letters)
			i += size
			continue
		case text[i] == '\n' && t.pre > 0:
			t.lineBreak()
		case isSpace(text[i]):
			t.space()
		}
		_, size = utf8.DecodeRune(text[i:])
		i += size
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' }

// word returns how many bytes can be taken from the beginning of a text as
// they are, and how much they say, in letters.
func word(text []byte) (size int, letters int32) {
	for size < len(text) {
		c := text[size]
		switch {
		case c <= ' ' || c == 0x7f:
			return size, letters
		case c < utf8.RuneSelf:
			size++
			letters++
		default:
			r, n := utf8.DecodeRune(text[size:])
			if n == 1 || isUnseen(r) { // half of one, where a token was cut
				return size, letters
			}
			size += n
			letters += worth(r)
		}
	}
	return size, letters
}

// isUnseen tells of what only says where a word may be broken, how bytes are
// ordered, or nothing. Joiners of letters are none: they change how words look.
func isUnseen(r rune) bool {
	return r == '\u00ad' || r == '\ufeff' || unicode.IsControl(r) && !unicode.IsSpace(r)
}

// worth is how much a character says: a syllable or a word, as Ethiopic and
// Chinese have, says as much as two letters.
func worth(r rune) int32 {
	switch {
	case r == '\u00a0' || r == 0x85:
		return 0
	case r >= 0x2e80 || r >= 0x1200 && r < 0x13a0:
		return 2
	}
	return 1
}

var (
	blank   = []byte(" ")
	newline = []byte("\n")
)

func (t *tree) lineBreak() {
	if t.skipped == 0 {
		t.write(newline, 0)
	}
}

// space adds white space where there is none yet. Blocks neither begin nor end
// with it.
func (t *tree) space() {
	top := t.top()
	between := top.last != nil && !isBlock(top.last.tag) || kindOf(top.tag) == inline
	if t.skipped > 0 || !between || len(t.text) == 0 {
		return
	}
	last := t.text[len(t.text)-1]
	if last != ' ' && last != '\n' || top.last != nil && top.last.is(folded) {
		t.write(blank, 0)
	}
}

// write adds a text to the run that is being written, or begins one.
func (t *tree) write(text []byte, letters int32) {
	top := t.top()
	n := top.last
	if n == nil || !isText(n.tag) || int(n.end) != len(t.text) {
		at := int32(len(t.text))
		n = t.add(top, node{at: at, end: at})
	}
	t.text = append(t.text, text...)
	n.end = int32(len(t.text))
	n.chars += letters
}

// void adds what has no text to it.
func (t *tree) void(tag atom.Atom) {
	switch tag {
	case atom.Br:
		t.lineBreak()
	case atom.Hr:
		t.makeWay(atom.Div)
		t.add(t.top(), node{tag: tag})
	case atom.Img, atom.Input:
		t.space()
	}
}
