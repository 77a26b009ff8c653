package gateway

import (
	"bytes"

	"github.com/valyala/fasthttp"

	"tilgate/serving"
)

// A comment of one line. With the empty line that would end an event, one
// official SDK took it for an empty one and failed.
var pingFrame = []byte(": ping\n")

// events dresses JSON as server-sent events, which end with [DONE] or with an
// error event.
func (g *Gateway) events(c *call) dress {
	return dress{
		header: func(h *fasthttp.ResponseHeader) {
			h.SetContentType(serving.EventStream)
			h.Set("Cache-Control", "no-cache")
		},
		ping:  pingFrame,
		frame: serving.Frame,
		done:  serving.DoneFrame,
		failed: func(err error) []byte {
			a, body := describe(err)
			g.logFailure(c.id, a, err)
			return serving.Frame(encode(body))
		},
	}
}

// lines dresses JSON as Ollama does: each object is a line, and so is an error.
func (g *Gateway) lines(c *call) dress {
	return dress{
		header: func(h *fasthttp.ResponseHeader) { h.SetContentType("application/x-ndjson") },
		// No ping: Ollama's clients take any line for an object.
		frame: func(piece []byte) []byte { return append(bytes.Clone(piece), '\n') },
		failed: func(err error) []byte {
			a, body := describe(err)
			g.logFailure(c.id, a, err)
			return append(encode(ollamaError{body.Error.Message}), '\n')
		},
	}
}

func (g *Gateway) dress(c *call, surface serving.Surface) dress {
	if surface == serving.Ollama {
		return g.lines(c)
	}
	return g.events(c)
}
