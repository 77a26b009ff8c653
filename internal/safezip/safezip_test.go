package safezip

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"testing"

	"tilgate/internal/fault"
)

// A part is one entry of a zip file to be made.
type part struct{ name, text string }

// pack makes a zip file. A nil change changes nothing.
func pack(t testing.TB, change func(*zip.FileHeader), parts ...part) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, p := range parts {
		h := &zip.FileHeader{Name: p.name, Method: zip.Deflate}
		if change != nil {
			change(h)
		}
		f, err := w.CreateHeader(h)
		if err == nil {
			_, err = io.WriteString(f, p.text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func open(data []byte, l Limits) (*Archive, error) {
	return Open(bytes.NewReader(data), int64(len(data)), l)
}

func TestRead(t *testing.T) {
	data := pack(t, nil, part{"word/", ""}, part{"word/document.xml", "<мыйзам/>"}, part{"./ҮЙ.txt", "короо"})
	a, err := open(data, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := a.Names(), []string{"word/document.xml", "ҮЙ.txt"}; !slices.Equal(got, want) {
		t.Errorf("names are %q, want %q", got, want)
	}
	if !a.Has("ҮЙ.txt") || a.Has("word/") || a.Has("үй.txt") {
		t.Error("Has is wrong")
	}
	if text, err := a.ReadFile("word/document.xml"); string(text) != "<мыйзам/>" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := a.ReadFile("word/styles.xml"); !fault.NotFound.Is(err) {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestNames(t *testing.T) {
	for _, tt := range []struct {
		name string
		want string // in the error; none means that it is read
	}{
		{"OEBPS/бөлүм 1.xhtml", ""},
		{"a..b/..c", ""},
		{"C", ""},
		{"/etc/passwd", "unsafe name"},
		{"../up", "unsafe name"},
		{"a/../../up", "unsafe name"},
		{"a/..", "unsafe name"},
		{`word\document.xml`, "unsafe name"},
		{"C:boot.ini", "unsafe name"},
		{"a\x00b", "unsafe name"},
		{"", "unsafe name"},
	} {
		_, err := open(pack(t, nil, part{tt.name, "x"}), Limits{})
		if tt.want == "" && err != nil || tt.want != "" && (!fault.Invalid.Is(err) || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%q: %v, want %q", tt.name, err, tt.want)
		}
	}
	for _, twice := range [][2]string{{"a", "a"}, {"a/b", "a//b"}, {"a", "./a"}} {
		if _, err := open(pack(t, nil, part{twice[0], "x"}, part{twice[1], "y"}), Limits{}); err == nil || !strings.Contains(err.Error(), "two files") {
			t.Errorf("%q: %v", twice, err)
		}
	}
}

// TestOldNames reads names as programs wrote them before zip knew UTF-8.
func TestOldNames(t *testing.T) {
	raw := "\x8f\xe0\xa8\xaa\xa0\xa7.doc" // Приказ.doc in code page 866
	unicode := func(sum uint32) []byte {
		field := binary.LittleEndian.AppendUint32([]byte{1}, sum)
		field = append(field, "Приказ.doc"...)
		head := binary.LittleEndian.AppendUint16(nil, 0x7075)
		return append(binary.LittleEndian.AppendUint16(head, uint16(len(field))), field...)
	}
	for _, tt := range []struct {
		extra []byte
		want  string
	}{
		{nil, "Åα¿¬áº.doc"},
		{unicode(crc32.ChecksumIEEE([]byte(raw))), "Приказ.doc"},
		{unicode(1), "Åα¿¬áº.doc"}, // of another name
	} {
		a, err := open(pack(t, func(h *zip.FileHeader) { h.NonUTF8, h.Extra = true, tt.extra }, part{raw, "x"}), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if got := a.Names(); !slices.Equal(got, []string{tt.want}) {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

func TestLimits(t *testing.T) {
	zeros := strings.Repeat("0", 3<<20)
	data := pack(t, nil, part{"a", zeros}, part{"b", "b"}, part{"c", strings.Repeat("c", 900<<10)})
	for _, tt := range []struct {
		limits Limits
		read   string // the files, in turn
		want   string // in the error at the last
	}{
		{Limits{Ratio: 2000}, "abc", ""},
		{Limits{Ratio: 100}, "a", "more than 100 times"},
		{Limits{Ratio: 1}, "c", ""}, // too short to harm
		{Limits{Ratio: 2000, File: 2 << 20}, "a", `"a" inflates to more than 2 MB`},
		{Limits{Ratio: 2000, Total: 6<<20 + 1}, "aab", ""},
		{Limits{Ratio: 2000, Total: 6<<20 + 1}, "aabb", "more than 6 MB together"},
		{Limits{Ratio: 2000, Total: 4 << 20}, "aa", "together"},
	} {
		a, err := open(data, tt.limits)
		if err != nil {
			t.Fatal(err)
		}
		for i, name := range strings.Split(tt.read, "") {
			text, err := a.ReadFile(name)
			switch {
			case i < len(tt.read)-1 || tt.want == "":
				if err != nil {
					t.Errorf("%+v: %s: %v", tt.limits, name, err)
				}
			case !fault.TooLarge.Is(err) || !strings.Contains(err.Error(), tt.want):
				t.Errorf("%+v: %s: %v, want %q", tt.limits, tt.read, err, tt.want)
			case len(text) > 6<<20:
				t.Errorf("%+v: %d bytes came before the error", tt.limits, len(text))
			}
		}
	}
	if _, err := open(data, Limits{Entries: 2}); !fault.TooLarge.Is(err) {
		t.Errorf("three entries where two may be: %v", err)
	}
}

// TestLongDirectory opens an archive whose directory is far longer than the
// entries that may be.
func TestLongDirectory(t *testing.T) {
	parts := make([]part, 200)
	for i := range parts {
		parts[i].name = strings.Repeat("папка/", 1000) + string(rune('一'+i))
	}
	if _, err := open(pack(t, nil, parts...), Limits{Entries: 10}); !fault.TooLarge.Is(err) || !strings.Contains(err.Error(), "directory") {
		t.Errorf("%v", err)
	}
}

func TestRefused(t *testing.T) {
	plain := pack(t, nil, part{"a", strings.Repeat("мыйзам ", 50)}, part{"b", strings.Repeat("жобо ", 50)})
	change := func(from, to string, n int) []byte { return bytes.Replace(plain, []byte(from), []byte(to), n) }
	encrypted := slices.Clone(plain)
	encrypted[bytes.Index(encrypted, []byte("PK\x01\x02"))+8] |= 1
	method := slices.Clone(plain)
	method[bytes.Index(method, []byte("PK\x01\x02"))+10] = 9
	overlap := slices.Clone(plain)
	second := bytes.LastIndex(overlap, []byte("PK\x01\x02"))
	clear(overlap[second+42 : second+46]) // where its data is: at the first entry's
	outside := slices.Clone(plain)
	outside[second+22] = 0x7f                                           // its length
	minus := []byte("\x01\x00\x08\x00\xff\xff\xff\xff\xff\xff\xff\xff") // an offset in 64 bits
	before := pack(t, func(h *zip.FileHeader) { h.Extra = minus }, part{"a", "x"})
	entry := bytes.LastIndex(before, []byte("PK\x01\x02"))
	copy(before[entry+42:], "\xff\xff\xff\xff") // see there
	bits := slices.Clone(plain)
	bits[40] ^= 0x55

	for _, tt := range []struct {
		what string
		data []byte
		want string
	}{
		{"empty", nil, "no zip file"},
		{"text", []byte("Ыйык жер"), "no zip file"},
		{"cut off", plain[:len(plain)-30], "no zip file"},
		{"encrypted", encrypted, "password"},
		{"method", method, "method 9"},
		{"overlap", overlap, "overlap"},
		{"outside", outside, "does not end within it"},
		{"before its beginning", before, "damaged"},
		{"damaged", bits, "damaged"},
		{"no local header", change("PK\x03\x04", "PK\x00\x00", 1), "no zip file"},
	} {
		a, err := open(tt.data, Limits{})
		if err == nil {
			_, err = a.ReadFile("a")
		}
		if !fault.Invalid.Is(err) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.what, err, tt.want)
		}
	}
	// The entry beside one that cannot be read still serves.
	a, err := open(encrypted, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if text, err := a.ReadFile("b"); err != nil || !strings.HasPrefix(string(text), "жобо") {
		t.Errorf("%q, %v", text, err)
	}
}

type badDisk struct{ io.ReaderAt }

var errDisk = errors.New("input/output error")

func (badDisk) ReadAt([]byte, int64) (int, error) { return 0, errDisk }

func TestDisk(t *testing.T) {
	if _, err := Open(badDisk{}, 1000, Limits{}); !errors.Is(err, errDisk) || fault.Of(err) != fault.Internal {
		t.Errorf("%v is of kind %s", err, fault.Of(err))
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(pack(f, nil, part{"word/document.xml", "<w/>"}, part{"../up", "x"}))
	f.Add(pack(f, func(h *zip.FileHeader) { h.NonUTF8 = true }, part{"\x8f\xe0.txt", "x"}))
	f.Add(pack(f, nil, part{"a", strings.Repeat("0", 4<<20)}, part{"b", ""}))
	f.Fuzz(func(t *testing.T, data []byte) {
		limits := Limits{Entries: 20, File: 3 << 20, Total: 5 << 20, Ratio: 20}
		a, err := open(data, limits)
		if (a == nil) == (err == nil) {
			t.Fatal("neither an archive nor an error, or both")
		}
		if err != nil {
			if fault.Of(err) == fault.Internal {
				t.Errorf("%v has no kind", err)
			}
			return
		}
		var total int
		for _, name := range a.Names() {
			if name[0] == '/' || strings.ContainsAny(name, "\\\x00") || strings.Contains("/"+name+"/", "/../") {
				t.Errorf("the name %q is not safe", name)
			}
			text, err := a.ReadFile(name)
			if err != nil && fault.Of(err) == fault.Internal {
				t.Errorf("%v has no kind", err)
			}
			if total += len(text); len(text) > 3<<20 || len(text) > 1<<20+20*len(data) || total > 5<<20 {
				t.Errorf("%q has %d bytes, after %d in all", name, len(text), total)
			}
		}
	})
}
