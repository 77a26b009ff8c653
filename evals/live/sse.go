package live

import (
	"bytes"
	"io"
	"iter"

	"tilgate/internal/fault"
)

// done is the data of the event that ends a stream of OpenAI's.
const done = "[DONE]"

// events yields the data of server-sent events until the stream ends. Fields
// other than data, and comments, are passed over. Data is valid until the next
// event. An event that is not ended by an empty line counts too: some servers
// leave out the last one.
func (r *reply) events() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		var data []byte
		has := false
		for {
			line, err := r.line()
			switch {
			case err == io.EOF:
				if has {
					yield(data, nil)
				}
				return
			case err != nil:
				yield(nil, err)
				return
			case len(line) > 0:
				if data, has, err = field(data, has, line); err != nil {
					yield(nil, err)
					return
				}
			case has:
				if !yield(data, nil) {
					return
				}
				data, has = data[:0], false
			}
		}
	}
}

// field adds a line to the data of an event; has says that there is some.
func field(data []byte, has bool, line []byte) ([]byte, bool, error) {
	line = bytes.TrimPrefix(line, []byte("\uFEFF"))
	value, ok := bytes.CutPrefix(line, []byte("data"))
	if !ok || len(value) > 0 && value[0] != ':' {
		return data, has, nil
	}
	value = bytes.TrimPrefix(bytes.TrimPrefix(value, []byte(":")), []byte(" "))
	if has {
		data = append(data, '\n')
	}
	if data = append(data, value...); len(data) > maxLine {
		return nil, false, fault.TooLarge.Errorf("the answer has an event longer than %d MiB", maxLine>>20)
	}
	return data, true, nil
}
