package wire

import (
	"bufio"
	"net"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"

	"tilgate/internal/outbound"
)

// A conn is a connection with what reading from it takes.
type conn struct {
	net.Conn
	r        *bufio.Reader
	header   fasthttp.ResponseHeader
	out      []byte
	since    time.Time // idle
	until    time.Time // its deadline
	answered bool      // a byte of the answer to the last request came
}

// Most bytes of the header of an answer.
const maxHeader = 16 << 10

func newConn(nc net.Conn) *conn {
	c := &conn{Conn: nc}
	c.r = bufio.NewReaderSize(reading{c}, 4<<10)
	c.header.DisableNormalizing()
	return c
}

// reading notes that something came.
type reading struct{ *conn }

func (r reading) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	if n > 0 {
		r.answered = true
	}
	return n, err
}

// abort ends what is being done on the connection.
func (c *conn) abort() { c.Conn.Close() }

// together is the size up to which head and body are written at once.
const together = 32 << 10

// send writes a request.
func (c *conn) send(host, prefix, hops string, r *Request) error {
	method := r.Method
	if method == "" {
		method = "POST"
	}
	b := append(c.out[:0], method...)
	b = append(b, ' ')
	b = append(b, prefix...)
	b = append(b, r.Path...)
	b = append(b, " HTTP/1.1\r\nHost: "...)
	b = append(b, host...)
	b = append(b, "\r\n"+outbound.HopsHeader+": "...)
	b = append(b, hops...)
	if len(r.Body) > 0 || method == "POST" {
		b = append(b, "\r\nContent-Type: application/json\r\nContent-Length: "...)
		b = strconv.AppendInt(b, int64(len(r.Body)), 10)
	}
	for _, f := range r.Header {
		b = append(b, "\r\n"...)
		b = append(b, f.Name...)
		b = append(b, ": "...)
		b = append(b, f.Value...)
	}
	b = append(b, "\r\n\r\n"...)
	if len(b)+len(r.Body) <= together {
		b = append(b, r.Body...)
		c.out = b
		_, err := c.Write(b)
		return err
	}
	c.out = b
	buffers := net.Buffers{b, r.Body}
	_, err := buffers.WriteTo(c.Conn)
	return err
}
