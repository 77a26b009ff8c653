package gateway

import (
	"context"
	"fmt"
	"io"
	"iter"
	"runtime/debug"

	"github.com/valyala/fasthttp"

	"tilgate/serving"
)

// A relay sends a model server's own stream on, each piece as it came, with
// nothing before, between or after. Only a stream that breaks off gets an end
// of ours, that says so. It needs no goroutine: nothing is sent in silence,
// and that a reader left is seen by the watcher.
type relay struct {
	call   *call
	pieces iter.Seq2[[]byte, error]
	broken func(err error) []byte // the last event of a stream that breaks off
	lines  bool                   // each line is a piece of its own, not an event
	read   bool
}

func (g *Gateway) relay(rc *fasthttp.RequestCtx, c *call, surface serving.Surface, reply serving.Reply) error {
	s := &relay{call: c, pieces: reply.Stream, broken: g.dress(c, surface).failed, lines: surface == serving.Ollama}
	c.streaming = true
	rc.SetStatusCode(reply.Status)
	rc.SetContentType(reply.Type)
	rc.Response.Header.Set("Cache-Control", "no-cache")
	rc.Response.Header.Set("X-Accel-Buffering", "no") // nginx would collect the answer
	if !rc.Request.Header.IsHTTP11() {
		defer s.Close()
		return unframed(rc, s)
	}
	rc.Response.SetBodyStream(s, -1)
	return nil
}

// WriteTo sends the pieces. An error of it means that the reader left.
func (s *relay) WriteTo(w io.Writer) (sent int64, err error) {
	var tail [2]byte // the last bytes sent
	write := func(p []byte) error {
		n, err := w.Write(p)
		sent += int64(n)
		return err
	}
	defer func() {
		if p := recover(); p != nil {
			err = write(s.ending(tail, fmt.Errorf("panic: %v\n%s", p, debug.Stack())))
		}
	}()
	s.read = true
	for piece, broken := range s.pieces {
		if broken != nil {
			return sent, write(s.ending(tail, broken))
		}
		if err := write(piece); err != nil {
			return sent, err
		}
		for _, b := range piece[max(0, len(piece)-2):] {
			tail[0], tail[1] = tail[1], b
		}
	}
	return sent, nil
}

// ending closes the event that is open, if one is, and tells of the error.
func (s *relay) ending(tail [2]byte, err error) []byte {
	if cause := context.Cause(s.call.ctx); cause != nil {
		err = cause
	}
	event := s.broken(s.call.explain(err))
	switch {
	case tail[1] == 0, string(tail[:]) == "\n\n", tail[1] == '\n' && s.lines: // nothing was sent, or whole pieces
		return event
	case tail[1] == '\n', s.lines:
		return append([]byte("\n"), event...)
	}
	return append([]byte("\n\n"), event...)
}

// SupportsBodyWriteTo tells fasthttp to call WriteTo, not Read.
func (s *relay) SupportsBodyWriteTo() bool { return true }

// Read is never called; it makes s a reader.
func (s *relay) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// Close ends the work, also of a stream that nobody read.
func (s *relay) Close() error {
	s.call.end()
	if !s.read {
		s.read = true
		for range s.pieces {
			break
		}
	}
	return nil
}
