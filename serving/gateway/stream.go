package gateway

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"net"
	"runtime/debug"
	"time"

	"github.com/valyala/fasthttp"
)

// A stream sends an answer as it comes, each piece at once.
//
// The pieces are pulled by a goroutine of their own, so that silence can be
// noticed. fasthttp calls WriteTo after the handler returned, with a writer
// that flushes each Write and tells when the reader is gone; then Close.
type stream struct {
	call   *call
	dress  dress
	every  time.Duration // between pings
	pieces chan framed
	ended  chan struct{} // closed when the goroutine is over
	first  []byte        // taken before the answer began
	packed string        // the encoding that it is sent in; empty for none
	gone   func()        // called when the stream is over
}

// A dress is what pieces wear on the wire. Its functions are called after the
// handler returned.
type dress struct {
	header func(h *fasthttp.ResponseHeader)
	ping   []byte                    // sent in silence; readers pass over it
	frame  func(piece []byte) []byte // must not keep it
	done   []byte                    // what a stream that ended well ends with
	failed func(err error) []byte    // and another
}

// framed is a piece, or the error that ends the stream.
type framed struct {
	bytes []byte
	err   error
}

// stream answers with pieces. The status is held back until the first piece,
// so that an error before it gets a status of its own, but not beyond the
// first ping: proxies give up on silence.
func (g *Gateway) stream(rc *fasthttp.RequestCtx, c *call, pieces iter.Seq2[[]byte, error], d dress) error {
	s := &stream{call: c, dress: d, every: g.opts.PingEvery, pieces: make(chan framed), ended: make(chan struct{}), gone: func() {}}
	go s.pull(pieces)
	patience := time.NewTimer(s.every)
	defer patience.Stop()
	select {
	case p, ok := <-s.pieces:
		if !ok {
			p.err = errNoAnswer
		}
		if p.err != nil {
			s.Close()
			return c.explain(p.err)
		}
		s.first = p.bytes
	case <-patience.C:
		s.first = d.ping
	}
	c.streaming = true
	d.header(&rc.Response.Header)
	rc.Response.Header.Set("X-Accel-Buffering", "no") // nginx would collect the answer
	g.packStream(rc, s)
	if !rc.Request.Header.IsHTTP11() {
		defer s.Close()
		return unframed(rc, s)
	}
	rc.Response.SetBodyStream(s, -1)
	return nil
}

// unframed sends a stream to a reader of HTTP/1.0, such as nginx with its
// old defaults, who knows no chunks: it ends when the connection does. fasthttp
// would send chunks all the same, so it is kept from writing.
func unframed(rc *fasthttp.RequestCtx, s io.WriterTo) error {
	rc.HijackSetNoResponse(true)
	rc.Hijack(func(net.Conn) {}) // closes the connection
	head := fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nConnection: close\r\n", rc.Response.StatusCode(), fasthttp.StatusMessage(rc.Response.StatusCode()))
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

// pull frames the pieces until they end or the call does.
func (s *stream) pull(pieces iter.Seq2[[]byte, error]) {
	defer close(s.ended)
	defer close(s.pieces)
	defer func() {
		if p := recover(); p != nil {
			s.send(framed{err: fmt.Errorf("panic: %v\n%s", p, debug.Stack())})
		}
	}()
	for piece, err := range pieces {
		p := framed{err: err}
		if err == nil {
			p.bytes = s.dress.frame(piece)
		}
		if !s.send(p) || err != nil {
			return
		}
	}
}

func (s *stream) send(p framed) bool {
	select {
	case s.pieces <- p:
		return true
	case <-s.call.ctx.Done():
		return false
	}
}

// WriteTo sends the pieces, and pings in between. It returns how many bytes
// they have, unpacked.
func (s *stream) WriteTo(w io.Writer) (int64, error) {
	p := newPacker(s.packed, w)
	sent, err := s.writeTo(p)
	return sent, cmp.Or(err, p.end(err == nil))
}

func (s *stream) writeTo(w io.Writer) (int64, error) {
	ping := time.NewTicker(s.every)
	defer ping.Stop()
	var sent int64
	write := func(p []byte) error {
		if len(p) == 0 {
			return nil
		}
		n, err := w.Write(p)
		sent += int64(n)
		return err
	}
	if err := write(s.first); err != nil {
		return sent, err
	}
	for {
		select {
		case p, ok := <-s.pieces:
			if !ok || p.err != nil {
				return sent, write(s.last(p.err))
			}
			if err := write(p.bytes); err != nil {
				return sent, err
			}
			ping.Reset(s.every)
		case <-ping.C:
			if err := write(s.dress.ping); err != nil {
				return sent, err
			}
		}
	}
}

// last returns what to end with: after an error, after the last piece, or
// because the call was ended.
func (s *stream) last(err error) []byte {
	if err == nil {
		err = context.Cause(s.call.ctx)
	}
	if err != nil {
		return s.dress.failed(s.call.explain(err))
	}
	return s.dress.done
}

// SupportsBodyWriteTo tells fasthttp to call WriteTo, not Read.
func (s *stream) SupportsBodyWriteTo() bool { return true }

// Read is never called; it makes s a reader.
func (s *stream) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// Close ends the work and waits until it is over.
func (s *stream) Close() error {
	s.call.end()
	<-s.ended
	s.gone()
	return nil
}
