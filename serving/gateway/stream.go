package gateway

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"net"
	"runtime/debug"
	"time"

	"github.com/valyala/fasthttp"
)

// A stream sends pieces of JSON as server-sent events, each as it comes.
//
// The pieces are pulled by a goroutine of their own, so that silence can be
// noticed. fasthttp calls WriteTo after the handler returned, with a writer
// that flushes each Write and tells when the reader is gone; then Close.
type stream struct {
	g      *Gateway
	call   *call
	events chan event
	ended  chan struct{} // closed when the goroutine is over
	first  *event        // taken before the answer began
}

// An event is a framed piece, or the error that ends the stream.
type event struct {
	frame []byte
	err   error
}

var (
	doneFrame = []byte("data: [DONE]\n\n")
	// A comment of one line. With the empty line that would end an event, one
	// official SDK took it for an empty one and failed.
	pingFrame = []byte(": ping\n")
)

// stream answers with pieces. The status is held back until the first piece,
// so that an error before it gets a status of its own, but not beyond the
// first ping: proxies give up on silence.
func (g *Gateway) stream(rc *fasthttp.RequestCtx, c *call, pieces iter.Seq2[[]byte, error]) error {
	s := &stream{g: g, call: c, events: make(chan event), ended: make(chan struct{})}
	go s.pull(pieces)
	patience := time.NewTimer(g.opts.PingEvery)
	defer patience.Stop()
	select {
	case e, ok := <-s.events:
		if !ok {
			e.err = errNoAnswer
		}
		if e.err != nil {
			s.Close()
			return c.explain(e.err)
		}
		s.first = &e
	case <-patience.C:
		s.first = &event{frame: pingFrame}
	}
	rc.SetContentType("text/event-stream; charset=utf-8")
	rc.Response.Header.Set("Cache-Control", "no-cache")
	rc.Response.Header.Set("X-Accel-Buffering", "no") // nginx would collect the answer
	if !rc.Request.Header.IsHTTP11() {
		return s.unframed(rc)
	}
	rc.Response.SetBodyStream(s, -1)
	return nil
}

// unframed sends the stream to a reader of HTTP/1.0, such as nginx with its
// old defaults, who knows no chunks: it ends when the connection does. fasthttp
// would send chunks all the same, so it is kept from writing.
func (s *stream) unframed(rc *fasthttp.RequestCtx) error {
	defer s.Close()
	rc.HijackSetNoResponse(true)
	rc.Hijack(func(net.Conn) {}) // closes the connection
	head := []byte("HTTP/1.1 200 OK\r\nConnection: close\r\n")
	for name, value := range rc.Response.Header.All() {
		if n := string(name); n != "Content-Length" && n != "Connection" {
			head = fmt.Appendf(head, "%s: %s\r\n", name, value)
		}
	}
	if _, err := rc.Conn().Write(append(head, "\r\n"...)); err == nil {
		s.WriteTo(rc.Conn()) // an error means that the reader left
	}
	return nil
}

// pull makes events of pieces until they end or the call does.
func (s *stream) pull(pieces iter.Seq2[[]byte, error]) {
	defer close(s.ended)
	defer close(s.events)
	defer func() {
		if p := recover(); p != nil {
			s.send(event{err: fmt.Errorf("panic: %v\n%s", p, debug.Stack())})
		}
	}()
	for piece, err := range pieces {
		e := event{err: err}
		if err == nil {
			e.frame = frame(piece)
		}
		if !s.send(e) || err != nil {
			return
		}
	}
}

func (s *stream) send(e event) bool {
	select {
	case s.events <- e:
		return true
	case <-s.call.ctx.Done():
		return false
	}
}

// frame makes a piece of JSON an event. Its line breaks are white space.
func frame(piece []byte) []byte {
	piece = bytes.TrimSpace(piece)
	b := make([]byte, 0, len(piece)+8)
	b = append(b, "data: "...)
	b = append(b, bytes.ReplaceAll(bytes.ReplaceAll(piece, []byte("\r"), nil), []byte("\n"), []byte(" "))...)
	return append(b, "\n\n"...)
}

// WriteTo sends the events. It ends with [DONE], or with an error event.
func (s *stream) WriteTo(w io.Writer) (int64, error) {
	ping := time.NewTicker(s.g.opts.PingEvery)
	defer ping.Stop()
	var sent int64
	write := func(p []byte) error {
		n, err := w.Write(p)
		sent += int64(n)
		return err
	}
	if err := write(s.first.frame); err != nil {
		return sent, err
	}
	for {
		select {
		case e, ok := <-s.events:
			ping.Reset(s.g.opts.PingEvery)
			if last := s.last(e, ok); last != nil {
				return sent, write(last)
			}
			if err := write(e.frame); err != nil {
				return sent, err
			}
		case <-ping.C:
			if err := write(pingFrame); err != nil {
				return sent, err
			}
		}
	}
}

// last returns the frame to end with, if this is the end: an error, the end
// of the events, or the end of the call.
func (s *stream) last(e event, ok bool) []byte {
	if ok && e.err == nil {
		return nil
	}
	if !ok && s.call.ctx.Err() == nil {
		return doneFrame
	}
	if e.err == nil {
		e.err = context.Cause(s.call.ctx)
	}
	err := s.call.explain(e.err)
	a, body := describe(err)
	s.g.logFailure(s.call.id, a, err)
	return frame(encode(body))
}

// SupportsBodyWriteTo tells fasthttp to call WriteTo, not Read.
func (s *stream) SupportsBodyWriteTo() bool { return true }

// Read is never called; it makes s a reader.
func (s *stream) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// Close ends the work and waits until it is over.
func (s *stream) Close() error {
	s.call.end()
	<-s.ended
	return nil
}
