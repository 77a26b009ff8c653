package gateway

import (
	"bytes"

	"github.com/valyala/fasthttp"
)

var (
	doneFrame = []byte("data: [DONE]\n\n")
	// A comment of one line. With the empty line that would end an event, one
	// official SDK took it for an empty one and failed.
	pingFrame = []byte(": ping\n")
)

// events dresses JSON as server-sent events, which end with [DONE] or with an
// error event.
func (g *Gateway) events(c *call) dress {
	return dress{
		header: func(h *fasthttp.ResponseHeader) {
			h.SetContentType("text/event-stream; charset=utf-8")
			h.Set("Cache-Control", "no-cache")
		},
		ping:  pingFrame,
		frame: frame,
		end: func(err error) []byte {
			if err == nil {
				return doneFrame
			}
			a, body := describe(err)
			g.logFailure(c.id, a, err)
			return frame(encode(body))
		},
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
