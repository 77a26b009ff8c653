package epub

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"tilgate/internal/fault"
	"tilgate/rag/read"
)

// files are what stands in a book, by name.
type files map[string]string

// with returns the book with other files in it, too.
func (f files) with(others files) files {
	all := maps.Clone(f)
	maps.Copy(all, others)
	return all
}

const container = `<?xml version="1.0"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/></rootfiles></container>`

// farming is a book in EPUB 3, about farming in Kyrgyz.
var farming = files{
	"mimetype":               "application/epub+zip",
	"META-INF/container.xml": container,
	"OEBPS/content.opf": `<?xml version="1.0" encoding="UTF-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:title>Дыйканчылык
 окуу китеби</dc:title><dc:language>ky</dc:language><dc:date>2025-09-01T00:00:00Z</dc:date></metadata>
<manifest>
<item id="cover" href="cover.xhtml" media-type="application/xhtml+xml"/>
<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="c1" href="Text/1-%D0%B1%D0%B0%D0%BF.xhtml" media-type="application/xhtml+xml"/>
<item id="c2" href="Text/2.xhtml" media-type="application/xhtml+xml"/>
<item id="css" href="style.css" media-type="text/css"/></manifest>
<spine><itemref idref="cover"/><itemref idref="nav"/><itemref idref="c2"/><itemref idref="c1"/><itemref idref="c1"/></spine></package>`,
	"OEBPS/cover.xhtml":      `<html xmlns="http://www.w3.org/1999/xhtml"><head><title>Cover</title></head><body><img src="c.jpg" alt="мукаба"/></body></html>`,
	"OEBPS/nav.xhtml":        `<html><body><nav><ol><li><a href="Text/2.xhtml">Сугаруу</a></li></ol></nav></body></html>`,
	"OEBPS/Text/1-бап.xhtml": `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en"><head><title/></head><body><h1>Жер иштетүү</h1><p>Жер күзүндө <b>айдалат</b>.</p><footer>Эскертүү</footer></body></html>`,
	"OEBPS/Text/2.xhtml":     `<html><head><title>Unknown</title></head><body><p>Сугаруу жазында башталат.</p></body></html>`,
}

// health is a book in EPUB 2, about health in Khmer.
var health = files{
	"META-INF/container.xml": container,
	"OEBPS/content.opf": `<?xml version="1.0"?><package version="2.0" xmlns="http://www.idpf.org/2007/opf" xmlns:opf="http://www.idpf.org/2007/opf">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>សុខភាព</dc:title><dc:language>km</dc:language><dc:language>en</dc:language>
<dc:date opf:event="modification">2024-01-01</dc:date><dc:date opf:event="publication">2019-05-06</dc:date><meta name="schema:bookEdition" content="2nd"/><meta property="dcterms:isReplacedBy">
health-2024.epub</meta><meta name="cover" content="c"/></metadata>
<manifest><item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/><item id="toc" href="toc.html" media-type="application/xhtml+xml"/>
<item id="a" href="a.html#x" media-type="application/xhtml+xml"/><item id="b" href="b.html" media-type="application/xhtml+xml"/></manifest>
<spine toc="ncx"><itemref idref="toc"/><itemref idref="a"/><itemref idref="b"/></spine>
<guide><reference type="toc" title="Contents" href="toc.html"/></guide></package>`,
	"OEBPS/toc.ncx":  `<ncx/>`,
	"OEBPS/toc.html": `<html><body><p>មាតិកា</p></body></html>`,
	"OEBPS/a.html":   `<html><body><h2>ទឹកស្អាត</h2><p>សូមដាំទឹកឱ្យពុះ។</p></body></html>`,
	"OEBPS/b.html":   `<html lang="en"><body><p>Boil the water.</p></body></html>`,
}

const lockedBy = `<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" xmlns:enc="http://www.w3.org/2001/04/xmlenc#">
<enc:EncryptedData><enc:EncryptionMethod Algorithm="ALGORITHM"/><enc:CipherData><enc:CipherReference URI="OEBPS/FILE"/></enc:CipherData></enc:EncryptedData></encryption>`

func lock(algorithm, file string) files {
	return files{encryptionFile: strings.NewReplacer("ALGORITHM", algorithm, "FILE", file).Replace(lockedBy)}
}

