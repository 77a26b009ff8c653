package web

import (
	"regexp"
	"strconv"
	"strings"

	"tilgate/internal/lang"
)

// Addresses lead to the web and nowhere else, and what a browser could read as
// another host than people do is text: no user before the host, no backslash.
const (
	hostPart = `https?://[\p{L}\p{N}.\-]+(?::[0-9]{1,5})?`
	pathPart = `(?:[/?#][\p{L}\p{M}\p{N}\-._~:/?#@!$&()*+,;=%']*)?`
)

var (
	wholeAddress = regexp.MustCompile(`^` + hostPart + pathPart + `$`)
	nextAddress  = regexp.MustCompile(`^` + hostPart + pathPart)
	mark         = regexp.MustCompile(`^\[(\p{Nd}{1,3})\]`)
)

// WebAddress reports whether a browser may be sent to an address.
func WebAddress(s string) bool { return wholeAddress.MatchString(s) }

// host returns the part of an address that says whose it is.
func host(address string) string {
	_, rest, _ := strings.Cut(address, "://")
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	return rest
}

// A span reads what stands in a line. ends remembers where closing marks
// stand, so that a text of nothing but opening ones is not searched again and
// again.
type span struct {
	text    string
	at      int
	sources int
	depth   int
	ends    map[string]int
	list    []Node
	plain   strings.Builder
}

const deepestSpan = 5

func (r *reader) inline(text string) []Node { return inline(text, r.sources, 0) }

func inline(text string, sources, depth int) []Node {
	s := &span{text: text, sources: sources, depth: depth, ends: map[string]int{}}
	for s.at < len(text) {
		if n, length := s.next(); length > 0 {
			s.put(n)
			s.at += length
			continue
		}
		s.plain.WriteByte(text[s.at])
		s.at++
	}
	s.put(Node{})
	return s.list
}

// put adds the text before a node, and the node.
func (s *span) put(n Node) {
	if n.Tag == "" && n.Text != "" {
		s.plain.WriteString(n.Text)
		return
	}
	if s.plain.Len() > 0 {
		s.list = append(s.list, Node{Text: s.plain.String()})
		s.plain.Reset()
	}
	if n.Tag != "" {
		s.list = append(s.list, n)
	}
}

// end returns where the next closing mark stands, or -1.
func (s *span) end(closing string, from int) int {
	at, known := s.ends[closing]
	if !known || at >= 0 && at < from {
		if at = strings.Index(s.text[from:], closing); at >= 0 {
			at += from
		}
		s.ends[closing] = at
	}
	return at
}

// next reads what begins here, and returns how long it is; 0 if it is text.
func (s *span) next() (Node, int) {
	rest := s.text[s.at:]
	switch rest[0] {
	case '\\':
		if len(rest) > 1 && strings.IndexByte("\\`*[]()!_#|-+.>", rest[1]) >= 0 {
			return Node{Text: rest[1:2]}, 2
		}
	case '`':
		if to := s.end("`", s.at+1); to > s.at+1 {
			return element("code", Node{Text: s.text[s.at+1 : to]}), to + 1 - s.at
		}
	case '*':
		if strings.HasPrefix(rest, "**") {
			return s.strong("strong", "**")
		}
		return s.strong("em", "*")
	case '!':
		if strings.HasPrefix(rest, "![") { // of an image, what it would say
			if label, _, length := s.link(1); length > 0 {
				return Node{Text: label}, length + 1
			}
		}
	case '[':
		return s.bracket()
	case 'h':
		return s.address()
	}
	return Node{}, 0
}

func (s *span) strong(tag, closing string) (Node, int) {
	from := s.at + len(closing)
	to := s.end(closing, from)
	if to <= from || s.depth >= deepestSpan || blank(s.text[from]) || blank(s.text[to-1]) {
		if closing == "**" {
			return Node{Text: "**"}, 2
		}
		return Node{}, 0
	}
	return element(tag, inline(s.text[from:to], s.sources, s.depth+1)...), to + len(closing) - s.at
}

func blank(b byte) bool { return b == ' ' || b == '\t' || b == '\n' }

// link reads "[label](address)", skip bytes on.
func (s *span) link(skip int) (label, address string, length int) {
	from := s.at + skip + 1
	middle := s.end("](", from)
	if middle < 0 {
		return "", "", 0
	}
	to := s.end(")", middle+2)
	if to < 0 {
		return "", "", 0
	}
	return s.text[from:middle], s.text[middle+2 : to], to + 1 - s.at - skip
}

// bracket reads a mark or a link. Behind a link stands whose it is: the label
// is the model's, and may say anything.
func (s *span) bracket() (Node, int) {
	if m := mark.FindStringSubmatch(s.text[s.at:]); m != nil {
		if n, _ := strconv.Atoi(lang.ASCIIDigits(m[1])); n >= 1 && n <= s.sources {
			return Node{Tag: "cite", N: n, Kids: []Node{{Text: m[0]}}}, len(m[0])
		}
		return Node{Text: m[0]}, len(m[0])
	}
	label, address, length := s.link(0)
	if length == 0 || strings.Contains(label, "\n") || s.depth >= deepestSpan || label == "" {
		return Node{}, 0
	}
	if !WebAddress(address) {
		return Node{Text: s.text[s.at : s.at+length]}, length
	}
	kids := []Node{{Text: label}}
	if label != address {
		kids = append(kids, Node{Tag: "small", Kids: []Node{{Text: " (" + host(address) + ")"}}})
	}
	return anchor(address, kids...), length
}

// address reads an address that stands in the text.
func (s *span) address() (Node, int) {
	if s.at > 0 && word(s.text[s.at-1]) {
		return Node{}, 0
	}
	found := strings.TrimRight(nextAddress.FindString(s.text[s.at:]), ".,;:!?)'*-")
	if !WebAddress(found) {
		return Node{}, 0
	}
	return anchor(found, Node{Text: found}), len(found)
}

func word(b byte) bool { return 'a' <= b|0x20 && b|0x20 <= 'z' || '0' <= b && b <= '9' }

func anchor(address string, kids ...Node) Node {
	return Node{Tag: "a", Attr: []Attr{{"href", address}, {"rel", "noopener noreferrer"}}, Kids: kids}
}
