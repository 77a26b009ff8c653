package office

import (
	"strings"
	"testing"

	"tilgate/rag/read"
)

// tbl is a table of so many columns.
func tbl(columns int, rows ...string) string {
	return `<w:tbl><w:tblPr/><w:tblGrid>` + strings.Repeat(`<w:gridCol/>`, columns) + `</w:tblGrid>` + strings.Join(rows, "") + `</w:tbl>`
}

func tr(props string, cells ...string) string {
	return `<w:tr><w:trPr>` + props + `</w:trPr>` + strings.Join(cells, "") + `</w:tr>`
}

func tc(props, text string) string {
	return `<w:tc><w:tcPr>` + props + `</w:tcPr>` + p("", text) + `</w:tc>`
}

func bold(text string) string {
	return `<w:tc><w:p>` + r("<w:b/>", text) + `</w:p></w:tc>`
}

func TestDOCXTables(t *testing.T) {
	for _, tt := range []struct{ what, body, want string }{
		{"head", tbl(2, tr(`<w:tblHeader/>`, tc("", "Кызмат"), tc("", "Акы")), tr("", tc("", "Паспорт"), tc("", "500"))), "T^ Кызмат | Акы\nПаспорт | 500"},
		{"head of two rows", tbl(2, tr(`<w:tblHeader/>`, tc("", "а"), tc("", "б")), tr(`<w:tblHeader/>`, tc("", "1"), tc("", "2")), tr("", tc("", "х"), tc("", "у")), tr(`<w:tblHeader/>`, tc("", "кеч"), tc("", "кеч"))), "T^^ а | б\n1 | 2\nх | у\nкеч | кеч"},
		{"bold head", tbl(2, tr("", bold("Кызмат"), bold("Акы")), tr("", tc("", "Паспорт"), tc("", "500"))), "T^ Кызмат | Акы\nПаспорт | 500"},
		{"all bold", tbl(2, tr("", bold("Кызмат"), bold("Акы")), tr("", bold("Паспорт"), bold("Акысыз"))), "T Кызмат | Акы\nПаспорт | Акысыз"},
		{"one bold cell", tbl(2, tr("", bold("Кызмат"), tc("", "Акы")), tr("", tc("", "Паспорт"), tc("", "500"))), "T Кызмат | Акы\nПаспорт | 500"},
		{"one row", tbl(2, tr("", bold("Кызмат"), bold("Акы"))), "T Кызмат | Акы"},
		{"two tables", tbl(2, tr("", tc("", "а"), tc("", "б"))) + tbl(2, tr("", tc("", "в"), tc("", "г"))), "T а | б\n\nT в | г"},
		{"wide cells", tbl(3, tr("", tc(`<w:gridSpan w:val="2"/>`, "а"), tc("", "б")), tr("", tc("", "в"), tc(`<w:gridSpan w:val="2"/>`, "г")), tr(`<w:gridBefore w:val="2"/>`, tc("", "д"))), "T а |  | б\nв | г\n |  | д"},
		{"tall cells", tbl(2, tr("", tc(`<w:vMerge w:val="restart"/>`, "Ош"), tc("", "1")), tr("", tc(`<w:vMerge/>`, ""), tc("", "2")), tr("", tc("", "Нарын"), tc("", "3")), tr("", tc(`<w:vMerge/>`, ""), tc("", "4"))), "T Ош | 1\nОш | 2\nНарын | 3\n | 4"},
		{"tall and long", tbl(2, tr("", tc(`<w:vMerge w:val="restart"/>`, strings.Repeat("узун ", 40)), tc("", "1")), tr("", tc(`<w:vMerge/>`, ""), tc("", "2"))), "T " + strings.Repeat("узун ", 40) + "| 1\n | 2"},
		{"empty cell", tbl(2, tr("", tc("", "а"), tc("", ""))), "T а | "},
		{"empty rows", tbl(2, tr("", tc("", ""), tc("", " ")), tr("", tc("", "а"), tc("", "б"))), "T а | б"},
		{"paragraphs in a cell", tbl(2, tr("", `<w:tc>`+p("", "Бир.")+p("", "Эки.")+`</w:tc>`, tc("", "б"))), "T Бир. Эки. | б"},
		{"table in a cell", tbl(2, tr("", `<w:tc>`+p("", "Акы:")+tbl(2, tr("", tc("", "а"), tc("", "1")), tr("", tc("", "б"), tc("", "2")))+p("", "")+`</w:tc>`, tc("", "б"))), "T Акы: а, 1; б, 2 | б"},
		{"deleted row", tbl(2, tr("", tc("", "а"), tc("", "б")), tr(`<w:del/>`, tc("", "в"), tc("", "г"))), "T а | б"},
		{"row of a control", tbl(2, `<w:sdt><w:sdtContent>`+tr("", tc("", "а"), `<w:sdt><w:sdtContent>`+tc("", "б")+`</w:sdtContent></w:sdt>`)+`</w:sdtContent></w:sdt>`), "T а | б"},
		{"frame in a frame", tbl(1, tr("", `<w:tc>`+tbl(1, tr("", tc("", "а")))+p("", "б")+`</w:tc>`)), "а\n\nб"},
	} {
		item := mustRead(t, DOCX(), pack(t, word(tt.body, nil)))
		if got := marked(item.Document); got != tt.want || len(item.Notes) > 0 {
			t.Errorf("%s: %q %v\nwant %q", tt.what, got, item.Notes, tt.want)
		}
	}
}

