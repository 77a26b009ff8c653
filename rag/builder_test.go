package rag

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// parts writes the marks of a document beside what they mark.
func parts(d Document) string {
	var out []string
	for _, m := range d.Marks {
		kind := map[MarkKind]string{Heading: "heading", Table: "table", List: "list"}[m.Kind]
		out = append(out, kind+strings.Repeat("+", m.Level)+" "+strings.ReplaceAll(d.Text[m.At:m.End], "\n", "/"))
	}
	return strings.Join(out, "; ")
}

func TestBuilder(t *testing.T) {
	for _, tt := range []struct {
		what, text, marks string
		build             func(b *Builder)
	}{
		{"nothing", "", "", func(b *Builder) { b.Heading(1, " "); b.Paragraph("\n\n"); b.Row("", " "); b.Item(0, "", "") }},
		{"paragraphs", "Суу таза.\n\nБаасы\n40 танга.", "", func(b *Builder) {
			b.Paragraph(" Суу \t таза. ")
			b.Paragraph("Баасы\n\n 40  танга.\n")
		}},
		{"heading and table", "Баалар\n\nКызмат | Баасы\nПаспорт | 40\nКүбөлүк | ", "heading++ Баалар; table+ Кызмат | Баасы/Паспорт | 40/Күбөлүк | ",
			func(b *Builder) {
				b.Heading(2, "Баа\nлар")
				b.HeadRow("Кызмат", "Баасы")
				b.Row("Паспорт", "40")
				b.Row("Күбөлүк", "")
			}},
		{"two tables", "а\n\nб", "table а; table б", func(b *Builder) { b.Row("а"); b.EndTable(); b.Row("б") }},
		{"two head rows", "а\nб\nв", "table++ а/б/в", func(b *Builder) { b.HeadRow("а"); b.HeadRow("б"); b.Row("в") }},
		{"a head that comes late is a row", "а\nб", "table а/б", func(b *Builder) { b.Row("а"); b.HeadRow("б") }},
		{"a list", "• бир\n  1) эки\n\nсөз\n\n• үч", "list • бир/  1) эки; list • үч", func(b *Builder) {
			b.Item(0, "", "бир")
			b.Item(1, "1)", "эки")
			b.Paragraph("сөз")
			b.Item(-3, "", "үч")
		}},
		{"joiners are kept", "می\u200cخواهم نامه", "", func(b *Builder) { b.Paragraph("می\u200cخواهم نامه") }},
	} {
		var b Builder
		tt.build(&b)
		var d Document
		b.Put(&d)
		want := strings.Replace(tt.text, "Баалар", "Баа лар", 1)
		marks := strings.Replace(tt.marks, "Баалар", "Баа лар", 1)
		if d.Text != want || parts(d) != marks || b.Len() != len(d.Text) {
			t.Errorf("%s:\n%q\n%s\nwant\n%q\n%s", tt.what, d.Text, parts(d), want, marks)
		}
	}
}

// FuzzBuilder: marks are ascending, apart, and inside the text.
func FuzzBuilder(f *testing.F) {
	f.Add("Баалар", uint16(0b10_01_00_11))
	f.Add("a\n\n b", uint16(0xffff))
	f.Fuzz(func(t *testing.T, text string, steps uint16) {
		var b Builder
		for ; steps > 0; steps >>= 2 {
			switch steps & 3 {
			case 0:
				b.Paragraph(text)
			case 1:
				b.Heading(int(steps), text)
			case 2:
				b.HeadRow(text, text)
			default:
				b.Item(int(steps), "", text)
			}
		}
		var d Document
		b.Put(&d)
		at := 0
		for _, m := range d.Marks {
			if m.At < at || m.End <= m.At || m.End > len(d.Text) {
				t.Fatalf("mark %+v after %d in %q", m, at, d.Text)
			}
			if utf8.ValidString(text) && !utf8.ValidString(d.Text[m.At:m.End]) {
				t.Fatalf("mark %+v cuts %q", m, d.Text)
			}
			at = m.End
		}
	})
}
