package office

import (
	"strings"
	"testing"

	"tilgate/rag/read"
)

// law is the inside of a long document as Word writes it: runs with
// properties, numbers, some tables.
func law(articles int) string {
	run := r(`<w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:cs="Times New Roman"/><w:sz w:val="28"/><w:szCs w:val="28"/><w:lang w:val="ky-KG"/>`,
		"Жер участогунун ээси салыкты ар бир жылдын биринчи сентябрына чейин төлөйт. ")
	article := `<w:p w:rsidR="00A1" w:rsidRDefault="00B2"><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr><w:spacing w:after="0"/><w:jc w:val="both"/></w:pPr>` + strings.Repeat(run, 4) + `</w:p>`
	return strings.Repeat(article, articles) + tbl(3, strings.Repeat(tr("", tc("", "Паспорт"), tc("", "30 күн"), tc("", "500 сом")), articles/10))
}

func BenchmarkDOCX(b *testing.B) {
	files := word(law(5000), map[string]string{"numbering": abstract("0", lvl(0, "decimal", "%1.", "")) + num("1", "0", "")})
	benchmark(b, DOCX(), pack(b, files), len(files["word/document.xml"]))
}

func BenchmarkODT(b *testing.B) {
	paragraph := tp(strings.Repeat(`<text:span text:style-name="B">Жер участогунун ээси салыкты ар бир жылдын биринчи сентябрына чейин төлөйт. </text:span>`, 4))
	files := open(strings.Repeat(`<text:list text:style-name="L"><text:list-item>`+paragraph+`</text:list-item></text:list>`, 10_000), openStyleSheet, "")
	benchmark(b, ODT(), pack(b, files), len(files["content.xml"]))
}

func benchmark(b *testing.B, r read.Reader, data []byte, xml int) {
	b.SetBytes(int64(xml))
	b.ReportAllocs()
	for b.Loop() {
		mustRead(b, r, data)
	}
}
