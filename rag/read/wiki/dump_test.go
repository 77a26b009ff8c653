package wiki

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"tilgate/internal/fault"
	"tilgate/rag"
	"tilgate/rag/read"
)

// dumpHead is what stands before the pages of a dump.
const dumpHead = `<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="ky">
  <siteinfo>
    <sitename>Намуна</sitename>
    <dbname>kywiki</dbname>
    <base>https://wiki.namuna.example/wiki/%D0%91%D0%B0%D1%88%D0%BA%D1%8B_%D0%B1%D0%B5%D1%82</base>
    <generator>MediaWiki 1.45.0</generator>
    <case>first-letter</case>
    <namespaces>
      <namespace key="0" case="first-letter" />
      <namespace key="4" case="first-letter">Намуна</namespace>
      <namespace key="6" case="first-letter">Файл</namespace>
      <namespace key="14" case="first-letter">Категория</namespace>
    </namespaces>
  </siteinfo>
`

const dumpTail = "</mediawiki>\n"

// dumpPage returns a page as a dump has it. extra stands before its revision.
func dumpPage(id int, ns, title, extra, text string) string {
	return fmt.Sprintf(`  <page>
    <title>%s</title>
    <ns>%s</ns>
    <id>%d</id>%s
    <revision>
      <id>9%d</id>
      <timestamp>2026-03-0%dT10:20:30Z</timestamp>
      <contributor><username>Айша</username><id>77</id></contributor>
      <comment>оңдоо</comment>
      <model>wikitext</model>
      <format>text/x-wiki</format>
      <text bytes="1" xml:space="preserve">%s</text>
      <sha1>x</sha1>
    </revision>
  </page>
`, escaped(title), ns, id, extra, id, 1+id%9, escaped(text))
}

func escaped(text string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(text))
	return strings.NewReplacer("&#xA;", "\n", "&#x9;", "\t", "&#39;", "'", "&#34;", "&quot;").Replace(b.String())
}

// sample is a small dump with one of everything.
func sample() string {
	return dumpHead +
		dumpPage(1, "0", "Суу & жер", "", "'''Суу''' 40 сом.\n[[Файл:а.jpg|thumb]]") +
		dumpPage(2, "0", "Суу", "\n    <redirect title=\"Суу &amp; жер\" />", "#REDIRECT [[Суу & жер]]") +
		dumpPage(3, "1", "Талкуу:Суу", "", "Кол коюлган.") +
		strings.Replace(dumpPage(4, "0", "Стиль.css", "", "a{}"), "<model>wikitext", "<model>css", 1) +
		dumpPage(5, "4", "Намуна:Эреже", "", "Эреже.") +
		dumpPage(6, "0", "Бош", "", "{{жок}}") +
		dumpPage(7, "0", "Жер", "", "Жер &lt;салык&gt;&nbsp;<b>2 сом</b>.") +
		dumpTail
}

// readAll reads a file, and returns documents and faults as lines.
func readAll(t testing.TB, r read.Reader, name, data string) (docs []read.Item, faults []string) {
	t.Helper()
	fsys := fstest.MapFS{name: &fstest.MapFile{Data: []byte(data)}}
	f := read.File{FS: fsys, Path: name, Name: "kb/" + name, ID: "id", Size: int64(len(data))}
	for item, err := range r.Read(context.Background(), f) {
		if err != nil {
			faults = append(faults, err.Error())
			continue
		}
		docs = append(docs, item)
	}
	return docs, faults
}

func TestDump(t *testing.T) {
	want := []rag.Document{
		{ID: "kywiki:1", Title: "Суу & жер", Text: "Суу 40 сом.", Source: "https://wiki.namuna.example/wiki/Суу_&_жер", Date: "2026-03-02"},
		{ID: "kywiki:6", Title: "Бош", Source: "https://wiki.namuna.example/wiki/Бош", Date: "2026-03-07"},
		{ID: "kywiki:7", Title: "Жер", Text: "Жер <салык> 2 сом.", Source: "https://wiki.namuna.example/wiki/Жер", Date: "2026-03-08"},
	}
	docs, faults := readAll(t, Dump(Options{}), "a.xml", sample())
	if len(faults) > 0 || len(docs) != len(want) {
		t.Fatalf("%d documents, faults %q", len(docs), faults)
	}
	for i, d := range docs {
		if diff := cmp.Diff(want[i], d.Document); diff != "" {
			t.Errorf("document %d:\n%s", i, diff)
		}
		if d.Hint != "ky" || d.Where != "kb/a.xml: page "+strings.TrimPrefix(d.ID, "kywiki:") || d.Read == 0 {
			t.Errorf("document %d: hint %s, where %q, read %d", i, d.Hint, d.Where, d.Read)
		}
	}
}