func TestBooks(t *testing.T) {
	const aes = "http://www.w3.org/2001/04/xmlenc#aes256-cbc"
	farmingDocs := []string{
		"book#OEBPS/Text/2.xhtml, https://min.example/book.epub#epubcfi(/6/6!/4), 2025-09-01, ky, Дыйканчылык окуу китеби: Сугаруу жазында башталат.",
		"book#OEBPS/Text/1-бап.xhtml, https://min.example/book.epub#epubcfi(/6/8!/4), 2025-09-01, ky, Дыйканчылык окуу китеби: Жер иштетүү: Жер иштетүү¶Жер күзүндө айдалат.¶Эскертүү",
	}
	healthDocs := []string{
		"book#OEBPS/a.html, https://min.example/book.epub#epubcfi(/6/4!/4), 2019-05-06, km, សុខភាព: ទឹកស្អាត: ទឹកស្អាត¶សូមដាំទឹកឱ្យពុះ។",
		"book#OEBPS/b.html, https://min.example/book.epub#epubcfi(/6/6!/4), 2019-05-06, en, សុខភាព: Boil the water.",
	}
	opf := func(old, new string) files {
		return farming.with(files{"OEBPS/content.opf": strings.Replace(farming["OEBPS/content.opf"], old, new, 1)})
	}
	noContainer := maps.Clone(farming)
	delete(noContainer, containerFile)
	noChapter := maps.Clone(farming)
	delete(noChapter, "OEBPS/Text/2.xhtml")
	plates := strings.Repeat("<itemref idref=\"cover\"/>", 2)

	for _, tt := range []struct {
		name string
		book files
		want []string
	}{
		{"EPUB 3", farming, farmingDocs},
		{"EPUB 2", health, healthDocs},
		{"without a container", noContainer, farmingDocs},
		{"hidden fonts", farming.with(lock(fonts[0], "font.otf")), farmingDocs},
		{"hidden fonts of Adobe", farming.with(lock(fonts[1], "font.otf")), farmingDocs},
		{"an encrypted picture", farming.with(lock(aes, "c.jpg")), farmingDocs},
		{"an encrypted chapter", farming.with(lock(aes, "Text/1-%D0%B1%D0%B0%D0%BF.xhtml")),
			[]string{"invalid: book.epub: the book is encrypted against copying (DRM); ask its publisher for a copy without that"}},
		{"an encrypted package", farming.with(lock(aes, "content.opf")),
			[]string{"invalid: book.epub: the book is encrypted against copying (DRM); ask its publisher for a copy without that"}},
		{"a chapter is missing", noChapter,
			[]string{`not_found: book.epub: part OEBPS/Text/2.xhtml: the zip file has no file "OEBPS/Text/2.xhtml"`, farmingDocs[1]}},
		{"a chapter that is no text", farming.with(files{"OEBPS/Text/2.xhtml": noise(4000)}),
			[]string{"invalid: book.epub: part OEBPS/Text/2.xhtml: ", farmingDocs[1]}},
		{"a chapter that is a bomb", farming.with(files{"OEBPS/Text/2.xhtml": strings.Repeat(" ", 20<<20)}),
			[]string{"too_large: book.epub: part OEBPS/Text/2.xhtml: ", farmingDocs[1]}},
		{"addresses outside", opf(`href="Text/2.xhtml"`, `href="../../../etc/passwd"`), farmingDocs[1:]},
		{"addresses of another site", opf(`href="Text/2.xhtml"`, `href="https://evil.example/2.xhtml"`), farmingDocs[1:]},
		{"pictures only", opf(`<itemref idref="c2"/><itemref idref="c1"/><itemref idref="c1"/>`, plates),
			[]string{"book, https://min.example/book.epub, , , Дыйканчылык окуу китеби: ; none of the 1 parts of the book has text; they may be pictures"}},
		{"nothing to read", opf(`<spine><itemref idref="cover"/><itemref idref="nav"/><itemref idref="c2"/><itemref idref="c1"/><itemref idref="c1"/>`, `<spine>`), []string{"invalid: book.epub: the spine of OEBPS/content.opf lists no file of text"}},
		{"a package that is no XML", farming.with(files{"OEBPS/content.opf": "<package><metadata"}), []string{"invalid: book.epub: OEBPS/content.opf is not XML: "}},
		{"another zip", files{"a.txt": "x"}, []string{"invalid: book.epub: the zip file is no EPUB: it has no META-INF/container.xml that names a package file"}},
	} {
		got := show(t.Context(), pack(t, tt.book))
		if len(got) != len(tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
			continue
		}
		for i := range got {
			if got[i] != tt.want[i] && !(strings.HasSuffix(tt.want[i], ": ") && strings.HasPrefix(got[i], tt.want[i])) {
				t.Errorf("%s: document %d is\n%s\nwant\n%s", tt.name, i, got[i], tt.want[i])
			}
		}
	}
}

// show writes the documents of a book as lines: id, source, date, language,
// title and text, and notes.
func show(ctx context.Context, book []byte) (lines []string) {
	for item, err := range New().Read(ctx, file(book)) {
		if err != nil {
			lines = append(lines, fault.Of(err).String()+": "+err.Error())
			continue
		}
		line := strings.Join([]string{item.ID, item.Source, item.Date, string(item.Hint), item.Title + ": " + strings.ReplaceAll(item.Text, "\n\n", "¶")}, ", ")
		for _, n := range item.Notes {
			line += "; " + n.String()
		}
		lines = append(lines, line)
	}
	return lines
}

