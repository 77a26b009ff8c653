package wiki

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"tilgate/internal/fault"
	"tilgate/rag"
	"tilgate/rag/read"
)

// TestZIMFaults: a file that lies is found out, and what can be read of it is.
func TestZIMFaults(t *testing.T) {
	put64 := func(at int64, value uint64) func(*zimParts) {
		return func(p *zimParts) { le.PutUint64(p.data[at:], value) }
	}
	put32 := func(at int64, value uint32) func(*zimParts) {
		return func(p *zimParts) { le.PutUint32(p.data[at:], value) }
	}
	// entry changes what entry n has at an offset.
	entry := func(n, offset int64, value uint32) func(*zimParts) {
		return func(p *zimParts) {
			le.PutUint32(p.data[int64(le.Uint64(p.data[p.pointers+8*n:]))+offset:], value)
		}
	}
	for _, tt := range []struct {
		what   string
		change func(p *zimParts)
		docs   int // of three
		want   string
	}{
		{"another format", put32(0, 1), 0, "it is no ZIM file"},
		{"an old version", put32(4, 4), 0, "it is a ZIM file of version 4; versions 5 and 6 can be read"},
		{"a file that is cut", func(p *zimParts) { p.data = p.data[:p.clusterAt] }, 0, "it is cut short: its list of clusters ends at byte"},
		{"a header that is cut", func(p *zimParts) { p.data = p.data[:50] }, 0, "it is cut short: its header ends at byte 80, the file at 50"},
		{"four billion entries", put32(24, 1<<32-1), 0, "it is cut short: its list of entries ends at byte"},
		{"four billion clusters", put32(28, 1<<32-1), 0, "it is cut short: its list of clusters ends at byte"},
		{"a list of entries that is nowhere", put64(32, 1<<63+5), 0, "it is cut short: its list of entries"},
		{"a list of clusters that is nowhere", put64(48, 1<<64-8), 0, "it is cut short: its list of clusters"},
		{"MIME types that are nowhere", put64(56, 1<<40), 0, "it is cut short: its list of MIME types"},
		{"MIME types without an end", func(p *zimParts) {
			le.PutUint64(p.data[56:], uint64(len(p.data)-1))
			p.data[len(p.data)-1] = 'a'
		}, 0, "its list of MIME types has no end"},
		{"no pages", put32(24, 0), 0, "it has no pages of HTML"},
		{"an entry that is nowhere", func(p *zimParts) { le.PutUint64(p.data[p.pointers:], 1<<62) }, 2, "1 entries of its directory are damaged: entry 0: it stands at byte 4611686018427387904, outside the file"},
		{"an entry at the very end", func(p *zimParts) { le.PutUint64(p.data[p.pointers:], uint64(len(p.data)-3)) }, 2, "entry 0: it stands at byte"},
		{"an entry without an end", func(p *zimParts) {
			le.PutUint64(p.data[p.pointers:], uint64(len(p.data)))
			p.data = append(p.data, strings.Repeat("а", maxEntry)...)
		}, 2, "entry 0: its path and title have no end in 8 KB"},
		{"a path that is no text", entry(0, 16, 0xffffffff), 2, "entry 0: its path"},
		{"redirects in a ring", func(p *zimParts) {
			entry(4, 8, 4)(p)
		}, 3, ""},
		{"a page in no cluster", entry(0, 8, 77), 2, "cluster 77 with 1 pages: there is no such cluster; the file has 3"},
		{"a page in no blob", entry(0, 12, 77), 2, "cluster 2 with 1 pages: there is no blob 77; it has 5"},
		{"a cluster that is nowhere", func(p *zimParts) { le.PutUint64(p.data[p.clusterAt:], 1<<63) }, 1, "cluster 0 with 2 pages: it begins at byte -9223372036854775808, outside the file"},
		{"clusters over each other", func(p *zimParts) { copy(p.data[p.clusterAt:], p.data[p.clusterAt+16:p.clusterAt+24]) }, 0, "cluster 0 with 2 pages: it begins where another one does"},
		{"a cluster in another one", func(p *zimParts) { le.PutUint64(p.data[p.clusterAt+8:], uint64(p.clusters[0]+9)) }, 1, "cluster 0 with 2 pages: it is cut short"},
		{"zlib", func(p *zimParts) { p.data[p.clusters[0]] = packZlib }, 0, "its clusters are packed with zlib or bzip2"},
		{"unknown packing", func(p *zimParts) { p.data[p.clusters[0]] = 9 }, 1, "cluster 0 with 2 pages: it is packed in an unknown way, 9"},
		{"damaged zstd", func(p *zimParts) { p.data[p.clusters[0]+8] ^= 0xff }, 1, "cluster 0 with 2 pages: "},
		{"xz that is none", func(p *zimParts) { p.data[p.clusters[0]] = packXZ }, 1, "cluster 0 with 2 pages: "},
	} {
		parts := waterZIM(false, packZstd).write(t)
		tt.change(parts)
		docs, faults := readAll(t, ZIM(Options{HTML: simpleHTML}), "a.zim", string(parts.data))
		if len(docs) != tt.docs || (tt.want != "") != (len(faults) > 0) || !strings.Contains(strings.Join(faults, "\n"), tt.want) {
			t.Errorf("%s: %d documents, want %d; faults %q, want %q", tt.what, len(docs), tt.docs, faults, tt.want)
		}
	}
}

