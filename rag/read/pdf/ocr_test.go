package pdf

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tilgate/internal/lang"
)

// scan returns a file with a page that is a picture of a sentence.
func scan(t *testing.T, sentence string) []byte {
	t.Helper()
	p := newPDF()
	p.page(func(d *drawing) { d.latin(60, 700, 20, sentence) })
	data := p.bytes()
	g, err := shared().engine.start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer g.close()
	doc, err := g.open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	picture, err := g.picture(doc, 0)
	if err != nil {
		t.Fatal(err)
	}
	p = newPDF()
	p.pageOf(p.stream("", []byte("q 595 0 0 842 0 0 cm /Im Do Q")), p.image(picture))
	return p.bytes()
}

func (p *pdfFile) image(i *image.Gray) int {
	var dots []byte
	for y := range i.Rect.Dy() {
		dots = append(dots, i.Pix[y*i.Stride:][:i.Rect.Dx()]...)
	}
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	w.Write(dots)
	w.Close()
	return p.stream(fmt.Sprintf("/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /FlateDecode",
		i.Rect.Dx(), i.Rect.Dy()), out.Bytes())
}

func TestScanWithoutOCR(t *testing.T) {
	item, err := readBytes(t, shared(), scan(t, "Applications are free of charge."))
	if got := notes(item); err != nil || item.Text != "" || !slices.Equal(got, []string{"scanned page 1"}) {
		t.Errorf("%q, %v, %v", item.Text, item.Notes, err)
	}
}

func TestScanWithTesseract(t *testing.T) {
	if _, err := exec.LookPath("tesseract"); err != nil {
		t.Skip("tesseract is not installed")
	}
	data := scan(t, "Applications are free of charge.")
	// A busy machine and the race detector draw and pack a page slowly.
	r := sharedWith(func(r *Reader) {
		r.ocr, r.options.PageTime = newOCR("", 5*time.Minute, []lang.Tag{"en"}), 5*time.Minute
	})
	if !slices.Contains(r.ocr.find(), "eng") {
		t.Skip("tesseract has no English")
	}
	item, err := readBytes(t, r, data)
	if got := notes(item); err != nil || item.Text != "Applications are free of charge." || !slices.Equal(got, []string{"recognised page 1"}) {
		t.Errorf("%q, %v, %v", item.Text, item.Notes, err)
	}
}

// TestOCRCommand uses a command of its own, which takes the place of tesseract.
func TestOCRCommand(t *testing.T) {
	data := scan(t, "Applications are free of charge.")
	for _, tt := range []struct {
		name, script string
		tags         []lang.Tag
		text         string
		note         string // a part of it
	}{
		{"it reads Kyrgyz", `echo "Арыз акысыз ($4)."`, []lang.Tag{"ky", "ru"}, "Арыз акысыз (kir).", "recognised page 1"},
		{"no data for the language", `echo never`, []lang.Tag{"am"}, "", "has no data for am; install it"},
		{"it fails", `exit 3`, []lang.Tag{"ky"}, "", "exit status 3"},
		{"it hangs", `exec sleep 600`, []lang.Tag{"ky"}, "", "takes over 2s"},
		{"it finds nothing", `echo`, []lang.Tag{"ky"}, "", "finds no text"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			command := filepath.Join(t.TempDir(), "ocr")
			script := "#!/bin/sh\nif [ \"$1\" = --list-langs ]; then printf 'Languages:\\nkir\\nosd\\n'; exit; fi\n" + tt.script + "\n"
			if err := os.WriteFile(command, []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
			r := sharedWith(func(r *Reader) { r.ocr = newOCR(command, 2*time.Second, tt.tags) })
			item, err := readBytes(t, r, data)
			if err != nil || item.Text != tt.text {
				t.Errorf("%q, %v", item.Text, err)
			}
			if all := strings.Join(notes(item), " ") + fmt.Sprint(item.Notes); !strings.Contains(all, tt.note) {
				t.Errorf("%s, want %s", all, tt.note)
			}
		})
	}
}

func TestTesseractCode(t *testing.T) {
	for tag, want := range map[lang.Tag]string{"ky": "kir", "ky-KG": "kir", "uz": "uzb", "uz-Cyrl": "uzb_cyrl", "uz-Cyrl-UZ": "uzb_cyrl", "zh-Hant-TW": "chi_tra", "tk": ""} {
		if got := tesseractCode(tag); got != want {
			t.Errorf("%s: %q, want %q", tag, got, want)
		}
	}
}
