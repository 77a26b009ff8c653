package sheet

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"tilgate/internal/fault"
	"tilgate/rag"
)

// book makes a workbook of sheets; do fills it further.
func workbookOf(t testing.TB, sheets map[string][][]any, do func(f *excelize.File)) string {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for name, rows := range sheets {
		if _, err := f.NewSheet(name); err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			if err := f.SetSheetRow(name, fmt.Sprintf("A%d", i+1), &row); err != nil {
				t.Fatal(err)
			}
		}
	}
	if sheets["Sheet1"] == nil {
		if err := f.DeleteSheet("Sheet1"); err != nil {
			t.Fatal(err)
		}
	}
	if do != nil {
		do(f)
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// must fails when a step in making a workbook does.
func must(t testing.TB, steps ...error) {
	t.Helper()
	for _, err := range steps {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func style(t testing.TB, f *excelize.File, format int) int {
	t.Helper()
	n, err := f.NewStyle(&excelize.Style{NumFmt: format})
	must(t, err)
	return n
}

func TestXLSX(t *testing.T) {
	day := time.Date(2026, 2, 10, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		what   string
		sheets map[string][][]any
		do     func(f *excelize.File)
		o      Options
		want   string
	}{
		{"as displayed", map[string][][]any{"Sheet1": {{"Кызмат", "Баасы", "Үлүшү", "Күнү", "Бар"}, {"Каттоо", 1234.5, 0.25, day, true}}}, func(f *excelize.File) {
			must(t, f.SetCellStyle("Sheet1", "B2", "B2", style(t, f, 4)), f.SetCellStyle("Sheet1", "C2", "C2", style(t, f, 9)), f.SetCellStyle("Sheet1", "D2", "D2", style(t, f, 14)))
		}, Options{}, "[a#Sheet1] a\nКызмат | Баасы | Үлүшү | Күнү | Бар\nКаттоо | 1,234.50 | 25% | 2026-02-10 | TRUE\n"},
		{"formulas as they were computed", map[string][][]any{"Баалар": {{"Ай", "Баасы"}, {"Январь", 40}}}, func(f *excelize.File) {
			must(t, f.SetCellFormula("Баалар", "B3", "SUM(B2:B2)"), f.SetCellStr("Баалар", "A3", "Баары"))
		}, Options{}, "[a#Баалар] Баалар\nАй | Баасы\nЯнварь | 40\nБаары\n"},
		{"a title across, and a header of two rows", map[string][][]any{"Sheet1": {
			{"Суунун баасы 2026"}, {"Облус", "Январь", "", "Февраль"}, {"", "Үй", "Завод", "Үй", "Завод"},
			{"Нарын", 1, 2, 3, 4}, {"", 5, 6, 7, 8}, {"Түштүк"}, {"Ош", 9, 10}}}, func(f *excelize.File) {
			must(t, f.MergeCell("Sheet1", "A1", "E1"), f.MergeCell("Sheet1", "A2", "A3"), f.MergeCell("Sheet1", "B2", "C2"), f.MergeCell("Sheet1", "D2", "E2"),
				f.MergeCell("Sheet1", "A4", "A5"), f.MergeCell("Sheet1", "A6", "E6"))
		}, Options{}, "[a#Sheet1] Суунун баасы 2026\nОблус | Январь | Январь | Февраль | Февраль\nОблус | Үй | Завод | Үй | Завод\nНарын | 1 | 2 | 3 | 4\nНарын | 5 | 6 | 7 | 8\nТүштүк\nОш | 9 | 10\n"},
		{"what is hidden", map[string][][]any{"Sheet1": {{"Ай", "Баасы"}, {"Январь", 40}, {"Купуя", 1}, {"Март", 42}}, "Купуя": {{"а", "б"}}}, func(f *excelize.File) {
			must(t, f.SetRowVisible("Sheet1", 3, false), f.SetSheetVisible("Купуя", false))
		}, Options{}, "[a#Sheet1] a\nАй | Баасы\nЯнварь | 40\nМарт | 42\n! Sheet1: 1 hidden rows were left out\n! Купуя: the sheet is hidden, and was left out\n"},
		{"parts", map[string][][]any{"Sheet1": {{"Ай", "Баасы"}, {"а", 1}, {"б", 2}, {"в", 3}}}, nil, Options{Rows: 3},
			"[a#Sheet1!1] a, rows 1–3\nАй | Баасы\nа | 1\nб | 2\n[a#Sheet1!4] a, rows 4–4\nАй | Баасы\nв | 3\n"},
		{"questions", map[string][][]any{"FAQ": {{"ID", "Сұрақ", "Жауап", "Тіл"}, {"1", "Тіркеу қанша тұрады?", "Тегін.", "қазақ тілі"}, {2, "Қашан?", "Ертең.", "kk"}}}, nil, Options{},
			"[a#FAQ#1] Тіркеу қанша тұрады? /kk\nТегін.\n[a#FAQ#2] Қашан? /kk\nЕртең.\n"},
		{"nothing", map[string][][]any{"Sheet1": {}}, nil, Options{}, "[a] a\n\n"},
		{"rows far down and to the right", map[string][][]any{"Sheet1": {{"Ай", "Баасы"}}}, func(f *excelize.File) {
			must(t, f.SetCellStr("Sheet1", "A70000", "Акыркы"), f.SetCellStr("Sheet1", "XFD3", "алыс"))
		}, Options{}, "[a#Sheet1] a\nАй | Баасы\nАкыркы\n! Sheet1: columns after the first 256 were left out\n"},
	} {
		items, faults := all(XLSX(tt.o), file("a.xlsx", workbookOf(t, tt.sheets, tt.do)))
		for i := range items {
			items[i].Date = "" // of the library
		}
		if got := written(items); got != tt.want || len(faults) > 0 {
			t.Errorf("%s: faults %q\n%s, want\n%s", tt.what, faults, got, tt.want)
		}
	}
}

// TestProperties: what the workbook says of itself, and where the head of its
// table ends.
func TestProperties(t *testing.T) {
	data := workbookOf(t, map[string][][]any{"Sheet1": {{"Ай", "Баасы"}, {"Январь", 40}}}, func(f *excelize.File) {
		must(t, f.SetDocProps(&excelize.DocProperties{Modified: "2026-02-10T08:00:00Z", Language: "ky-KG"}))
	})
	items, faults := all(XLSX(Options{}), file("a.xlsx", data))
	if len(items) != 1 || len(faults) > 0 {
		t.Fatalf("%d documents, %q", len(items), faults)
	}
	got := items[0]
	if got.Date != "2026-02-10" || got.Hint != "ky-KG" || got.Lang != "" || got.Where != "kb/a.xlsx: Sheet1:1" || got.Read != int64(len(data)) || got.Source != "kb/a.xlsx" {
		t.Errorf("%+v", got)
	}
	if len(got.Marks) != 1 || got.Marks[0] != (rag.Mark{Kind: rag.Table, Level: 1, At: 0, End: len(got.Text)}) {
		t.Errorf("marks %+v", got.Marks)
	}
}

// rewritten returns a workbook with some of its parts replaced.
func rewritten(t testing.TB, data string, parts map[string]string) string {
	t.Helper()
	in, err := zip.NewReader(strings.NewReader(data), int64(len(data)))
	must(t, err)
	var b bytes.Buffer
	out := zip.NewWriter(&b)
	for _, f := range in.File {
		if _, ok := parts[f.Name]; !ok {
			must(t, out.Copy(f))
		}
	}
	for name, text := range parts {
		w, err := out.Create(name)
		must(t, err)
		_, err = w.Write([]byte(text))
		must(t, err)
	}
	must(t, out.Close())
	return b.String()
}

const sheetHead = `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><dimension ref="A1:XFD1048576"/><sheetData>`

// TestHostileWorkbooks: each is refused, or what is good of it is read, in
// bounded time and memory.
func TestHostileWorkbooks(t *testing.T) {
	good := workbookOf(t, map[string][][]any{"Sheet1": {{"Ай", "Баасы"}, {"Январь", 40}}}, nil)
	sheet := func(rows string) string {
		return rewritten(t, good, map[string]string{"xl/worksheets/sheet1.xml": sheetHead + rows + "</sheetData></worksheet>"})
	}
	text := func(s string) string { return `<c t="inlineStr"><is><t>` + s + `</t></is></c>` }
	for _, tt := range []struct{ what, data, want string }{
		{"a million empty rows", sheet(numbered(1<<20-1) + "<row>" + text("Ай") + text("Баасы") + "</row>"), "[a#Sheet1] a\nАй | Баасы\n"},
		{"a row that stands nowhere", sheet(`<row r="99999999">` + text("а") + "</row>"), "[a] a\n\n! Sheet1: it is broken, and was left out from row 1 on"},
		{"a cell that stands nowhere", sheet("<row>" + text("Ай") + text("Баасы") + `</row><row><c r="ABCDEFG1"><v>1</v></c></row>`), "[a#Sheet1] a\nАй | Баасы\n! Sheet1: it is broken, and was left out from row 2 on"},
		{"a string without a number", sheet(`<row><c t="s"><v>x</v></c></row>`), "[a#Sheet1] Ай\nАй\n"},
		{"rows that are too wide", sheet(strings.Repeat(`<row><c r="XFD1"><v>1</v></c></row>`, 13000)), "kb/a.xlsx: its rows are too wide"},
		{"a row of too many cells", sheet("<row>" + strings.Repeat("<c><v>1</v></c>", maxCells+1) + "</row>"), "kb/a.xlsx: a row has more than 16384 cells"},
		{"a cell that is too long", sheet("<row>" + text(strings.Repeat("а", maxMarkup)) + "</row>"), "kb/a.xlsx: a cell has over 2 MB"},
		{"texts without number", rewritten(t, good, map[string]string{"xl/sharedStrings.xml": "<sst>" + strings.Repeat("<si/>", maxStrings+1) + "</sst>"}), "kb/a.xlsx: "},
		{"a part that is too large", rewritten(t, good, map[string]string{"xl/styles.xml": strings.Repeat("ab c", maxOther/4+1)}), "kb/a.xlsx: "},
		{"a list of sheets that is none", rewritten(t, good, map[string]string{"xl/workbook.xml": "<workbook"}), "kb/a.xlsx: its list of sheets is broken"},
		{"a sheet that is none", rewritten(t, good, map[string]string{"xl/worksheets/sheet1.xml": "Ай"}), "[a] a\n"},
		{"half a file", good[:len(good)/2], "kb/a.xlsx: "},
		{"no file at all", "", "kb/a.xlsx: "},
		{"another zip file", otherZip(t), "kb/a.xlsx: it is no Excel workbook"},
		{"Excel 97", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 600), "kb/a.xlsx: it is a workbook of Excel 97 to 2003 (.xls); save it as .xlsx"},
		{"a password", encrypted(t), "kb/a.xlsx: it is encrypted with a password; save it without one"},
	} {
		t.Run(tt.what, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			items, faults := all(XLSX(Options{}), file("a.xlsx", tt.data))
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			for i := range items {
				items[i].Date = ""
			}
			if got := written(items) + strings.Join(faults, "\n"); !strings.HasPrefix(got, tt.want) {
				t.Errorf("%.300s, want %s", got, tt.want)
			}
			t.Logf("%v, %d MB allocated for %d KB", took.Round(time.Millisecond), (after.TotalAlloc-before.TotalAlloc)>>20, len(tt.data)>>10)
		})
	}
}

// numbered is so many empty rows.
func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `<row r="%d"/>`, i+1)
	}
	return b.String()
}

