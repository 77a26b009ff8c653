package ollama

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"tilgate/internal/fault"
)

// A value is a piece of the caller's JSON and the path to it, which messages
// of error name.
type value struct {
	path string // "messages[2].content"
	raw  json.RawMessage
}

// A member is one key of an object and what it holds.
type member struct {
	key string
	value
}

// readBody returns the whole of a request's body.
func readBody(body []byte) (value, error) {
	if !utf8.Valid(body) {
		return value{}, fault.Invalid.Errorf("the body is not valid UTF-8")
	}
	if !json.Valid(body) {
		return value{}, fault.Invalid.Errorf("the body is not one valid JSON object")
	}
	return value{raw: bytes.TrimSpace(body)}, nil
}

// wrong says what was found where something else was wanted.
func (v value) wrong(want string) error {
	name := v.path
	if name == "" {
		name = "the body"
	}
	return fault.Invalid.Field(v.path, "%s is %s; it must be %s", name, v.kind(), want)
}

// refuse says that v has no counterpart.
func (v value) refuse(why string) error {
	return fault.Invalid.Field(v.path, "%s cannot be passed on to this model server: %s", v.path, why)
}

// kind names what v is, with the value when that is short.
func (v value) kind() string {
	switch v.raw[0] {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		if len(v.raw) > 40 {
			return "a string"
		}
		return "the string " + string(v.raw)
	case 'n', 't', 'f':
		return string(v.raw)
	}
	if len(v.raw) > 40 {
		return "a number"
	}
	return "the number " + string(v.raw)
}

func (v value) null() bool { return string(v.raw) == "null" }

// empty reports whether v says nothing: null, "", [] or {}.
func (v value) empty() bool {
	var buf bytes.Buffer
	if json.Compact(&buf, v.raw) != nil {
		return false
	}
	return slices.Contains([]string{"null", `""`, "[]", "{}"}, buf.String())
}

// object returns v's members in the order they came. No two may have the same
// key, however it is escaped or capitalised: readers differ on which of them
// counts, and a rule that reads one must not let the other pass.
func (v value) object() ([]member, error) {
	if v.raw[0] != '{' {
		return nil, v.wrong("an object")
	}
	var members []member
	seen := map[string]bool{}
	parts := split(v.raw)
	for i := 0; i+1 < len(parts); i += 2 {
		key, err := value{raw: parts[i]}.str()
		if err != nil {
			return nil, err
		}
		path := short(key)
		if v.path != "" {
			path = v.path + "." + path
		}
		if seen[fold(key)] {
			return nil, fault.Invalid.Field(path, "%s is given twice; it may be given once", path)
		}
		seen[fold(key)] = true
		members = append(members, member{key, value{path, parts[i+1]}})
	}
	return members, nil
}

// split returns what stands between the brackets of valid JSON: the elements
// of a list, or the keys and values of an object in turn. It scans the bytes
// once, which json.Decoder does three times over.
func split(raw []byte) []json.RawMessage {
	var parts []json.RawMessage
	for i := 1; i < len(raw)-1; {
		switch raw[i] {
		case ' ', '\t', '\r', '\n', ',', ':':
			i++
		default:
			end := i + valueLen(raw[i:])
			parts = append(parts, json.RawMessage(raw[i:end:end]))
			i = end
		}
	}
	return parts
}

// valueLen returns the length of the value that valid JSON begins with.
func valueLen(raw []byte) int {
	depth := 0
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case '"':
			for i++; i < len(raw) && raw[i] != '"'; i++ {
				if raw[i] == '\\' {
					i++
				}
			}
			if depth == 0 {
				return min(i+1, len(raw))
			}
		case '{', '[':
			depth++
		case '}', ']':
			depth--
			if depth <= 0 {
				return max(i+1+depth, 1)
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return max(i, 1)
			}
		}
	}
	return len(raw)
}

// fold returns what is common to all strings that encoding/json takes for the
// same key: case is ignored, also of the Kelvin sign and the long s.
func fold(key string) string { return strings.ToLower(strings.ToUpper(key)) }

// short returns the beginning of key that a message of error shows.
func short(key string) string {
	const most = 64
	if len(key) <= most {
		return key
	}
	return strings.ToValidUTF8(key[:most], "") + "…"
}

// list returns v's elements.
func (v value) list() ([]value, error) {
	if v.raw[0] != '[' {
		return nil, v.wrong("a list")
	}
	parts := split(v.raw)
	values := make([]value, len(parts))
	for i, raw := range parts {
		values[i] = value{fmt.Sprintf("%s[%d]", v.path, i), raw}
	}
	return values, nil
}

func (v value) str() (string, error) {
	if v.raw[0] == '"' && bytes.IndexByte(v.raw, '\\') < 0 {
		return string(v.raw[1 : len(v.raw)-1]), nil
	}
	var s string
	if v.raw[0] != '"' || json.Unmarshal(v.raw, &s) != nil {
		return "", v.wrong("a string")
	}
	return s, nil
}

func (v value) oneOf(allowed ...string) (string, error) {
	s, err := v.str()
	if err != nil || !slices.Contains(allowed, s) {
		return "", v.wrong(`"` + strings.Join(allowed, `" or "`) + `"`)
	}
	return s, nil
}

func (v value) boolean() (bool, error) {
	switch string(v.raw) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, v.wrong("true or false")
}

func (v value) number(low, high float64) (float64, error) {
	f, err := strconv.ParseFloat(string(v.raw), 64)
	if err != nil || f < low || f > high {
		return 0, v.wrong(fmt.Sprintf("a number from %g to %g", low, high))
	}
	return f, nil
}

func (v value) integer(low, high int64) (int64, error) {
	f, err := strconv.ParseFloat(string(v.raw), 64)
	if err != nil || f != math.Trunc(f) || f < float64(low) || f > float64(high) {
		return 0, v.wrong(fmt.Sprintf("a whole number from %d to %d", low, high))
	}
	return int64(f), nil
}
