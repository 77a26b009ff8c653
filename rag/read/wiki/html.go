package wiki

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// powers has the characters of powers. Without them 10<sup>6</sup> would
// become 106.
var powers = strings.NewReplacer("0", "⁰", "1", "¹", "2", "²", "3", "³", "4", "⁴", "5", "⁵", "6", "⁶", "7", "⁷", "8", "⁸", "9", "⁹",
	"-", "⁻", "−", "⁻", "+", "⁺")

// raise makes the digits between <sup> and </sup> those of a power.
func (s *stripper) raise(closes bool) {
	if !closes {
		s.sup = len(s.out) + 1
		return
	}
	at := s.sup - 1
	s.sup = 0
	if at < 0 || at > len(s.out) || len(s.out)-at > 8 || bytes.ContainsFunc(s.out[at:], notPower) {
		return
	}
	power := powers.Replace(string(s.out[at:]))
	s.out = append(s.out[:at], power...)
}

func notPower(r rune) bool { return (r < '0' || r > '9') && r != '-' && r != '+' && r != '−' }

// htmlList writes lists of HTML as wikitext does.
func (s *stripper) htmlList(t tag) {
	switch mark := listMarks[t.name]; {
	case tagKinds[t.name] == listTag && t.closes:
		s.lists = s.lists[:max(len(s.lists)-1, 0)]
		s.endLine()
	case tagKinds[t.name] == listTag:
		if len(s.lists) < maxDepth {
			s.lists = append(s.lists, mark)
		}
	case !t.closes:
		s.endLine()
		s.out = append(s.out, s.lists[:max(len(s.lists)-1, 0)]...)
		if mark == '*' && len(s.lists) > 0 {
			mark = s.lists[len(s.lists)-1]
		}
		s.out = append(s.out, mark, ' ')
	}
}

// endLine makes what follows begin a line.
func (s *stripper) endLine() {
	if !bytes.HasSuffix(s.out, []byte("\n")) {
		s.out = append(s.out, '\n')
	}
}

var listMarks = map[string]byte{"ul": '*', "ol": '#', "dl": ':', "li": '*', "dt": ';', "dd": ':'}

func (s *stripper) htmlHeading(t tag) {
	marks := strings.Repeat("=", int(t.name[1]-'0'))
	if t.closes {
		s.out = append(s.out, " "+marks+"\n"...)
		return
	}
	s.out = append(s.out, "\n"+marks+" "...)
}

// htmlTable writes tables of HTML as wikitext does.
func (s *stripper) htmlTable(kind tagKind, t tag) {
	switch {
	case kind == tableTag && t.closes:
		s.out = append(s.out, "\n|}\n"...)
	case kind == tableTag:
		s.out = append(s.out, "\n{|\n"...)
	case t.closes:
		s.out = append(s.out, '\n')
	case kind == rowTag:
		s.out = append(s.out, "\n|-\n"...)
	case kind == captionOf:
		s.out = append(s.out, "\n|+ "...)
	default:
		mark := byte('|')
		if t.name == "th" {
			mark = '!'
		}
		s.out = append(s.out, '\n', mark)
		s.out = fmt.Appendf(s.out, "colspan=%d rowspan=%d|", spanOf(t.attrs, "colspan"), spanOf(t.attrs, "rowspan"))
	}
}

// maxSpan is over how many columns or rows a cell may reach.
const maxSpan = 50

// spanOf returns the number that an attribute of a cell has, at least 1.
func spanOf(attrs []byte, name string) int {
	if len(attrs) == 0 {
		return 1
	}
	i := bytes.Index(bytes.ToLower(attrs), []byte(name))
	if i < 0 {
		return 1
	}
	value := strings.TrimLeft(string(attrs[i+len(name):min(len(attrs), i+len(name)+16)]), " =\"'")
	end := strings.IndexFunc(value, func(r rune) bool { return r < '0' || r > '9' })
	if end >= 0 {
		value = value[:end]
	}
	n, err := strconv.Atoi(value)
	if err != nil {
		return 1
	}
	return min(max(n, 1), maxSpan)
}
