package pdf

import (
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"tilgate/rag/read"
)

// check fails a test if a document cannot be used as others are.
func check(t *testing.T, item read.Item) {
	t.Helper()
	if !utf8.ValidString(item.Text) || !utf8.ValidString(item.Title) {
		t.Error("it is no UTF-8")
	}
	at := 0
	for _, m := range item.Marks {
		if m.At < at || m.End <= m.At || m.End > len(item.Text) {
			t.Fatalf("mark %v after %d, of %d", m, at, len(item.Text))
		}
		at = m.End
	}
	for _, n := range item.Notes {
		if n.Kind == "" || n.Text == "" || strings.HasSuffix(n.Text, ".") {
			t.Errorf("note %+v", n)
		}
	}
}

// FuzzRead reads files that were changed somewhere.
func FuzzRead(f *testing.F) {
	p := newPDF()
	p.page(func(d *drawing) {
		d.lines(60, 700, 12, "Арыз башкармалыкка", "тапшырылат.", "1. بدل الطفل", "• ก่อนวันที่")
		d.line(10, 10, 100, 10)
	})
	f.Add(p.bytes())
	p.lock("")
	f.Add(p.bytes())
	for _, name := range []string{"ar.chrome", "km.lo"} {
		data, err := os.ReadFile("testdata/" + name + ".pdf")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	r := sharedWith(func(r *Reader) { r.options.PageTime, r.options.MaxPages = 5*time.Second, 20 })
	if _, err := readBytes(f, r, p.bytes()); err != nil { // compiles, which would pass for a hang
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		item, err := readBytes(t, r, data)
		if err == nil {
			check(t, item)
		} else if !strings.HasPrefix(err.Error(), "a.pdf: ") {
			t.Errorf("the error does not name the file: %v", err)
		}
	})
}

// FuzzLayout lays out glyphs that stand anywhere: each seven bytes are one.
func FuzzLayout(f *testing.F) {
	f.Add([]byte("aaaaaaabbbbbbbccccccc"), "Арыз")
	f.Add([]byte(strings.Repeat("\x10\x20\x30\x40\x50\x60\x70", 40)), "بدل 10 الطفل (x)")
	f.Add([]byte(strings.Repeat("\x10\x21\x34\x40\x51\x62\x73\xf0", 60)), "ि់้•1.-")
	f.Fuzz(func(t *testing.T, data []byte, letters string) {
		rs := []rune(strings.ToValidUTF8(letters, ""))
		if len(rs) == 0 || len(data) > 7*2000 {
			return
		}
		s := sheet{width: 600, height: 800, fonts: []font{{name: "F"}, {name: "B", bold: true}}}
		for ; len(data) >= 7; data = data[7:] {
			x, y := float64(data[0])*2+float64(data[1])/16, float64(data[2])*3
			s.glyphs = append(s.glyphs, glyph{text: string(rs[int(data[3])%len(rs)]), x0: x, x1: x + float64(data[4])/16, y: y,
				size: 1 + float64(data[5])/8, font: int(data[6]) % 2, object: int(data[6]) / 8})
			s.rules = append(s.rules, box{x, y, x + float64(data[4])*2, y + float64(data[5]%3)})
		}
		glyphs := len(s.glyphs)
		s.mend()
		pieces := s.layout()
		repaired(pieces)
		d := document{pages: []page{{number: 1, pieces: pieces}}}
		d.build()
		var item read.Item
		d.out.Put(&item.Document)
		check(t, item)
		if most := 100 * (glyphs + 1) * (1 + len(letters)); len(item.Text) > most {
			t.Errorf("%d bytes of text from %d glyphs", len(item.Text), glyphs)
		}
	})
}

// BenchmarkRead reads pages of 2,500 letters.
func BenchmarkRead(b *testing.B) {
	p := newPDF()
	const pages = 20
	for range pages {
		p.page(func(d *drawing) {
			for i := range 45 {
				d.text(60, 780-float64(i)*16, 11, "F", "Арыз башкармалыкка тапшырылат жана ал он күндө каралат.")
			}
		})
	}
	data := p.bytes()
	if _, err := readBytes(b, shared(), data); err != nil { // compiles
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := readBytes(b, shared(), data); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(pages*b.N)/b.Elapsed().Seconds(), "pages/s")
}