func file(book []byte) read.File {
	return read.File{FS: fstest.MapFS{"book.epub": {Data: book}}, Path: "book.epub", Name: "book.epub", ID: "book",
		Source: "https://min.example/book.epub", Size: int64(len(book))}
}

func pack(t testing.TB, book files) []byte {
	t.Helper()
	var data bytes.Buffer
	z := zip.NewWriter(&data)
	for _, name := range slices.Sorted(maps.Keys(book)) {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(book[name])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return data.Bytes()
}

// noise is what no encoding makes text of.
func noise(n int) string {
	data := make([]byte, n)
	rand.NewChaCha8([32]byte{1}).Read(data)
	return string(data)
}

// TestPlates tells of pages that are pictures, but not of a cover.
func TestPlates(t *testing.T) {
	book, manifest, spine := maps.Clone(farming), "", ""
	for _, n := range []string{"p1", "p2", "p3", "p4"} {
		book["OEBPS/"+n] = farming["OEBPS/cover.xhtml"]
		manifest += `<item id="` + n + `" href="` + n + `" media-type="application/xhtml+xml"/>`
		spine += `<itemref idref="` + n + `"/>`
	}
	book["OEBPS/content.opf"] = strings.NewReplacer("<manifest>", "<manifest>"+manifest, `<itemref idref="c1"/></spine>`, spine+`<itemref idref="c1"/></spine>`,
		`<itemref idref="c1"/><itemref idref="c1"/>`, spine+`<itemref idref="c1"/>`).Replace(book["OEBPS/content.opf"])
	got := show(t.Context(), pack(t, book))
	if len(got) != 2 || strings.Contains(got[0], ";") || !strings.HasSuffix(got[1], "; 4 parts of the book before this one have no text; they may be pictures") {
		t.Errorf("%q", got)
	}
}

func TestReadEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	book := pack(t, farming)
	var seen []error
	for _, err := range New().Read(ctx, file(book)) {
		seen = append(seen, err)
		cancel()
	}
	if len(seen) != 2 || seen[0] != nil || !errors.Is(seen[1], context.Canceled) {
		t.Errorf("canceled after the first document: %v", seen)
	}
	for _, err := range New().Read(t.Context(), file(book)) {
		if err != nil {
			t.Error(err)
		}
		break
	}
	for n := range len(book) {
		if got := show(t.Context(), book[:n]); len(got) != 1 || !strings.HasPrefix(got[0], "invalid: book.epub: ") {
			t.Fatalf("cut off after %d bytes: %q", n, got)
		}
	}
}

// FuzzBook reads anything as a book.
func FuzzBook(f *testing.F) {
	f.Add(pack(f, farming))
	f.Add(pack(f, health))
	f.Add([]byte("PK"))
	f.Fuzz(func(t *testing.T, book []byte) { check(t, book) })
}

// FuzzPackage reads anything as what a book says about itself.
func FuzzPackage(f *testing.F) {
	f.Add(container, farming["OEBPS/content.opf"], "")
	f.Add("", health["OEBPS/content.opf"], lockedBy)
	f.Add("", `<package><metadata><title>&nbsp;</title></metadata>`+strings.Repeat("<a>", 100), "<encryption/>")
	f.Fuzz(func(t *testing.T, container, opf, encryption string) {
		book := farming.with(files{"OEBPS/content.opf": opf, encryptionFile: encryption})
		if container != "" {
			book[containerFile] = container
		}
		check(t, pack(t, book))
	})
}

// check holds for every book.
func check(t *testing.T, book []byte) {
	t.Helper()
	ids := map[string]bool{}
	given := 0
	for item, err := range New().Read(t.Context(), file(book)) {
		given++
		if err != nil && !strings.HasPrefix(err.Error(), "book.epub: ") {
			t.Fatalf("error %v", err)
		}
		if err == nil && ids[item.ID] {
			t.Fatalf("two documents %s", item.ID)
		}
		ids[item.ID] = true
		if !utf8.ValidString(item.Title) || !utf8.ValidString(item.Text) || !utf8.ValidString(item.ID) || strings.Contains(item.ID, "../") {
			t.Fatalf("id %q, title %q, text %q", item.ID, item.Title, item.Text)
		}
	}
	if given == 0 {
		t.Fatal("nothing was said")
	}
}

// TestEdition: all chapters are of the edition that the book is.
func TestEdition(t *testing.T) {
	n := 0
	for item, err := range New().Read(t.Context(), file(pack(t, health))) {
		if n++; err != nil || item.Edition != "2nd" || item.ReplacedBy != "health-2024.epub" || len(item.Replaces) > 0 {
			t.Errorf("%+v, %v", item, err)
		}
	}
	if n != 2 {
		t.Errorf("%d chapters", n)
	}
}