// TestZIMClusters: a cluster that lies costs no memory, and those around it
// are read.
func TestZIMClusters(t *testing.T) {
	offsets := func(list ...uint32) []byte {
		var b []byte
		for _, n := range list {
			b = le.AppendUint32(b, n)
		}
		return b
	}
	bomb := func(how byte) []byte {
		return append([]byte{how}, pack(t, how, append(offsets(8, 8<<20), make([]byte, 8<<20)...))...)
	}
	hungry := append([]byte{packXZ}, pack(t, packXZ, []byte("Суу"))...)
	hungry[bytes.Index(hungry, []byte{0x21, 1})+2] = 40 // a dictionary of 4 GB
	hungry = hungry[:1+12+4*(int(hungry[13])+1)]
	for range 40 { // chunks that say that they unpack to 2 MB
		hungry = append(hungry, "\xff\xff\xff\x00\x00\x5d\x00"...)
	}
	hungry = append(hungry, 0)
	for _, tt := range []struct {
		what    string
		cluster []byte
		want    string
	}{
		{"a bomb of zstd", bomb(packZstd), "it unpacks to over 500 times its size"},
		{"a bomb of xz", bomb(packXZ), "it unpacks to over 500 times its size"},
		{"a large dictionary", hungry, "its xz data asks for 66 MB of memory; 64 is the limit"},
		{"no offsets", []byte{packNone}, "it is cut short"},
		{"no blobs", append([]byte{packNone}, offsets(4)...), "its list of offsets has 4 bytes"},
		{"a billion blobs", append([]byte{packNone}, offsets(1<<31)...), "its list of offsets has 2147483648 bytes"},
		{"more offsets than bytes", append([]byte{packNone}, offsets(1<<20, 1)...), "it is cut short"},
		{"offsets in between", append([]byte{packNone}, offsets(9, 9)...), "its list of offsets has 9 bytes"},
		{"offsets that go back", append([]byte{packNone}, offsets(8, 4)...), "blob 0 stands at 8 to 4"},
		{"a blob that is longer than the cluster", append([]byte{packNone}, offsets(8, 1000)...), "it is cut short"},
		{"a blob of a gigabyte", append([]byte{packNone}, offsets(8, 1<<30)...), "page а: 1023 MB is over the limit of 64 MB"},
		{"wide offsets that are negative", append([]byte{packNone | wideBit}, le.AppendUint64(nil, 1<<63)...), "its list of offsets has -9223372036854775808 bytes"},
	} {
		spec := zimSpec{packed: []byte{packNone, packNone}, entries: []zimEntry{
			{path: "C/б", mime: "text/html", data: "<p>Эки сом.</p>", cluster: 0},
			{path: "C/а", mime: "text/html", cluster: 1},
		}}
		p := spec.write(t)
		p.data = append(p.data[:p.clusters[1]], tt.cluster...)
		docs, faults := readAll(t, ZIM(Options{HTML: simpleHTML}), "a.zim", string(p.data))
		if len(docs) != 1 || docs[0].Text != "Эки сом." || len(faults) != 1 || !strings.Contains(faults[0], tt.want) {
			t.Errorf("%s: %d documents, faults %q, want %q", tt.what, len(docs), faults, tt.want)
		}
	}
}

