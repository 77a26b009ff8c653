package quality

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/internal/personal"
	"tilgate/rag"
	"tilgate/rag/read"
)

// What ministries publish, made up for these tests.
const (
	birth   = "Баланын төрөлүшү жөнүндө күбөлүк алуу үчүн ата-эненин бири жашаган жериндеги калкты тейлөө борборуна кайрылат. Арызга паспорт жана төрөт үйүнүн маалымкаты тиркелет. Күбөлүк үч жумуш күнүндө акысыз берилет."
	pension = "Пенсия дайындоо үчүн жараан социалдык фонддун аймактык бөлүмүнө арыз, эмгек китепчесин жана айлык акысы тууралуу маалымкатты тапшырат. Пенсия арыз берилген күндөн тартып төлөнөт."
	order   = "Приказ о порядке приёма граждан. Приём ведёт начальник отдела по вторникам и четвергам с девяти до двенадцати часов. Запись на приём открыта у секретаря и на сайте ведомства."
	tax     = "ٹیکس گوشوارہ جمع کرانے کی آخری تاریخ تیس ستمبر ہے۔ شہری اپنا گوشوارہ ضلعی دفتر میں یا آن لائن جمع کرا سکتے ہیں۔ تاخیر کی صورت میں جرمانہ عائد ہو گا جس کی رقم دفتر بتائے گا۔"
	water   = "ទឹកស្អាតត្រូវបានផ្គត់ផ្គង់ដោយរដ្ឋាភិបាលខេត្ត។ អ្នកស្រុកត្រូវចុះឈ្មោះនៅសាលាឃុំ ដោយយកអត្តសញ្ញាណប័ណ្ណ និងសៀវភៅគ្រួសារមកជាមួយ។ ការចុះឈ្មោះមិនបង់ប្រាក់ទេ។"

	citizen = "Жаран 21503199000123 ПИН менен катталган, паспорту ID1234567, телефону +996 555 123 456."
	office  = "Байланыш: kabyl@desk.example.kg"
)

func kyrgyz(t testing.TB) *personal.Finder {
	t.Helper()
	f, err := personal.New([]string{"KG"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// doc is a document as a reader gives it.
func doc(tag lang.Tag, id, title, text string, notes ...read.Note) read.Item {
	return read.Item{Document: rag.Document{ID: id, Title: title, Text: text, Lang: tag}, Where: "desk/" + id, Notes: notes}
}

func take(c *Collector, item read.Item, declared, detected lang.Tag) {
	c.Document(item, declared, detected, 0.98, rag.Split(item.Document))
}

// sampleReport is of a run in which everything happens that a report knows.
func sampleReport(t *testing.T) (r Report) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{KB: "desk", Personal: kyrgyz(t)})
		take(c, doc("ky", "tuulgan.docx", "Төрөлүш жөнүндө күбөлүк", birth), "ky", "ky")
		take(c, doc("ky", "tuulgan-2025.docx", "Төрөлүш жөнүндө күбөлүк (2025)", strings.Replace(birth, "үч жумуш", "беш жумуш", 1)), "ky", "ky")
		take(c, doc("ky", "archive/tuulgan.docx", "", birth), "ky", "ky")
		take(c, doc("ky", "buyruk.docx", "Приказ о приёме", order), "ky", "ru")
		take(c, doc("ky", "arysh.docx", "Арыз: Асанов, ПИН 21503199000123", citizen), "", "ky")
		take(c, doc("ky", "pensiya.md", "Пенсия", pension+" "+office, read.Note{Kind: read.Encoding, Text: "its encoding was taken for windows-1251"}), "", "ky")
		take(c, doc("ur", "tax.html", "ٹیکس گوشوارہ", tax, read.Note{Kind: read.LeftOut, Where: "table 2", Text: "it is too deep"}), "ur", "ur")
		take(c, doc("km", "water.pdf", "ទឹកស្អាត", strings.Repeat(water+"\n\n", 6),
			read.Note{Kind: read.Recognised, Where: "page 2", Text: "it is a picture, which Tesseract read"}, read.Note{Kind: read.Empty, Where: "page 5", Text: "it is empty"}), "km", "km")
		take(c, doc("", "blank.pdf", "", " ", scans(37)...), "", "")
		take(c, doc("und", "list.csv", "", strings.Repeat("A-17 44 12\n", 40), read.Note{Kind: read.LeftOut, Text: "rows after the first 100,000 were left out"}), "", lang.Und)
		c.Fault("desk/broken.pdf", fmt.Errorf("desk/broken.pdf: %w", fault.Invalid.Errorf("it has no cross-reference table; save it again")))
		c.Fault("desk/huge.zip", read.TooLarge(900<<20, 64<<20))
		c.Changes(Changes{Added: 6, Changed: 2, Unchanged: 2, Removed: 1})
		time.Sleep(83 * time.Second)
		r = c.Report()
	})
	return r
}

func scans(n int) []read.Note {
	var notes []read.Note
	for i := range n {
		notes = append(notes, read.Note{Kind: read.Scanned, Where: fmt.Sprintf("page %d", i+1), Text: "it is a picture; install Tesseract to read it"})
	}
	return notes
}

func text(t testing.TB, r Report) string {
	t.Helper()
	var b strings.Builder
	if err := r.Text(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func page(t testing.TB, r Report) string {
	t.Helper()
	var b strings.Builder
	if err := r.HTML(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
