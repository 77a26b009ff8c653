package office

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"tilgate/internal/fault"
)

const (
	maxDepth  = 256      // elements within elements; documents seldom have 50
	maxToken  = 1 << 20  // bytes of one tag or one piece of text
	maxBinary = 64 << 20 // bytes of a picture that is written as text
	maxAttr   = 1000     // bytes of an attribute that is read; names, fonts and numbers are short
	maxNamed  = 50_000   // styles, lists or notes that are kept
)

// A stream reads an XML file from its beginning to its end, in bounded memory.
// Custom entities are not known here, and a file that declares some is refused.
type stream struct {
	ctx   context.Context
	xml   *xml.Decoder
	feed  *feed
	depth int
	n     int // tokens so far
}

func newStream(ctx context.Context, r io.Reader) *stream {
	s := &stream{ctx: ctx, feed: &feed{Reader: r}}
	// Where there is a byte order mark, the text is in UTF-16.
	s.xml = xml.NewDecoder(transform.NewReader(s.feed, unicode.BOMOverride(encoding.Nop.NewDecoder())))
	s.xml.CharsetReader = func(label string, r io.Reader) (io.Reader, error) {
		if strings.EqualFold(label, "utf-16") {
			return r, nil // is UTF-8 by now
		}
		return nil, fault.Invalid.Errorf("it is in the encoding %q, and must be in UTF-8", label)
	}
	return s
}

// A feed gives a decoder only so many bytes for its next token.
type feed struct {
	io.Reader
	left int
}

var errToken = fault.TooLarge.Errorf("a tag or a piece of text has more than %d KB", maxToken>>10)

func (f *feed) Read(p []byte) (int, error) {
	if f.left <= 0 {
		return 0, errToken
	}
	n, err := f.Reader.Read(p[:min(len(p), f.left)])
	f.left -= n
	return n, err
}

// An element is one that has just begun.
type element struct {
	tag   string // with the usual prefix of its namespace, such as "w:p"
	attrs []xml.Attr
}

// attr returns the value of an attribute by its name without a prefix. None of
// the elements read here has two attributes that differ in the prefix only.
func (e element) attr(name string) string {
	for _, a := range e.attrs {
		if a.Name.Local == name && a.Name.Space != "xmlns" && len(a.Value) <= maxAttr {
			return a.Value
		}
	}
	return ""
}

// number returns an attribute from 0 to most; one that is no number, is
// otherwise.
func (e element) number(name string, otherwise, most int) int {
	n, err := strconv.Atoi(strings.TrimSpace(e.attr(name)))
	if err != nil || n < 0 {
		return otherwise
	}
	return min(n, most)
}

// keep puts something into a map, which must not grow without an end.
func keep[V any](m map[string]V, name string, value V) error {
	if len(m) >= maxNamed {
		return fault.TooLarge.Errorf("it has more than %d styles, lists or notes", maxNamed)
	}
	m[name] = value
	return nil
}

// token returns the next token; of the end of the file, io.EOF.
func (s *stream) token() (xml.Token, error) {
	if s.n++; s.n%1024 == 0 && s.ctx.Err() != nil {
		return nil, s.ctx.Err()
	}
	s.feed.left = max(s.feed.left, maxToken)
	t, err := s.xml.Token()
	s.feed.left = maxToken
	if err != nil {
		return nil, err
	}
	switch t.(type) {
	case xml.StartElement:
		if s.depth++; s.depth > maxDepth {
			return nil, fault.TooLarge.Errorf("elements stand more than %d deep within each other", maxDepth)
		}
	case xml.EndElement:
		s.depth--
	case xml.Directive:
		return nil, fault.Invalid.Errorf("it declares a document type or entities, which documents of word processors do not")
	}
	return t, nil
}

// each gives the elements within the one that has just begun to do, and
// returns when it ends. What do does not read of an element is skipped.
func (s *stream) each(do func(element) error) error {
	return s.mixed(do, func([]byte) error { return nil })
}

// mixed is each for elements with text between their elements.
func (s *stream) mixed(do func(element) error, text func([]byte) error) error {
	at := s.depth
	for {
		t, err := s.token()
		switch t := t.(type) {
		case nil:
			if err == io.EOF && at == 0 {
				return nil
			}
			return err
		case xml.EndElement:
			return nil
		case xml.CharData:
			err = text(t)
		case xml.StartElement:
			if err = do(element{prefixes[t.Name.Space] + t.Name.Local, t.Attr}); err == nil {
				err = s.skip(at)
			}
		}
		if err != nil {
			return err
		}
	}
}

// skip reads on until only so many elements are open.
func (s *stream) skip(depth int) error {
	for s.depth > depth {
		if _, err := s.token(); err != nil {
			return err
		}
	}
	return nil
}

// skipBinary allows the next piece of text to be as long as a picture.
func (s *stream) skipBinary() { s.feed.left = maxBinary }

// all returns all text within the element, at most a token's bytes of it.
func (s *stream) all() (string, error) {
	var out strings.Builder
	text := func(t []byte) error {
		if out.Len()+len(t) > maxToken {
			return errToken
		}
		out.Write(t)
		return nil
	}
	var within func(element) error
	within = func(element) error { return s.mixed(within, text) }
	err := s.mixed(within, text)
	return out.String(), err
}

// damaged says of an error in the XML what the document needs.
func damaged(err error) error {
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return fault.Invalid.Wrap(err, "the document is damaged; open it in a word processor and save it again")
	}
	return err
}

// prefixes are the usual ones of the namespaces, of which Office Open XML has
// two: the strict ones are those of purl.oclc.org.
var prefixes = map[string]string{
	"http://schemas.openxmlformats.org/wordprocessingml/2006/main":            "w:",
	"http://purl.oclc.org/ooxml/wordprocessingml/main":                        "w:",
	"http://schemas.openxmlformats.org/officeDocument/2006/math":              "m:",
	"http://purl.oclc.org/ooxml/officeDocument/math":                          "m:",
	"http://schemas.openxmlformats.org/drawingml/2006/main":                   "a:",
	"http://purl.oclc.org/ooxml/drawingml/main":                               "a:",
	"http://schemas.openxmlformats.org/markup-compatibility/2006":             "mc:",
	"http://schemas.microsoft.com/office/word/2010/wordprocessingShape":       "wps:",
	"urn:schemas-microsoft-com:vml":                                           "v:",
	"http://schemas.openxmlformats.org/package/2006/relationships":            "rel:",
	"http://schemas.openxmlformats.org/package/2006/metadata/core-properties": "cp:",
	"http://purl.org/dc/elements/1.1/":                                        "dc:",
	"http://purl.org/dc/terms/":                                               "dcterms:",
	"urn:oasis:names:tc:opendocument:xmlns:office:1.0":                        "office:",
	"urn:oasis:names:tc:opendocument:xmlns:meta:1.0":                          "meta:",
	"urn:oasis:names:tc:opendocument:xmlns:text:1.0":                          "text:",
	"urn:oasis:names:tc:opendocument:xmlns:table:1.0":                         "table:",
	"urn:oasis:names:tc:opendocument:xmlns:style:1.0":                         "style:",
	"urn:oasis:names:tc:opendocument:xmlns:drawing:1.0":                       "draw:",
	"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0":                      "manifest:",
	"http://www.w3.org/1998/Math/MathML":                                      "math:",
}
