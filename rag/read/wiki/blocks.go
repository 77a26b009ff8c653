package wiki

import (
	"bytes"
	"strconv"
	"strings"
	"unicode"

	"tilgate/rag"
)

// blocks makes the parts of a document of what strip left of a page, line by
// line.
type blocks struct {
	b         *rag.Builder
	para      []byte    // lines of the paragraph so far
	headings  []heading // without text under them yet
	list      string    // marks of the last item, such as "*#"
	numbers   [8]int    // of the last item at each depth
	terms     bool      // the list before this line explains terms
	tables    []*table  // open, the inner ones last
	deeper    int       // tables inside these that are not told apart
	lastClose int       // where the last end of a table stands
	spare     int       // bytes that spans may still add
}

// A heading is put out when text follows it; those of sections that held
// only references or links never are.
type heading struct {
	level int
	text  string
}

// build puts the text that strip gave into b.
func build(b *rag.Builder, text []byte) {
	s := blocks{b: b, lastClose: bytes.LastIndex(text, []byte("\n|}")), spare: len(text) + 64<<10}
	at := 0
	for line := range bytes.Lines(text) {
		s.line(line, at > s.lastClose)
		at += len(line)
	}
	s.endParagraph()
	for len(s.tables) > 0 {
		s.closeTable(nil)
	}
}

// line reads one line. open means that no table ends from here on.
func (s *blocks) line(line []byte, open bool) {
	t := bytes.TrimSpace(line)
	if len(s.tables) > 0 {
		if !open || !isHeading(t) {
			s.tableLine(t)
			return
		}
		for len(s.tables) > 0 { // its author forgot to close it
			s.closeTable(nil)
		}
		s.deeper = 0
	}
	if len(t) == 0 || !isListMark(t[0]) {
		s.list, s.numbers, s.terms = "", [8]int{}, false
	}
	switch {
	case len(t) == 0:
		s.endParagraph()
		s.b.EndTable()
	case isHeading(t):
		s.heading(t)
	case bytes.HasPrefix(bytes.TrimLeft(t, ": "), []byte("{|")):
		s.openTable()
	case isListMark(t[0]):
		s.item(t)
	case bytes.HasPrefix(t, []byte("----")):
		s.endParagraph()
		s.text(line, bytes.TrimLeft(t, "-"))
	case bytes.HasPrefix(t, []byte("|}")) || bytes.HasPrefix(t, []byte("|-")):
		// the end of a table that never began
	case t[0] == '|': // a row of a table that a template began
		s.endParagraph()
		s.text(line, bytes.TrimLeft(t, "| "))
		s.endParagraph()
	default:
		s.text(line, t)
	}
}

// text adds a line to the paragraph. Lines that begin with a space stand
// apart.
func (s *blocks) text(line, t []byte) {
	if len(t) == 0 {
		return
	}
	if len(s.para) > 0 {
		if line[0] == ' ' {
			s.para = append(s.para, lineBreak)
		} else {
			s.para = append(s.para, ' ')
		}
	}
	s.para = append(s.para, t...)
}

func (s *blocks) endParagraph() {
	if !isLinks(s.para) {
		if text := plain(s.para); strings.TrimSpace(text) != "" {
			s.flush()
			s.b.Paragraph(text)
		}
	}
	s.para = s.para[:0]
}

// flush puts out the headings that stand over the text that comes.
func (s *blocks) flush() {
	for _, h := range s.headings {
		s.b.Heading(h.level, h.text)
	}
	s.headings = s.headings[:0]
}

// isHeading reports whether a line looks like "== Тарых ==".
func isHeading(t []byte) bool {
	return len(t) > 2 && t[0] == '=' && t[len(t)-1] == '=' && len(bytes.Trim(t, "=")) > 0
}

func (s *blocks) heading(t []byte) {
	s.endParagraph()
	left, right := len(t)-len(bytes.TrimLeft(t, "=")), len(t)-len(bytes.TrimRight(t, "="))
	level := min(left, right, 6)
	for n := len(s.headings); n > 0 && s.headings[n-1].level >= level; n-- {
		s.headings = s.headings[:n-1]
	}
	s.headings = append(s.headings, heading{level, plain(t[level : len(t)-level])})
}

func isListMark(c byte) bool { return c == '*' || c == '#' || c == ':' || c == ';' }

// item reads a line of a list: "* Ош", "## Биринчи", "; Термин : түшүндүрмө".
func (s *blocks) item(t []byte) {
	s.endParagraph()
	n := 0
	for n < len(t) && isListMark(t[n]) {
		n++
	}
	marks, text := string(t[:min(n, len(s.numbers))]), bytes.TrimSpace(t[n:])
	same := 0
	for same < len(marks) && same < len(s.list) && marks[same] == s.list[same] {
		same++
	}
	clear(s.numbers[same:])
	s.list = marks
	depth := len(marks) - 1
	switch {
	case isLinks(text):
	case marks[depth] == '#':
		s.numbers[depth]++
		s.put(depth, strconv.Itoa(s.numbers[depth])+".", text)
	case marks[depth] == ';':
		s.terms = true
		term, meaning, _ := bytes.Cut(text, []byte(": "))
		s.put(depth, "", term)
		s.put(depth+1, "", meaning)
	case marks[depth] == ':' && s.terms:
		s.put(depth+1, "", text)
	case strings.Trim(marks, ":") == "":
		s.para = append(s.para, text...)
		s.endParagraph()
	default:
		s.put(depth, "", text)
	}
}

func (s *blocks) put(depth int, mark string, text []byte) {
	if t := plain(text); strings.TrimSpace(t) != "" {
		s.flush()
		s.b.Item(depth, mark, t)
	}
}

// isLinks reports whether a text says nothing outside its external links: an
// entry of a list of links.
func isLinks(text []byte) bool {
	if bytes.IndexByte(text, linkBegins) < 0 && !bytes.Contains(text, []byte("//")) {
		return false
	}
	links := false
	for len(text) > 0 {
		if text[0] == linkBegins {
			links = true
			end := bytes.IndexByte(text, linkEnds)
			if end < 0 {
				return true
			}
			text = text[end+1:]
			continue
		}
		next := bytes.IndexByte(text, linkBegins)
		if next < 0 {
			next = len(text)
		}
		for word := range bytes.FieldsSeq(text[:next]) {
			if isURL(word) {
				links = true
			} else if bytes.ContainsFunc(word, isWordRune) {
				return false
			}
		}
		text = text[next:]
	}
	return links
}

func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }
