package pdf

import (
	"bytes"
	"compress/flate"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestHostile reads files that are made to do harm. Each must end soon, with an
// error or a note that says what is wrong, and the next file must be read as if
// nothing had been.
func TestHostile(t *testing.T) {
	good := newPDF()
	good.page(func(d *drawing) { d.lines(60, 700, 12, "Арыз башкармалыкка тапшырылат.") })
	clean := good.bytes()
	hurried := sharedWith(func(r *Reader) { r.options.PageTime = 5 * time.Second })
	for _, tt := range []struct {
		name string
		data func() []byte
		err  string // a part of it
		note string // a part of the first; "" with no err means that there is some text
	}{
		{"nothing", func() []byte { return nil }, "it is empty", ""},
		{"text", func() []byte { return []byte("Арыз башкармалыкка тапшырылат.") }, "it is no PDF", ""},
		{"a zip", func() []byte { return []byte("PK\x03\x04" + strings.Repeat("x", 5000)) }, "it is no PDF", ""},
		{"only a head", func() []byte { return clean[:20] }, "it is no PDF", ""},
		{"its end is missing", func() []byte { return clean[:bytes.Index(clean, []byte("xref"))] }, "too much of it is missing", ""},
		{"its table of objects is wrong", func() []byte { return bytes.ReplaceAll(clean, []byte(" 00000 n"), []byte(" 00007 n")) }, "", ""},
		{"bytes before it", func() []byte { return append([]byte("HTTP/1.1 200 OK\r\n\r\n"), clean...) }, "", ""},
		{"no pages", func() []byte { return newPDF().bytes() }, "it has no pages", ""},
		{"a tree of pages that holds itself", func() []byte {
			p := newPDF()
			p.objects[1] = "<< /Type /Pages /Count 5 /Kids [2 0 R 2 0 R 2 0 R 2 0 R 2 0 R] >>"
			return p.bytes()
		}, "", "it is broken"},
		{"100,000 pages that are not there", func() []byte {
			p := newPDF()
			p.page(func(d *drawing) { d.lines(60, 700, 12, "Арыз") })
			p.objects[1] = fmt.Sprintf("<< /Type /Pages /Count 100000 /Kids [%d 0 R] >>", p.kids[0])
			return p.bytes()
		}, "", "it is broken"},
		{"brackets in brackets", func() []byte {
			p := newPDF()
			p.add(strings.Repeat("[", 200_000))
			p.pageOf(p.stream("", []byte(strings.Repeat("[", 200_000)+strings.Repeat("<<", 200_000))), 0)
			return p.bytes()
		}, "", "nothing on it"},
		{"a gigabyte of spaces, compressed", func() []byte {
			p := newPDF()
			p.pageOf(p.stream("/Filter /FlateDecode", spaces(1<<10)), 0)
			return p.bytes()
		}, "", "page 1"},
		{"a million letters in one place", func() []byte {
			p := newPDF()
			p.page(func(d *drawing) {
				for i := range 400 {
					d.text(0, float64(i), 1, "F", strings.Repeat("а б ", 1000))
				}
			})
			return p.bytes()
		}, "", ""},
		{"a form that paints itself", func() []byte {
			p := newPDF()
			form := len(p.objects) + 1
			p.stream(fmt.Sprintf("/Type /XObject /Subtype /Form /BBox [0 0 600 800] /Resources << /XObject << /Im %d 0 R >> >>", form), []byte("/Im Do /Im Do"))
			p.pageOf(p.stream("", []byte("/Im Do")), form)
			return p.bytes()
		}, "", "page 1: it "},
		{"a picture of a trillion dots", func() []byte {
			p := newPDF()
			image := p.stream("/Type /XObject /Subtype /Image /Width 1000000 /Height 1000000 /ColorSpace /DeviceGray /BitsPerComponent 8", []byte("x"))
			p.pageOf(p.stream("", []byte("q 595 0 0 842 0 0 cm /Im Do Q")), image)
			return p.bytes()
		}, "", "page 1"},
		{"a page as large as a country", func() []byte {
			return bytes.ReplaceAll(clean, []byte("[0 0 595 842]"), []byte("[0 0 1e30 -1e30]"))
		}, "", ""},
		{"places that are no numbers", func() []byte {
			p := newPDF()
			p.pageOf(p.stream("", []byte("BT /Helvetica 1e38 Tf 1e38 1e38 1e38 1e38 1e38 1e38 Tm (aaa) Tj -1e38 Tc (bbb) Tj ET 1e38 0 0 1e38 0 0 cm 0 0 1e38 1e38 re S")), 0)
			return p.bytes()
		}, "", ""},
		{"JavaScript that runs when it is opened", func() []byte {
			p := newPDF()
			p.page(func(d *drawing) { d.lines(60, 700, 12, "Арыз") })
			p.catalog = "/OpenAction << /S /JavaScript /JS (while \\(true\\) {}) >>"
			return p.bytes()
		}, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data := tt.data()
			began := time.Now()
			item, err := readBytes(t, hurried, data)
			if took := time.Since(began); took > 60*time.Second {
				t.Errorf("took %s", took)
			}
			switch {
			case tt.err != "":
				if err == nil || !strings.HasPrefix(err.Error(), "a.pdf: ") || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("%v, want %s", err, tt.err)
				}
			case err != nil:
				t.Error(err)
			case tt.note != "" && (len(item.Notes) == 0 || !strings.Contains(item.Notes[0].String(), tt.note)):
				t.Errorf("notes %v, want %s", item.Notes, tt.note)
			case tt.note == "" && item.Text == "" && len(item.Notes) == 0:
				t.Error("neither text nor notes")
			}
			if item, err := readBytes(t, shared(), clean); err != nil || item.Text != "Арыз башкармалыкка тапшырылат." {
				t.Errorf("the next file: %q, %v", item.Text, err)
			}
		})
	}
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	if m.HeapAlloc > 700<<20 {
		t.Errorf("%d MB are still held", m.HeapAlloc>>20)
	}
}

