package gateway

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"tilgate/internal/fault"
)

// maxDepth is how deep objects and lists may stand in each other. Tool schemas
// of real callers reach about 20.
const maxDepth = 100

// A scanner reads JSON in one pass and knows at which byte it stands, which
// encoding/json does not tell for a value of the wrong type. It also sees keys
// that stand twice: encoding/json takes the last of them, other readers the
// first, and whoever checks one and serves the other has been fooled.
//
// A path is the place of a value as callers write it: "messages[2].content".
type scanner struct {
	data  []byte
	pos   int
	depth int
}

func newScanner(data []byte) (*scanner, error) {
	if utf8.Valid(data) {
		return &scanner{data: data}, nil
	}
	at := 0
	for r, size := utf8.DecodeRune(data); r != utf8.RuneError || size > 1; r, size = utf8.DecodeRune(data[at:]) {
		at += size
	}
	return nil, fault.Invalid.Errorf("the body is not UTF-8: byte %d (0x%02x) begins no character", at, data[at])
}

// kind returns the first byte of the next token, or 0 at the end.
func (s *scanner) kind() byte {
	for ; s.pos < len(s.data); s.pos++ {
		switch c := s.data[s.pos]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// what names the next value in words.
func (s *scanner) what() string {
	switch c := s.kind(); {
	case c == 0:
		return "the end of the body"
	case c == '{':
		return "an object"
	case c == '[':
		return "a list"
	case c == '"':
		return "a string"
	case c == 't' || c == 'f':
		return "true or false"
	case c == 'n':
		return "null"
	case c == '-' || '0' <= c && c <= '9':
		return "a number"
	default:
		r, _ := utf8.DecodeRune(s.data[s.pos:])
		return strconv.QuoteRune(r)
	}
}

// broken is the error of text that is not JSON.
func (s *scanner) broken(want string) error {
	return fault.Invalid.Errorf("the body is not valid JSON: at byte %d stands %s where %s is needed", s.pos, s.what(), want)
}

// wrong is the error of a value that is not what the field takes. It does not
// consume the value.
func (s *scanner) wrong(path, want string) error {
	switch s.kind() {
	case '{', '[', '"', 't', 'f', 'n', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
	default:
		return s.broken("a value")
	}
	if path == "" {
		return fault.Invalid.Errorf("the body must be %s, not %s", want, s.what())
	}
	return fault.Invalid.Field(path, "%s must be %s, not %s (at byte %d)", path, want, s.what(), s.pos)
}

func (s *scanner) enter() error {
	if s.depth++; s.depth > maxDepth {
		return fault.Invalid.Errorf("the body is nested deeper than %d levels at byte %d", maxDepth, s.pos)
	}
	s.pos++
	return nil
}

// each reads what stands between the brackets at hand, calling read at the
// start of each element.
func (s *scanner) each(end byte, read func() error) error {
	if err := s.enter(); err != nil {
		return err
	}
	if s.kind() == end {
		s.pos++
		s.depth--
		return nil
	}
	for {
		if err := read(); err != nil {
			return err
		}
		switch s.kind() {
		case ',':
			s.pos++
		case end:
			s.pos++
			s.depth--
			return nil
		default:
			return s.broken("',' or " + strconv.QuoteRune(rune(end)))
		}
	}
}

// key reads a key and the colon after it.
func (s *scanner) key() (string, error) {
	if s.kind() != '"' {
		return "", s.broken("a key in double quotes")
	}
	key, err := s.text("")
	if err != nil {
		return "", err
	}
	if s.kind() != ':' {
		return "", s.broken("':'")
	}
	s.pos++
	return key, nil
}

// A table says how to read the fields of an object.
type table map[string]func(path string) error

// object reads an object by a table. A field that stands twice is an error,
// also if only its case differs. Of other fields unknown is told; without it
// they are skipped.
func (s *scanner) object(path string, fields table, unknown func(key, path string) error) error {
	if s.kind() != '{' {
		return s.wrong(path, "an object")
	}
	seen := make(map[string]bool, len(fields))
	return s.each('}', func() error {
		at := s.pos
		key, err := s.key()
		if err != nil {
			return err
		}
		place := key
		if path != "" {
			place = path + "." + key
		}
		name := fields.match(key)
		if name != "" && seen[name] {
			return fault.Invalid.Field(place, "%s stands twice in the body (again at byte %d)", place, at)
		}
		seen[name] = true
		if read, ok := fields[key]; ok {
			return read(place)
		}
		if unknown != nil {
			return unknown(key, place)
		}
		return s.skip()
	})
}

// match returns the field that key is, whatever its case, or "".
func (t table) match(key string) string {
	if _, ok := t[key]; ok {
		return key
	}
	for name := range t {
		if strings.EqualFold(name, key) {
			return name
		}
	}
	return ""
}

// list reads a list, calling read with the place of each element.
func (s *scanner) list(path string, read func(path string) error) error {
	if s.kind() != '[' {
		return s.wrong(path, "a list")
	}
	i := -1
	return s.each(']', func() error {
		i++
		return read(path + "[" + strconv.Itoa(i) + "]")
	})
}

// skip passes over any value, checking that it is JSON.
func (s *scanner) skip() error {
	switch c := s.kind(); {
	case c == '{':
		return s.each('}', func() error {
			if _, err := s.key(); err != nil {
				return err
			}
			return s.skip()
		})
	case c == '[':
		return s.each(']', s.skip)
	case c == '"':
		_, err := s.raw()
		return err
	case c == 't':
		return s.word("true")
	case c == 'f':
		return s.word("false")
	case c == 'n':
		return s.word("null")
	case c == '-' || '0' <= c && c <= '9':
		_, err := s.number()
		return err
	}
	return s.broken("a value")
}

// end checks that nothing follows the value.
func (s *scanner) end() error {
	if s.kind() != 0 || s.pos < len(s.data) {
		return s.broken("the end of the body")
	}
	return nil
}

func (s *scanner) word(w string) error {
	if !strings.HasPrefix(string(s.data[s.pos:min(len(s.data), s.pos+len(w))]), w) {
		return s.broken(w)
	}
	s.pos += len(w)
	return nil
}

// null passes over a null, if one is next.
func (s *scanner) null() bool {
	return s.kind() == 'n' && s.word("null") == nil
}

func (s *scanner) boolean(path string) (bool, error) {
	switch s.kind() {
	case 't':
		return true, s.word("true")
	case 'f':
		return false, s.word("false")
	}
	return false, s.wrong(path, "true or false")
}

// number reads a number and returns it as it stands.
func (s *scanner) number() (string, error) {
	start := s.pos
	digits := func() bool {
		from := s.pos
		for s.pos < len(s.data) && '0' <= s.data[s.pos] && s.data[s.pos] <= '9' {
			s.pos++
		}
		return s.pos > from
	}
	accept := func(set string) bool {
		if s.pos < len(s.data) && strings.IndexByte(set, s.data[s.pos]) >= 0 {
			s.pos++
			return true
		}
		return false
	}
	accept("-")
	if !accept("0") && !digits() {
		return "", s.broken("a digit")
	}
	if accept(".") && !digits() {
		return "", s.broken("a digit")
	}
	if accept("eE") {
		accept("+-")
		if !digits() {
			return "", s.broken("a digit")
		}
	}
	return string(s.data[start:s.pos]), nil
}
