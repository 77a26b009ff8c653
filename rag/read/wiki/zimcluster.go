package wiki

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"

	"github.com/klauspost/compress/zstd"

	"tilgate/internal/fault"
	"tilgate/rag/read"
)

// An unpacker opens clusters, one at a time.
type unpacker struct {
	z    *zim
	zstd *zstd.Decoder
	buf  bytes.Buffer // of the last blob
}

func (u *unpacker) close() {
	if u.zstd != nil {
		u.zstd.Close()
	}
}

// A cluster is one that is being unpacked, from its front to its end: first
// come the offsets of its blobs, then the blobs.
type cluster struct {
	r       io.Reader
	buf     *bytes.Buffer
	offsets []byte
	width   int   // of an offset
	at      int64 // in what is unpacked
	end     int64 // of the cluster in the file
}

const (
	// maxOffsets is how long a cluster's list of offsets may be.
	maxOffsets = 16 << 20
	// A cluster may unpack to freeSize, and to maxRatio times its size more.
	// Pages pack to a tenth of their size; what packs to a thousandth is made
	// to fill memory.
	freeSize = 4 << 20
	maxRatio = 500
)

// How a cluster may be packed.
const (
	packZlib  = 2
	packBzip2 = 3
	packXZ    = 4
	packZstd  = 5
)

// open begins to unpack a cluster.
func (u *unpacker) open(n uint32) (*cluster, error) {
	begin, end, err := u.z.cluster(n)
	if err != nil {
		return nil, err
	}
	info := make([]byte, 1)
	if _, err := u.z.at.ReadAt(info, begin); err != nil {
		return nil, err
	}
	c := &cluster{buf: &u.buf, width: 4, end: end}
	if info[0]&0x10 != 0 {
		c.width = 8
	}
	packed := io.NewSectionReader(u.z.at, begin+1, end-begin-1)
	if c.r, err = u.unpack(info[0]&0x0f, packed); err != nil {
		return nil, err
	}
	return c, c.readOffsets()
}

// unpack returns what a cluster holds, in bounded size.
func (u *unpacker) unpack(how byte, packed *io.SectionReader) (io.Reader, error) {
	limit := freeSize + maxRatio*packed.Size()
	switch how {
	case 0, 1:
		return packed, nil
	case packXZ:
		r, err := newXZ(packed)
		return &bounded{r, limit}, err
	case packZstd:
		if u.zstd == nil {
			var err error
			if u.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow)); err != nil {
				return nil, err
			}
		}
		return &bounded{u.zstd, limit}, u.zstd.Reset(packed)
	case packZlib, packBzip2:
		return nil, fault.Unsupported.Errorf("its clusters are packed with zlib or bzip2, as no program has done for years; fetch a newer file")
	}
	return nil, fault.Invalid.Errorf("it is packed in an unknown way, %d", how)
}

// A bounded reader ends in an error after n bytes.
type bounded struct {
	r io.Reader
	n int64
}

func (b *bounded) Read(p []byte) (int, error) {
	got, err := b.r.Read(p)
	if b.n -= int64(got); b.n < 0 {
		return 0, errBomb
	}
	return got, err
}

var errBomb = fault.Invalid.Errorf("it unpacks to over %d times its size", maxRatio)

// damagedCluster says why a cluster could not be read.
func damagedCluster(err error) error {
	if errors.Is(err, errBomb) {
		return err
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fault.Invalid.Errorf("it is cut short; fetch the file again")
	}
	return fault.Invalid.Wrap(err, "its data is damaged; fetch the file again")
}

// readOffsets reads where the blobs stand. The first offset tells how many
// there are.
func (c *cluster) readOffsets() error {
	first := make([]byte, c.width)
	if _, err := io.ReadFull(c.r, first); err != nil {
		return damagedCluster(err)
	}
	c.offsets = first
	size := c.offset(0)
	if size < int64(2*c.width) || size%int64(c.width) != 0 || size > maxOffsets {
		return fault.Invalid.Errorf("its list of offsets has %d bytes", size)
	}
	rest, err := io.ReadAll(io.LimitReader(c.r, size-int64(c.width)))
	if err == nil && int64(len(rest)) < size-int64(c.width) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return damagedCluster(err)
	}
	c.offsets, c.at = append(first, rest...), size
	return nil
}

// offset returns where blob n begins, which is where the one before it ends.
func (c *cluster) offset(n uint32) int64 {
	field := c.offsets[int(n)*c.width:]
	if c.width == 4 {
		return int64(binary.LittleEndian.Uint32(field))
	}
	return int64(binary.LittleEndian.Uint64(field))
}

// blob returns a blob of at most limit bytes, which are good until the next
// call. Blobs are asked for in ascending order. After an error of kind
// fault.TooLarge others can be.
func (c *cluster) blob(n uint32, limit int64) ([]byte, error) {
	if int64(n) >= int64(len(c.offsets)/c.width)-1 {
		return nil, fault.Invalid.Errorf("there is no blob %d; it has %d", n, len(c.offsets)/c.width-1)
	}
	begin, end := c.offset(n), c.offset(n+1)
	if begin < c.at || end < begin {
		return nil, fault.Invalid.Errorf("blob %d stands at %d to %d, among those before it", n, begin, end)
	}
	if end-begin > limit {
		return nil, read.TooLarge(end-begin, limit)
	}
	if err := c.skip(begin - c.at); err != nil {
		return nil, damagedCluster(err)
	}
	c.buf.Reset()
	if _, err := io.CopyN(c.buf, c.r, end-begin); err != nil {
		return nil, damagedCluster(err)
	}
	c.at = end
	return c.buf.Bytes(), nil
}

func (c *cluster) skip(n int64) error {
	if s, ok := c.r.(io.Seeker); ok {
		_, err := s.Seek(n, io.SeekCurrent)
		return err
	}
	_, err := io.CopyN(io.Discard, c.r, n)
	return err
}
