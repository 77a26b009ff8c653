package wire

import (
	"encoding/json"
	"regexp"
	"strings"
)

// Said returns what a server said about an error, as far as it may stand in a
// log: servers like to quote what they were asked, and that is what a person
// wrote. So what stands in quotes and is longer than a name is left out, and so
// is what is in another script than servers write their errors in. At most 200
// bytes are kept.
func Said(text string) string {
	text = message(text)
	text = quoted.ReplaceAllStringFunc(text, func(q string) string {
		end := ""
		if len(q) > 1 && q[len(q)-1] == q[0] {
			end = q[:1]
		}
		if isNaming(strings.Trim(q, q[:1])) {
			return q
		}
		return q[:1] + "…" + end
	})
	text = foreign.ReplaceAllString(text, "…")
	if len(text) > mostSaid {
		text = strings.ToValidUTF8(text[:mostSaid], "") + "…"
	}
	return strings.TrimSpace(text)
}

const mostSaid = 200

// message returns the sentence in an error that is an object of JSON, as model
// servers write them; what is none stays as it is.
func message(text string) string {
	var said struct{ Error, Message json.RawMessage }
	if json.Unmarshal([]byte(text), &said) != nil {
		return text
	}
	for _, inner := range []json.RawMessage{said.Error, said.Message} {
		var sentence string
		if json.Unmarshal(inner, &sentence) == nil && sentence != "" {
			return sentence
		}
		var object struct{ Message string }
		if json.Unmarshal(inner, &object) == nil && object.Message != "" {
			return object.Message
		}
	}
	return text
}

// An apostrophe within a word opens no quotation. What is cut off has no end.
var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*(?:"|$)|\B'(?:[^'\\]|\\.)*(?:'|$)` + "|`[^`]*(?:`|$)")

// foreign is a run of words with letters beyond ASCII, also as JSON escapes them.
var foreign = regexp.MustCompile(`(?:[^\x00-\x7f…]|\\u[0-9a-fA-F]{4})(?:.*(?:[^\x00-\x7f…]|\\u[0-9a-fA-F]{4}))?`)

// isNaming reports whether quoted text is short enough to be a name or a
// sentence of the server's own JSON, such as "error".
func isNaming(text string) bool {
	return len(text) <= 40 && strings.Count(text, " ") <= 1
}
