package wiki

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"tilgate/rag"
)

// sound checks what holds for every document, whatever it was read from.
func sound(t *testing.T, d rag.Document) {
	t.Helper()
	if !utf8.ValidString(d.Text) || !utf8.ValidString(d.Title) {
		t.Fatalf("%q is no UTF-8 text", d.Text)
	}
	if i := strings.IndexFunc(d.Text, func(r rune) bool { return r < ' ' && r != '\n' }); i >= 0 {
		t.Fatalf("%q has a control character at %d", d.Text, i)
	}
	at := 0
	for _, m := range d.Marks {
		if m.At < at || m.End <= m.At || m.End > len(d.Text) {
			t.Fatalf("marks %v of %d bytes", d.Marks, len(d.Text))
		}
		at = m.End
	}
}

func FuzzWikitext(f *testing.F) {
	for _, a := range articles {
		f.Add(string(a.lang), a.text)
	}
	for _, s := range []string{"{{{{{а}}|{{{б}}", "[[Файл:а|[[б|в]]", "{|\n!а!!colspan=9 rowspan=9|б\n|-\n{|\n|в\n|}\n|}", "-{H|zh-cn:а;zh-tw:[[б}-", "<ref><ref/></ref><nowiki>{{</nowiki><pre>\n*",
		"<table><tr><td rowspan=3>а<ul><li>б</table>", "#а\n#*б\n;в:г\n:д", "'''''а''б'''", "[http://а б [[в] г]]", "__а__&#1;&amp;lt;<sup>2</sup>( {{а}};)"} {
		f.Add("zh", s)
	}
	f.Fuzz(func(t *testing.T, lang, text string) {
		if !utf8.ValidString(text) {
			return // the dump sees to that
		}
		d := pageOf(lang, "Суу", text)
		sound(t, d)
		// Marks of lists and cells, numbers and spans add some bytes to each.
		if limit := 20*len(text) + 128<<10; len(d.Text) > limit {
			t.Fatalf("%d bytes became %d", len(text), len(d.Text))
		}
		// Text without any markup stays.
		if !strings.ContainsAny(text, "<>&{}[]'_-()*#:;=|!\x7f") && strings.IndexFunc(text, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' }) < 0 {
			if got := strings.Join(strings.Fields(d.Text), " "); got != strings.Join(strings.Fields(text), " ") {
				t.Fatalf("%q became %q", text, got)
			}
		}
	})
}

func FuzzDump(f *testing.F) {
	f.Add([]byte(sample()))
	f.Add([]byte("<mediawiki><page><title>а&#x20;&lt;</title><!-- --><id>1</id><revision><text>б</text></revision></page></mediawiki>"))
	f.Add([]byte("<!DOCTYPE а [<!ENTITY б \"в\">]><mediawiki xml:lang='ky'><siteinfo><namespaces><namespace key=\"6\">г</namespace></namespaces></siteinfo>"))
	for _, name := range []string{"whole.xml.bz2", "head.xml.bz2"} {
		f.Add(bunzip(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		whole := itemsOf(t, bytes.NewReader(data))
		pieces := itemsOf(t, iotest.OneByteReader(bytes.NewReader(data)))
		if !slices.Equal(whole, pieces) {
			t.Fatalf("in pieces it is\n%q, as a whole\n%q", pieces, whole)
		}
	})
}

// itemsOf reads a dump, and returns what each document has, or its fault.
func itemsOf(t *testing.T, r io.Reader) (items []string) {
	for item, err := range Dump(Options{}).Read(t.Context(), streamed(r)) {
		if err != nil {
			items = append(items, err.Error())
			continue
		}
		sound(t, item.Document)
		items = append(items, item.ID+" "+item.Title+" "+item.Source+" "+item.Text)
	}
	return items
}

func FuzzZIM(f *testing.F) {
	for _, packed := range []byte{packNone, packZstd, packXZ} {
		f.Add(waterZIM(packed == packXZ, packed).write(f).data)
	}
	spec := waterZIM(false, packNone)
	spec.wide = true
	f.Add(spec.write(f).data)
	f.Fuzz(func(t *testing.T, data []byte) {
		docs, faults := readAll(t, ZIM(Options{HTML: simpleHTML}), "a.zim", string(data))
		for _, d := range docs {
			sound(t, d.Document)
		}
		if len(data) >= zimHeader && len(docs)+len(faults) > 0 {
			if entries := binary.LittleEndian.Uint32(data[24:]); int64(len(docs)) > int64(entries) {
				t.Fatalf("%d documents of %d entries", len(docs), entries)
			}
		}
	})
}

// TestUnsteadyFile: an error while reading is the file's, and is told.
func TestUnsteadyFile(t *testing.T) {
	broken := errors.New("the disk is gone")
	r := io.MultiReader(strings.NewReader(dumpHead+dumpPage(1, "0", "Суу", "", "а")), iotest.ErrReader(broken))
	var last error
	n := 0
	for _, err := range Dump(Options{}).Read(t.Context(), streamed(r)) {
		n++
		last = err
	}
	if n != 2 || !errors.Is(last, broken) || last.Error() != "a.xml: after page 1 of the file: the disk is gone" {
		t.Errorf("%d items, the last with %v", n, last)
	}
}
