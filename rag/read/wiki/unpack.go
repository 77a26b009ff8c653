package wiki

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"tilgate/internal/fault"
)

// A counter counts what is read through it, also by other goroutines.
type counter struct {
	r io.Reader
	n atomic.Int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// maxWindow is how much memory a zstd stream may ask for.
const maxWindow = 128 << 20

// unpack returns what r holds, however it is packed: its first bytes say so
// more reliably than its name. What is damaged is an error of kind
// fault.Invalid.
func unpack(ctx context.Context, r io.Reader) (io.ReadCloser, error) {
	in := bufio.NewReaderSize(r, 1<<20)
	head, err := in.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte("BZh")):
		return packedAs{newBzip2(ctx, in), "bzip2"}, nil
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, damaged(err, "gzip")
		}
		return packedAs{z, "gzip"}, nil
	case bytes.Equal(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, damaged(err, "zstd")
		}
		return packedAs{z.IOReadCloser(), "zstd"}, nil
	}
	return io.NopCloser(in), nil
}

// packedAs says what a stream is packed with when it is damaged.
type packedAs struct {
	io.ReadCloser
	format string
}

func (n packedAs) Read(p []byte) (int, error) {
	got, err := n.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = damaged(err, n.format)
	}
	return got, err
}

// damaged says that a stream of a format cannot be unpacked. A stream that
// only ends too early, and a caller who left, are told apart by others.
func damaged(err error, format string) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fault.Invalid.Wrap(err, "its "+format+" data is damaged; fetch it again")
}
