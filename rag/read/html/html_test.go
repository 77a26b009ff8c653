package html

import (
	"strings"
	"testing"
	"testing/fstest"

	"tilgate/internal/fault"
	"tilgate/rag/read"
)

func TestNew(t *testing.T) {
	const xhtml = `<html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body><p>ачык<a id="b"/></p></body></html>`
	const saved = `<html lang=ky><link rel=canonical href="https://min.example/ky/a"><meta name=date content=2026-02-03><title>Каттоо</title><p>Каттоо акысыз.`
	const old = `<meta http-equiv=last-modified content="Tue, 03 Feb 2026 10:00:00 GMT"><p>текст`
	files := fstest.MapFS{"a.html": {Data: []byte(saved)}, "b.xhtml": {Data: []byte(xhtml)}, "c.htm": {Data: []byte(old)}, "d.html": {}}
	for _, tt := range []struct{ path, source, want string }{
		{"a.html", "", "https://min.example/ky/a, ky, 2026-02-03, Каттоо, Каттоо акысыз."},
		{"a.html", "https://archive.example/1", "https://archive.example/1, ky, 2026-02-03, Каттоо, Каттоо акысыз."},
		{"b.xhtml", "", "b.xhtml, , , , ачык"},
		{"c.htm", "", "c.htm, , 2026-02-03, , текст"},
		{"d.html", "", "d.html, , , , "},
	} {
		for item, err := range New().Read(t.Context(), read.File{FS: files, Path: tt.path, Name: tt.path, ID: "x", Source: tt.source}) {
			got := strings.Join([]string{item.Source, string(item.Hint), item.Date, item.Title, item.Text}, ", ")
			if err != nil || item.ID != "x" || got != tt.want {
				t.Errorf("%s: %q, %v; want %q", tt.path, got, err, tt.want)
			}
		}
	}
	for _, err := range New().Read(t.Context(), read.File{FS: fstest.MapFS{"e.html": {Data: noise(1 << 12)}}, Path: "e.html", Name: "e.html"}) {
		if !fault.Invalid.Is(err) || !strings.HasPrefix(err.Error(), "e.html: ") {
			t.Errorf("noise: %v", err)
		}
	}
}
