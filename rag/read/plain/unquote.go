package plain

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/go-json-experiment/json/jsontext"
)

// escapes are the characters that a backslash and a letter stand for.
var escapes = map[byte]byte{'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// unquote returns the text of a valid JSON string, or of a number. It copies
// what stands between two backslashes at once, which for text of more than
// ASCII is twice as fast as what the decoder does.
func unquote(v jsontext.Value) string {
	if len(v) == 0 || v[0] != '"' {
		return string(v)
	}
	v = v[1 : len(v)-1]
	at := bytes.IndexByte(v, '\\')
	if at < 0 {
		return string(v)
	}
	var b strings.Builder
	b.Grow(len(v))
	for ; at >= 0; at = bytes.IndexByte(v, '\\') {
		b.Write(v[:at])
		switch c := v[at+1]; c {
		case 'u':
			r, size := codeUnits(v[at:])
			b.WriteRune(r)
			at += size - 2
		case '"', '\\', '/':
			b.WriteByte(c)
		default:
			b.WriteByte(escapes[c])
		}
		v = v[at+2:]
	}
	b.Write(v)
	return b.String()
}

// codeUnits returns the character that begins with \u, and how many bytes it
// has. Half a pair of surrogates is U+FFFD.
func codeUnits(v []byte) (r rune, size int) {
	r = codeUnit(v)
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if len(v) >= 12 && v[6] == '\\' && v[7] == 'u' {
		if pair := utf16.DecodeRune(r, codeUnit(v[6:])); pair != '\ufffd' {
			return pair, 12
		}
	}
	return '\ufffd', 6
}

func codeUnit(v []byte) rune {
	n, _ := strconv.ParseUint(string(v[2:6]), 16, 16) // the decoder saw four hexadecimal digits
	return rune(n)
}
