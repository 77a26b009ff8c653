package office

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf16"

	"tilgate/internal/fault"
	"tilgate/rag/read"
)

// ole makes a file of before 2007 whose directory names one stream.
func ole(stream string) []byte {
	data := make([]byte, 2048)
	copy(data, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
	data[30] = 9 // sectors of 512 bytes
	data[48] = 1 // the directory is in the second
	for i, c := range utf16.Encode([]rune(stream)) {
		binary.LittleEndian.PutUint16(data[1024+2*i:], c)
	}
	return data
}

func TestWrongFiles(t *testing.T) {
	docx, odt := pack(t, word(p("", "Текст"), nil)), pack(t, open(tp("Текст"), "", ""))
	sheet := map[string]string{"xl/workbook.xml": "<workbook/>"}
	renamed := word("", nil)
	renamed["word/document.xml"] = `<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>`
	calc := open("", "", "")
	calc["content.xml"] = strings.ReplaceAll(calc["content.xml"], "office:text>", "office:spreadsheet>")
	locked := open("", "", "")
	locked["META-INF/manifest.xml"] = `<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry><manifest:encryption-data/></manifest:file-entry></manifest:manifest>`
	locked["content.xml"] = "\x8f\x00\x17"

	for _, tt := range []struct {
		what   string
		reader read.Reader
		data   []byte
		want   string
	}{
		{"nothing", DOCX(), nil, "empty"},
		{"text", DOCX(), []byte("Жер салыгы"), "no zip file"},
		{"cut off", DOCX(), docx[:len(docx)/2], "not all of it is there"},
		{"encrypted", DOCX(), ole("EncryptedPackage"), "password"},
		{"old Word", DOCX(), ole("WordDocument"), "save it as DOCX"},
		{"old Excel", DOCX(), ole("Workbook"), "Excel"},
		{"old PowerPoint", ODT(), ole("PowerPoint Document"), "PowerPoint"},
		{"something old", DOCX(), ole("Quill"), "before 2007"},
		{"head of something old", DOCX(), ole("")[:8], "before 2007"},
		{"RTF", DOCX(), []byte(`{\rtf1\ansi x}`), "RTF"},
		{"PDF", ODT(), []byte("%PDF-1.7"), ".pdf"},
		{"HTML", DOCX(), []byte("\ufeff <html><body>Текст</body></html>"), "HTML"},
		{"HTML as text", ODT(), []byte("<html></html>"), "HTML"},
		{"a spreadsheet", DOCX(), pack(t, sheet), "word/document.xml"},
		{"a spreadsheet's part", DOCX(), pack(t, renamed), "no Word document"},
		{"ODT as DOCX", DOCX(), odt, ".odt"},
		{"DOCX as ODT", ODT(), docx, ".docx"},
		{"an OpenDocument spreadsheet", ODT(), pack(t, calc), "no text"},
		{"another zip as ODT", ODT(), pack(t, sheet), "content.xml"},
		{"encrypted ODT", ODT(), pack(t, locked), "password"},
		{"encrypted ODT of today", ODT(), pack(t, map[string]string{"encrypted-package": "x"}), "password"},
	} {
		item, err := readBytes(t, tt.reader, tt.data)
		if !fault.Invalid.Is(err) || !strings.HasPrefix(err.Error(), "жобо.docx: ") || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.what, err, tt.want)
		}
		if item.ID != "жобо" || item.Where != "жобо.docx" {
			t.Errorf("%s: the item is %q at %q", tt.what, item.ID, item.Where)
		}
	}
}

