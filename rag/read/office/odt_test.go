package office

import (
	"strings"
	"testing"

	"tilgate/rag/read"
)

const openNS = `xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" ` +
	`xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" ` +
	`xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" ` +
	`xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" xmlns:xlink="http://www.w3.org/1999/xlink" ` +
	`xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0" ` +
	`xmlns:math="http://www.w3.org/1998/Math/MathML" xmlns:loext="urn:org:documentfoundation:names:experimental:office:xmlns:loext:1.0"`

// open makes the files of an OpenDocument text.
func open(body, styles, meta string) map[string]string {
	return map[string]string{
		"mimetype":    "application/vnd.oasis.opendocument.text",
		"content.xml": `<office:document-content ` + openNS + `><office:body><office:text>` + body + `</office:text></office:body></office:document-content>`,
		"styles.xml":  `<office:document-styles ` + openNS + `>` + styles + `</office:document-styles>`,
		"meta.xml":    `<office:document-meta ` + openNS + `><office:meta>` + meta + `</office:meta></office:document-meta>`,
	}
}

func flat(body, styles, meta string) []byte {
	return []byte(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<office:document ` + openNS + `><office:meta>` + meta + `</office:meta>` + styles +
		`<office:body><office:text>` + body + `</office:text></office:body></office:document>`)
}

const openStyleSheet = `<office:font-face-decls><style:font-face style:name="F1" svg:font-family="'Kruti Dev 010'"/></office:font-face-decls>
<office:styles><style:default-style style:family="paragraph"><style:text-properties fo:language="ky" fo:country="KG" style:language-complex="ar" style:country-complex="EG"/></style:default-style>
<style:style style:name="Standard" style:family="paragraph"/>
<style:style style:name="Title" style:family="paragraph" style:parent-style-name="Standard"/>
<style:style style:name="Heading_20_2" style:display-name="Heading 2" style:family="paragraph"/>
<style:style style:name="Contents_20_1" style:display-name="Contents 1" style:family="paragraph"/>
<style:style style:name="B" style:family="text"><style:text-properties fo:font-weight="bold"/></style:style>
<style:style style:name="BB" style:family="text" style:parent-style-name="B"/>
<style:style style:name="Hid" style:family="text"><style:text-properties text:display="none"/></style:style>
<style:style style:name="Up" style:family="text"><style:text-properties style:text-position="super 58%"/></style:style>
<style:style style:name="Down" style:family="text"><style:text-properties style:text-position="-33% 58%"/></style:style>
<style:style style:name="Old" style:family="text"><style:text-properties style:font-name="F1"/></style:style>
<style:style style:name="R1" style:family="paragraph" style:parent-style-name="R2"/><style:style style:name="R2" style:family="paragraph" style:parent-style-name="R1"/>
<text:outline-style style:name="Outline"><text:outline-level-style text:level="1" style:num-format="I" style:num-suffix=" глава."/><text:outline-level-style text:level="2" style:num-format="1" text:display-levels="2" style:num-suffix="."/></text:outline-style>
<text:list-style style:name="L"><text:list-level-style-number text:level="1" style:num-format="1" style:num-suffix="."/><text:list-level-style-number text:level="2" style:num-format="1" style:num-suffix=")" text:display-levels="2"/><text:list-level-style-number text:level="3" style:num-format="а, б, .., аа, бб, ... (ru)" style:num-prefix="(" style:num-suffix=")"/></text:list-style>
<text:list-style style:name="P"><text:list-level-style-number text:level="1" loext:num-list-format="§ %1%:" style:num-format="1"/></text:list-style>
<text:list-style style:name="N"><text:list-level-style-number text:level="1" style:num-format=""/></text:list-style>
<text:list-style style:name="D"><text:list-level-style-bullet text:level="1" text:bullet-char="–"/><text:list-level-style-bullet text:level="2" text:bullet-char="&#xE00F;"/></text:list-style></office:styles>`

func tp(text string) string { return `<text:p text:style-name="Standard">` + text + `</text:p>` }

func li(text string) string { return `<text:list-item>` + tp(text) + `</text:list-item>` }

func TestODTText(t *testing.T) {
	row := func(cells ...string) string {
		return `<table:table-row><table:table-cell>` + strings.Join(cells, `</table:table-cell><table:table-cell>`) + `</table:table-cell></table:table-row>`
	}
	columns := `<table:table-column table:number-columns-repeated="2"/>`
	for _, tt := range []struct{ what, body, want string }{
		{"paragraphs", tp("Жер\n  салыгы.") + tp("") + tp("Мөөнөтү."), "Жер салыгы.\n\nМөөнөтү."},
		{"headings", `<text:h text:outline-level="1">Жалпы</text:h><text:h text:outline-level="2">Максат</text:h><text:h text:outline-level="1" text:is-list-header="true">Тиркеме</text:h><text:h text:outline-level="1">Салык</text:h><text:h text:outline-level="2">Акы</text:h>`,
			"# I глава. Жалпы\n\n## I.1. Максат\n\n# Тиркеме\n\n# II глава. Салык\n\n## II.1. Акы"},
		{"style of a heading", `<text:p text:style-name="Heading_20_2">Укуктар</text:p><text:p text:style-name="Title">Кодекс</text:p>`, "## Укуктар\n\n# Кодекс"},
		{"styles in a ring", `<text:p text:style-name="R1">Текст</text:p>`, "Текст"},
		{"spaces", tp(`Дарек:<text:line-break/>Бишкек<text:tab/>720000<text:s text:c="9"/>а<text:soft-page-break/>б`), "Дарек:\nБишкек 720000 аб"},
		{"spans", tp(`Жер <text:span text:style-name="B">ээс<text:span>и</text:span></text:span><text:a xlink:href="x"> төлөйт</text:a><text:bookmark text:name="x"/>.`), "Жер ээси төлөйт."},
		{"raised", tp(`17<text:span text:style-name="Up">1</text:span>-берене, CO<text:span text:style-name="Down">2</text:span>`), "17¹-берене, CO₂"},
		{"hidden", tp(`Көрүнөт<text:span text:style-name="Hid">сыр</text:span>.<text:hidden-text text:is-hidden="true">х</text:hidden-text>`) + `<text:section text:display="none">` + tp("сыр") + `</text:section><text:section>` + tp("ачык") + `</text:section>`, "Көрүнөт.\n\nачык"},
		{"changes and comments", `<text:tracked-changes><text:changed-region><text:deletion>` + tp("өчкөн") + `</text:deletion></text:changed-region></text:tracked-changes>` + tp(`Салык <text:change-start/>12<text:change-end/> пайыз<office:annotation><dc:creator>А</dc:creator>`+tp("пикир")+`</office:annotation>.`), "Салык 12 пайыз."},
		{"fields", tp(`<text:date>1-май</text:date>, <text:sequence>3</text:sequence>-тиркеме`), "1-май, 3-тиркеме"},
		{"ruby", tp(`<text:ruby><text:ruby-base>東京</text:ruby-base><text:ruby-text>とうきょう</text:ruby-text></text:ruby>`), "東京"},
		{"contents", `<text:table-of-content><text:index-body>` + tp("Укуктар 3") + `</text:index-body></text:table-of-content><text:p text:style-name="Contents_20_1">Укуктар 3</text:p>` + tp("Текст"), "Текст"},
		{"note", tp(`Салык<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation><text:note-body>` + tp("Кодекс.") + `</text:note-body></text:note> төлөнөт.`), "Салык төлөнөт.\n[Кодекс.]"},
		{"text box", tp(`Текст<draw:frame><draw:text-box>`+tp("Куту")+`</draw:text-box><svg:title>т</svg:title></draw:frame> уланат.`) + `<draw:frame><draw:text-box>` + tp("Барак") + `</draw:text-box></draw:frame>`, "Текст уланат.\n\nКуту\n\nБарак"},
		{"formula", tp(`S = <draw:frame><draw:object><math:math><math:semantics><math:mrow><math:mfrac><math:mi>a</math:mi><math:mi>b</math:mi></math:mfrac><math:msup><math:mn>10</math:mn><math:mn>6</math:mn></math:msup></math:mrow><math:annotation>{a over b}</math:annotation></math:semantics></math:math></draw:object></draw:frame>`), "S = a/b10^6"},
		{"list", `<text:list text:style-name="L">` + li("Бир") + `<text:list-item><text:list>` + li("Бир бир") + `<text:list-item>` + tp("Бир эки") + tp("Уланышы") + `<text:list>` + li("а") + li("б") + `</text:list></text:list-item></text:list></text:list-item>` + li("Эки") + `<text:list-header>` + tp("Баш") + `</text:list-header></text:list>`,
			"L 1. Бир\n  1.1) Бир бир\n  1.2) Бир эки\n\nУланышы\n\nL     (а) а\n    (б) б\n2. Эки\n\nБаш"},
		{"list goes on", `<text:list xml:id="x" text:style-name="L">` + li("Бир") + `</text:list>` + tp("Арада") + `<text:list text:style-name="L">` + li("Бир") + `</text:list><text:list text:style-name="L" text:continue-numbering="true">` + li("Эки") + `</text:list><text:list text:continue-list="x" text:style-name="L">` + li("Эки") + `</text:list>`,
			"L 1. Бир\n\nАрада\n\nL 1. Бир\n2. Эки\n2. Эки"},
		{"list begins at", `<text:list text:style-name="P"><text:list-item text:start-value="5">` + tp("Беш") + `</text:list-item>` + li("Алты") + `<text:list-item><text:number>VII</text:number>` + tp("Жети") + `</text:list-item></text:list>`, "L § 5: Беш\n§ 6: Алты\nVII Жети"},
		{"a level that was left out", `<text:list text:style-name="L"><text:list-item><text:list>` + li("Бир бир") + `</text:list></text:list-item>` + li("Эки") + `</text:list>`, "L   1.1) Бир бир\n2. Эки"},
		{"bullets", `<text:list text:style-name="D"><text:list-item>` + tp("Бир") + `<text:list>` + li("Эки") + `</text:list></text:list-item></text:list><text:list>` + li("Үч") + `</text:list>`, "L – Бир\n  • Эки\n• Үч"},
		{"no mark", `<text:list text:style-name="N">` + li("Текст") + `</text:list>`, "Текст"},
		{"heading in a list", `<text:list text:style-name="L"><text:list-item><text:h text:outline-level="1">Салык</text:h></text:list-item></text:list>`, "# 1. Салык"},
		{"table", `<table:table>` + columns + `<table:table-header-rows>` + row(tp("Кызмат"), tp("Акы")) + `</table:table-header-rows>` + row(tp("Паспорт"), tp("500")) + `</table:table>`, "T^ Кызмат | Акы\nПаспорт | 500"},
		{"bold head", `<table:table>` + columns + row(tp(`<text:span text:style-name="BB">Кызмат</text:span>`), tp(`<text:span text:style-name="B">Акы</text:span>`)) + row(tp("Паспорт"), tp("500")) + `</table:table>`, "T^ Кызмат | Акы\nПаспорт | 500"},
		{"merged cells", `<table:table>` + columns + `<table:table-row><table:table-cell table:number-rows-spanned="2">` + tp("Ош") + `</table:table-cell><table:table-cell>` + tp("1") + `</table:table-cell></table:table-row><table:table-row><table:covered-table-cell/><table:table-cell>` + tp("2") + `</table:table-cell></table:table-row><table:table-row><table:table-cell table:number-columns-spanned="2">` + tp("Баары") + `</table:table-cell><table:covered-table-cell/></table:table-row><table:table-row><table:table-cell table:number-columns-repeated="2">` + tp("3") + `</table:table-cell></table:table-row></table:table>`, "T Ош | 1\nОш | 2\nБаары\n3 | 3"},
		{"table in a cell", `<table:table>` + columns + row(tp("Акы:")+`<table:table>`+columns+row(tp("а"), tp("1"))+row(tp("б"), tp("2"))+`</table:table>`, tp("в")) + `</table:table>`, "T Акы: а, 1; б, 2 | в"},
		{"frame", `<table:table><table:table-column/>` + row(tp("Бир")+tp("Эки")) + `</table:table>`, "Бир\n\nЭки"},
	} {
		for form, data := range map[string][]byte{"zip": pack(t, open(tt.body, openStyleSheet, "")), "flat": flat(tt.body, openStyleSheet, "")} {
			item := mustRead(t, ODT(), data)
			if got := marked(item.Document); got != tt.want || len(item.Notes) > 0 {
				t.Errorf("%s, %s: %q %v\nwant %q", tt.what, form, got, item.Notes, tt.want)
			}
		}
	}
}

func TestODTMeta(t *testing.T) {
	meta := `<meta:creation-date>2020-01-01T00:00:00</meta:creation-date><dc:title>Жер кодекси</dc:title><dc:date>2026-03-02T10:00:00.5</dc:date><dc:language>ru-RU</dc:language>`
	item := mustRead(t, ODT(), pack(t, open(tp("Жер ээси салык төлөйт."), openStyleSheet, meta)))
	if item.Title != "Жер кодекси" || item.Date != "2026-03-02" || item.Hint != "ky-KG" {
		t.Errorf("%q, %q, %q", item.Title, item.Date, item.Hint)
	}
	item = mustRead(t, ODT(), pack(t, open(tp("ضريبة الأرض"), openStyleSheet, "")))
	if item.Hint != "ar-EG" {
		t.Errorf("a text in Arabic letters has the hint %q", item.Hint)
	}
	item = mustRead(t, ODT(), pack(t, open(tp("Бир")+tp(`<text:span text:style-name="Old">Hkwfe</text:span>`), openStyleSheet, "")))
	if len(item.Notes) != 1 || item.Notes[0].Kind != read.LegacyFont || !strings.Contains(item.Notes[0].String(), `paragraph 2: text in the font "Kruti Dev 010"`) || item.Text != "Бир" {
		t.Errorf("%q %v", item.Text, item.Notes)
	}
}

// TestObject reads a formula from the file that it stands in.
func TestObject(t *testing.T) {
	files := open(tp(`S = <draw:frame><draw:object xlink:href="./Object 1"/></draw:frame>.`), "", "")
	files["Object 1/content.xml"] = `<math xmlns="http://www.w3.org/1998/Math/MathML"><mrow><mi>a</mi><mo>+</mo><mn>1</mn></mrow></math>`
	if item := mustRead(t, ODT(), pack(t, files)); item.Text != "S = a+1." {
		t.Errorf("%q", item.Text)
	}
}
