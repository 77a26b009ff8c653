package plain

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"io"

	"github.com/klauspost/compress/zstd"

	"tilgate/internal/fault"
)

// maxWindow is how far back a Zstandard file may refer: what zstd --long does.
const maxWindow = 128 << 20

// A counter counts the bytes that were read.
type counter struct {
	io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

// unpacked returns what a file holds, whether it is compressed or not. Its
// first bytes say so; names may be wrong. The file is unpacked as it is read.
func unpacked(file io.Reader) (r *bufio.Reader, stop func(), err error) {
	r = bufio.NewReaderSize(file, 1<<16)
	stop = func() {}
	head, err := r.Peek(4)
	if err != nil && err != io.EOF {
		return nil, nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, nil, fault.Invalid.Errorf("it begins like a gzip file, and is none: %v", err)
		}
		return bufio.NewReaderSize(z, 1<<16), stop, nil
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderMaxMemory(maxWindow))
		if err != nil {
			return nil, nil, fault.Invalid.Errorf("it begins like a Zstandard file, and is none: %v", err)
		}
		return bufio.NewReaderSize(z, 1<<16), z.Close, nil
	}
	return r, stop, nil
}
