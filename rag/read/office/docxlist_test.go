package office

import (
	"fmt"
	"strings"
	"testing"
)

// lvl is a level of a list.
func lvl(at int, format, text, more string) string {
	return fmt.Sprintf(`<w:lvl w:ilvl="%d"><w:start w:val="1"/><w:numFmt w:val="%s"/>%s<w:lvlText w:val="%s"/></w:lvl>`, at, format, more, text)
}

func abstract(id string, levels ...string) string {
	return `<w:abstractNum w:abstractNumId="` + id + `">` + strings.Join(levels, "") + `</w:abstractNum>`
}

func num(id, template, more string) string {
	return `<w:num w:numId="` + id + `"><w:abstractNumId w:val="` + template + `"/>` + more + `</w:num>`
}

// items are paragraphs of a list, each given as "list level text".
func items(lines ...string) string {
	var out strings.Builder
	for _, line := range lines {
		part := strings.SplitN(line, " ", 3)
		out.WriteString(p(`<w:numPr><w:ilvl w:val="`+part[1]+`"/><w:numId w:val="`+part[0]+`"/></w:numPr>`, part[2]))
	}
	return out.String()
}

func TestDOCXLists(t *testing.T) {
	law := abstract("0", lvl(0, "decimal", "%1.", ""), lvl(1, "decimal", "%1.%2.", ""), lvl(2, "russianLower", "%3)", ""))
	start := `<w:lvlOverride w:ilvl="0"><w:startOverride w:val="%s"/></w:lvlOverride>`
	for _, tt := range []struct{ what, numbering, body, want string }{
		{"law", law + num("1", "0", ""),
			items("1 0 Бир", "1 1 Бир бир", "1 1 Бир эки", "1 2 а", "1 2 б", "1 0 Эки", "1 1 Эки бир", "1 2 а"),
			"L 1. Бир\n  1.1. Бир бир\n  1.2. Бир эки\n    а) а\n    б) б\n2. Эки\n  2.1. Эки бир\n    а) а"},
		{"lists of one template go on", law + num("1", "0", "") + num("2", "0", ""),
			items("1 0 Бир", "2 0 Эки"), "L 1. Бир\n2. Эки"},
		{"a list begins anew", law + num("1", "0", "") + num("2", "0", fmt.Sprintf(start, "1")) + num("3", "0", fmt.Sprintf(start, "7")),
			items("1 0 Бир", "2 0 Бир", "2 0 Эки", "3 0 Жети", "3 0 Сегиз"), "L 1. Бир\n1. Бир\n2. Эки\n7. Жети\n8. Сегиз"},
		{"articles go on through chapters", abstract("0", lvl(0, "upperRoman", "%1 глава.", ""), lvl(1, "decimal", "%2-статья.", `<w:lvlRestart w:val="0"/>`)) + num("1", "0", ""),
			items("1 0 Жалпы", "1 1 Максат", "1 1 Укук", "1 0 Салык", "1 1 Акы"),
			"L I глава. Жалпы\n  1-статья. Максат\n  2-статья. Укук\nII глава. Салык\n  3-статья. Акы"},
		{"legal", abstract("0", lvl(0, "upperRoman", "%1", ""), lvl(1, "decimal", "%1.%2", "<w:isLgl/>")) + num("1", "0", ""),
			items("1 0 Бир", "1 1 Эки"), "L I Бир\n  1.1 Эки"},
		{"a level that was left out", law + num("1", "0", ""), items("1 1 Бир бир", "1 0 Эки"), "L   1.1. Бир бир\n2. Эки"},
		{"bullets", abstract("0", lvl(0, "bullet", "\uF0B7", `<w:rPr><w:rFonts w:ascii="Symbol"/></w:rPr>`), lvl(1, "bullet", "o", ""), lvl(2, "bullet", "–", `<w:rPr><w:rFonts w:ascii="Symbol"/></w:rPr>`), lvl(3, "bullet", "§", `<w:rPr><w:rFonts w:ascii="Wingdings"/></w:rPr>`), lvl(4, "bullet", "\uF02D", `<w:rPr><w:rFonts w:ascii="Symbol"/></w:rPr>`)) + num("1", "0", ""),
			items("1 0 Бир", "1 1 Эки", "1 2 Үч", "1 3 Төрт", "1 4 Беш"), "L • Бир\n  • Эки\n    – Үч\n      ▪ Төрт\n        − Беш"},
		{"letters", abstract("0", lvl(0, "lowerLetter", "(%1)", ""), lvl(1, "thaiNumbers", "%2.", ""), lvl(2, "hindiNumbers", "%3", ""), lvl(3, "arabicAbjad", "%4-", "")) + num("1", "0", ""),
			items("1 0 a", "1 1 ข้อ", "1 2 नियम", "1 3 بند", "1 3 بند"), "L (a) a\n  ๑. ข้อ\n    १ नियम\n      أ- بند\n      ب- بند"},
		{"no list", law + num("1", "0", ""), items("0 0 Текст", "9 0 Башка"), "Текст\n\nБашка"},
		{"a number that is nothing", abstract("0", lvl(0, "none", "", "")) + num("1", "0", ""), items("1 0 Текст"), "Текст"},
		{"an empty item counts", law + num("1", "0", ""), items("1 0 Бир", "1 0 ", "1 0 Үч"), "L 1. Бир\n3. Үч"},
		{"a deleted item does not", law + num("1", "0", ""), items("1 0 Бир") + `<w:p><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr><w:rPr><w:del/></w:rPr></w:pPr><w:del><w:r><w:delText>Эки</w:delText></w:r></w:del></w:p>` + items("1 0 Үч"), "L 1. Бир\n2. Үч"},
		{"a level of its own", law + num("1", "0", `<w:lvlOverride w:ilvl="0">`+lvl(0, "upperLetter", "%1:", "")+`</w:lvlOverride>`), items("1 0 Бир"), "L A: Бир"},
		{"headings", abstract("0", lvl(0, "decimal", "%1-берене.", `<w:pStyle w:val="h"/>`), lvl(1, "decimal", "%1.%2.", `<w:pStyle w:val="art"/>`)) + num("1", "0", ""),
			p(`<w:pStyle w:val="h"/>`, "Максат") + p(`<w:pStyle w:val="art"/>`, "Мыйзам жерди коргойт.") + p(`<w:pStyle w:val="h"/>`, "Укук") + p(`<w:pStyle w:val="h"/><w:numPr><w:numId w:val="0"/></w:numPr>`, "Тиркеме"),
			"# 1-берене. Максат\n\nL   1.1. Мыйзам жерди коргойт.\n\n# 2-берене. Укук\n\n# Тиркеме"},
		{"style of lists", abstract("0", `<w:numStyleLink w:val="ls"/>`) + abstract("1", lvl(0, "decimal", "§%1", "")) + num("1", "0", "") + num("2", "1", ""),
			items("1 0 Бир"), "L §1 Бир"},
		{"formats of newer versions", abstract("0", `<w:lvl w:ilvl="0"><w:start w:val="1"/><mc:AlternateContent><mc:Choice Requires="w14"><w:numFmt w:val="custom" w:format="001"/></mc:Choice><mc:Fallback><w:numFmt w:val="decimalZero"/></mc:Fallback></mc:AlternateContent><w:lvlText w:val="%1"/></w:lvl>`) + num("1", "0", ""),
			items("1 0 Бир"), "L 01 Бир"},
	} {
		styles := `<w:style w:type="paragraph" w:styleId="h"><w:name w:val="heading 1"/><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>
<w:style w:type="paragraph" w:styleId="art"><w:name w:val="Article"/><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>
<w:style w:type="numbering" w:styleId="ls"><w:name w:val="Own list"/><w:pPr><w:numPr><w:numId w:val="2"/></w:numPr></w:pPr></w:style>`
		item := mustRead(t, DOCX(), pack(t, word(tt.body, map[string]string{"styles": styles, "numbering": tt.numbering})))
		if got := marked(item.Document); got != tt.want || len(item.Notes) > 0 {
			t.Errorf("%s: %q %v\nwant %q", tt.what, got, item.Notes, tt.want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for _, tt := range []struct {
		n            int
		format, want string
	}{
		{1999, "upperRoman", "MCMXCIX"}, {4, "lowerRoman", "iv"}, {4000, "lowerRoman", "4000"}, {0, "upperRoman", "0"},
		{26, "lowerLetter", "z"}, {27, "lowerLetter", "aa"}, {53, "upperLetter", "AAA"}, {1000, "upperLetter", "1000"},
		{1, "russianUpper", "А"}, {7, "russianLower", "ж"}, {10, "russianLower", "к"}, {29, "russianLower", "я"}, {30, "russianLower", "аа"},
		{2, "arabicAlpha", "ب"}, {3, "arabicAbjad", "ج"}, {12, "thaiNumbers", "๑๒"}, {4, "thaiLetters", "ง"}, {30, "hindiNumbers", "३०"},
		{9, "decimalZero", "09"}, {10, "decimalZero", "10"}, {3, "none", ""}, {3, "chicago", "3"},
	} {
		if got := wordNumber(tt.n, tt.format); got != tt.want {
			t.Errorf("wordNumber(%d, %s) = %q, want %q", tt.n, tt.format, got, tt.want)
		}
	}
	for _, tt := range []struct {
		n            int
		format, want string
	}{
		{3, "1", "3"}, {3, "", ""}, {4, "I", "IV"}, {4, "i", "iv"}, {27, "a", "aa"}, {28, "A", "AB"}, {703, "a", "aaa"},
		{3, "а, б, .., аа, бб, ... (ru)", "в"}, {3, "А, Б, .., Аа, Аб, ... (ru)", "В"}, {12, "១, ២, ៣, ...", "១២"}, {5, "१, २, ३, ...", "५"},
		{2, "أ, ب, ت, ...", "ب"}, {2, "ก, ข, ฃ, ...", "ข"}, {5, "一, 二, 三, ...", "5"},
	} {
		if got := openNumber(tt.n, tt.format, false); got != tt.want {
			t.Errorf("openNumber(%d, %s) = %q, want %q", tt.n, tt.format, got, tt.want)
		}
	}
	if got := openNumber(28, "a", true); got != "bb" {
		t.Errorf("openNumber(28, a, repeated) = %q, want bb", got)
	}
}

func TestHeadingLevel(t *testing.T) {
	for _, tt := range []struct {
		style string
		want  int
	}{
		{"heading 1", 1}, {"Heading 9", 9}, {"Heading_2", 2}, {"Заголовок 3", 3}, {"Тақырып 2", 2}, {"Sarlavha 1", 1}, {"عنوان ۲", 2}, {"शीर्षक १", 1},
		{"ចំណងជើង ១", 1}, {"Überschrift 4", 4}, {"标题 2", 2}, {"Heading", 0}, {"heading 0", 0}, {"heading 10", 0}, {"Текст 1", 0}, {"1", 0}, {"", 0},
	} {
		if got := headingLevel(tt.style); got != tt.want {
			t.Errorf("headingLevel(%q) = %d, want %d", tt.style, got, tt.want)
		}
	}
}
