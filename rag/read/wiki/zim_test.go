package wiki

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"tilgate/rag"
)

// simpleHTML reads paragraphs of HTML. The real reader is another package's.
func simpleHTML(_ context.Context, page []byte, b *rag.Builder) (title string, err error) {
	z := html.NewTokenizer(bytes.NewReader(page))
	tag := ""
	for {
		switch z.Next() {
		case html.ErrorToken:
			return title, nil
		case html.StartTagToken:
			name, _ := z.TagName()
			tag = string(name)
		case html.EndTagToken:
			tag = ""
		case html.TextToken:
			if text := strings.Map(noControl, strings.ToValidUTF8(string(z.Text()), "")); tag == "title" {
				title = text
			} else {
				b.Paragraph(text)
			}
		}
	}
}

func noControl(r rune) rune {
	if r < ' ' {
		return ' '
	}
	return r
}

// waterZIM is a file with one of everything.
func waterZIM(old bool, packed byte) zimSpec {
	page := "C/"
	if old {
		page = "A/"
	}
	return zimSpec{old: old, packed: []byte{packed, packNone, packed}, entries: []zimEntry{
		{path: page + "Жер", title: "Жер салыгы", mime: "text/html", data: "<title>жер</title><p>Салык 2 сом.</p>", cluster: 2},
		{path: page + "Суу", mime: "text/html; charset=utf-8", data: "<title>Суу</title><p>Баасы 40 сом.</p>", cluster: 0},
		{path: page + "Сугат", mime: "text/html", cluster: 0, same: true},
		{path: page + "а.css", mime: "text/css", data: "p{}", cluster: 0},
		{path: page + "айланма", target: 4},
		{path: page + "бос", title: "Бош", mime: "text/html", data: "", cluster: 0},
		{path: "I/а.png", mime: "image/png", data: "\x89PNG", cluster: 1},
		{path: "M/Date", mime: "text/plain", data: "2026-04-30", cluster: 2},
		{path: "M/Language", mime: "text/plain", data: "kir", cluster: 2},
		{path: "M/Name", mime: "text/plain", data: "namuna_ky", cluster: 2},
		{path: "M/Source", mime: "text/plain", data: "https://desk.namuna.example/", cluster: 2},
	}}
}

const waterPages = `namuna_ky/Суу "Суу" ky 2026-04-30 https://desk.namuna.example/Суу: Баасы 40 сом.
namuna_ky/бос "Бош" ky 2026-04-30 https://desk.namuna.example/бос: 
namuna_ky/Жер "Жер салыгы" ky 2026-04-30 https://desk.namuna.example/Жер: Салык 2 сом.
`

func readZIM(t testing.TB, data []byte) string {
	t.Helper()
	var b strings.Builder
	docs, faults := readAll(t, ZIM(Options{HTML: simpleHTML}), "a.zim", string(data))
	for _, d := range docs {
		fmt.Fprintf(&b, "%s %q %s %s %s: %s\n", d.ID, d.Title, d.Hint, d.Date, d.Source, d.Text)
	}
	for _, f := range faults {
		b.WriteString(f + "\n")
	}
	return b.String()
}

func TestZIM(t *testing.T) {
	for _, tt := range []struct {
		what   string
		old    bool
		wide   bool
		packed byte
	}{
		{"new namespaces, zstd", false, false, packZstd},
		{"old namespaces, xz", true, false, packXZ},
		{"not packed", false, false, packNone},
		{"wide offsets, zstd", false, true, packZstd},
		{"wide offsets, xz, old namespaces", true, true, packXZ},
	} {
		spec := waterZIM(tt.old, tt.packed)
		spec.wide = tt.wide
		if got := readZIM(t, spec.write(t).data); got != waterPages {
			t.Errorf("%s:\n%s\nwant\n%s", tt.what, got, waterPages)
		}
	}
}
