package sheet

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"tilgate/internal/fault"
	"tilgate/rag"
	"tilgate/rag/read"
)

// file is one in memory. Its document is named after it, without the ending.
func file(name, data string) read.File {
	id, _, _ := strings.Cut(name, ".")
	return read.File{FS: fstest.MapFS{name: {Data: []byte(data)}}, Path: name, Name: "kb/" + name, ID: id, Size: int64(len(data))}
}

// all reads the documents and the faults of a file.
func all(r read.Reader, f read.File) (items []read.Item, faults []string) {
	for item, err := range r.Read(context.Background(), f) {
		if err != nil {
			faults = append(faults, err.Error())
			continue
		}
		items = append(items, item)
	}
	return items, faults
}

// written writes documents so that people can read them: id, title, language
// and so on, text, notes.
func written(items []read.Item) string {
	var b strings.Builder
	for _, item := range items {
		fmt.Fprintf(&b, "[%s] %s", item.ID, item.Title)
		for _, s := range []string{string(item.Lang), item.Date, item.Sector} {
			if s != "" {
				b.WriteString(" /" + s)
			}
		}
		b.WriteString("\n" + item.Text + "\n")
		for _, n := range item.Notes {
			b.WriteString("! " + n.String() + "\n")
		}
	}
	return b.String()
}

func TestCSV(t *testing.T) {
	for _, tt := range []struct {
		what, text string
		o          Options
		want       string
	}{
		{"a table", "\ufeffКызмат,Баасы\nКаттоо,акысыз\n\"Көчүрмө, экинчи\",20\n", Options{},
			"[a] a\nКызмат | Баасы\nКаттоо | акысыз\nКөчүрмө, экинчи | 20\n"},
		{"semicolons, a title and a remark", "Суунун баасы;;\nСом менен, бир куб үчүн;;\nАй;Баасы;Эскертүү\r\nЯнварь;40,5;\r\n;;\r\nФевраль;41,5;өстү\r\n", Options{},
			"[a] Суунун баасы\nСом менен, бир куб үчүн\n\nАй | Баасы | Эскертүү\nЯнварь | 40,5\nФевраль | 41,5 | өстү\n"},
		{"tabs", "Ай\tБаасы\nЯнварь\t1,5\nФевраль\t2,5\n", Options{}, "[a] a\nАй | Баасы\nЯнварь | 1,5\nФевраль | 2,5\n"},
		{"bars", "Ай|Баасы\nЯнварь|1\n", Options{}, "[a] a\nАй | Баасы\nЯнварь | 1\n"},
		{"a separator that is said", "sep=|\nАй, жыл|Баасы, сом\nЯнварь, 2026|1,5\n", Options{}, "[a] a\nАй, жыл | Баасы, сом\nЯнварь, 2026 | 1,5\n"},
		{"numbers head nothing", "1,2\nЯнварь,Февраль\n3,4\n", Options{Rows: 2}, "[a!1] a, lines 1–2\n1 | 2\nЯнварь | Февраль\n[a!3] a, lines 3–3\n3 | 4\n"},
		{"a column of text", "Каттоо акысыз.\nАрыз бир айда берилет.\nПаспорт керек.\n", Options{}, "[a] Каттоо акысыз.\nАрыз бир айда берилет.\n\nПаспорт керек.\n"},
		{"quotes that are none", "Аты,Сөзү\nАйгүл,бир \"эки\"\nБакыт,эки \"үч\n", Options{}, "[a] a\nАты | Сөзү\nАйгүл | бир \"эки\"\nБакыт | эки \"үч\n"},
		{"nothing", "", Options{}, "[a] a\n\n"},
		{"parts", "Ай,Баасы\nа,1\nб,2\nв,3\nг,4\n", Options{Rows: 3},
			"[a!1] a, lines 1–3\nАй | Баасы\nа | 1\nб | 2\n[a!4] a, lines 4–5\nАй | Баасы\nв | 3\nг | 4\n"},
		{"questions", "№;Суроо;Жооп;Тил;Дата;Тармак\n1;Каттоо канча турат?;Акысыз.;кыргызча;10.02.2026;civil\n2;Жооп жок?;;;;\n3;;Суроосу жок.;;;\n4;Качан?;\"Бир айда.\n\nКечиксе, айып болот.\";ky;эртең;\n", Options{},
			"[a#0860669f7fb50c0bbf174ba1f1070342] Каттоо канча турат? /ky /2026-02-10 /civil\nАкысыз.\n" +
				"[a#1eabc220e76c042e7a3a783c29276442] Качан? /ky\nБир айда.\n\nКечиксе, айып болот.\n! its date \"эртең\" was left out: a date looks like 2026-02-10\n! 1 questions have no answer, and were left out\n"},
		{"questions by id, under a title", "Көп берилүүчү суроолор,,\nID,Вопрос (текст):,Ответ\nk-1,Баасы?,40 сом\nk-2,Качан?,Эртең\n", Options{},
			"[a#k-1] Баасы?\n40 сом\n[a#k-2] Качан?\nЭртең\n"},
		{"in Urdu", "سوال,جواب\nفیس کتنی ہے؟,کوئی فیس نہیں۔\n", Options{ID: "A"}, "[a#فیس کتنی ہے؟] فیس کتنی ہے؟\nکوئی فیس نہیں۔\n"},
		{"columns by name and letter", "Тема,Не сурашты,Эмне дедик\nСуу,Баасы?,40\n", Options{Question: "не сурашты", Answer: "C", Title: "Тема", ID: "B"},
			"[a#Баасы?] Суу\nБаасы?\n\n40\n"},
		{"columns that are not there", "Ай,Баасы\nа,1\n", Options{Question: "Суроо", Answer: "Жооп"}, "[a] a\n\n! it has no header with the columns \"Суроо\" and \"Жооп\", and was left out\n"},
	} {
		items, faults := all(CSV(tt.o), file("a.csv", tt.text))
		if got := written(items); got != tt.want || len(faults) > 0 {
			t.Errorf("%s: faults %q\n%s, want\n%s", tt.what, faults, got, tt.want)
		}
	}
}

