package wiki

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"tilgate/rag/read"
)

var update = flag.Bool("update", false, "pack the files of testdata again, with the program bzip2")

// bzip2Parts are what testdata has packed, since Go only unpacks bzip2. Put
// together, head, pages (as often as one likes) and tail are a dump of many
// streams.
func bzip2Parts() map[string]string {
	return map[string]string{
		"whole.xml.bz2": sample(),
		"head.xml.bz2":  dumpHead,
		"pages.xml.bz2": strings.TrimSuffix(strings.TrimPrefix(articlesDump(1), dumpHead), dumpTail),
		"tail.xml.bz2":  dumpTail,
	}
}

// bunzip returns a file of testdata, as it is packed.
func bunzip(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestPackedParts(t *testing.T) {
	for name, text := range bzip2Parts() {
		if *update {
			cmd := exec.Command("bzip2", "-9")
			cmd.Stdin = strings.NewReader(text)
			data, err := cmd.Output()
			if err == nil {
				err = os.WriteFile(filepath.Join("testdata", name), data, 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		r, err := unpack(t.Context(), bytes.NewReader(bunzip(t, name)))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		r.Close()
		if err != nil || string(got) != text {
			t.Errorf("%s has %d bytes, want %d: %v; pack it again with -update", name, len(got), len(text), err)
		}
	}
}

// TestPacked: however a dump is packed, it holds the same.
func TestPacked(t *testing.T) {
	const times = 100
	many := dumpHead + strings.Repeat(bzip2Parts()["pages.xml.bz2"], times) + dumpTail
	multistream := append(bunzip(t, "head.xml.bz2"), bytes.Repeat(bunzip(t, "pages.xml.bz2"), times)...)
	multistream = append(multistream, bunzip(t, "tail.xml.bz2")...)
	var gz, zst bytes.Buffer
	g := gzip.NewWriter(&gz)
	z, err := zstd.NewWriter(&zst)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []io.WriteCloser{g, z} {
		io.WriteString(w, many)
		w.Close()
	}
	for name, packed := range map[string][]byte{"plain": []byte(many), "multistream": multistream, "gzip": gz.Bytes(), "zstd": zst.Bytes()} {
		r, err := unpack(t.Context(), bytes.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		r.Close()
		if err != nil || string(got) != many {
			t.Errorf("%s: %d bytes, want %d: %v", name, len(got), len(many), err)
		}
		r, err = unpack(t.Context(), bytes.NewReader(packed[:len(packed)*2/3]))
		if err != nil {
			t.Fatal(err)
		}
		got, err = io.ReadAll(r)
		r.Close()
		if name != "plain" && !errors.Is(err, io.ErrUnexpectedEOF) || !strings.HasPrefix(many, string(got)) || name == "multistream" && len(got) < len(many)/2 {
			t.Errorf("%s, cut: %d bytes: %v", name, len(got), err)
		}
	}
}

// repeated gives the same bytes many times.
type repeated struct {
	part  []byte
	times int
	at    int
}

func (r *repeated) Read(p []byte) (n int, err error) {
	for n < len(p) && r.times > 0 {
		got := copy(p[n:], r.part[r.at:])
		n += got
		if r.at += got; r.at == len(r.part) {
			r.at = 0
			r.times--
		}
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// streamed is a file that never was anywhere as a whole.
func streamed(r io.Reader) read.File {
	return read.File{FS: streamFS{r}, Path: "a.xml", Name: "a.xml", Size: 1 << 40}
}

type streamFS struct{ io.Reader }

func (s streamFS) Open(string) (fs.File, error)      { return s, nil }
func (s streamFS) Stat() (fs.FileInfo, error)        { return s, nil }
func (s streamFS) Close() error                      { return nil }
func (s streamFS) ReadAt([]byte, int64) (int, error) { return 0, errors.ErrUnsupported }
func (s streamFS) Name() string                      { return "a.xml" }
func (s streamFS) Size() int64                       { return 1 << 40 }
func (s streamFS) Mode() fs.FileMode                 { return 0 }
func (s streamFS) ModTime() time.Time                { return time.Time{} }
func (s streamFS) IsDir() bool                       { return false }
func (s streamFS) Sys() any                          { return nil }

// TestMemory: a dump of any size is read in the same memory. WIKI_TEST_GB
// makes it that large.
func TestMemory(t *testing.T) {
	size := 8 << 20
	if gb, err := strconv.Atoi(os.Getenv("WIKI_TEST_GB")); err == nil {
		size = gb << 30
	}
	page := strings.TrimSuffix(strings.TrimPrefix(articlesDump(1), dumpHead), dumpTail)
	dump := io.MultiReader(strings.NewReader(dumpHead), &repeated{part: []byte(page), times: size / len(page)}, strings.NewReader(dumpTail))
	docs := 0
	peak := uint64(0)
	start := time.Now()
	for _, err := range Dump(Options{}).Read(t.Context(), streamed(dump)) {
		if err != nil {
			t.Fatal(err)
		}
		if docs++; docs%1000 == 0 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.Sys)
		}
	}
	if docs != size/len(page)*len(articles) || peak > 500<<20 || peak == 0 {
		t.Errorf("%d documents in %d MB of memory, want %d in 500", docs, peak>>20, size/len(page)*len(articles))
	}
	t.Logf("%d MB: %d documents in %v, %d MB of memory", size>>20, docs, time.Since(start).Round(time.Second), peak>>20)
}
