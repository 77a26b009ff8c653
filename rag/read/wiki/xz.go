package wiki

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"

	"github.com/ulikunitz/xz/lzma"

	"tilgate/internal/fault"
)

// maxDictionary is how much memory an xz stream may ask for: what the highest
// preset of xz does.
const maxDictionary = 64 << 20

// newXZ unpacks an xz stream of one block, which is what clusters are.
//
// The xz package of the same library would do, but that it makes any
// dictionary that a stream asks for, up to 4 GB, and 64 MB for a cluster of
// one. So the frame is read here (https://tukaani.org/xz/xz-file-format.txt),
// and only LZMA2 there. The check sums at the end are not compared.
func newXZ(packed *io.SectionReader) (io.Reader, error) {
	head := make([]byte, 13) // of the stream, and the size of the block's
	if _, err := io.ReadFull(packed, head); err != nil {
		return nil, damagedCluster(err)
	}
	if !bytes.HasPrefix(head, []byte("\xfd7zXZ\x00")) || head[12] == 0 {
		return nil, fault.Invalid.Errorf("its xz data does not begin as xz does")
	}
	block := make([]byte, (int(head[12])+1)*4-1)
	if _, err := io.ReadFull(packed, block); err != nil {
		return nil, damagedCluster(err)
	}
	dictionary, ok := dictionaryOf(block)
	if !ok {
		return nil, fault.Unsupported.Errorf("its clusters are packed with xz filters other than LZMA2")
	}
	size, err := unpackedSize(packed, int64(len(head)+len(block)))
	if err != nil {
		return nil, damagedCluster(err)
	}
	if dictionary = min(dictionary, size); dictionary > maxDictionary {
		return nil, fault.TooLarge.Errorf("its xz data asks for %d MB of memory; %d is the limit", dictionary>>20, maxDictionary>>20)
	}
	r, err := lzma.Reader2Config{DictCap: int(max(dictionary, lzma.MinDictCap))}.NewReader2(bufio.NewReader(packed))
	if err != nil {
		return nil, damagedCluster(err)
	}
	return r, nil
}

// dictionaryOf returns the size of the dictionary that the head of a block
// asks for. ok is false if the block is packed with anything but LZMA2.
func dictionaryOf(block []byte) (size int64, ok bool) {
	flags, rest := block[0], block[1:]
	for _, sized := range []byte{0x40, 0x80} { // packed and unpacked size
		if flags&sized != 0 {
			_, n := binary.Uvarint(rest)
			rest = rest[max(n, 0):]
		}
	}
	if flags&0x3f != 0 || len(rest) < 3 || rest[0] != 0x21 || rest[1] != 1 {
		return 0, false
	}
	size, err := lzma.DecodeDictCap(rest[2])
	return size, err == nil
}

// unpackedSize adds up what the chunks of LZMA2 from a place on unpack to, as
// their heads say, until that is over the limit. No dictionary needs more.
func unpackedSize(packed io.ReaderAt, at int64) (size int64, err error) {
	head := make([]byte, 6)
	for size <= maxDictionary {
		n, err := packed.ReadAt(head, at)
		if n == 0 {
			return 0, io.ErrUnexpectedEOF
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		a, b := int64(binary.BigEndian.Uint16(head[1:]))+1, int64(binary.BigEndian.Uint16(head[3:]))+1
		switch how := head[0]; {
		case how == 0: // the end
			return size, nil
		case how <= 2: // as it is
			size += a
			at += 3 + a
		case how < 0x80:
			return 0, fault.Invalid.Errorf("its xz data has a chunk of an unknown kind")
		default:
			size += a + int64(how&0x1f)<<16
			at += 5 + b
			if how >= 0xc0 { // its properties
				at++
			}
		}
	}
	return size, nil
}
