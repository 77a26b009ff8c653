package gateway

import (
	"encoding/binary"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"tilgate/internal/fault"
)

// raw passes over a string and returns what stands between its quotes.
func (s *scanner) raw() ([]byte, error) {
	s.pos++
	start := s.pos
	for ; s.pos < len(s.data); s.pos++ {
		for s.pos+8 <= len(s.data) && plain(binary.LittleEndian.Uint64(s.data[s.pos:])) {
			s.pos += 8
		}
		if s.pos == len(s.data) {
			break
		}
		switch c := s.data[s.pos]; {
		case c == '"':
			s.pos++
			return s.data[start : s.pos-1], nil
		case c == '\\':
			if err := s.escape(); err != nil {
				return nil, err
			}
		case c < ' ':
			return nil, fault.Invalid.Errorf("the body is not valid JSON: control character 0x%02x at byte %d; in a string it is written \\u%04x", c, s.pos, c)
		}
	}
	return nil, s.broken("the closing quote of a string")
}

// plain reports whether none of eight bytes is a quote, a backslash or a
// control character (the test for a zero byte of Mycroft 1987, and for one that
// is less than 0x20).
func plain(b uint64) bool {
	const low, high = 0x0101010101010101, 0x8080808080808080
	quote, slash := b^(low*'"'), b^(low*'\\')
	return ((quote-low)&^quote|(slash-low)&^slash|(b-low*' ')&^b)&high == 0
}

// escape passes over an escape but for its last byte.
func (s *scanner) escape() error {
	s.pos++
	if s.pos == len(s.data) {
		return s.broken("the rest of a string")
	}
	switch s.data[s.pos] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return nil
	case 'u':
		for range 4 {
			s.pos++
			if s.pos == len(s.data) || strings.IndexByte("0123456789abcdefABCDEF", s.data[s.pos]) < 0 {
				return fault.Invalid.Errorf(`the body is not valid JSON: \u needs four hexadecimal digits, at byte %d`, s.pos)
			}
		}
		return nil
	}
	return fault.Invalid.Errorf(`the body is not valid JSON: a backslash begins no escape at byte %d`, s.pos-1)
}

// text reads a string.
func (s *scanner) text(path string) (string, error) {
	if s.kind() != '"' {
		return "", s.wrong(path, "a string")
	}
	at := s.pos
	raw, err := s.raw()
	if err != nil {
		return "", err
	}
	text, ok := unescape(string(raw))
	if !ok {
		return "", fault.Invalid.Errorf(`the string at byte %d holds half of a surrogate pair (\ud800 to \udfff), which is no character`, at)
	}
	return text, nil
}

// unescape resolves the escapes of a string that raw has checked. It is false
// if they make no Unicode text.
func unescape(raw string) (string, bool) {
	if strings.IndexByte(raw, '\\') < 0 {
		return raw, true
	}
	var b strings.Builder
	b.Grow(len(raw))
	for {
		plain, rest, more := strings.Cut(raw, `\`)
		b.WriteString(plain)
		if !more {
			return b.String(), true
		}
		if rest[0] != 'u' {
			b.WriteByte(escapes[rest[0]])
			raw = rest[1:]
			continue
		}
		r, used := hex4(rest), 5
		if utf16.IsSurrogate(r) {
			if r = utf16.DecodeRune(r, hex4(strings.TrimPrefix(rest[5:], `\`))); r == utf8.RuneError {
				return "", false
			}
			used = 11
		}
		b.WriteRune(r)
		raw = rest[used:]
	}
}

var escapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// hex4 returns the number in u0000, or RuneError if s is something else.
func hex4(s string) rune {
	if len(s) < 5 || s[0] != 'u' {
		return utf8.RuneError
	}
	n, err := strconv.ParseUint(s[1:5], 16, 16)
	if err != nil {
		return utf8.RuneError
	}
	return rune(n)
}
