package gateway

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/valyala/fasthttp"

	"tilgate/internal/fault"
)

// bodyOf returns the body of a request, unpacked: then it is no larger than the
// gateway takes. It may be fasthttp's own, which is used again after the
// handler.
func (g *Gateway) bodyOf(rc *fasthttp.RequestCtx) ([]byte, error) {
	body := rc.PostBody()
	var names []string
	for _, value := range rc.Request.Header.PeekAll("Content-Encoding") {
		names = append(names, strings.ToLower(strings.TrimSpace(string(value))))
	}
	name := strings.Join(names, ", ")
	if name == "" || name == "identity" {
		return body, nil
	}
	r, err := unpacker(name, bytes.NewReader(body), g.opts.MaxBody)
	if r == nil && err == nil {
		rc.Response.Header.Set("Accept-Encoding", "gzip, zstd, br")
		return nil, refuse(415, "unsupported_encoding", "the body is sent as "+quote(name)+"; send it as it is, or in one of gzip, zstd and br")
	}
	if err != nil {
		return nil, notPacked(name, err)
	}
	defer r.Close()
	plain, err := io.ReadAll(io.LimitReader(r, int64(g.opts.MaxBody)+1))
	switch {
	case len(plain) > g.opts.MaxBody, errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return nil, fault.TooLarge.Errorf("the request's body is too large once it is unpacked; the most is %d bytes", g.opts.MaxBody)
	case err != nil:
		return nil, notPacked(name, err)
	}
	return plain, nil
}

func notPacked(name string, err error) error {
	return fault.Invalid.Wrap(err, "the body is not whole "+name+", as its Content-Encoding says")
}

// The largest window of zstd that is read: what RFC 9659 lets be sent over HTTP.
const maxWindow = 8 << 20

// unpacker returns what reads an encoding, or nil for one that is not known.
func unpacker(name string, r io.Reader, most int) (io.ReadCloser, error) {
	switch name {
	case inGzip, "x-gzip":
		return gzip.NewReader(r)
	case inBr:
		return io.NopCloser(brotli.NewReader(r)), nil
	case inZstd:
		d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderMaxMemory(uint64(max(most, maxWindow))))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	}
	return nil, nil
}