// TestManyGlyphs lays out pages with more letters than one can have, in ways that
// no page has. Thirty times as many, which is the limit, take thirty times as long.
func TestManyGlyphs(t *testing.T) {
	for _, tt := range []struct {
		name  string
		place func(i int) (x, y float64)
	}{
		{"all in one line", func(i int) (x, y float64) { return float64(i), 400 }},
		{"all in one place", func(int) (x, y float64) { return 300, 400 }},
		{"each in a line", func(i int) (x, y float64) { return 300, float64(i) * 20 }},
		{"left and right in turn", func(i int) (x, y float64) { return float64(i%2) * 300, float64(i/2) * 10 }},
		{"in thousands of columns", func(i int) (x, y float64) { return float64(i%5000) * 20, float64(i/5000) * 12 }},
		{"in twenty columns", func(i int) (x, y float64) { return float64(i%20) * 30, float64(i/20) * 12 }},
	} {
		for _, letters := range []string{"a", "1 ", "ب", "بَ", "िक", "ب&"} {
			s := sheet{width: 600, height: 800, fonts: []font{{name: "F"}}}
			rs := []rune(letters)
			for i := range maxLetters / 30 {
				x, y := tt.place(i)
				s.glyphs = append(s.glyphs, glyph{text: string(rs[i%len(rs)]), x0: x, x1: x + 1, y: y, size: 10, object: i})
			}
			for i := range maxRules {
				s.rules = append(s.rules, box{float64(i), 0, float64(i), float64(maxRules)})
			}
			began := time.Now()
			s.glyphs = painted(s.glyphs)
			s.mend()
			d := document{pages: []page{{number: 1, pieces: s.layout()}}}
			repaired(d.pages[0].pieces)
			d.build()
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("%q %s: took %s", letters, tt.name, took)
			}
		}
	}
}

// spaces returns so many megabytes of spaces, compressed.
func spaces(megabytes int) []byte {
	var one bytes.Buffer
	w, err := flate.NewWriter(&one, flate.BestCompression)
	if err != nil {
		panic(err)
	}
	w.Write(bytes.Repeat([]byte(" "), 1<<20))
	w.Flush()
	return slices.Concat([]byte{0x78, 0x9C}, bytes.Repeat(one.Bytes(), megabytes), []byte{1, 0, 0, 0xFF, 0xFF})
}

// TestSlowPages reads a file with a page that takes minutes between two that do
// not.
func TestSlowPages(t *testing.T) {
	p := newPDF()
	p.page(func(d *drawing) { d.lines(60, 700, 12, "Биринчи бет.") })
	slow := p.deflated("", bytes.Repeat([]byte("q BT /Helvetica 9 Tf (a) Tj ET Q\n"), 3_000_000))
	p.pageOf(slow, 0)
	p.page(func(d *drawing) { d.lines(60, 700, 12, "Үчүнчү бет.") })
	data := p.bytes()
	r := sharedWith(func(r *Reader) { r.options.PageTime = 4 * time.Second })
	item, err := readBytes(t, r, data)
	if err != nil || item.Text != "Биринчи бет.\n\nҮчүнчү бет." {
		t.Errorf("%q, %v", item.Text, err)
	}
	if got := notes(item); !slices.Equal(got, []string{"left_out page 2"}) {
		t.Errorf("%v", item.Notes)
	}
}

func TestLimits(t *testing.T) {
	p := newPDF()
	for range 5 {
		p.page(func(d *drawing) { d.lines(60, 700, 12, "Бул бетте бир сап бар.") })
	}
	r := sharedWith(func(r *Reader) { r.options.MaxPages = 2 })
	item, err := readBytes(t, r, p.bytes())
	if got := notes(item); err != nil || item.Pages != 5 || !slices.Equal(got, []string{"left_out pages 3 to 5"}) {
		t.Errorf("%d pages, %v, %v", item.Pages, item.Notes, err)
	}
	r.options.MaxText = 60
	if _, err := readBytes(t, r, p.bytes()); err == nil {
		t.Error("a text over the limit was read")
	}
}

func TestClose(t *testing.T) {
	p := newPDF()
	p.page(func(d *drawing) { d.lines(60, 700, 12, "Арыз") })
	r := New(Options{})
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if _, err := readBytes(t, r, p.bytes()); err == nil {
		t.Error("a closed reader reads")
	}
}
