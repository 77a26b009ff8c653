package gateway

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"
	"github.com/valyala/fasthttp"
)

// A packer packs a stream piece by piece: what Write has taken, the reader can
// unpack at once. end says whether a reader is still there to learn that it
// was all; the packer must not be used after it.
type packer interface {
	io.Writer
	end(there bool) error
}

// Streams are packed with what they have in common with what went before, so
// each of them needs a memory: 6 KiB in gzip, about 550 KiB in zstd and 370 KiB
// in Brotli. Thousands of streams may be open, so gzip comes first among those
// that the reader likes alike, and only maxHeavy streams may use the others.
const maxHeavy = 128

// plainPacker packs nothing.
type plainPacker struct{ io.Writer }

func (plainPacker) end(bool) error { return nil }

// newPacker returns what packs a stream to w.
func newPacker(name string, w io.Writer) packer {
	switch name {
	case inGzip:
		return &gzipPacker{w: w, before: make([]byte, 0, gzipMemory)}
	case inZstd, inBr:
		p := &heavyPacker{w: w, pool: heavyPackers[name]}
		p.flusher = p.pool.Get().(flusher)
		p.Reset(&p.out)
		return p
	}
	return plainPacker{w}
}

// A gzipPacker keeps nothing of a compressor between pieces but the end of
// what was sent, which the next piece may refer to.
type gzipPacker struct {
	w      io.Writer
	begun  bool
	before []byte // at most gzipMemory
	crc    uint32
	size   uint32
}

// gzipMemory is how much that is, in bytes: with 8 KiB a stream of tokens is 5 %
// shorter, at more than twice the time for an event.
const gzipMemory = 2 << 10

// gzipHeader says: deflated, no name, no time, system unknown.
var gzipHeader = []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func (g *gzipPacker) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	g.crc = crc32.Update(g.crc, crc32.IEEETable, p)
	g.size += uint32(len(p))
	err := g.emit(p, false)
	g.remember(p)
	return len(p), err
}

func (g *gzipPacker) remember(p []byte) {
	p = p[max(0, len(p)-gzipMemory):]
	if extra := len(g.before) + len(p) - gzipMemory; extra > 0 {
		g.before = g.before[:copy(g.before, g.before[extra:])]
	}
	g.before = append(g.before, p...)
}

// emit writes what p is packed, in one piece: each Write reaches the reader as
// a packet.
func (g *gzipPacker) emit(p []byte, last bool) error {
	out := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(out)
	out.Reset()
	if !g.begun {
		out.Write(gzipHeader)
		g.begun = true
	}
	if err := flate.StatelessDeflate(out, p, last, g.before); err != nil {
		return err
	}
	if last {
		out.Write(binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, g.crc), g.size))
	}
	_, err := g.w.Write(out.Bytes())
	return err
}

func (g *gzipPacker) end(there bool) error {
	if !there {
		return nil
	}
	return g.emit(nil, true)
}

// A flusher can send what it has taken so far.
type flusher interface {
	resetter
	Flush() error
}

var heavyPackers = map[string]*sync.Pool{
	inBr: {New: func() any { return brotli.NewWriterOptions(nil, brotli.WriterOptions{Quality: 2, LGWin: 15}) }},
	inZstd: {New: func() any {
		return must(zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest),
			zstd.WithWindowSize(64<<10), zstd.WithLowerEncoderMem(true), zstd.WithEncoderCRC(false)))
	}},
}

// A heavyPacker is a compressor for one stream.
type heavyPacker struct {
	flusher
	w    io.Writer
	pool *sync.Pool
	out  bytes.Buffer
}

func (h *heavyPacker) Write(p []byte) (int, error) {
	if _, err := h.flusher.Write(p); err != nil {
		return 0, err
	}
	if err := h.Flush(); err != nil {
		return 0, err
	}
	return len(p), h.emit()
}

func (h *heavyPacker) emit() error {
	defer h.out.Reset()
	if h.out.Len() == 0 {
		return nil // an empty write would end a chunked body
	}
	_, err := h.w.Write(h.out.Bytes())
	return err
}

func (h *heavyPacker) end(there bool) error {
	err := h.Close()
	if there && err == nil {
		err = h.emit()
	}
	h.Reset(nil)
	h.pool.Put(h.flusher)
	return err
}

// packStream chooses how a stream is packed.
func (g *Gateway) packStream(rc *fasthttp.RequestCtx, s *stream) {
	h := &rc.Response.Header
	vary(h)
	for _, name := range accepted(&rc.Request.Header, inGzip, inZstd, inBr) {
		if name == inGzip {
			s.packed = name
			break
		}
		select {
		case g.heavy <- struct{}{}:
			s.packed, s.gone = name, sync.OnceFunc(func() { <-g.heavy })
		default:
			continue
		}
		break
	}
	if s.packed != "" {
		h.SetContentEncoding(s.packed)
	}
}
