package pdf

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"tilgate/rag/read"
)

// shared is a reader without OCR that tests share: to start one takes seconds.
var shared = sync.OnceValue(func() *Reader { return New(Options{OCR: "none", Workers: 2}) })

func TestMain(m *testing.M) {
	code := m.Run()
	shared().Close()
	os.Exit(code)
}

// sharedWith is the shared reader with other options.
func sharedWith(change func(r *Reader)) *Reader {
	r := *shared()
	change(&r)
	return &r
}

// readBytes reads a file that has the bytes.
func readBytes(t testing.TB, r *Reader, data []byte) (read.Item, error) {
	t.Helper()
	fsys := fstest.MapFS{"a.pdf": {Data: data}}
	for item, err := range r.Read(t.Context(), read.File{FS: fsys, Path: "a.pdf", Name: "a.pdf", ID: "a", Size: int64(len(data))}) {
		return item, err
	}
	t.Fatal("no document")
	return read.Item{}, nil
}

func (p *pdfFile) read(t testing.TB) read.Item {
	t.Helper()
	item, err := readBytes(t, shared(), p.bytes())
	if err != nil {
		t.Fatal(err)
	}
	return item
}

// TestProducers reads what two programs made of known texts. What is more than
// nothing is known to be lost: joiners that leave no trace in Persian, and a
// letter of a font that has no name for it.
func TestProducers(t *testing.T) {
	for _, tt := range []struct {
		file string
		most float64 // errors in 100 letters
	}{
		{"ky.chrome", 0}, {"hi.chrome", 0}, {"th.chrome", 0}, {"am.chrome", 0}, {"ar.chrome", 0},
		{"km.lo", 0}, {"ur.lo", 0.4}, {"fa.lo", 1.1},
	} {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile("testdata/" + tt.file + ".pdf")
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile("testdata/" + tt.file[:2] + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			item, err := readBytes(t, shared(), data)
			if err != nil || len(item.Notes) > 0 {
				t.Fatal(err, item.Notes)
			}
			text := strings.TrimSpace(string(want))
			if got := errorRate(item.Text, text); got > tt.most {
				t.Errorf("%.2f letters of 100 are wrong, want at most %.2f:\n%s", got, tt.most, item.Text)
			}
			heading, _, _ := strings.Cut(text, "\n")
			if len(item.Marks) != 1 || tt.most == 0 && item.Title != heading {
				t.Errorf("title %q, marks %v", item.Title, item.Marks)
			}
		})
	}
}

// errorRate is how many letters have to be changed, put in or left out, of 100.
func errorRate(got, want string) float64 {
	a, b := []rune(got), []rune(want)
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		left := row[0]
		row[0] = i + 1
		for j := range b {
			here := left
			if a[i] != b[j] {
				here = 1 + min(left, row[j], row[j+1])
			}
			left, row[j+1] = row[j+1], here
		}
	}
	return 100 * float64(row[len(b)]) / float64(max(len(b), 1))
}

// outline writes a document as its lines, each with what it is.
func outline(item read.Item) []string {
	var out []string
	kinds := [...]string{"", "h", "t", "l"}
	at := 0
	text := func(to int) {
		for part := range strings.SplitSeq(item.Text[at:to], "\n\n") {
			if part != "" {
				out = append(out, part)
			}
		}
	}
	for _, m := range item.Marks {
		text(m.At)
		for l := range strings.SplitSeq(item.Text[m.At:m.End], "\n") {
			out = append(out, fmt.Sprintf("%s%d %s", kinds[m.Kind], m.Level, l))
		}
		at = m.End
	}
	text(len(item.Text))
	return out
}

func notes(item read.Item) []string {
	var out []string
	for _, n := range item.Notes {
		out = append(out, string(n.Kind)+" "+n.Where)
	}
	return out
}

