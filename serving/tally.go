package serving

import (
	"bytes"
	"strconv"
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

// Object counts a whole answer.
func (t *Tally) Object(body []byte) {
	t.Ended = true
	t.line(body)
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
		t.line(data)
	}
}

func (t *Tally) line(data []byte) {
	for _, key := range [...]string{`"content"`, `"text"`, `"response"`} {
		t.Chars += runesOf(data, key)
	}
	if v := valueOf(data, `"finish_reason"`); len(v) > 0 && v[0] == '"' {
		t.Ended = true
	}
	if bytes.HasPrefix(data, []byte(`{"error"`)) {
		t.Ended = true
	}
	if v := valueOf(data, `"done"`); bytes.HasPrefix(v, []byte("true")) {
		t.Ended = true
	}
	if u := valueOf(data, `"usage"`); len(u) > 0 && u[0] == '{' {
		t.tokens(u, `"prompt_tokens"`, `"completion_tokens"`)
	} else if bytes.Contains(data, []byte(`"eval_count"`)) {
		t.tokens(data, `"prompt_eval_count"`, `"eval_count"`)
	}
}

func (t *Tally) tokens(data []byte, prompt, completion string) {
	if n, ok := number(valueOf(data, prompt)); ok {
		t.Usage.PromptTokens = n
	}
	if n, ok := number(valueOf(data, completion)); ok {
		t.Usage.CompletionTokens = n
	}
}

// valueOf returns what follows a key, from its first byte to the end of data.
// The last one counts: usage stands at the end.
func valueOf(data []byte, key string) []byte {
	i := bytes.LastIndex(data, []byte(key))
	if i < 0 {
		return nil
	}
	v := bytes.TrimLeft(data[i+len(key):], " \t")
	if len(v) == 0 || v[0] != ':' {
		return nil
	}
	return bytes.TrimLeft(v[1:], " \t")
}

func number(v []byte) (int, bool) {
	n := 0
	for n < len(v) && v[n] >= '0' && v[n] <= '9' {
		n++
	}
	count, err := strconv.Atoi(string(v[:n]))
	return count, err == nil
}

// runesOf counts the characters of all strings that follow a key.
func runesOf(data []byte, key string) (runes int) {
	for {
		i := bytes.Index(data, []byte(key))
		if i < 0 {
			return runes
		}
		data = bytes.TrimLeft(data[i+len(key):], " \t")
		if len(data) == 0 || data[0] != ':' {
			continue
		}
		if data = bytes.TrimLeft(data[1:], " \t"); len(data) > 0 && data[0] == '"' {
			n, length := runesOfString(data[1:])
			runes += n
			data = data[1+length:]
		}
	}
}

// runesOfString counts the characters up to the quote that ends a string, and
// the bytes they take.
func runesOfString(data []byte) (runes, length int) {
	for length < len(data) {
		switch c := data[length]; {
		case c == '"':
			return runes, length
		case c == '\\' && length+1 < len(data) && data[length+1] == 'u':
			if !isLowSurrogate(data[length:]) {
				runes++
			}
			length = min(len(data), length+6)
		case c == '\\':
			runes++
			length = min(len(data), length+2)
		case utf8.RuneStart(c):
			runes++
			length++
		default:
			length++
		}
	}
	return runes, length
}

// isLowSurrogate reports whether an escape is the second half of a character.
func isLowSurrogate(escape []byte) bool {
	return len(escape) >= 4 && (escape[2] == 'd' || escape[2] == 'D') && bytes.IndexByte([]byte("cdefCDEF"), escape[3]) >= 0
}