func TestCSVFaults(t *testing.T) {
	for _, tt := range []struct{ what, text, want string }{
		{"another kind of file", "PK\x03\x04\x00\x00\x01", "kb/a.csv: it holds zero bytes, so it is not text"},
		{"a quote that is not closed", "Ай,Баасы\nа,1\nб,\"" + strings.Repeat("в,1\n", maxRecord/4), "kb/a.csv: a row has over 16 MB: perhaps a quotation mark is not closed"},
		{"a language that is none", "Суроо,Жооп,Тил\nБаасы?,40,бизче\n", `kb/a.csv:2: "бизче" is not a language tag`},
	} {
		_, faults := all(CSV(Options{}), file("a.csv", tt.text))
		if len(faults) != 1 || !strings.HasPrefix(faults[0], tt.want) {
			t.Errorf("%s: %q, want %q", tt.what, faults, tt.want)
		}
	}
}

// TestRowsKeepTheirIDs: a row that is inserted changes the id of no other.
func TestRowsKeepTheirIDs(t *testing.T) {
	before, _ := all(CSV(Options{}), file("a.csv", "№,Суроо,Жооп\n1,Баасы?,40\n2,Качан?,Эртең\n"))
	after, _ := all(CSV(Options{}), file("a.csv", "№,Суроо,Жооп\n1,Кайда?,Шаарда\n2,Баасы?,50\n3, Качан? ,Эртең\n"))
	if len(before) != 2 || len(after) != 3 || before[0].ID != after[1].ID || before[1].ID != after[2].ID || after[0].ID == after[1].ID {
		t.Errorf("%s became\n%s", written(before), written(after))
	}
}

