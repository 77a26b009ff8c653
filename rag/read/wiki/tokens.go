package wiki

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"
	"unicode/utf8"

	"tilgate/internal/fault"
)

// A token is a tag or a piece of text of a dump's XML. Its bytes are good
// until the next one.
type token struct {
	kind  tokenKind
	name  []byte // of a tag
	attrs []byte // of a start tag, as they stand
	empty bool   // a start tag that ends itself
	text  []byte // with its entities; a long text comes in pieces
}

type tokenKind uint8

const (
	startTag tokenKind = iota + 1
	endTag
	someText
)

// maxTag is how long a tag, and so the buffer of the tokens, may be.
const maxTag = 256 << 10

// tokens reads the XML that MediaWiki writes: elements, attributes, entities
// and comments. encoding/xml reads all of XML, at a fifth of the speed. There
// are no entities but XML's own, so a DOCTYPE has nothing to expand.
type tokens struct {
	ctx     context.Context
	r       io.Reader
	buf     []byte // read, not yet given
	space   []byte // that buf lies in
	err     error  // of r
	hold    int    // bytes at the front of buf that the last token took
	pending bool   // the end of an empty element is still to give
	last    []byte // its name
}

func newTokens(ctx context.Context, r io.Reader) *tokens {
	return &tokens{ctx: ctx, r: r, space: make([]byte, maxTag)}
}

// more reads on. It returns false if there is no more, or no more room.
func (t *tokens) more() bool {
	if t.err == nil {
		t.err = t.ctx.Err()
	}
	if t.err != nil || len(t.buf) == len(t.space) {
		return false
	}
	n := copy(t.space, t.buf)
	got, err := t.r.Read(t.space[n:])
	t.buf, t.err = t.space[:n+got], err
	return got > 0 || err == nil
}

// next returns the next token, or io.EOF.
func (t *tokens) next() (token, error) {
	if t.pending {
		t.pending = false
		return token{kind: endTag, name: t.last}, nil
	}
	for {
		t.buf, t.hold = t.buf[t.hold:], 0
		for len(t.buf) == 0 {
			if !t.more() {
				return token{}, t.err
			}
		}
		if t.buf[0] != '<' {
			return t.text(), nil
		}
		tok, err := t.tag()
		if err != nil || tok.kind != 0 {
			return tok, err
		}
	}
}

// longestEntity is how long the entities are that must not be cut in two.
const longestEntity = 12

func (t *tokens) text() token {
	for {
		end := bytes.IndexByte(t.buf, '<')
		if end < 0 {
			end = len(t.buf)
			if i := bytes.LastIndexByte(t.buf, '&'); i >= 0 && end-i < longestEntity && bytes.IndexByte(t.buf[i:], ';') < 0 {
				if i == 0 && t.more() {
					continue
				}
				if i > 0 {
					end = i
				}
			}
		}
		t.hold = end
		return token{kind: someText, text: t.buf[:end]}
	}
}

// tag reads a tag; the token is empty where there was none, but a comment or
// a declaration.
func (t *tokens) tag() (token, error) {
	for len(t.buf) < 4 && t.more() {
	}
	switch {
	case bytes.HasPrefix(t.buf, []byte("<!--")):
		return token{}, t.skip("-->")
	case bytes.HasPrefix(t.buf, []byte("<?")):
		return token{}, t.skip("?>")
	case bytes.HasPrefix(t.buf, []byte("<!D")):
		return token{}, t.doctype()
	case bytes.HasPrefix(t.buf, []byte("<!")):
		return token{}, fault.Invalid.Errorf("it has a section of CDATA or a declaration, which dumps of MediaWiki do not have")
	}
	end, err := t.find(">")
	if err != nil {
		return token{}, err
	}
	t.hold = end + 1
	tok := token{kind: startTag, name: t.buf[1:end]}
	if bytes.HasPrefix(tok.name, []byte("/")) {
		return token{kind: endTag, name: bytes.TrimSpace(tok.name[1:])}, nil
	}
	if tok.empty = bytes.HasSuffix(tok.name, []byte("/")); tok.empty {
		tok.name = tok.name[:len(tok.name)-1]
	}
	if i := bytes.IndexAny(tok.name, " \t\r\n"); i >= 0 {
		tok.name, tok.attrs = tok.name[:i], tok.name[i:]
	}
	if tok.empty {
		t.pending, t.last = true, append(t.last[:0], tok.name...)
	}
	return tok, nil
}

// find returns where a mark begins, reading on until there is one.
func (t *tokens) find(mark string) (int, error) {
	for from := 0; ; {
		if i := bytes.Index(t.buf[from:], []byte(mark)); i >= 0 {
			return from + i, nil
		}
		from = max(len(t.buf)-len(mark)+1, 0)
		if !t.more() {
			return 0, t.cut()
		}
	}
}

// cut says why a tag has no end.
func (t *tokens) cut() error {
	if t.err == nil {
		return fault.Invalid.Errorf("it has a tag of over %d KB", maxTag>>10)
	}
	return unexpected(t.err)
}

// unexpected is what err means where more had to come.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// skip passes over everything up to and with a mark, of any length.
func (t *tokens) skip(mark string) error {
	for {
		if i := bytes.Index(t.buf, []byte(mark)); i >= 0 {
			t.hold = i + len(mark)
			return nil
		}
		t.buf = t.buf[max(len(t.buf)-len(mark)+1, 0):]
		if !t.more() {
			return unexpected(t.err)
		}
	}
}

// doctype passes over a DOCTYPE, with the declarations in its brackets.
func (t *tokens) doctype() error {
	end, err := t.find(">")
	if err != nil {
		return err
	}
	if bytes.IndexByte(t.buf[:end], '[') >= 0 {
		return t.skip("]>")
	}
	t.hold = end + 1
	return nil
}

// attr returns the value of an attribute, or "".
func (t token) attr(name string) string {
	for rest := t.attrs; ; {
		i := bytes.IndexByte(rest, '=')
		if i < 0 || i+1 >= len(rest) {
			return ""
		}
		quote := rest[i+1]
		value, after, ok := bytes.Cut(rest[i+2:], []byte{quote})
		if !ok || quote != '"' && quote != '\'' {
			return ""
		}
		if string(bytes.TrimSpace(rest[:i])) == name {
			return string(unescape(nil, value))
		}
		rest = after
	}
}

// unescape appends text to dst with its entities resolved. Those that are not
// XML's own stay as they are.
func unescape(dst, text []byte) []byte {
	for {
		i := bytes.IndexByte(text, '&')
		if i < 0 {
			return append(dst, text...)
		}
		dst, text = append(dst, text[:i]...), text[i:]
		end := bytes.IndexByte(text[:min(len(text), longestEntity)], ';')
		if end < 0 {
			end = 0
		}
		if r := entity(string(text[1:max(end, 1)])); r != 0 {
			dst, text = utf8.AppendRune(dst, r), text[end+1:]
		} else {
			dst, text = append(dst, '&'), text[1:]
		}
	}
}

// entity returns what a name stands for in XML, or 0.
func entity(name string) rune {
	switch name {
	case "lt":
		return '<'
	case "gt":
		return '>'
	case "amp":
		return '&'
	case "quot":
		return '"'
	case "apos":
		return '\''
	}
	if len(name) < 2 || name[0] != '#' {
		return 0
	}
	digits, base := name[1:], 10
	if digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 21)
	if err != nil || !utf8.ValidRune(rune(n)) {
		return 0
	}
	return rune(n)
}
