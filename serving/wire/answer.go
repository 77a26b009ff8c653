package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http/httputil"
	"os"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"tilgate/internal/outbound"
)

// An Answer is the answer to one request. It belongs to one goroutine.
type Answer struct {
	Status int
	Type   string // the content type

	client  *Client
	conn    *conn
	ctx     context.Context
	unwatch func() bool
	body    io.Reader
	length  int  // of the body; -1 if it comes in chunks, -2 if it goes to the end of the connection
	over    bool // the body has been read to its end
	closed  bool
}

// Header returns a field of the answer's header, or "".
func (a *Answer) Header(name string) string { return string(a.conn.header.Peek(name)) }

// most interim answers (100 Continue and the like) before the real one.
const mostInterim = 8

// ask sends the request and reads the head of the answer.
func (a *Answer) ask(r *Request) error {
	c := a.conn
	c.answered = false
	if err := a.patience(); err != nil {
		return err
	}
	if err := c.send(a.client.base.Host, strings.TrimSuffix(a.client.base.EscapedPath(), "/"), outbound.Onward(a.ctx), r); err != nil {
		return a.why(err)
	}
	for range mostInterim {
		if err := c.header.Read(c.r); err != nil {
			return a.why(err)
		}
		status := c.header.StatusCode()
		if status < 100 || status > 599 || status == fasthttp.StatusSwitchingProtocols {
			return fmt.Errorf("the server answers with the status %d", status)
		}
		if status > 199 {
			a.Status, a.Type = status, typeOf(c.header.ContentType())
			a.begin()
			return nil
		}
	}
	return errors.New("the server sends interim answers without end")
}

// typeOf returns a content type, the common ones without a copy.
func typeOf(t []byte) string {
	const whole, events = "application/json", "text/event-stream; charset=utf-8"
	switch string(t) {
	case whole:
		return whole
	case events:
		return events
	}
	return string(t)
}

// begin makes the body readable.
func (a *Answer) begin() {
	a.length = a.conn.header.ContentLength()
	switch {
	case a.Status == fasthttp.StatusNoContent || a.Status == fasthttp.StatusNotModified:
		a.length, a.body = 0, bytes.NewReader(nil)
	case a.length >= 0:
		a.body = io.LimitReader(a.conn.r, int64(a.length))
	case a.length == -1:
		a.body = httputil.NewChunkedReader(a.conn.r)
	default:
		a.body = a.conn.r
	}
}

// patience gives the server Silence from now on, less a second at most:
// setting a deadline costs as much as reading a small header.
func (a *Answer) patience() error {
	silence := a.client.opts.Silence
	until := time.Now().Add(silence)
	if until.Sub(a.conn.until) < min(time.Second, silence/8) {
		return nil
	}
	a.conn.until = until
	return a.conn.SetDeadline(until)
}

// why names the silence that a deadline stands for, and the end of the call
// that a closed connection does.
func (a *Answer) why(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, fasthttp.ErrTimeout) {
		err = ErrSilent
	}
	return ended(a.ctx, err)
}

// Read reads the body as it comes. At its end it returns io.EOF; an end that
// comes too early is another error.
func (a *Answer) Read(p []byte) (int, error) {
	if a.over {
		return 0, io.EOF
	}
	if a.conn.r.Buffered() == 0 {
		if err := a.patience(); err != nil {
			return 0, a.why(err)
		}
	}
	n, err := a.body.Read(p)
	if a.length >= 0 {
		if a.length -= n; a.length == 0 {
			a.over = true
			return n, io.EOF
		}
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
	}
	if err == io.EOF {
		a.over = true
		if a.length == -1 {
			if trailer := a.trailer(); trailer != nil {
				return n, a.why(trailer)
			}
		}
		return n, io.EOF
	}
	return n, a.why(err)
}

// trailer passes over what stands after the last chunk.
func (a *Answer) trailer() error {
	for read := 0; read < maxHeader; {
		line, err := a.conn.r.ReadSlice('\n')
		if err != nil {
			a.over = false // so that the connection is not used again
			return fmt.Errorf("after the last chunk: %w", noEOF(err))
		}
		if read += len(line); len(bytes.TrimRight(line, "\r\n")) == 0 {
			return nil
		}
	}
	a.over = false
	return errors.New("after the last chunk comes no end")
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Whole reads the body to its end, and closes.
func (a *Answer) Whole() ([]byte, error) {
	defer a.Close()
	most := a.client.opts.MaxBody
	switch {
	case a.length == 0:
		a.over = true
		return nil, nil
	case a.length > most:
		return nil, ErrTooLarge
	case a.length > 0:
		body := make([]byte, a.length)
		for at := 0; at < len(body); {
			n, err := a.Read(body[at:])
			at += n
			if err != nil && (err != io.EOF || at < len(body)) {
				return nil, noEOF(err)
			}
		}
		return body, nil
	}
	body, err := io.ReadAll(io.LimitReader(a, int64(most)+1))
	if err == nil && len(body) > most {
		return nil, ErrTooLarge
	}
	return body, err
}

// Close ends the call. What was not read of the body is not waited for.
func (a *Answer) Close() {
	if a.closed {
		return
	}
	a.closed = true
	watching := a.unwatch()
	if watching && a.over && a.length != -2 && !a.conn.header.ConnectionClose() && a.conn.r.Buffered() == 0 {
		a.client.put(a.conn)
		return
	}
	a.conn.Close()
}