func TestZIMOptions(t *testing.T) {
	data := waterZIM(false, packZstd).write(t).data
	broken := func(context.Context, []byte, *rag.Builder) (string, error) {
		return "", fault.Invalid.Errorf("its HTML is broken")
	}
	for _, tt := range []struct {
		what, name string
		o          Options
		want       string
		kind       fault.Kind
	}{
		{"part of a split file", "a.zimaa", Options{HTML: simpleHTML}, "kb/a.zimaa: it is one part of a split ZIM file", fault.Unsupported},
		{"no reader of HTML", "a.zim", Options{}, "kb/a.zim: nothing was given that reads the HTML", fault.Internal},
		{"broken HTML", "a.zim", Options{HTML: broken}, "kb/a.zim: page Суу: its HTML is broken", fault.Invalid},
	} {
		f := read.File{FS: fstest.MapFS{tt.name: {Data: data}}, Path: tt.name, Name: "kb/" + tt.name, Size: int64(len(data))}
		for _, err := range ZIM(tt.o).Read(t.Context(), f) {
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) || !tt.kind.Is(err) {
				t.Errorf("%s: %v, want %q", tt.what, err, tt.want)
			}
			break
		}
	}
}

func TestZIMCanceled(t *testing.T) {
	data := waterZIM(false, packZstd).write(t).data
	f := read.File{FS: fstest.MapFS{"a.zim": {Data: data}}, Path: "a.zim", Name: "a.zim", Size: int64(len(data))}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	n := 0
	for _, err := range ZIM(Options{HTML: simpleHTML}).Read(ctx, f) {
		cancel()
		last = err
		n++
	}
	if n != 2 || !errors.Is(last, context.Canceled) {
		t.Errorf("%d items, the last with %v", n, last)
	}
}

func TestAboutURL(t *testing.T) {
	for _, tt := range []struct{ source, scraper, path, want string }{
		{"https://desk.namuna.example", "", "суу/баасы", "https://desk.namuna.example/суу/баасы"},
		{"https://desk.namuna.example/ky", "", "суу", "https://desk.namuna.example/ky/суу"},
		{"wiki.namuna.example", "mwoffliner 1.13.0", "Суу баасы?", "https://wiki.namuna.example/wiki/Суу_баасы%3F"},
		{"https://desk.namuna.example", "zimit 2.0", "desk.namuna.example/a?b=c", "https://desk.namuna.example/a?b=c"},
		{"", "", "суу", "kb/a.zim/суу"},
		{"javascript://a", "", "суу", "kb/a.zim/суу"},
		{"https:///", "", "суу", "kb/a.zim/суу"},
	} {
		var a about
		a.set("Source", tt.source)
		a.set("Scraper", tt.scraper)
		if got := a.url(tt.path, "kb/a.zim"); got != tt.want {
			t.Errorf("%q of %q: %s, want %s", tt.path, tt.source, got, tt.want)
		}
	}
}

// TestDictionary: the head of an xz block is read whatever fields it has.
func TestDictionary(t *testing.T) {
	sized := binary.AppendUvarint([]byte{0xc0}, 1<<40)
	sized = binary.AppendUvarint(sized, 77)
	for _, tt := range []struct {
		what  string
		block []byte
		size  int64
		ok    bool
	}{
		{"no sizes", []byte{0, 0x21, 1, 22}, 8 << 20, true},
		{"both sizes", append(sized, 0x21, 1, 0), 4096, true},
		{"another filter first", []byte{1, 4, 0, 0x21, 1, 0}, 0, false},
		{"an unknown size", []byte{0, 0x21, 1, 41}, 0, false},
		{"cut", []byte{0xc0, 0x80}, 0, false},
	} {
		if size, ok := dictionaryOf(tt.block); ok != tt.ok || ok && size != tt.size {
			t.Errorf("%s: %d, %v; want %d, %v", tt.what, size, ok, tt.size, tt.ok)
		}
	}
}
