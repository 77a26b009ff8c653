package office

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"tilgate/rag"
	"tilgate/rag/read"
)

const (
	wordNS = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" ` +
		`xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" ` +
		`xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:v="urn:schemas-microsoft-com:vml"`
	officeRel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
)

// pack makes a zip file of files by their names.
func pack(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f, err := w.Create(name)
		if err == nil {
			_, err = io.WriteString(f, files[name])
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

// word makes the files of a Word document out of the inside of its body and of
// its other parts by their short names, such as "styles".
func word(body string, parts map[string]string) map[string]string {
	relations := ""
	files := map[string]string{
		"_rels/.rels": `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
			`<Relationship Type="` + officeRel + `officeDocument" Target="word/document.xml"/>` +
			`<Relationship Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>`,
		"word/document.xml": `<?xml version="1.0" encoding="UTF-8"?><w:document ` + wordNS + `><w:body>` + body + `</w:body></w:document>`,
	}
	for name, text := range parts {
		if name == "core" {
			files["docProps/core.xml"] = `<c:coreProperties xmlns:c="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" ` +
				`xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/">` + text + `</c:coreProperties>`
			continue
		}
		relations += `<Relationship Type="` + officeRel + name + `" Target="` + name + `.xml"/>`
		files["word/"+name+".xml"] = `<w:` + name + ` ` + wordNS + `>` + text + `</w:` + name + `>`
	}
	files["word/_rels/document.xml.rels"] = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` + relations + `</Relationships>`
	return files
}

func readBytes(t testing.TB, r read.Reader, data []byte) (read.Item, error) {
	t.Helper()
	files := fstest.MapFS{"жобо.docx": {Data: data}}
	f := read.File{FS: files, Path: "жобо.docx", Name: "жобо.docx", ID: "жобо", Size: int64(len(data))}
	for item, err := range r.Read(context.Background(), f) {
		return item, err
	}
	t.Fatal("no document and no error")
	return read.Item{}, nil
}

func mustRead(t testing.TB, r read.Reader, data []byte) read.Item {
	t.Helper()
	item, err := readBytes(t, r, data)
	if err != nil {
		t.Fatal(err)
	}
	return item
}

// marked shows a document with a sign before each part: # for headings by
// their level, T for tables with the rows of their head, L for lists.
func marked(d rag.Document) string {
	var out strings.Builder
	at := 0
	for _, m := range d.Marks {
		out.WriteString(d.Text[at:m.At])
		switch m.Kind {
		case rag.Heading:
			out.WriteString(strings.Repeat("#", m.Level) + " ")
		case rag.Table:
			out.WriteString("T" + strings.Repeat("^", m.Level) + " ")
		case rag.List:
			out.WriteString("L ")
		}
		at = m.At
	}
	out.WriteString(d.Text[at:])
	return out.String()
}

// p is a paragraph of one run; props may be empty.
func p(props, text string) string {
	return `<w:p><w:pPr>` + props + `</w:pPr><w:r><w:t xml:space="preserve">` + text + `</w:t></w:r></w:p>`
}

func r(props, text string) string {
	return `<w:r><w:rPr>` + props + `</w:rPr><w:t xml:space="preserve">` + text + `</w:t></w:r>`
}

func TestDOCXText(t *testing.T) {
	styles := `<w:style w:type="paragraph" w:default="1" w:styleId="a"><w:name w:val="Normal"/></w:style>
<w:style w:type="paragraph" w:styleId="1"><w:name w:val="heading 1"/><w:basedOn w:val="a"/><w:pPr><w:outlineLvl w:val="0"/></w:pPr></w:style>
<w:style w:type="paragraph" w:styleId="z2"><w:name w:val="Заголовок 2"/></w:style>
<w:style w:type="paragraph" w:styleId="own"><w:name w:val="Бөлүмдүн аты"/><w:basedOn w:val="z2"/></w:style>
<w:style w:type="paragraph" w:styleId="text"><w:name w:val="Текст"/><w:basedOn w:val="1"/><w:pPr><w:outlineLvl w:val="9"/></w:pPr></w:style>
<w:style w:type="paragraph" w:styleId="x"><w:name w:val="x"/><w:basedOn w:val="y"/></w:style>
<w:style w:type="paragraph" w:styleId="y"><w:name w:val="عنوان ۳"/><w:basedOn w:val="x"/></w:style>
<w:style w:type="paragraph" w:styleId="toc1"><w:name w:val="toc 1"/></w:style>
<w:style w:type="paragraph" w:styleId="T"><w:name w:val="Title"/></w:style>
<w:style w:type="character" w:styleId="secret"><w:name w:val="Secret"/><w:rPr><w:vanish/></w:rPr></w:style>`
	for _, tt := range []struct{ what, body, want string }{
		{"paragraphs", p("", "Жер салыгы.") + p("", " ") + p("", "Мөөнөтү."), "Жер салыгы.\n\nМөөнөтү."},
		{"heading", p(`<w:pStyle w:val="1"/>`, "Жалпы жоболор"), "# Жалпы жоболор"},
		{"heading by a name", p(`<w:pStyle w:val="z2"/>`, "Укуктар"), "## Укуктар"},
		{"heading by the name of its base", p(`<w:pStyle w:val="own"/>`, "Укуктар"), "## Укуктар"},
		{"heading that its style takes back", p(`<w:pStyle w:val="text"/>`, "Укуктар"), "Укуктар"},
		{"bases in a ring", p(`<w:pStyle w:val="x"/>`, "حقوق"), "### حقوق"},
		{"heading by itself", p(`<w:outlineLvl w:val="3"/>`, "Укуктар"), "#### Укуктар"},
		{"no heading by itself", p(`<w:pStyle w:val="1"/><w:outlineLvl w:val="9"/>`, "Укуктар"), "Укуктар"},
		{"title", p(`<w:pStyle w:val="T"/>`, "Жер кодекси"), "# Жер кодекси"},
		{"no such style", p(`<w:pStyle w:val="none"/>`, "Укуктар"), "Укуктар"},
		{"long heading", p(`<w:pStyle w:val="1"/>`, strings.Repeat("Сүйлөм. ", 40)), strings.TrimSpace(strings.Repeat("Сүйлөм. ", 40))},
		{"breaks", `<w:p><w:r><w:t>Дарек:</w:t><w:br/><w:t>Бишкек</w:t><w:tab/><w:t>720000</w:t></w:r></w:p>`, "Дарек:\nБишкек 720000"},
		{"hyphens", `<w:p><w:r><w:t>мам&#xAD;ле</w:t><w:softHyphen/><w:t>кет</w:t><w:noBreakHyphen/><w:t>тик</w:t></w:r></w:p>`, "мамлекет-тик"},
		{"raised", `<w:p>` + r("", "17") + r(`<w:vertAlign w:val="superscript"/>`, "1") + r("", "-берене, CO") + r(`<w:vertAlign w:val="subscript"/>`, "2") + r(`<w:vertAlign w:val="superscript"/>`, "эск") + `</w:p>`, "17¹-берене, CO₂эск"},
		{"hidden", `<w:p>` + r("", "Көрүнөт") + r("<w:vanish/>", "жашыруун") + r(`<w:rStyle w:val="secret"/>`, "сыр") + r(`<w:vanish w:val="0"/>`, ".") + `</w:p>`, "Көрүнөт."},
		{"changes", `<w:p>` + r("", "Салык ") + `<w:del>` + `<w:r><w:delText>10</w:delText><w:t>10</w:t></w:r>` + `</w:del><w:ins>` + r("", "12") + `</w:ins>` + r("", " пайыз.") + `</w:p>`, "Салык 12 пайыз."},
		{"moved", `<w:p><w:moveFrom>` + r("", "мурун") + `</w:moveFrom><w:moveTo>` + r("", "азыр") + `</w:moveTo></w:p>`, "азыр"},
		{"joined by a change", p(`<w:rPr><w:del/></w:rPr>`, "Салык ") + p("", "төлөнөт."), "Салык төлөнөт."},
		{"first letter", p(`<w:framePr w:dropCap="drop"/>`, "К") + p("", "ыргызстан"), "Кыргызстан"},
		{"link", `<w:p><w:hyperlink>` + r("", "сайт") + `</w:hyperlink></w:p>`, "сайт"},
		{"field", `<w:p><w:r><w:fldChar w:fldCharType="begin"/><w:instrText>DATE</w:instrText><w:t>код</w:t><w:fldChar w:fldCharType="separate"/><w:t>1-май</w:t><w:fldChar w:fldCharType="end"/></w:r><w:fldSimple w:instr="PAGE">` + r("", "!") + `</w:fldSimple></w:p>`, "1-май!"},
		{"field without an end", `<w:p><w:r><w:fldChar w:fldCharType="begin"/><w:t>код</w:t></w:r></w:p>` + p("", "Калганы."), "Калганы."},
		{"contents", `<w:p><w:r><w:fldChar w:fldCharType="begin"/><w:instrText> TOC \o</w:instrText><w:fldChar w:fldCharType="separate"/><w:t>Укуктар 3</w:t></w:r></w:p>` + p("", "Милдеттер 4") + p(`<w:pStyle w:val="1"/>`, "Укуктар") + p("", "Ар бир жаран."), "# Укуктар\n\nАр бир жаран."},
		{"contents by style", p(`<w:pStyle w:val="toc1"/>`, "Укуктар 3") + p("", "Текст"), "Текст"},
		{"comment", `<w:p><w:commentRangeStart/>` + r("", "Текст") + `<w:commentRangeEnd/><w:r><w:commentReference/></w:r></w:p>`, "Текст"},
		{"symbols", `<w:p><w:r><w:sym w:font="Wingdings" w:char="F0FE"/><w:t> ооба, </w:t><w:sym w:font="Symbol" w:char="F0B3"/><w:sym w:font="Times" w:char="0031"/></w:r>` + r(`<w:rFonts w:ascii="Symbol"/>`, "&#xF061; ооба") + `</w:p>`, "☑ ооба, ≥1α ооба"},
		{"formula", `<w:p><m:oMath><m:f><m:num><m:r><m:t>a</m:t></m:r></m:num><m:den><m:r><m:t>b</m:t></m:r></m:den></m:f><m:sSup><m:e><m:r><m:t>10</m:t></m:r></m:e><m:sup><m:r><m:t>6</m:t></m:r></m:sup></m:sSup></m:oMath></w:p>`, "a/b10^6"},
		{"ruby", `<w:p><w:r><w:ruby><w:rt>` + r("", "とうきょう") + `</w:rt><w:rubyBase>` + r("", "東京") + `</w:rubyBase></w:ruby></w:r></w:p>`, "東京"},
		{"controls", `<w:sdt><w:sdtPr/><w:sdtContent>` + p("", "Аты") + `</w:sdtContent></w:sdt><w:p><w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>` + r("", "Текст киргизиңиз") + `</w:sdtContent></w:sdt>` + r("", "Аиша") + `</w:p>`, "Аты\n\nАиша"},
		{"text box", `<w:p>` + r("", "Текст") + `<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wps:txbx><w:txbxContent>` + p("", "Куту") + `</w:txbxContent></wps:txbx></w:drawing></mc:Choice><mc:Fallback><w:pict><v:textbox><w:txbxContent>` + p("", "Куту") + `</w:txbxContent></v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>` + r("", " уланат.") + `</w:p>`, "Текст уланат.\n\nКуту"},
		{"frame", `<w:tbl><w:tblGrid><w:gridCol/></w:tblGrid><w:tr><w:tc>` + p(`<w:pStyle w:val="1"/>`, "Укуктар") + p("", "Текст") + `</w:tc></w:tr></w:tbl>`, "# Укуктар\n\nТекст"},
		{"two directions", `<w:p><w:pPr><w:bidi/></w:pPr>` + r("<w:rtl/>", "المادة ") + r("", "12") + `</w:p>`, "المادة 12"},
	} {
		item := mustRead(t, DOCX(), pack(t, word(tt.body, map[string]string{"styles": styles})))
		if got := marked(item.Document); got != tt.want || len(item.Notes) > 0 {
			t.Errorf("%s: %q %v, want %q", tt.what, got, item.Notes, tt.want)
		}
	}
}