func TestHostileXML(t *testing.T) {
	deep := func(n int) string {
		return strings.Repeat("<w:customXml>", n) + p("", "Терең") + strings.Repeat("</w:customXml>", n)
	}
	entities := `<!DOCTYPE x [<!ENTITY a "ха"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>`
	text := func(n int) string { return `<w:t>` + strings.Repeat("а", n) + `</w:t>` }
	for _, tt := range []struct {
		what, body string
		kind       fault.Kind
		want       string // in the error; none means that the text is read
	}{
		{"deep enough", deep(200), 0, ""},
		{"too deep", deep(300), fault.TooLarge, "256 deep"},
		{"too deep in what is skipped", strings.Repeat("<w:x>", 300) + strings.Repeat("</w:x>", 300), fault.TooLarge, "256 deep"},
		{"long attribute", `<w:p w:x="` + strings.Repeat("x", 3<<20) + `"/>`, fault.TooLarge, "1024 KB"},
		{"many attributes", `<w:p` + strings.Repeat(` a=""`, 1<<20) + `/>`, fault.TooLarge, "1024 KB"},
		{"long text", `<w:p><w:r>` + text(1<<20) + `</w:r></w:p>`, fault.TooLarge, "1024 KB"},
		{"long comment", `<!--` + strings.Repeat("x", 3<<20) + `-->`, fault.TooLarge, "1024 KB"},
		{"cut off", `<w:p><w:r><w:t>Тек`, fault.Invalid, "damaged"},
		{"wrong end", `<w:p></w:r>`, fault.Invalid, "damaged"},
		{"entity", `<w:p><w:r><w:t>&b;</w:t></w:r></w:p>`, fault.Invalid, "damaged"},
		{"not in UTF-8", "<w:p><w:r><w:t>\xff\xfe</w:t></w:r></w:p>", fault.Invalid, "damaged"},
		{"type of document", entities, fault.Invalid, "entities"},
		{"wide cell", tbl(2, tr("", tc(`<w:gridSpan w:val="2000000000"/>`, "а"), tc(`<w:gridSpan w:val="-5"/>`, "б"), tc(`<w:gridSpan w:val="х"/>`, "в")), tr(`<w:gridBefore w:val="999999999"/>`, tc("", "г"))), 0, ""},
	} {
		files := word(tt.body, nil)
		if strings.HasPrefix(tt.body, "<!DOC") {
			files["word/document.xml"] = tt.body + `<w:document/>`
		}
		item, err := readBytes(t, DOCX(), pack(t, files))
		switch {
		case tt.want == "" && (err != nil || item.Text == ""):
			t.Errorf("%s: %v", tt.what, err)
		case tt.want != "" && (fault.Of(err) != tt.kind || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: %v of kind %s, want %q", tt.what, err, fault.Of(err), tt.want)
		}
		if len(item.Text) > 100_000 {
			t.Errorf("%s: %d bytes of text", tt.what, len(item.Text))
		}
	}
}

// TestTooMuchText stops at what a document may have, wherever it stands.
func TestTooMuchText(t *testing.T) {
	long := strings.Repeat("Салык төлөнөт. ", 1000)
	footnotes := `<w:footnote w:id="1">` + p("", long) + `</w:footnote>`
	many := strings.Repeat
	small := read.ReaderFunc(reader{1 << 20}.docx)
	for what, body := range map[string]string{
		"paragraphs":           many(p("", long), 60),
		"paragraph":            `<w:p>` + many(r("", long), 60) + `</w:p>`,
		"cell":                 tbl(2, tr("", `<w:tc>`+many(p("", long), 60)+`</w:tc>`)),
		"footnotes":            many(`<w:p><w:r><w:footnoteReference w:id="1"/></w:r></w:p>`, 60),
		"tall cells":           tbl(2, tr("", tc(`<w:vMerge w:val="restart"/>`, many("а", 90)), tc("", "")), many(tr("", tc(`<w:vMerge/>`, "")), 6000)),
		"tall cells in a cell": tbl(2, tr("", `<w:tc>`+tbl(2, tr("", tc(`<w:vMerge w:val="restart"/>`, many("а", 90)), tc("", "")), many(tr("", tc(`<w:vMerge/>`, "")), 6000))+`</w:tc>`)),
		"wide cells":           tbl(2, tr("", tc("", "")), many(tr(`<w:gridBefore w:val="1023"/>`, tc("", "б")), 400)),
	} {
		item, err := readBytes(t, small, pack(t, word(body, map[string]string{"footnotes": footnotes})))
		if !fault.TooLarge.Is(err) || !strings.Contains(err.Error(), "1 MB of text") {
			t.Errorf("%s: %v, %d bytes", what, err, len(item.Text))
		}
	}
	item, err := readBytes(t, read.ReaderFunc(reader{1 << 20}.odt), pack(t, open(many(tp(long), 60), "", "")))
	if !fault.TooLarge.Is(err) {
		t.Errorf("ODT: %v, %d bytes", err, len(item.Text))
	}
}

// TestBrokenParts reads the text without the parts that go with it.
func TestBrokenParts(t *testing.T) {
	body := p(`<w:pStyle w:val="1"/><w:numPr><w:numId w:val="1"/></w:numPr>`, "Текст") + `<w:altChunk/>`
	parts := map[string]string{"styles": "<", "numbering": "<", "footnotes": "<", "endnotes": "<", "core": "<"}
	item := mustRead(t, DOCX(), pack(t, word(body, parts)))
	if item.Text != "Текст" || len(item.Notes) != 6 {
		t.Errorf("%q %v", item.Text, item.Notes)
	}
	for _, n := range item.Notes {
		if n.Kind != read.LeftOut || n.Where == "" {
			t.Errorf("%+v", n)
		}
	}
	files := word(body, nil)
	delete(files, "_rels/.rels")
	delete(files, "word/_rels/document.xml.rels")
	if item := mustRead(t, DOCX(), pack(t, files)); item.Text != "Текст" {
		t.Errorf("without relations: %q", item.Text)
	}
	open := open(tp("Текст"), "<", "<")
	if item := mustRead(t, ODT(), pack(t, open)); item.Text != "Текст" || len(item.Notes) != 2 {
		t.Errorf("%q %v", item.Text, item.Notes)
	}
}

// TestPackages reads what others than Word make of the rules for packages.
func TestPackages(t *testing.T) {
	rels := `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">%s</Relationships>`
	strict := strings.NewReplacer("http://schemas.openxmlformats.org/wordprocessingml/2006/main", "http://purl.oclc.org/ooxml/wordprocessingml/main",
		officeRel, "http://purl.oclc.org/ooxml/officeDocument/relationships/")
	styles := map[string]string{"styles": `<w:style w:type="paragraph" w:styleId="1"><w:name w:val="heading 1"/></w:style>`}
	heading := p(`<w:pStyle w:val="1"/>`, "Текст")
	for what, change := range map[string]func(map[string]string){
		"none": func(map[string]string) {},
		"strict namespaces": func(files map[string]string) {
			for name, text := range files {
				files[name] = strict.Replace(text)
			}
		},
		"another prefix": func(files map[string]string) {
			for name, text := range files {
				files[name] = strings.NewReplacer("<w:", "<ns0:", "</w:", "</ns0:", " w:", " ns0:", "xmlns:w=", "xmlns:ns0=").Replace(text)
			}
		},
		"absolute targets": func(files map[string]string) {
			files["_rels/.rels"] = fmt.Sprintf(rels, `<Relationship Type="`+officeRel+`officeDocument" Target="/word/document.xml"/>`)
			files["word/_rels/document.xml.rels"] = fmt.Sprintf(rels, `<Relationship Type="`+officeRel+`styles" Target="/word/styles.xml"/>`)
		},
		"other names": func(files map[string]string) {
			files["_rels/.rels"] = strings.Replace(files["_rels/.rels"], "word/document.xml", "Word/Document2.XML", 1)
			files["word/document2.xml"] = files["word/document.xml"]
			files["word/_rels/document2.xml.rels"] = files["word/_rels/document.xml.rels"]
			delete(files, "word/document.xml")
		},
		"a way out of the package": func(files map[string]string) {
			files["word/_rels/document.xml.rels"] = fmt.Sprintf(rels, `<Relationship Type="`+officeRel+`styles" Target="styles.xml"/><Relationship Type="`+officeRel+`footnotes" Target="../../../etc/passwd"/>`+
				`<Relationship Type="`+officeRel+`numbering" TargetMode="External" Target="http://namuna.example/x"/>`)
		},
		"UTF-16": func(files map[string]string) {
			text := strings.Replace(files["word/document.xml"], "UTF-8", "UTF-16", 1)
			data := []byte("\xff\xfe")
			for _, c := range utf16.Encode([]rune(text)) {
				data = binary.LittleEndian.AppendUint16(data, c)
			}
			files["word/document.xml"] = string(data)
		},
	} {
		files := word(heading, styles)
		change(files)
		item := mustRead(t, DOCX(), pack(t, files))
		if got := marked(item.Document); got != "# Текст" || len(item.Notes) > 0 {
			t.Errorf("%s: %q %v", what, got, item.Notes)
		}
	}
}

func TestPictures(t *testing.T) {
	picture := `<w:p><w:r><w:drawing><a:blip/></w:drawing></w:r></w:p>`
	item := mustRead(t, DOCX(), pack(t, word(picture, nil)))
	if item.Text != "" || len(item.Notes) != 1 || item.Notes[0].Kind != read.Scanned {
		t.Errorf("%q %v", item.Text, item.Notes)
	}
	item = mustRead(t, DOCX(), pack(t, word(picture+p("", "Текст"), nil)))
	if len(item.Notes) != 0 {
		t.Errorf("a picture beside text: %v", item.Notes)
	}
	long := strings.Repeat("QUJD\n", 1<<20)
	item = mustRead(t, ODT(), flat(tp(`<draw:frame><draw:image><office:binary-data>`+long+`</office:binary-data></draw:image></draw:frame>Текст`), "", ""))
	if item.Text != "Текст" {
		t.Errorf("%q", item.Text)
	}
}

func TestCanceled(t *testing.T) {
	data := pack(t, word(strings.Repeat(p("", "Салык"), 5000), nil))
	files := fstest.MapFS{"a": {Data: data}}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, err := range DOCX().Read(ctx, read.File{FS: files, Path: "a", Name: "a", Size: int64(len(data))}) {
		if !fault.Canceled.Is(err) {
			t.Errorf("%v", err)
		}
	}
}

// TestManyNames keeps no more names than any document has.
func TestManyNames(t *testing.T) {
	many := func(format string) string {
		var out strings.Builder
		for i := range maxNamed + 1 {
			fmt.Fprintf(&out, format, i)
		}
		return out.String()
	}
	for part, format := range map[string]string{"styles": `<w:style w:styleId="%d"/>`, "numbering": `<w:num w:numId="%d"/>`, "endnotes": `<w:endnote w:id="%d"/>`} {
		if _, err := readBytes(t, DOCX(), pack(t, word("", map[string]string{part: many(format)}))); !fault.TooLarge.Is(err) {
			t.Errorf("%s: %v", part, err)
		}
	}
	for _, format := range []string{`<style:style style:family="text" style:name="%d"/>`, `<text:list-style style:name="%d"/>`} {
		if _, err := readBytes(t, ODT(), flat("", `<office:styles>`+many(format)+`</office:styles>`, "")); !fault.TooLarge.Is(err) {
			t.Errorf("%s: %v", format, err)
		}
	}
}
