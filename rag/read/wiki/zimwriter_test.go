package wiki

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// A zimEntry is an entry of a file that a test writes.
type zimEntry struct {
	path    string // with its namespace: "C/Суу"
	title   string
	mime    string // empty is a redirect
	data    string
	target  int // of a redirect
	cluster int
	same    bool // another name for the data of the entry before it
}

// A zimSpec is a file that a test writes.
type zimSpec struct {
	entries []zimEntry
	packed  []byte // how each cluster is packed
	wide    bool   // offsets of eight bytes
	old     bool   // the older namespaces
}

// zimParts are where the parts of a file stand.
type zimParts struct {
	data                         []byte
	pointers, entries, clusterAt int64 // the list of pointers, the first entry, the list of clusters
	clusters                     []int64
}

const (
	packNone = 1
	wideBit  = 0x10
)

var le = binary.LittleEndian

// write returns the bytes of the file.
func (s zimSpec) write(t testing.TB) *zimParts {
	t.Helper()
	mimes := []string{}
	blobs := make([][][]byte, len(s.packed))
	var dirents [][]byte
	for _, e := range s.entries {
		namespace, path, _ := strings.Cut(e.path, "/")
		d := make([]byte, 16)
		d[3] = namespace[0]
		switch {
		case e.mime == "":
			le.PutUint16(d, 0xffff)
			le.PutUint32(d[8:], uint32(e.target))
			d = d[:12]
		default:
			if !slices.Contains(mimes, e.mime) {
				mimes = append(mimes, e.mime)
			}
			le.PutUint16(d, uint16(slices.Index(mimes, e.mime)))
			if !e.same {
				blobs[e.cluster] = append(blobs[e.cluster], []byte(e.data))
			}
			le.PutUint32(d[8:], uint32(e.cluster))
			le.PutUint32(d[12:], uint32(len(blobs[e.cluster])-1))
		}
		dirents = append(dirents, append(d, path+"\x00"+e.title+"\x00"...))
	}
	p := &zimParts{data: make([]byte, zimHeader)}
	p.data = append(p.data, strings.Join(mimes, "\x00")+"\x00\x00"...)
	p.pointers = int64(len(p.data))
	p.data = append(p.data, make([]byte, 8*len(dirents))...)
	p.clusterAt = int64(len(p.data))
	p.data = append(p.data, make([]byte, 8*len(blobs))...)
	p.entries = int64(len(p.data))
	for i, d := range dirents {
		le.PutUint64(p.data[p.pointers+int64(8*i):], uint64(len(p.data)))
		p.data = append(p.data, d...)
	}
	for i := range blobs {
		le.PutUint64(p.data[p.clusterAt+int64(8*i):], uint64(len(p.data)))
		p.clusters = append(p.clusters, int64(len(p.data)))
		p.data = append(p.data, s.cluster(t, s.packed[i], blobs[i])...)
	}
	s.header(p)
	return p
}

func (s zimSpec) header(p *zimParts) {
	h := p.data
	le.PutUint32(h, zimMagic)
	le.PutUint16(h[4:], 6)
	if s.old {
		le.PutUint16(h[4:], 5)
	} else {
		le.PutUint16(h[6:], 1)
	}
	le.PutUint32(h[24:], uint32(len(s.entries)))
	le.PutUint32(h[28:], uint32(len(s.packed)))
	le.PutUint64(h[32:], uint64(p.pointers))
	le.PutUint64(h[40:], uint64(p.pointers))
	le.PutUint64(h[48:], uint64(p.clusterAt))
	le.PutUint64(h[56:], zimHeader)
	le.PutUint64(h[72:], uint64(len(p.data)))
}

// cluster packs blobs.
func (s zimSpec) cluster(t testing.TB, how byte, blobs [][]byte) []byte {
	t.Helper()
	width := 4
	if s.wide {
		width = 8
	}
	offset := width * (len(blobs) + 1)
	var list, all []byte
	for i := 0; i <= len(blobs); i++ {
		if s.wide {
			list = le.AppendUint64(list, uint64(offset))
		} else {
			list = le.AppendUint32(list, uint32(offset))
		}
		if i < len(blobs) {
			offset += len(blobs[i])
			all = append(all, blobs[i]...)
		}
	}
	info := how
	if s.wide {
		info |= wideBit
	}
	return append([]byte{info}, pack(t, how, append(list, all...))...)
}

func pack(t testing.TB, how byte, data []byte) []byte {
	t.Helper()
	switch how {
	case packZstd:
		z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
		if err != nil {
			t.Fatal(err)
		}
		return z.EncodeAll(data, nil)
	case packXZ:
		var b bytes.Buffer
		w, err := xz.NewWriter(&b)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(data)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	return data
}
