package upkeep

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"tilgate/internal/lang"
	"tilgate/internal/lid"
	"tilgate/rag"
	"tilgate/rag/ingest"
	"tilgate/rag/near"
	"tilgate/rag/quality"
	"tilgate/rag/read"
	"tilgate/rag/read/wiki"
)

// A dump is a MediaWiki dump of any size that is made as it is read. Its pages
// have one length, so that each byte's place is known.
type dump struct {
	pages int64
	texts []string // of one length
}

const (
	dumpHead = `<mediawiki version="0.11" xml:lang="ky"><siteinfo><sitename>Уики</sitename><dbname>kywiki</dbname><base>https://ky.example/wiki/Башкы</base></siteinfo>` + "\n"
	dumpPage = `<page><title>Макала %010d</title><ns>0</ns><id>%010d</id><revision><timestamp>2026-01-01T00:00:00Z</timestamp><text>%s</text></revision></page>` + "\n"
	dumpTail = "</mediawiki>\n"
)

func newDump(size int64) *dump {
	d := &dump{}
	r := rand.New(rand.NewPCG(3, 4))
	for range 50 {
		text := article(r, 60)
		d.texts = append(d.texts, strings.ToValidUTF8(text[:6000], "")+strings.Repeat(" ", 6000-len(strings.ToValidUTF8(text[:6000], ""))))
	}
	d.pages = size / int64(len(d.page(0)))
	return d
}

func (d *dump) page(i int64) string {
	return fmt.Sprintf(dumpPage, i, i+1, d.texts[i%int64(len(d.texts))])
}

func (d *dump) size() int64 {
	return int64(len(dumpHead)) + d.pages*int64(len(d.page(0))) + int64(len(dumpTail))
}

// ReadAt writes the dump's bytes from a place on.
func (d *dump) ReadAt(p []byte, at int64) (n int, err error) {
	each := int64(len(d.page(0)))
	for n < len(p) {
		var piece string
		switch in := at - int64(len(dumpHead)); {
		case in < 0:
			piece = dumpHead[at:]
		case in < d.pages*each:
			piece = d.page(in / each)[in%each:]
		case in-d.pages*each < int64(len(dumpTail)):
			piece = dumpTail[in-d.pages*each:]
		default:
			return n, io.EOF
		}
		m := copy(p[n:], piece)
		n, at = n+m, at+int64(m)
	}
	return n, nil
}

func (d *dump) Open(string) (fs.File, error) {
	return struct {
		*io.SectionReader
		stat
	}{io.NewSectionReader(d, 0, d.size()), stat{d.size()}}, nil
}

type stat struct{ size int64 }

func (s stat) Stat() (fs.FileInfo, error) { return info(s), nil }
func (stat) Close() error                 { return nil }

type info struct{ size int64 }

func (info) Name() string       { return "kywiki.xml" }
func (i info) Size() int64      { return i.size }
func (info) Mode() fs.FileMode  { return 0o444 }
func (info) ModTime() time.Time { return time.Time{} }
func (info) IsDir() bool        { return false }
func (info) Sys() any           { return nil }

// nowhere stores nothing, as a Qdrant server does in another process.
type nowhere struct{}

func (*nowhere) Create(context.Context, string, []lang.Tag) error { return nil }
func (*nowhere) Stored(context.Context, string) (map[rag.Key]rag.Stored, error) {
	return map[rag.Key]rag.Stored{}, nil
}
func (*nowhere) Upsert(context.Context, string, [][]rag.Passage) error { return nil }
func (*nowhere) Forget(context.Context, string, rag.Key, string) error { return nil }

// peak returns the most memory that the process has had, in MB, as Linux counts
// it.
func peak(t testing.TB) int {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("memory is counted on Linux only")
	}
	_, rest, _ := bytes.Cut(status, []byte("VmHWM:"))
	var kb int
	if _, err := fmt.Sscan(string(rest), &kb); err != nil {
		t.Fatal(err)
	}
	return kb >> 10
}

// TestDumpMemory: a dump of any size is read, judged and cut in bounded memory.
// TILGATE_DUMP_GB says of how many GB; few MB if not given.
func TestDumpMemory(t *testing.T) {
	gb := 0.02
	if text := os.Getenv("TILGATE_DUMP_GB"); text != "" {
		var err error
		if gb, err = strconv.ParseFloat(text, 64); err != nil {
			t.Fatal(err)
		}
	}
	d := newDump(int64(gb * 1e9))
	f := read.File{FS: d, Path: "kywiki.xml", Name: "kywiki.xml", ID: "kywiki", Size: d.size()}
	watch := &watcher{c: quality.New(quality.Options{KB: "wiki", Near: near.Options{Limit: compared}})}
	start := time.Now()
	r, err := ingest.Run(t.Context(), &nowhere{}, wiki.Dump(wiki.Options{}).Read(t.Context(), f), ingest.Options{
		KB: "wiki", Languages: ingest.Languages{Detector: lid.Default(), Always: true}, Watch: watch})
	if err != nil || int64(r.Added) != d.pages || len(r.Faults) != 0 {
		t.Fatalf("%d of %d pages, faults %v, %v", r.Added, d.pages, r.Faults, err)
	}
	most := peak(t)
	t.Logf("%.1f GB, %d documents, %d passages: %d MB at most, %.1f MB/s", gb, r.Added, r.Passages, most, gb*1000/time.Since(start).Seconds())
	if most > 500 {
		t.Errorf("it took %d MB, more than 500", most)
	}
}

// The dump reads the same from every place.
func TestDump(t *testing.T) {
	d := newDump(100_000)
	whole, err := io.ReadAll(io.NewSectionReader(d, 0, d.size()))
	if err != nil || int64(len(whole)) != d.size() || !bytes.HasSuffix(whole, []byte(dumpTail)) {
		t.Fatalf("%d bytes of %d, %v", len(whole), d.size(), err)
	}
	part := make([]byte, 7000)
	if n, err := d.ReadAt(part, 12_345); n != len(part) || err != nil || !bytes.Equal(part, whole[12_345:12_345+7000]) {
		t.Errorf("%d bytes from the middle, %v", n, err)
	}
}