func TestLayout(t *testing.T) {
	for _, tt := range []struct {
		name string
		draw func(d *drawing)
		want []string
	}{
		{"lines of two paragraphs", func(d *drawing) {
			d.lines(60, 700, 12, "Арыз башкармалыкка тапшырылат жана он күндүн ичинде", "каралат.")
			d.lines(60, 650, 12, "Төлөм кийинки айда которулат.")
		}, []string{"Арыз башкармалыкка тапшырылат жана он күндүн ичинде каралат.", "Төлөм кийинки айда которулат."}},
		{"Thai lines join without a space", func(d *drawing) {
			d.lines(60, 700, 12, "ผู้ยื่นคำขอต้องแนบสูติบัตรของเด็กและบัตรประจำตัว", "ประชาชนของบิดาหรือมารดา")
		}, []string{"ผู้ยื่นคำขอต้องแนบสูติบัตรของเด็กและบัตรประจำตัวประชาชนของบิดาหรือมารดา"}},
		{"a word with a hyphen of its own", func(d *drawing) {
			d.lines(60, 700, 12, "Арызга баланын күбөлүгү жана анын ата-", "энесинин паспорту тиркелет.")
		}, []string{"Арызга баланын күбөлүгү жана анын ата-энесинин паспорту тиркелет."}},
		{"words that lines part", func(d *drawing) {
			d.lines(60, 700, 12, "A gyermek után járó támogatást a jogosult kér-", "heti a lakóhelye szerinti hivatalban, ahol a kére-",
				"lemhez csatolni kell az anyakönyvi kivonatot és a szü-", "lő személyi igazolványát is.")
		}, []string{"A gyermek után járó támogatást a jogosult kérheti a lakóhelye szerinti hivatalban, ahol a kérelemhez csatolni kell az anyakönyvi kivonatot és a szülő személyi igazolványát is."}},
		{"headings by size", func(d *drawing) {
			d.text(60, 740, 20, "F", "Жөлөкпул")
			d.text(60, 700, 15, "F", "Арыз берүү")
			d.lines(60, 670, 11, "Арыз башкармалыкка тапшырылат жана каралат.")
		}, []string{"h1 Жөлөкпул", "h2 Арыз берүү", "Арыз башкармалыкка тапшырылат жана каралат."}},
		{"a list", func(d *drawing) {
			d.lines(60, 700, 12, "Арызга төмөнкүлөр тиркелет:")
			d.lines(72, 684, 12, "• баланын күбөлүгү", "• паспорт")
			d.lines(60, 640, 12, "Тартиби:", "1. арыз жазуу", "2. арызды тапшыруу", "3. жоопту күтүү")
		}, []string{"Арызга төмөнкүлөр тиркелет:", "l0 • баланын күбөлүгү", "l0 • паспорт", "Тартиби:", "l0 1. арыз жазуу", "l0 2. арызды тапшыруу", "l0 3. жоопту күтүү"}},
		{"two columns", func(d *drawing) {
			d.lines(60, 700, 10, "Бул биринчи мамычанын биринчи сабы", "анан мунун экинчи сабы келет жана", "үчүнчүсү да ушул эле жерде турат", "ошону менен бүтөт.")
			d.lines(320, 700, 10, "Экинчи мамыча оң жакта башталат да", "анын да бир нече сабы бар экенин", "окурман көрөт жана аны биринчиден", "кийин окуйт.")
		}, []string{"Бул биринчи мамычанын биринчи сабы анан мунун экинчи сабы келет жана үчүнчүсү да ушул эле жерде турат ошону менен бүтөт.",
			"Экинчи мамыча оң жакта башталат да анын да бир нече сабы бар экенин окурман көрөт жана аны биринчиден кийин окуйт."}},
		{"a table without lines", func(d *drawing) {
			for i, row := range [][3]string{{"Шаар", "Телефон", "Убакыт"}, {"Ош", "03222 56789", "9:00"}, {"Нарын", "03522 51234", "8:00"}, {"Талас", "03422 53333", "8:30"}} {
				for k, cell := range row {
					d.text(60+float64(k)*150, 700-float64(i)*16, 11, "F", cell)
				}
			}
		}, []string{"t0 Шаар | Телефон | Убакыт", "t0 Ош | 03222 56789 | 9:00", "t0 Нарын | 03522 51234 | 8:00", "t0 Талас | 03422 53333 | 8:30"}},
		{"a table with lines", func(d *drawing) {
			for i := range 4 {
				d.line(60, 700-float64(i)*40, 300, 700-float64(i)*40)
			}
			for k := range 3 {
				d.line(60+float64(k)*120, 700, 60+float64(k)*120, 580)
			}
			for i, row := range [][2]string{{"Кызмат", "Мөөнөт"}, {"Паспорт", "10 күн"}, {"Күбөлүк", "3 күн"}} {
				d.text(64, 680-float64(i)*40, 10, "F", row[0])
				d.text(184, 680-float64(i)*40, 10, "F", row[1])
			}
			d.text(64, 626, 10, "F", "алмаштыруу")
		}, []string{"t0 Кызмат | Мөөнөт", "t0 Паспорт алмаштыруу | 10 күн", "t0 Күбөлүк | 3 күн"}},
		{"text that stands on its side", func(d *drawing) {
			d.lines(60, 700, 12, "Арыз башкармалыкка тапшырылат жана каралат.")
			d.WriteString("q 0 1 -1 0 600 0 cm ")
			d.latin(100, 100, 12, "Appendix")
			d.WriteString("Q\n")
		}, []string{"Арыз башкармалыкка тапшырылат жана каралат.", "Appendix"}},
		{"text across the page, such as DRAFT", func(d *drawing) {
			d.lines(60, 700, 12, "Арыз башкармалыкка тапшырылат жана каралат.")
			d.WriteString("q 0.7 0.7 -0.7 0.7 100 100 cm ")
			d.latin(0, 0, 80, "DRAFT")
			d.WriteString("Q\n")
		}, []string{"Арыз башкармалыкка тапшырылат жана каралат."}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPDF()
			p.page(tt.draw)
			if got := outline(p.read(t)); !slices.Equal(got, tt.want) {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

// TestRightToLeft reads lines as they are painted: from the left, whether a file
// has their letters in that order or in that of reading.
func TestRightToLeft(t *testing.T) {
	for _, tt := range []struct {
		name, painted, want string
		logical             bool // the file has letters in the order of reading
	}{
		{"words", "لفطلا لدب", "بدل الطفل", false},
		{"in the order of reading", "بدل الطفل", "بدل الطفل", true},
		{"a number", "موي 10 لالخ", "خلال 10 يوم", false},
		{"a number with a mark in it", "3,5 ةبسنب", "بنسبة 3,5", false},
		{"Latin letters in brackets", "(IBAN) باسحلا", "الحساب (IBAN)", false},
		{"brackets named by their shape", "صن )نتم( صن", "نص (متن) نص", false},
		{"shapes of letters", "ﻝﺪﺑ", "بدل", false},
		{"a ligature", "ﻡﻼﺳ", "سلام", false},
		{"one glyph that is two letters", "لفطلا Ⅱع لدب", "بدل على الطفل", false},
		{"Hebrew", "םולש", "שלום", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPDF()
			p.page(func(d *drawing) {
				if tt.logical {
					d.spaced(400, 700, 12, "F", tt.painted, 1000)
					return
				}
				d.text(100, 700, 12, "F", tt.painted)
			})
			if got := p.read(t).Text; got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func TestFurniture(t *testing.T) {
	p := newPDF()
	for i := range 5 {
		p.page(func(d *drawing) {
			d.text(60, 810, 9, "F", "Министрлик — жылдык отчёт")
			d.lines(60, 700, 12, fmt.Sprintf("Бул %d-беттин өз тексти, ал кайталанбайт.", i+1))
			d.text(290, 30, 9, "F", fmt.Sprintf("- %d -", i+1))
		})
	}
	text := p.read(t).Text
	if strings.Contains(text, "Министрлик") || strings.Contains(text, "- 3") || strings.Count(text, "беттин өз тексти") != 5 {
		t.Error(text)
	}
}

func TestParagraphGoesOnOverPages(t *testing.T) {
	p := newPDF()
	p.page(func(d *drawing) {
		d.lines(60, 120, 12, "Арыз башкармалыкка тапшырылат жана ал он жумуш")
	})
	p.page(func(d *drawing) { d.lines(60, 740, 12, "күнүнүн ичинде каралат.") })
	if got, want := p.read(t).Text, "Арыз башкармалыкка тапшырылат жана ал он жумуш күнүнүн ичинде каралат."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestDescribe(t *testing.T) {
	p := newPDF()
	p.trailer = fmt.Sprintf("/Info %d 0 R", p.add("<< /Title (Microsoft Word - doc1.docx) /CreationDate (D:20240131120000+06'00') /Edition (3) /Replaces (a; b) /ReplacedBy (c) >>"))
	p.catalog = "/Lang (ky-KG)"
	p.page(func(d *drawing) {
		d.text(60, 740, 20, "F", "Жөлөкпул")
		d.lines(60, 700, 11, "Арыз башкармалыкка тапшырылат жана каралат.")
	})
	item := p.read(t)
	if item.Title != "Жөлөкпул" || item.Date != "2024-01-31" || item.Hint.Base() != "ky" || item.Pages != 1 || item.Where != "a.pdf" || item.ID != "a" ||
		item.Edition != "3" || strings.Join(item.Replaces, "|") != "a|b" || item.ReplacedBy != "c" {
		t.Errorf("%+v", item)
	}
}

func TestUsableTitle(t *testing.T) {
	for title, want := range map[string]string{
		"Жылдык отчёт 2024":             "Жылдык отчёт 2024",
		"Microsoft Word - Жылдык отчёт": "Жылдык отчёт",
		"Microsoft Word - doc1.docx":    "",
		"untitled":                      "",
		"Document1":                     "",
		"Документ 2":                    "",
		"Documents for a passport":      "Documents for a passport",
		"123-45":                        "",
		"https://example.org/a":         "",
		"Ïðèêàç î ïîðÿäêå âûäà÷è ïîñîáèé": "Приказ о порядке выдачи пособий",
	} {
		if got := usableTitle(title); got != want {
			t.Errorf("%q: %q, want %q", title, got, want)
		}
	}
}

func TestEncrypted(t *testing.T) {
	open, locked := newPDF(), newPDF()
	for _, p := range []*pdfFile{open, locked} {
		p.page(func(d *drawing) { d.lines(60, 700, 12, "Бул файл жабык.") })
	}
	open.lock("")
	locked.lock("сыр")
	if got := open.read(t).Text; got != "Бул файл жабык." {
		t.Errorf("only the owner's password: %q", got)
	}
	_, err := readBytes(t, shared(), locked.bytes())
	if want := "a.pdf: it opens with a password only; save it without one"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestCanceled(t *testing.T) {
	p := newPDF()
	p.page(func(d *drawing) { d.lines(60, 700, 12, "Арыз") })
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	fsys := fstest.MapFS{"a.pdf": {Data: p.bytes()}}
	for _, err := range shared().Read(ctx, read.File{FS: fsys, Path: "a.pdf", Name: "a.pdf"}) {
		if err == nil {
			t.Error("read after the end of its context")
		}
	}
}
