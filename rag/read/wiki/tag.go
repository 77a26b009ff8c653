package wiki

import (
	"bytes"
	"strings"
)

// A tagKind says what becomes of a tag in wikitext.
type tagKind uint8

const (
	unknown   tagKind = iota // it is text
	inline                   // it goes, what it holds stays
	block                    // as inline, and a paragraph ends
	dropped                  // it goes with what it holds
	verbatim                 // what it holds is no markup
	lineEnd                  // <br>
	raised                   // <sup>
	listTag                  // <ul>, <ol>, <dl>
	itemTag                  // <li>, <dt>, <dd>
	headTag                  // <h1> to <h6>
	tableTag                 // <table>
	rowTag                   // <tr>
	cellTag                  // <td>, <th>
	captionOf                // <caption>
)

// tagKinds has the tags that MediaWiki and its usual extensions know.
var tagKinds = func() map[string]tagKind {
	kinds := map[string]tagKind{
		"nowiki": verbatim, "pre": verbatim, "br": lineEnd, "sup": raised,
		"table": tableTag, "tr": rowTag, "td": cellTag, "th": cellTag, "caption": captionOf,
	}
	for kind, names := range map[tagKind]string{
		inline: "span b i u s em strong small big sub font code tt var kbd samp abbr cite q del ins bdi bdo mark time data wbr " +
			"ruby rb strike dfn noinclude onlyinclude section thead tbody tfoot colgroup col translate tvar",
		block: "p div center blockquote poem hr",
		dropped: "ref references gallery math chem ce timeline syntaxhighlight source score graph mapframe maplink templatedata " +
			"templatestyles imagemap inputbox categorytree hiero style script includeonly indicator phonos rt rp",
		listTag: "ul ol dl", itemTag: "li dt dd", headTag: "h1 h2 h3 h4 h5 h6",
	} {
		for name := range strings.FieldsSeq(names) {
			kinds[name] = kind
		}
	}
	return kinds
}()

// next returns where the next mark stands from a place on, or the length of
// the page. A mark that is a tag looks the same in capitals, and is a whole
// name: <ref> is not <references>.
func (s *stripper) next(mark string, from int) int {
	if at, ok := s.ahead[mark]; ok && at >= from {
		return at
	}
	at := len(s.src)
	for i := from; i+len(mark) <= len(s.src); i++ {
		step := bytes.IndexByte(s.src[i:], mark[0])
		if step < 0 {
			break
		}
		i += step
		end := i + len(mark)
		if end <= len(s.src) && strings.EqualFold(string(s.src[i:end]), mark) && !(mark[0] == '<' && end < len(s.src) && isLetter(s.src[end])) {
			at = i
			break
		}
	}
	s.ahead[mark] = at
	return at
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// A tag is one of HTML or of an extension.
type tag struct {
	name   string
	closes bool
	alone  bool // <ref name="a" />
	attrs  []byte
}

// angle reads a comment, a tag, or "<".
func (s *stripper) angle() {
	if bytes.HasPrefix(s.src[s.at:], []byte("<!--")) {
		s.comment()
		return
	}
	t, end := s.tag()
	kind := tagKinds[t.name]
	if kind == unknown {
		s.out = append(s.out, '<')
		s.at++
		return
	}
	s.at = end
	switch kind {
	case dropped:
		s.drop(t)
	case verbatim:
		s.verbatim(t)
	case lineEnd:
		s.out = append(s.out, lineBreak)
	case raised:
		s.raise(t.closes)
	case block:
		s.out = append(s.out, "\n\n"...)
	case listTag, itemTag:
		s.htmlList(t)
	case headTag:
		s.htmlHeading(t)
	case tableTag, rowTag, cellTag, captionOf:
		s.htmlTable(kind, t)
	}
}

// tag parses the tag at hand, and returns where it ends. It has no name if it
// is none.
func (s *stripper) tag() (t tag, end int) {
	rest := s.src[s.at+1:]
	if rest, t.closes = bytes.CutPrefix(rest, []byte("/")); len(rest) == 0 {
		return tag{}, 0
	}
	n := 0
	for n < len(rest) && n < 20 && (isLetter(rest[n]) || n > 0 && rest[n] >= '0' && rest[n] <= '9') {
		n++
	}
	end = s.next(">", s.at)
	begin := len(s.src) - len(rest) + n
	if end == len(s.src) || end < begin || begin < end && !strings.ContainsRune(" \t\n/", rune(s.src[begin])) {
		return tag{}, 0
	}
	t.name = strings.ToLower(string(rest[:n]))
	t.attrs, t.alone = bytes.CutSuffix(s.src[begin:end], []byte("/"))
	return t, end + 1
}

// comment leaves out a comment, with its line if there is nothing else on it.
// Of one that has no end only the beginning goes.
func (s *stripper) comment() {
	end := s.next("-->", s.at+4)
	if end == len(s.src) {
		s.at += len("<!--")
		return
	}
	s.at = end + len("-->")
	if bytes.HasSuffix(s.out, []byte("\n")) && bytes.HasPrefix(s.src[s.at:], []byte("\n")) {
		s.at++
	}
}

// drop leaves out what stands between a tag and its end. Where the tag comes
// again before it ends, its author forgot the end: only the tag goes.
func (s *stripper) drop(t tag) {
	if t.closes || t.alone {
		return
	}
	end := s.next("</"+t.name, s.at)
	if end == len(s.src) || s.next("<"+t.name, s.at) < end {
		return
	}
	if close := s.next(">", end); close < len(s.src) {
		s.at = close + 1
	}
}

// verbatim puts out what stands in <nowiki> or <pre> as it is.
func (s *stripper) verbatim(t tag) {
	end := s.next("</"+t.name, s.at)
	if t.closes || t.alone || end == len(s.src) {
		return
	}
	ends := "\n"
	if t.name == "pre" {
		s.out = append(s.out, "\n\n"...)
		ends = string(rune(lineBreak))
	}
	for s.at < end {
		switch c := s.src[s.at]; c {
		case '&':
			s.entity()
		case '\n':
			s.out = append(s.out, ends...)
			s.at++
		default:
			s.out = literal(s.out, c)
			s.at++
		}
	}
	if close := s.next(">", end); close < len(s.src) {
		s.at = close + 1
	}
	if t.name == "pre" {
		s.out = append(s.out, "\n\n"...)
	}
}
