package charset

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"golang.org/x/text/transform"
)

// sniffed is how much of a stream is looked at before anything is decoded.
const sniffed = 64 << 10

// NewReader returns a reader of the text of r in UTF-8, without a byte order
// mark, and the encoding that r is in, found from the first 64 KB as Decode
// does. Bytes that mean nothing read U+FFFD. Where r begins with 64 KB of
// ASCII and goes on in another encoding, that is not noticed.
func NewReader(r io.Reader, declared string) (text io.Reader, encoding string, err error) {
	buffered := bufio.NewReaderSize(r, sniffed)
	head, err := buffered.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, "", err
	}
	if err == nil { // there is more: do not judge half a line, which may end in half a character
		if i := bytes.LastIndexByte(head, '\n'); i > 0 {
			head = head[:i]
			if bytes.IndexByte(head, 0) >= 0 {
				head = head[:i&^3] // whole characters of UTF-16 and UTF-32
			}
		}
	}
	c, rest, _, err := find(head, declared)
	if err != nil {
		return nil, "", err
	}
	if _, err := buffered.Discard(len(head) - len(rest)); err != nil {
		return nil, "", err
	}
	return transform.NewReader(buffered, c.decoder()), c.name, nil
}
