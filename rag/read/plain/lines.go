package plain

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"

	"tilgate/internal/charset"
	"tilgate/internal/fault"
	"tilgate/rag/read"
)

const (
	maxLine = 16 << 20
	sniffed = 64 << 10 // to find the encoding
)

// lines reads a text line by line, whatever its encoding and its length.
type lines struct {
	r     *bufio.Reader
	notes []read.Note // on the encoding
	line  []byte      // valid until the next one
	n     int         // its number, from 1
	wrong error       // with this line
	err   error       // that ended the text before its end
	ended bool
}

// newLines begins to read. What is not UTF-8 is decoded; UTF-8 is left to be
// judged line by line.
func newLines(r io.Reader) (*lines, error) {
	l := &lines{r: bufio.NewReaderSize(r, sniffed)}
	head, err := l.r.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if i := bytes.LastIndexByte(head, '\n'); err == nil && i > 0 {
		head = head[:i] // which may end within a character, but not in UTF-16
	}
	_, encoding, err := charset.NewReader(bytes.NewReader(head), "")
	if err != nil {
		return nil, err
	}
	if encoding == "utf-8" {
		if bytes.HasPrefix(head, []byte("\ufeff")) {
			_, err = l.r.Discard(len("\ufeff"))
		}
		return l, err
	}
	l.notes = encodingNote(encoding, false)
	text, _, err := charset.NewReader(l.r, encoding)
	if err != nil {
		return nil, err
	}
	l.r = bufio.NewReaderSize(text, sniffed)
	return l, nil
}

// next goes on to the next line, and reports whether there is one.
func (l *lines) next(ctx context.Context) bool {
	if l.ended {
		return false
	}
	l.line, l.wrong = l.line[:0], nil
	l.n++
	for {
		part, err := l.r.ReadSlice('\n')
		if l.err = ctx.Err(); l.err != nil {
			return false
		}
		if len(l.line)+len(part) <= maxLine && l.wrong == nil {
			l.line = append(l.line, part...)
		} else {
			l.line = l.line[:0]
			l.wrong = fault.TooLarge.Errorf("the line is over %d MB, and was passed over", maxLine>>20)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF):
			l.ended = true
			return len(l.line) > 0 || l.wrong != nil
		case err != nil:
			l.err = err
			return false
		}
		return true
	}
}
