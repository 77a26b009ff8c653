package charset

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"tilgate/internal/fault"
)

// Decode returns the text of data in UTF-8, without a byte order mark, and the
// encoding that data was in. A declared name is believed where it fits; an
// empty or unknown one declares nothing. The answer is sure unless the
// encoding was guessed from too little, or some bytes mean nothing in it; such
// bytes read U+FFFD. The error is of kind fault.Invalid.
func Decode(data []byte, declared string) (text, encoding string, sure bool, err error) {
	c, rest, sure, err := find(data, declared)
	if err != nil {
		return "", "", false, err
	}
	text = c.decode(rest)
	if strings.IndexByte(text, 0) >= 0 {
		return "", "", false, errZero
	}
	return text, c.name, sure && !strings.ContainsRune(text, utf8.RuneError), nil
}

var errZero = fault.Invalid.Errorf("it holds zero bytes, so it is not text")

// plain is UTF-8 itself.
var plain, _ = named(utf8Name)

// find returns the encoding of data, and data without its byte order mark.
func find(data []byte, declared string) (c candidate, rest []byte, sure bool, err error) {
	if c, rest, ok := marked(data); ok {
		return c, rest, true, nil
	}
	said, known := named(declared)
	made := count(data)
	switch zero := bytes.IndexByte(data, 0) >= 0; {
	case zero && (made == notUTF8 || made == onlyASCII):
		c, err = wide(data, said)
		return c, data, err == nil, err
	case zero:
		return c, nil, false, errZero
	case made == onlyASCII && known && !said.wide(): // such as ISO-2022-JP
		return said, data, true, nil
	case made != notUTF8:
		return plain, data, true, nil
	}
	v := detect(data)
	if known && !said.wide() && said.name != utf8Name && v.agrees(said, data) {
		return said, data, true, nil
	}
	if !v.plausible() {
		return c, nil, false, fault.Invalid.Errorf("it is not UTF-8 text, and in no encoding that is recognised; convert it first, for example with iconv -t UTF-8")
	}
	return v.candidate, data, v.sure(), nil
}

// marked returns the encoding that a byte order mark says.
func marked(data []byte) (c candidate, rest []byte, ok bool) {
	for _, m := range []struct{ mark, name string }{
		{"\xef\xbb\xbf", utf8Name},
		{"\xff\xfe\x00\x00", utf32leName}, // before the shorter mark that it begins with
		{"\x00\x00\xfe\xff", utf32beName},
		{"\xff\xfe", utf16leName},
		{"\xfe\xff", utf16beName},
	} {
		if rest, ok = bytes.CutPrefix(data, []byte(m.mark)); ok {
			c, _ = named(m.name)
			return c, rest, true
		}
	}
	return c, data, false
}

// How much of a text is UTF-8.
const (
	notUTF8 = iota
	onlyASCII
	mostlyUTF8 // all but a few broken characters
	wholeUTF8
)

// count looks for characters of more than one byte. Text in another encoding
// has next to none by accident.
func count(data []byte) int {
	good, bad := 0, 0
	for i := 0; i < len(data); {
		if data[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			bad++
		} else {
			good++
		}
		i += size
	}
	switch {
	case good+bad == 0:
		return onlyASCII
	case bad == 0:
		return wholeUTF8
	case good > 20*bad:
		return mostlyUTF8
	}
	return notUTF8
}

// agrees reports whether a declared encoding may be right: text reads as well
// in it as in the best, or nearly so.
func (v verdict) agrees(said candidate, data []byte) bool {
	part := sample(data)
	text := said.decode(part)
	if strings.Count(text, "\ufffd") > len(text)/100 {
		return false
	}
	if !v.sure() || text == v.decode(part) {
		return true
	}
	cost, _ := said.anyone(text)
	return cost < v.cost*3/2+slack
}