func TestEncodings(t *testing.T) {
	text := "\xc2\xee\xef\xf0\xee\xf1;\xce\xf2\xe2\xe5\xf2\n\xd1\xea\xee\xeb\xfc\xea\xee \xf1\xf2\xee\xe8\xf2 \xf0\xe5\xe3\xe8\xf1\xf2\xf0\xe0\xf6\xe8\xff?;\xc1\xe5\xf1\xef\xeb\xe0\xf2\xed\xee.\n" // Windows-1251
	items, faults := all(CSV(Options{ID: "A"}), file("a.csv", text))
	want := "[a#Сколько стоит регистрация?] Сколько стоит регистрация?\nБесплатно.\n! it was read as windows-1251, which may be a guess; UTF-8 needs none\n"
	if got := written(items); got != want || len(faults) > 0 {
		t.Errorf("%s, faults %q, want %s", got, faults, want)
	}
}

// TestWide: rows are cut, and that is said once.
func TestWide(t *testing.T) {
	items, _ := all(CSV(Options{Rows: 2}), file("a.csv", strings.Repeat(strings.Repeat("а,", 400)+"б\n", 5)))
	notes := 0
	for _, item := range items {
		notes += len(item.Notes)
		if n := strings.Count(strings.SplitN(item.Text, "\n", 2)[0], "|"); n != maxColumns-1 {
			t.Errorf("a row has %d bars, want %d", n, maxColumns-1)
		}
	}
	if len(items) != 3 || notes != 1 {
		t.Errorf("%d documents with %d notes", len(items), notes)
	}
}

func TestCancelCSV(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	for _, err := range CSV(Options{Rows: 2}).Read(ctx, file("a.csv", strings.Repeat("а,б\n", 1000))) {
		if n++; n == 2 {
			cancel()
		}
		if err != nil && !fault.Canceled.Is(err) || n > lookahead {
			t.Fatalf("after the second document: %d, %v", n, err)
		}
	}
	n = 0
	for range CSV(Options{Rows: 2}).Read(t.Context(), file("a.csv", strings.Repeat("а,б\n", 100))) {
		n++
		break
	}
	if n != 1 {
		t.Errorf("%d documents after the reader stopped at the first", n)
	}
}

func FuzzCSV(f *testing.F) {
	f.Add([]byte("Суроо;Жооп;Тил\nБаасы?;40;ky\n"), 0)
	f.Add([]byte("sep=\t\nа\tб\n\"в\n\"\"г\"\t\xff\n"), 1)
	f.Add([]byte("Аталышы\n\nа,б,в\n1,,2\n,,\n"), 2)
	f.Fuzz(func(t *testing.T, data []byte, rows int) {
		for item, err := range CSV(Options{Rows: rows % 10}).Read(t.Context(), file("a.csv", string(data))) {
			check(t, item, err)
		}
	})
}

// check reports what nothing that was read may be.
func check(t *testing.T, item read.Item, err error) {
	t.Helper()
	if err != nil {
		if !strings.HasPrefix(err.Error(), "kb/a.") {
			t.Errorf("the fault %q does not name the file", err)
		}
		return
	}
	d := item.Document
	for _, s := range []string{d.ID, d.Title, d.Text, string(d.Lang), d.Source, d.Date, d.Sector} {
		if !utf8.ValidString(s) {
			t.Errorf("%q is not text", s)
		}
	}
	if d.ID == "" || d.Source == "" || item.Where == "" || len(d.Text) > 32<<20 {
		t.Errorf("a document without an id, a source or a place, or too long: %+v", item)
	}
	at := 0
	for _, m := range d.Marks {
		if m.At < at || m.End <= m.At || m.End > len(d.Text) || m.Kind != rag.Table {
			t.Errorf("marks %+v of %q", d.Marks, d.Text)
		}
		at = m.End
	}
}