func TestDOCXNotes(t *testing.T) {
	footnotes := `<w:footnote w:type="separator" w:id="-1">` + p("", "сызык") + `</w:footnote><w:footnote w:id="3">` + p("", "*Өзүнүн белгиси бар.") + `</w:footnote><w:footnote w:id="2">` + p("", "Кодекстин 5-беренеси.") + p("", "Жаңы редакция.") + `</w:footnote>`
	endnotes := `<w:endnote w:id="2">` + p("", "Маалымат.") + `</w:endnote>`
	note := func(kind string) string { return `<w:r><w:` + kind + `Reference w:id="2"/></w:r>` }
	styles := `<w:style w:type="paragraph" w:styleId="1"><w:name w:val="heading 1"/></w:style>`
	body := `<w:p>` + note("endnote") + `</w:p><w:p><w:pPr><w:pStyle w:val="1"/></w:pPr>` + r("", "Салык") + note("endnote") + `</w:p>` +
		`<w:p>` + r("", "Салык") + note("footnote") + r("", " төлөнөт.") + note("endnote") + `</w:p>` +
		tbl(2, tr("", `<w:tc><w:p>`+r("", "а")+note("endnote")+`</w:p></w:tc>`, tc("", "б"))) +
		`<w:p>` + r("", "Акы") + `<w:r><w:footnoteReference w:customMarkFollows="1" w:id="3"/><w:t>*</w:t></w:r>` + r("", " бар.") + `</w:p>`
	want := "[Маалымат.]\n\n# Салык\n\n[Маалымат.]\n\nСалык төлөнөт.\n[Кодекстин 5-беренеси.\nЖаңы редакция.]\n[Маалымат.]\n\nT а [Маалымат.] | б\n\nАкы бар.\n[Өзүнүн белгиси бар.]"
	item := mustRead(t, DOCX(), pack(t, word(body, map[string]string{"footnotes": footnotes, "endnotes": endnotes, "styles": styles})))
	if got := marked(item.Document); got != want {
		t.Errorf("%q\nwant %q", got, want)
	}
}

