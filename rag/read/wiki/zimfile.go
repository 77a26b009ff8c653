package wiki

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"sort"
	"strings"

	"tilgate/internal/fault"
)

// A zim is an open ZIM file, as its header describes it. The format is that
// of https://wiki.openzim.org/wiki/ZIM_file_format, in versions 5 and 6; all
// numbers are little-endian.
type zim struct {
	at       io.ReaderAt
	size     int64
	entries  uint32
	entryAt  int64 // where the list of pointers to entries stands
	pages    byte  // namespace of the pages: C, or A in older files
	mimes    []string
	clusters []int64 // where each begins
	sorted   []int64 // the same, ascending
	about    about
	pointers window // on the list of pointers
	window   window // on the entries
}

const (
	zimMagic  = 0x44d495a
	zimHeader = 80
	// maxClusters is how many clusters a file may have. A hundred gigabytes
	// have fifty thousand.
	maxClusters = 4 << 20
	// maxMimes is how long the list of MIME types may be.
	maxMimes = 64 << 10
)

func openZIM(at io.ReaderAt, size int64) (*zim, error) {
	head := make([]byte, zimHeader)
	if _, err := at.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	word := binary.LittleEndian.Uint32
	if word(head) != zimMagic {
		return nil, fault.Invalid.Errorf("it is no ZIM file")
	}
	if size < zimHeader {
		return nil, short("its header", zimHeader, size)
	}
	major, minor := binary.LittleEndian.Uint16(head[4:]), binary.LittleEndian.Uint16(head[6:])
	if major != 5 && major != 6 {
		return nil, fault.Unsupported.Errorf("it is a ZIM file of version %d; versions 5 and 6 can be read", major)
	}
	z := &zim{at: at, size: size, entries: word(head[24:]), pages: 'A', window: window{at: at, size: size}, pointers: window{at: at, size: size}}
	if minor >= 1 {
		z.pages = 'C'
	}
	var err error
	if z.entryAt, err = z.place("its list of entries", head[32:], int64(z.entries), 8); err != nil {
		return nil, err
	}
	count := word(head[28:])
	clusterAt, err := z.place("its list of clusters", head[48:], int64(count), 8)
	if err != nil {
		return nil, err
	}
	mimeAt, err := z.place("its list of MIME types", head[56:], 1, 1)
	if err != nil {
		return nil, err
	}
	if err := z.readMimes(mimeAt); err != nil {
		return nil, err
	}
	return z, z.readClusters(clusterAt, int64(count))
}

// place reads where a list stands, and checks that all of it is in the file.
func (z *zim) place(what string, field []byte, count, width int64) (int64, error) {
	at := binary.LittleEndian.Uint64(field)
	if at > uint64(z.size) || count > (z.size-int64(at))/width {
		return 0, short(what, at+uint64(count*width), z.size)
	}
	return int64(at), nil
}

// short says that something lies beyond the end of the file.
func short(what string, end uint64, size int64) error {
	return fault.Invalid.Errorf("it is cut short: %s ends at byte %d, the file at %d; fetch it again", what, end, size)
}

// readMimes reads the MIME types, which end with an empty one.
func (z *zim) readMimes(at int64) error {
	data := make([]byte, min(maxMimes, z.size-at))
	if _, err := z.at.ReadAt(data, at); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	for {
		mime, rest, ok := bytes.Cut(data, []byte{0})
		if !ok {
			return fault.Invalid.Errorf("its list of MIME types has no end in %d KB", maxMimes>>10)
		}
		if len(mime) == 0 {
			return nil
		}
		z.mimes, data = append(z.mimes, strings.ToLower(string(mime))), rest
	}
}

func (z *zim) readClusters(at, count int64) error {
	if count > maxClusters {
		return fault.TooLarge.Errorf("it has %d clusters; %d is the limit", count, int64(maxClusters))
	}
	data := make([]byte, count*8)
	if _, err := z.at.ReadAt(data, at); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	z.clusters = make([]int64, count)
	for i := range z.clusters {
		z.clusters[i] = int64(binary.LittleEndian.Uint64(data[i*8:]))
	}
	z.sorted = slices.Sorted(slices.Values(z.clusters))
	return nil
}

// cluster returns where a cluster stands: up to where the next one in the file
// begins. Clusters therefore never overlap, and no byte is unpacked twice.
func (z *zim) cluster(n uint32) (begin, end int64, err error) {
	if int64(n) >= int64(len(z.clusters)) {
		return 0, 0, fault.Invalid.Errorf("there is no such cluster; the file has %d", len(z.clusters))
	}
	begin = z.clusters[n]
	if begin < zimHeader || begin >= z.size {
		return 0, 0, fault.Invalid.Errorf("it begins at byte %d, outside the file", begin)
	}
	i := sort.Search(len(z.sorted), func(i int) bool { return z.sorted[i] >= begin })
	if i+1 == len(z.sorted) {
		return begin, z.size, nil
	}
	if end = min(z.sorted[i+1], z.size); end == begin {
		return 0, 0, fault.Invalid.Errorf("it begins where another one does")
	}
	return begin, end, nil
}

// A window is the part of a file that was read last.
type window struct {
	at   io.ReaderAt
	size int64
	from int64
	data []byte
}

// windowSize is how much is read at once; entries are short, and those that
// follow each other mostly stand together.
const windowSize = 32 << 10

// bytes returns what the file has at a place: n bytes, or fewer at its end.
// They are good until the next call.
func (w *window) bytes(at int64, n int) ([]byte, error) {
	if at < 0 || at >= w.size {
		return nil, fault.Invalid.Errorf("it stands at byte %d, outside the file", at)
	}
	n = int(min(int64(n), w.size-at))
	if at < w.from || at+int64(n) > w.from+int64(len(w.data)) {
		if w.data == nil {
			w.data = make([]byte, windowSize)
		}
		got, err := w.at.ReadAt(w.data[:windowSize], at)
		w.from, w.data = at, w.data[:got]
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		n = min(n, got)
	}
	return w.data[at-w.from:][:n], nil
}