func otherZip(t testing.TB) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("a.txt")
	must(t, err)
	_, err = w.Write([]byte("Суу"))
	must(t, err, z.Close())
	return b.String()
}

func encrypted(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.xlsx")
	f := excelize.NewFile()
	defer f.Close()
	must(t, f.SaveAs(path, excelize.Options{Password: "суу"}))
	data, err := os.ReadFile(path)
	must(t, err)
	return string(data)
}

func TestCancelXLSX(t *testing.T) {
	rows := [][]any{{"Ай", "Баасы"}}
	for range 3000 {
		rows = append(rows, []any{"Январь", 40})
	}
	data := workbookOf(t, map[string][][]any{"Sheet1": rows, "Sheet2": rows}, nil)
	n := 0
	for range XLSX(Options{Rows: 500}).Read(t.Context(), file("a.xlsx", data)) {
		if n++; n == 3 {
			break
		}
	}
	if n != 3 {
		t.Errorf("%d documents after the reader stopped at the third", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n = 0
	for _, err := range XLSX(Options{Rows: 500}).Read(ctx, file("a.xlsx", data)) {
		if cancel(); err != nil && !fault.Canceled.Is(err) {
			t.Error(err)
		}
		n++
	}
	if n > 3 {
		t.Errorf("%d documents after nobody wanted more", n)
	}
}

// FuzzPart changes the XML of a sheet, and of what stands around it.
func FuzzPart(f *testing.F) {
	names := []string{"xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml", "xl/workbook.xml", "docProps/core.xml", "[Content_Types].xml"}
	good := workbookOf(f, map[string][][]any{"Sheet1": {{"Ай", "Баасы"}, {"Январь", 40}}}, nil)
	f.Add(uint8(0), sheetHead+`<row r="1" hidden="1"><c r="A1" t="s"><v>0</v></c></row><row r="3"><c r="C3" s="7" t="str"><f>A1</f><v>б</v></c><c t="e"><v>#REF!</v></c></row></sheetData><mergeCells><mergeCell ref="A1:B2"/></mergeCells></worksheet>`)
	f.Add(uint8(1), `<sst><si><r><t>а</t></r><r><t>б</t></r></si><si/></sst>`)
	f.Add(uint8(2), `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="[$-409]d\-mmm;@"/></numFmts><cellXfs><xf numFmtId="164"/></cellXfs></styleSheet>`)
	f.Add(uint8(3), `<workbook><sheets><sheet name="а" sheetId="1" r:id="rId1"/></sheets></workbook>`)
	f.Add(uint8(4), `<cp:coreProperties><dc:language>ky</dc:language></cp:coreProperties>`)
	f.Add(uint8(5), `<Types/>`)
	f.Fuzz(func(t *testing.T, part uint8, xml string) {
		for item, err := range XLSX(Options{}).Read(t.Context(), file("a.xlsx", rewritten(t, good, map[string]string{names[int(part)%len(names)]: xml}))) {
			check(t, item, err)
		}
	})
}

// FuzzFile changes the bytes of a workbook.
func FuzzFile(f *testing.F) {
	f.Add([]byte(workbookOf(f, map[string][][]any{"Sheet1": {{"Ай", "Баасы"}, {"Январь", 40}}}, nil)))
	f.Fuzz(func(t *testing.T, data []byte) {
		for item, err := range XLSX(Options{}).Read(t.Context(), file("a.xlsx", string(data))) {
			check(t, item, err)
		}
	})
}

func BenchmarkXLSX(b *testing.B) {
	rows := [][]any{{"Облус", "Кызмат", "Баасы", "Үлүшү"}}
	for i := range 20000 {
		rows = append(rows, []any{"Нарын облусу", fmt.Sprintf("Кызмат %d", i), i, 0.5})
	}
	f := file("a.xlsx", workbookOf(b, map[string][][]any{"Sheet1": rows}, nil))
	b.SetBytes(f.Size)
	n := 0
	for b.Loop() {
		for _, err := range XLSX(Options{}).Read(b.Context(), f) {
			if err != nil {
				b.Fatal(err)
			}
		}
		n += len(rows)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
}