func TestDOCXMeta(t *testing.T) {
	lang := func(val, bidi string) string { return `<w:lang w:val="` + val + `" w:bidi="` + bidi + `"/>` }
	defaults := func(val, bidi string) string {
		return `<w:style w:type="paragraph" w:styleId="1"><w:name w:val="heading 1"/></w:style><w:style w:type="paragraph" w:styleId="T"><w:name w:val="Title"/></w:style><w:docDefaults><w:rPrDefault><w:rPr>` + lang(val, bidi) + `</w:rPr></w:rPrDefault></w:docDefaults>`
	}
	head := p(`<w:pStyle w:val="1"/>`, "Жалпы  жоболор")
	for _, tt := range []struct{ what, core, styles, body, title, date, hint string }{
		{"all", `<dc:title> Жер кодекси </dc:title><dcterms:modified>2026-03-02T10:00:00Z</dcterms:modified><dc:language>ky-KG</dc:language>`, defaults("", ""), head, "Жер кодекси", "2026-03-02", "ky-KG"},
		{"the program's title", `<dc:title>Microsoft Word - приказ.doc</dc:title>`, defaults("", ""), head, "Жалпы жоболор", "", ""},
		{"the file's name", `<dc:title>приказ 12.docx</dc:title>`, defaults("", ""), head + p(`<w:pStyle w:val="T"/>`, "Жер кодекси"), "Жер кодекси", "", ""},
		{"a numbered document", `<dc:title>Документ1</dc:title>`, "", p("", "Текст"), "", "", ""},
		{"no date", `<dcterms:modified>1601-01-01T00:00:00Z</dcterms:modified>`, defaults("", ""), head, "Жалпы жоболор", "", ""},
		{"the date of a template", `<dcterms:modified>2013-12-23T23:15:00Z</dcterms:modified>`, defaults("", ""), head, "Жалпы жоболор", "", ""},
		{"language of a run", "", defaults("ru-RU", "ar-SA"), `<w:p>` + r(lang("ky-KG", ""), "Жер жөнүндө мыйзам") + r("", "Закон") + `</w:p>`, "", "", "ky-KG"},
		{"language of a program", `<dc:language>en-US</dc:language>`, defaults("en-US", "ar-SA"), p("", "Жер жөнүндө мыйзам"), "", "", ""},
		{"letters from right to left", "", defaults("en-US", "ur-PK"), p("", "زمین کا ٹیکس"), "", "", "ur-PK"},
		{"script that is not usual", "", defaults("uz-UZ", ""), p("", "Ер солиғи"), "", "", ""},
		{"script that is named", "", defaults("uz-Cyrl-UZ", ""), p("", "Ер солиғи"), "", "", "uz-Cyrl-UZ"},
		{"nonsense", `<dc:language>кыргызча</dc:language>`, defaults("x", "!"), p("", "Текст"), "", "", ""},
	} {
		item := mustRead(t, DOCX(), pack(t, word(tt.body, map[string]string{"core": tt.core, "styles": tt.styles})))
		if item.Title != tt.title || item.Date != tt.date || string(item.Hint) != tt.hint {
			t.Errorf("%s: title %q, date %q, hint %q, want %q, %q, %q", tt.what, item.Title, item.Date, item.Hint, tt.title, tt.date, tt.hint)
		}
	}
}

func TestLegacyFonts(t *testing.T) {
	in := func(font, text string) string {
		return `<w:p>` + r(`<w:rFonts w:ascii="`+font+`" w:hAnsi="`+font+`" w:cs="`+font+`"/>`, text) + r("", " 12") + `</w:p>`
	}
	for _, tt := range []struct {
		what, body, want string
		kind             read.NoteKind
		where            string
	}{
		{"Hindi", p("", "भूमि") + in("Kruti Dev 010", "Hkwfe dj") + in("Kruti Dev 010", "fganh"), "भूमि", read.LegacyFont, "paragraph 2"},
		{"Unicode in spite of its font", in("Kruti Dev 010", "भूमि कर"), "भूमि कर 12", "", ""},
		{"digits only", in("Preeti", "2082"), "2082 12", "", ""},
		{"Bengali", in("SutonnyMJ", "f~wg Ki"), "", read.LegacyFont, "paragraph 1"},
		{"Kazakh", in("Times Kaz", "Жер салыєы"), "", read.LegacyFont, "paragraph 1"},
		{"Russian in a Kazakh font", in("Times Kaz", "Земельный налог"), "Земельный налог 12", "", ""},
		{"Unicode font of a similar name", in("Power Geez Unicode1", "Tax"), "Tax 12", "", ""},
		{"Zawgyi", in("Zawgyi-One", "ေျမခြန္ ေပးပါ။"), "မြေခွန် ပေးပါ။ 12", read.Encoding, "paragraph 1"},
		{"in a table", tbl(2, tr("", `<w:tc>`+in("Limon S1", "BnæFI")+`</w:tc>`, tc("", "5"))), "T  | 5", read.LegacyFont, "paragraph 1"},
		{"as a theme says", `<w:p>` + r(`<w:rFonts w:ascii="Preeti" w:asciiTheme="minorHAnsi"/>`, "Tax") + `</w:p>`, "Tax", "", ""},
	} {
		item := mustRead(t, DOCX(), pack(t, word(tt.body, nil)))
		var kind read.NoteKind
		var where string
		for _, n := range item.Notes {
			kind, where = n.Kind, n.Where
		}
		if got := marked(item.Document); got != tt.want || kind != tt.kind || where != tt.where || len(item.Notes) > 1 {
			t.Errorf("%s: %q %v, want %q and a note %s at %q", tt.what, got, item.Notes, tt.want, tt.kind, tt.where)
		}
	}
}
