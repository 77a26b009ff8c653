package serving

import "bytes"

// EventStream is the content type of server-sent events.
const EventStream = "text/event-stream; charset=utf-8"

// DoneFrame ends a stream on OpenAI's surface.
var DoneFrame = []byte("data: [DONE]\n\n")

// Frame makes a piece of JSON a server-sent event. Its line breaks are white
// space.
func Frame(piece []byte) []byte {
	piece = bytes.TrimSpace(piece)
	b := make([]byte, 0, len(piece)+8)
	b = append(b, "data: "...)
	b = append(b, bytes.ReplaceAll(bytes.ReplaceAll(piece, []byte("\r"), nil), []byte("\n"), []byte(" "))...)
	return append(b, "\n\n"...)
}
