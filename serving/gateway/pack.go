package gateway

import (
	"bytes"
	"io"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/valyala/fasthttp"
)

// worthPacking is the size in bytes from which an answer is packed: a smaller
// one goes in one packet either way.
const worthPacking = 1 << 10

// pack packs the answer of a handler, unless it is a stream, which packs
// itself, or is packed already.
func pack(rc *fasthttp.RequestCtx) {
	h := &rc.Response.Header
	if rc.Response.IsBodyStream() || len(h.ContentEncoding()) > 0 || !packable(string(h.ContentType())) {
		return
	}
	vary(h)
	body := rc.Response.Body()
	if len(body) < worthPacking {
		return
	}
	names := accepted(&rc.Request.Header, inZstd, inBr, inGzip)
	if len(names) == 0 {
		return
	}
	packed := packBody(names[0], body)
	if len(packed) >= len(body) {
		return
	}
	rc.Response.SetBodyRaw(packed)
	h.SetContentEncoding(names[0])
}

// packable reports whether a kind of content is text.
func packable(kind string) bool {
	return strings.HasPrefix(kind, "application/json") || strings.HasPrefix(kind, "text/")
}

// A resetter is a writer that packs and can be used again.
type resetter interface {
	io.WriteCloser
	Reset(w io.Writer)
}

// The qualities were chosen for answers of some kilobytes: beyond them a few
// per cent are saved at several times the work.
var packers = map[string]*sync.Pool{
	inGzip: {New: func() any { return must(gzip.NewWriterLevel(nil, 5)) }},
	inBr:   {New: func() any { return brotli.NewWriterOptions(nil, brotli.WriterOptions{Quality: 5, LGWin: 18}) }},
	inZstd: {New: func() any {
		return must(zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(128<<10), zstd.WithLowerEncoderMem(true)))
	}},
}

// packBody returns body in an encoding of ours.
func packBody(name string, body []byte) []byte {
	w := packers[name].Get().(resetter)
	defer packers[name].Put(w)
	var out bytes.Buffer
	w.Reset(&out)
	if _, err := w.Write(body); err != nil {
		panic(err) // a buffer takes everything
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	w.Reset(nil) // it must not hold on to the answer
	return out.Bytes()
}

// must is for options that are right or wrong at all times.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