func TestDumpPages(t *testing.T) {
	other := strings.NewReplacer("<dbname>kywiki</dbname>", "", "https://wiki.namuna.example/wiki/", "http://a.example/index.php?title=")
	for _, tt := range []struct {
		what, data string
		o          Options
		want       string // ids, titles, sources and texts
	}{
		{"namespaces", sample(), Options{Namespaces: []int{1, 4}}, "kywiki:3 Талкуу:Суу Кол коюлган.; kywiki:5 Намуна:Эреже Эреже."},
		{"the last revision of a page counts", dumpHead + "<page><title>Суу</title><ns>0</ns><id>1</id>" +
			"<revision><timestamp>2025-01-01T00:00:00Z</timestamp><text>эски</text></revision>" +
			"<revision><timestamp>2026-01-01T00:00:00Z</timestamp><text>жаңы</text></revision></page>" + dumpTail, Options{}, "kywiki:1 Суу жаңы"},
		{"a page without a namespace", dumpHead + "<page><title>Суу</title><id>1</id><revision><text>а</text></revision></page>" + dumpTail, Options{}, "kywiki:1 Суу а"},
		{"a text that was deleted", dumpHead + `<page><title>Суу</title><id>1</id><revision><text deleted="deleted" /></revision></page>` + dumpTail, Options{}, "kywiki:1 Суу "},
		{"a wiki without a name", other.Replace(dumpHead) + dumpPage(1, "0", "Суу", "", "а") + dumpTail, Options{}, "1 Суу а"},
		{"comments and a declaration", `<?xml version="1.0"?><!-- <a> --><!DOCTYPE x [<!ENTITY y "z">]>` + dumpHead + "<page><!-- > --><title>&y;&lt;&#x49B;&#1179;&bad</title><id>1</id></page>" + dumpTail, Options{}, "kywiki:1 &y;<ққ&bad "},
	} {
		docs, faults := readAll(t, Dump(tt.o), "a.xml", tt.data)
		var got []string
		for _, d := range docs {
			got = append(got, d.ID+" "+d.Title+" "+d.Text)
		}
		if s := strings.Join(got, "; "); s != tt.want || len(faults) > 0 {
			t.Errorf("%s: %q, want %q; faults %q", tt.what, s, tt.want, faults)
		}
	}
}

// TestDumpFaults: what is wrong is said, and what came before it is given.
func TestDumpFaults(t *testing.T) {
	two := dumpHead + dumpPage(1, "0", "Суу", "", "а") + dumpPage(2, "0", "Жер", "", "б")
	for _, tt := range []struct {
		what, data string
		docs       int
		want       string
	}{
		{"nothing", "", 0, "it is no dump of MediaWiki: it has no element <mediawiki>"},
		{"no XML", "Суу", 0, "it is no dump of MediaWiki: it has no element <mediawiki>"},
		{"another XML", "<html><p>а</p></html>", 0, "it is no dump of MediaWiki: its first element is <html>, not <mediawiki>"},
		{"cut between pages", two, 2, "it is cut short after page 2 of the file; fetch it again"},
		{"cut in a page", two[:len(two)-100], 1, "it is cut short after page 1 of the file; fetch it again"},
		{"cut in a tag", two + "<pa", 2, "it is cut short after page 2 of the file"},
		{"cut in a comment", two + "<!-- ", 2, "it is cut short after page 2 of the file"},
		{"cut before pages", dumpHead[:200], 0, "it is cut short before its first page"},
		{"a wrong end", two + "</page>", 2, "after page 2 of the file: </page> closes what it does not open"},
		{"an end too many", two + dumpTail + dumpTail, 2, "after page 2 of the file: </mediawiki> closes what it does not open"},
		{"a page without an id", dumpHead + "<page><title>Суу</title></page>" + dumpTail, 0, "page Суу: it has no id"},
		{"no pages", "<mediawiki></mediawiki>", 0, "it has no page of wikitext in the namespaces [0]"},
		{"pages of other namespaces", dumpHead + dumpPage(3, "1", "Талкуу:Суу", "", "а") + dumpTail, 0, "it has no page of wikitext in the namespaces [0]"},
		{"CDATA", two + "<![CDATA[а]]>", 2, "after page 2 of the file: it has a section of CDATA"},
		{"a long tag", two + "<page " + strings.Repeat("а", maxTag) + ">", 2, "after page 2 of the file: it has a tag of over 256 KB"},
		{"depth", two + strings.Repeat("<page>", 1000), 2, "after page 2 of the file: elements stand too deep in each other"},
		{"damaged gzip", "\x1f\x8bабвгдежзи", 0, "before its first page: its gzip data is damaged; fetch it again: gzip: invalid header"},
		{"damaged bzip2", "BZh9абвгде", 0, "before its first page: its bzip2 data is damaged; fetch it again"},
		{"damaged zstd", "\x28\xb5\x2f\xfdабвгдежз", 0, "before its first page: its zstd data is damaged; fetch it again"},
		{"gzip that is cut", "\x1f\x8b\x08", 0, "it is cut short before its first page; fetch it again"},
		{"bzip2 that is cut", string(bunzip(t, "whole.xml.bz2")[:300]), 0, "it is cut short before its first page; fetch it again"},
	} {
		docs, faults := readAll(t, Dump(Options{}), "a.xml", tt.data)
		if len(docs) != tt.docs || len(faults) != 1 || !strings.Contains(faults[0], "kb/a.xml: ") || !strings.Contains(faults[0], tt.want) {
			t.Errorf("%s: %d documents, want %d; faults %q, want %q", tt.what, len(docs), tt.docs, faults, tt.want)
		}
	}
}

