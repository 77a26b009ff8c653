package openai

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"iter"
	"strconv"

	"tilgate/serving/wire"
)

// maxLine is the longest line of a stream that we read, in bytes.
const maxLine = 8 << 20

// events reads server-sent events and yields the data of each. What is not
// written as the standard says ends the stream with an error, so that a web
// page is not taken for an answer of no words; errors of r are passed on.
// Data is valid until the next event.
//
// https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
func events(r io.Reader) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, maxLine)
		lines.Split(new(lineSplitter).split)
		var data []byte
		pending, first := false, true
		for lines.Scan() {
			line := lines.Bytes()
			if first {
				line, first = bytes.TrimPrefix(line, []byte("\uFEFF")), false
			}
			if len(line) == 0 {
				if pending && !yield(data, nil) {
					return
				}
				data, pending = data[:0], false
				continue
			}
			name, value, _ := bytes.Cut(line, []byte(":"))
			value = bytes.TrimPrefix(value, []byte(" "))
			switch string(name) {
			case "data", "error": // llama.cpp names errors so
				if pending {
					data = append(data, '\n')
				}
				data, pending = append(data, value...), true
				if len(data) > maxLine {
					yield(nil, bufio.ErrTooLong)
					return
				}
			case "", "event", "id", "retry": // "" begins a comment
			default:
				yield(nil, &garbledError{string(line[:min(len(line), 200)])})
				return
			}
		}
		// The standard drops an event without its closing empty line. Servers
		// are known to save it after the last one; half a one is not JSON.
		if err := lines.Err(); err != nil {
			yield(nil, err)
		} else if pending {
			yield(data, nil)
		}
	}
}

// A lineSplitter cuts lines that end in CR, LF or both. At a CR it does not
// wait for what comes next: that may take as long as the model thinks.
type lineSplitter struct{ afterCR bool }

func (l *lineSplitter) split(data []byte, atEOF bool) (int, []byte, error) {
	skip := 0
	if l.afterCR && len(data) > 0 {
		l.afterCR = false
		if data[0] == '\n' {
			skip = 1
		}
	}
	rest := data[skip:]
	i := bytes.IndexAny(rest, "\r\n")
	switch {
	case i >= 0:
		l.afterCR = rest[i] == '\r'
		return skip + i + 1, rest[:i], nil
	case atEOF && len(rest) > 0:
		return len(data), rest, nil
	}
	return skip, nil, nil
}

// A garbledError is a line that does not belong into a stream of events.
type garbledError struct{ line string }

func (e *garbledError) Error() string {
	return "a stream of events has no line like " + strconv.Quote(wire.Said(e.line))
}

var errNoEnd = errors.New("the answer ended without a reason to end")
