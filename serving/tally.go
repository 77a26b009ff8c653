package serving

import (
	"bytes"
	"strconv"
	"tilgate/internal/lang"
	"unicode/utf8"
)

// A Tally counts what passes by in an answer that is not ours to read: the
// characters of its text, the tokens that the server counted, and whether it
// came to an end. It knows OpenAI's shapes and Ollama's.
type Tally struct {
	Chars int // of the answer's text, in code points
	Usage Usage
	Ended bool // the server said why, or that, the answer ended
}

// Object counts a whole answer. It reports whether that is a JSON object or
// list to its end, as far as brackets and quotes tell: half an answer is none.
func (t *Tally) Object(body []byte) (whole bool) {
	t.Ended = true
	return t.read(bytes.TrimSpace(body))
}

// Line counts one line of a stream: an event of OpenAI's, or a JSON object of
// Ollama's.
func (t *Tally) Line(line []byte) {
	data, isEvent := bytes.CutPrefix(line, []byte("data:"))
	data = bytes.TrimLeft(data, " ")
	switch {
	case isEvent && bytes.HasPrefix(data, []byte("[DONE]")):
		t.Ended = true
	case len(data) > 0 && data[0] == '{':
		t.read(bytes.TrimRight(data, " "))
	}
}

// read passes over JSON once, from bracket to bracket and quote to quote, and
// takes note of the values of a few keys.
func (t *Tally) read(data []byte) (whole bool) {
	depth := 0
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i == len(data)-1
			}
		case '"':
			end := endOfString(data, i+1)
			if end < 0 {
				return false
			}
			key := data[i+1 : end]
			i = end
			if v := valueAfter(data, end+1); v > 0 {
				i = t.value(data, key, v, depth) - 1
			}
		}
	}
	return false
}

// valueAfter returns where the value begins whose key ends before i, or 0 if
// no key does.
func valueAfter(data []byte, i int) int {
	i = skipSpace(data, i)
	if i >= len(data) || data[i] != ':' {
		return 0
	}
	return skipSpace(data, i+1)
}

func skipSpace(data []byte, i int) int {
	for i < len(data) && (data[i] == ' ' || data[i] == '\t' || data[i] == '\n' || data[i] == '\r') {
		i++
	}
	return i
}

// value takes note of the value at i, and returns where to read on.
func (t *Tally) value(data, key []byte, i, depth int) int {
	if i >= len(data) {
		return i
	}
	switch string(key) {
	case "content", "text", "response":
		if end := endOfString(data, i+1); data[i] == '"' && end > 0 {
			t.Chars += runesOf(data[i+1 : end])
			return end + 1
		}
	case "finish_reason":
		t.Ended = t.Ended || data[i] == '"'
	case "done":
		t.Ended = t.Ended || data[i] == 't'
	case "error":
		t.Ended = t.Ended || depth == 1
	case "prompt_tokens", "prompt_eval_count":
		number(data[i:], &t.Usage.PromptTokens)
	case "completion_tokens", "eval_count":
		number(data[i:], &t.Usage.CompletionTokens)
	}
	return i
}

func number(v []byte, to *int) {
	n := 0
	for n < len(v) && n < 10 && v[n] >= '0' && v[n] <= '9' {
		n++
	}
	if n > 0 {
		*to, _ = strconv.Atoi(string(v[:n]))
	}
}

// endOfString returns where the quote is that ends a string begun before i, or
// -1.
func endOfString(data []byte, i int) int {
	for {
		n := bytes.IndexByte(data[i:], '"')
		if n < 0 {
			return -1
		}
		end := i + n
		slashes := 0
		for slashes < n && data[end-1-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return end
		}
		i = end + 1
	}
}

// runesOf counts the characters of a string as JSON writes it.
func runesOf(s []byte) int {
	if bytes.IndexByte(s, '\\') < 0 {
		return lang.Runes(s)
	}
	runes := 0
	for i := 0; i < len(s); {
		switch {
		case s[i] != '\\':
			_, size := utf8.DecodeRune(s[i:])
			i += size
			runes++
		case i+1 < len(s) && s[i+1] == 'u':
			if !isLowSurrogate(s[i:]) {
				runes++
			}
			i += 6
		default:
			i += 2
			runes++
		}
	}
	return runes
}

// isLowSurrogate reports whether an escape is the second half of a character.
func isLowSurrogate(escape []byte) bool {
	return len(escape) >= 4 && (escape[2] == 'd' || escape[2] == 'D') && bytes.IndexByte([]byte("cdefCDEF"), escape[3]) >= 0
}