// TestLargePage: a page over the limit is left out, and no more memory is
// taken than the limit; others follow.
func TestLargePage(t *testing.T) {
	pages := io.MultiReader(strings.NewReader(dumpHead+"<page><title>Суу</title><id>1</id><revision><text>"),
		&repeated{part: []byte("Суунун баасы 40 сом. "), times: (maxPage + 4<<20) / 32},
		strings.NewReader("</text></revision></page>"+dumpPage(2, "0", "Жер", "", "Эки сом.")+dumpTail))
	var texts, faults []string
	for item, err := range Dump(Options{}).Read(t.Context(), streamed(pages)) {
		if err != nil {
			faults = append(faults, err.Error())
		} else {
			texts = append(texts, item.Text)
		}
	}
	if len(texts) != 1 || texts[0] != "Эки сом." || len(faults) != 1 || faults[0] != "a.xml: page 1: its wikitext is over the limit of 16 MB" {
		t.Errorf("documents %.100q, faults %q", texts, faults)
	}
}

// TestWrongBytes: text that is no UTF-8 is mended, and that is noted.
func TestWrongBytes(t *testing.T) {
	docs, _ := readAll(t, Dump(Options{}), "a.xml", dumpHead+"<page><title>Су\xd1\n</title><id>1</id><revision><text>Су\xd1 жер</text></revision></page>"+dumpTail)
	if len(docs) != 1 || docs[0].Title != "Су\ufffd" || docs[0].Text != "Су\ufffd жер" || len(docs[0].Notes) != 1 || docs[0].Notes[0].Kind != read.Encoding {
		t.Errorf("%+v", docs)
	}
}

// TestDumpCanceled: a caller who leaves, or wants no more, ends the reading,
// and its workers.
func TestDumpCanceled(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	for _, endless := range []func() io.Reader{
		func() io.Reader { return &repeated{part: []byte(dumpPage(1, "0", "Суу", "", "а")), times: 1 << 40} },
		func() io.Reader { return &repeated{part: bunzip(t, "pages.xml.bz2"), times: 1 << 40} },
	} {
		head := io.Reader(strings.NewReader(dumpHead))
		body := endless()
		if body.(*repeated).part[0] == 'B' {
			head = bytes.NewReader(bunzip(t, "head.xml.bz2"))
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		n := 0
		var last error
		for _, err := range Dump(Options{}).Read(ctx, streamed(io.MultiReader(head, body))) {
			if n++; n == 10 {
				cancel()
			}
			last = err
		}
		if !errors.Is(last, context.Canceled) || fault.Of(last) != fault.Canceled {
			t.Errorf("it ended with %v", last)
		}
		for range Dump(Options{}).Read(t.Context(), streamed(io.MultiReader(head, endless()))) {
			break
		}
	}
}

func BenchmarkTokens(b *testing.B) {
	data := articlesDump(100)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		tokens := newTokens(b.Context(), strings.NewReader(data))
		for {
			if _, err := tokens.next(); err != nil {
				break
			}
		}
	}
}

func BenchmarkDump(b *testing.B) {
	data := articlesDump(100)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		readAll(b, Dump(Options{}), "a.xml", data)
	}
}

// articlesDump is a dump of the articles of articles_test.go, n times.
func articlesDump(n int) string {
	var b strings.Builder
	for i, a := range articles {
		b.WriteString(dumpPage(i, "0", a.title, "", a.text))
	}
	return dumpHead + strings.Repeat(b.String(), n) + dumpTail
}
