package office

import (
	"strings"
	"testing"
	"unicode/utf8"

	"tilgate/internal/fault"
	"tilgate/rag"
	"tilgate/rag/read"
)

// FuzzDOCX reads anything for the parts of a Word document.
func FuzzDOCX(f *testing.F) {
	styles := `<w:style w:type="paragraph" w:styleId="1"><w:name w:val="heading 1"/><w:basedOn w:val="1"/><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>`
	numbering := abstract("0", lvl(0, "decimal", "%1.", ""), lvl(1, "russianLower", "%1.%2)", "<w:isLgl/>")) + num("1", "0", "")
	footnotes := `<w:footnote w:id="1">` + p("", "Эскертүү") + `</w:footnote>`
	f.Add(p(`<w:pStyle w:val="1"/>`, "Салык")+items("1 1 Бир", "1 0 Эки"), styles, numbering, footnotes)
	f.Add(tbl(2, tr("<w:tblHeader/>", tc("", "а"), tc(`<w:vMerge w:val="restart"/>`, "б")), tr("", tc(`<w:gridSpan w:val="3"/>`, "в"), tc("<w:vMerge/>", ""))), styles, numbering, footnotes)
	f.Add(`<w:p><w:r><w:fldChar w:fldCharType="begin"/><w:instrText>TOC</w:instrText><w:sym w:font="Symbol" w:char="F061"/><w:footnoteReference w:id="1"/><w:pict><w:txbxContent>`+p("", "к")+`</w:txbxContent></w:pict></w:r></w:p>`, styles, numbering, footnotes)
	f.Add(`<w:p>`+r(`<w:rFonts w:ascii="Preeti"/><w:vertAlign w:val="superscript"/>`, "12")+`<m:oMath><m:den><m:t>1</m:t></m:den></m:oMath></w:p>`, styles, numbering, footnotes)
	f.Fuzz(func(t *testing.T, body, styles, numbering, footnotes string) {
		parts := map[string]string{"styles": styles, "numbering": numbering, "footnotes": footnotes}
		check(t, read.ReaderFunc(reader{1 << 20}.docx), pack(t, word(body, parts)))
	})
}

// FuzzODT reads anything as a flat OpenDocument text.
func FuzzODT(f *testing.F) {
	f.Add(`<text:list text:style-name="L">`+li("Бир")+`<text:list-item><text:list>`+li("Эки")+`</text:list></text:list-item></text:list>`, openStyleSheet)
	f.Add(`<table:table><table:table-column/><table:table-column/><table:table-row><table:table-cell table:number-rows-spanned="2">`+tp("а")+`</table:table-cell><table:covered-table-cell/></table:table-row></table:table>`, openStyleSheet)
	f.Add(`<text:h text:outline-level="2">Салык</text:h>`+tp(`<text:note><text:note-body>`+tp("э")+`</text:note-body></text:note><draw:frame><draw:text-box>`+tp("к")+`</draw:text-box></draw:frame>`), openStyleSheet)
	f.Fuzz(func(t *testing.T, body, styles string) {
		check(t, read.ReaderFunc(reader{1 << 20}.odt), flat(body, styles, ""))
	})
}

// FuzzFiles reads any file as either.
func FuzzFiles(f *testing.F) {
	f.Add(pack(f, word(p("", "Текст"), map[string]string{"styles": ""})))
	f.Add(pack(f, open(tp("Текст"), openStyleSheet, "<dc:title>х</dc:title>")))
	f.Add(ole("EncryptedPackage"))
	f.Fuzz(func(t *testing.T, data []byte) {
		check(t, read.ReaderFunc(reader{1 << 20}.docx), data)
		check(t, read.ReaderFunc(reader{1 << 20}.odt), data)
	})
}

// check checks what must be so of any file.
func check(t *testing.T, r read.Reader, data []byte) {
	item, err := readBytes(t, r, data)
	if err != nil {
		if fault.Of(err) == fault.Internal {
			t.Errorf("%v has no kind", err)
		}
		return
	}
	d := item.Document
	if !utf8.ValidString(d.Text) || !utf8.ValidString(d.Title) || len(d.Text) > 1<<20 || len(item.Notes) > maxNotes+maxLost {
		t.Errorf("%d bytes of text, title %q, %d notes", len(d.Text), d.Title, len(item.Notes))
	}
	if strings.Contains(d.Text, "\n\n\n") || strings.TrimSpace(d.Text) == "" && d.Text != "" {
		t.Errorf("empty paragraphs in %q", d.Text)
	}
	at := 0
	for _, m := range d.Marks {
		if m.At < at || m.End <= m.At || m.End > len(d.Text) || m.Kind == rag.Heading && (m.Level < 1 || m.Level > 6) {
			t.Fatalf("marks %v in %d bytes", d.Marks, len(d.Text))
		}
		at = m.End
	}
}
