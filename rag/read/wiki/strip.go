package wiki

import (
	"bytes"
	"html"
	"unicode"
)

// maxDepth is how deep templates and links may stand in each other. Deeper
// ones are read as text.
const maxDepth = 64

// A stripper takes wikitext down to text with the marks of lines: headings,
// lists and tables. It passes over the page once. What opens leaves a frame on
// a stack that says where the output stood; what closes looks at the output
// since then, and replaces it. What never closes therefore stays as text.
type stripper struct {
	site  *site
	title string
	src   []byte
	at    int
	out   []byte
	stack []frame
	over  int            // openings of braces that were too deep
	hole  int            // where in out something was last taken out
	sup   int            // where in out the last <sup> stood, from 1
	lists []byte         // of HTML that are open, by their marks
	ahead map[string]int // where the next of a mark stands, see next
}

// A frame is something open. Its kind is '{' for templates, '[' for links,
// '/' for external links and '-' for variants of a language.
type frame struct {
	kind byte
	n    int // braces
	at   int // in out
}

// special are the bytes at which copying stops.
var special = func() (s [256]bool) {
	for c := range ' ' {
		s[c] = c != '\t'
	}
	for _, c := range []byte("<&{}[]'_-)\x7f") {
		s[c] = true
	}
	return s
}()

// strip returns the text of a page for blocks. It is good until the next call.
func (s *stripper) strip(page []byte, title string) []byte {
	*s = stripper{site: s.site, title: title, src: page, out: s.out[:0], stack: s.stack[:0], lists: s.lists[:0], ahead: map[string]int{}}
	for s.at < len(page) {
		from := s.at
		for s.at < len(page) && !special[page[s.at]] {
			s.at++
		}
		s.out = append(s.out, page[from:s.at]...)
		if s.at < len(page) {
			s.mark(page[s.at])
		}
	}
	return s.out
}

// mark reads what a special byte begins. It always moves on.
func (s *stripper) mark(c byte) {
	switch c {
	case '\n':
		s.newline()
	case '<':
		s.angle()
	case '&':
		s.entity()
	case '{':
		s.openBraces()
	case '}':
		s.closeBraces()
	case '[':
		s.openBracket()
	case ']':
		s.closeBracket()
	case '\'':
		s.quotes()
	case '_':
		s.behaviour()
	case '-':
		s.dash()
	case ')':
		s.closeParenthesis()
	default: // control characters
		s.at++
	}
}

// run returns how many of the byte at hand follow each other.
func (s *stripper) run() int {
	n := 1
	for s.at+n < len(s.src) && s.src[s.at+n] == s.src[s.at] {
		n++
	}
	return n
}

func (s *stripper) push(kind byte, n int) bool {
	if len(s.stack) == maxDepth {
		return false
	}
	s.stack = append(s.stack, frame{kind, n, len(s.out)})
	return true
}

// find returns where the nearest frame of a kind is on the stack, or -1. What
// opened outside a template cannot close in it.
func (s *stripper) find(kind byte) int {
	for i := len(s.stack) - 1; i >= 0; i-- {
		if s.stack[i].kind == kind {
			return i
		}
		if s.stack[i].kind == '{' {
			break
		}
	}
	return -1
}

// take closes the frame at i, and those above it, and returns the output since
// it opened, which is cut off but good until the next byte is put out.
func (s *stripper) take(i int) []byte {
	at := s.stack[i].at
	s.stack = s.stack[:i]
	inner := s.out[at:]
	s.out = s.out[:at]
	return inner
}

// newline ends external links, and an empty line other links too: a page
// whose author forgot a bracket is not one long link.
func (s *stripper) newline() {
	empty := bytes.HasSuffix(s.out, []byte("\n"))
	for n := len(s.stack); n > 0 && (s.stack[n-1].kind == '/' || empty && s.stack[n-1].kind != '{'); n-- {
		if s.stack[n-1].kind == '/' {
			s.out = append(s.out, linkEnds)
		}
		s.stack = s.stack[:n-1]
	}
	s.out = append(s.out, '\n')
	s.at++
}

// quotes leaves out the marks of italic and bold text, and keeps apostrophes.
func (s *stripper) quotes() {
	n := s.run()
	s.at += n
	keep := 0
	switch {
	case n == 1 || n == 4:
		keep = 1
	case n > 5:
		keep = n - 5
	}
	for range keep {
		s.out = append(s.out, '\'')
	}
}

// longestBehaviour is how many bytes a behaviour switch has at most.
const longestBehaviour = 64

// behaviour leaves out __TOC__ and its kin, which every language names in its
// own words, in capitals if its script has them.
func (s *stripper) behaviour() {
	rest := s.src[s.at:min(len(s.src), s.at+longestBehaviour)]
	if bytes.HasPrefix(rest, []byte("__")) {
		if end := bytes.Index(rest[2:], []byte("__")); end > 0 && bytes.IndexFunc(rest[2:2+end], notSwitch) < 0 {
			s.at += end + 4
			return
		}
	}
	s.out = append(s.out, '_')
	s.at++
}

func notSwitch(r rune) bool {
	return r != '_' && !unicode.IsMark(r) && (!unicode.IsLetter(r) || unicode.IsLower(r))
}

// closeParenthesis leaves out what a template that was taken out leaves
// behind: "Ош ( ; )" is "Ош".
func (s *stripper) closeParenthesis() {
	s.at++
	text := bytes.TrimRight(s.out, " ,;:")
	if s.hole < len(text) || s.hole > len(s.out) || len(text) == 0 {
		s.out = append(s.out, ')')
		return
	}
	if text[len(text)-1] == '(' {
		s.out = bytes.TrimRight(text[:len(text)-1], " ")
		return
	}
	s.out = append(text, ')')
}

// longestHTMLEntity is how many bytes one of HTML's entities has at most.
const longestHTMLEntity = 34

func (s *stripper) entity() {
	rest := s.src[s.at:min(len(s.src), s.at+longestHTMLEntity)]
	end := 1
	for end < len(rest) && (isLetter(rest[end]) || rest[end] >= '0' && rest[end] <= '9' || rest[end] == '#') {
		end++
	}
	if end < len(rest) && rest[end] == ';' {
		whole := string(rest[:end+1])
		if text := html.UnescapeString(whole); text != whole {
			s.out = literals(s.out, text)
			s.at += end + 1
			return
		}
	}
	s.out = append(s.out, '&')
	s.at++
}
