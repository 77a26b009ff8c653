package html

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"tilgate/rag"
)

// hostile is what pages may be made of to cost a reader time or memory.
var hostile = map[string]string{
	"open links":          "<a href=x>",
	"open divs":           "<div>",
	"open bold":           "<b><p>x",
	"misnested":           "<a href=x><div>x</a>",
	"tables":              "<table>",
	"cells in cells":      "<table><tr><td>x",
	"text in tables":      "<table>x<tr>y",
	"cells":               "<td>",
	"rows":                "<tr><td>x<td>y",
	"spans":               "<tr><td rowspan=1000 colspan=100>word after word",
	"items":               "<li>",
	"lists in lists":      "<ul><li>x",
	"lists without items": "<ol>",
	"terms":               "<dl><dt>x<dd>y",
	"quotations":          "<q>",
	"raised":              "<sup>1",
	"headings":            "<h1>x",
	"ends without starts": "</div></p></a></td></li></h1>",
	"ends of spans":       "</span>",
	"hidden":              "<span hidden id=x>x",
	"collapsed":           "<div hidden class=accordion id=x>x",
	"openers":             "<p aria-controls=%d>",
	"languages":           "<div lang=ky>x",
	"comments":            "<!--",
	"declarations":        "<!x",
	"entities":            "&amp;&#x1f600;&notanentity;",
	"ampersands":          "&",
	"angles":              "<",
	"scripts":             "<script><!--<script>",
	"open script":         "<script>x</scrip",
	"pictures":            "<svg><g>x",
	"pre":                 "<pre>\n x",
	"breaks":              "<br>",
	"nulls":               "<p>\x00x",
	"classes":             `<div class="nav menu cookie footer share sidebar accordion main">x</div>`,
	"headers":             "<header><p>x",
	"meta":                "<meta name=%d content=x>",
	"schemas":             `<script type=application/ld+json>[[[[{"@graph":[{}]}]]]]</script>`,
	"times":               "<time datetime=2026-01-01>",
	"long names":          "<xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx>",
	"spaces":              "<b> </b> ",
	"soft hyphens":        "&shy;",
	"buttons":             "<button aria-expanded>x",
	"forms":               "<form><select><option>x",
}

// hostilePage repeats a part up to a size.
func hostilePage(part string, size int) string {
	if !strings.Contains(part, "%d") {
		return strings.Repeat(part, size/len(part))
	}
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		b.WriteString(strings.Replace(part, "%d", strconv.Itoa(i), 1))
	}
	return b.String()
}

// TestHostilePages reads pages that other readers are slow at. Set
// TILGATE_HOSTILE to their megabytes to try larger ones.
func TestHostilePages(t *testing.T) {
	size := 1 << 17
	if mb, err := strconv.Atoi(os.Getenv("TILGATE_HOSTILE")); err == nil {
		size = mb << 20
	}
	const longest, bytesEach = 10 * time.Second, 8 // of a page of 32 MB
	for name, part := range hostile {
		t.Run(name, func(t *testing.T) {
			source := hostilePage(part, size)
			start := time.Now()
			p, peak := measured(func() Page { return read1(t, source, Origin{}) })
			check(t, p)
			spent := time.Since(start)
			t.Logf("%6.2f s, %5d MB, %d MB of text", spent.Seconds(), peak>>20, len(p.Text)>>20)
			if spent > longest {
				t.Errorf("took %v, want %v", spent, longest)
			}
			if limit := uint64(64<<20 + bytesEach*size); peak > limit {
				t.Errorf("needed %d MB, want %d MB", peak>>20, limit>>20)
			}
		})
	}
}

// measured returns how much more memory was in use while f ran, at most.
func measured(f func() Page) (p Page, peak uint64) {
	defer debug.SetGCPercent(debug.SetGCPercent(20))
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	stop, stopped := make(chan bool), make(chan bool)
	go func() {
		defer close(stopped)
		for {
			runtime.ReadMemStats(&now)
			peak = max(peak, now.HeapAlloc)
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	p = f()
	close(stop)
	<-stopped
	return p, peak - min(peak, before.HeapAlloc)
}

// check holds for every page.
func check(t testing.TB, p Page) {
	t.Helper()
	for _, s := range []string{p.Title, p.Text, string(p.Hint), p.Published, p.Canonical} {
		if !utf8.ValidString(s) {
			t.Fatalf("%q is no UTF-8", s)
		}
	}
	if strings.ContainsAny(p.Text, "\x00\u00ad\ufeff\r\t") || strings.Contains(p.Text, "\n\n\n") {
		t.Fatalf("text %q", p.Text)
	}
	at := 0
	for _, m := range p.Marks {
		if m.At < at || m.End <= m.At || m.End > len(p.Text) || m.Kind < rag.Heading || m.Kind > rag.List {
			t.Fatalf("mark %+v after %d in %d bytes", m, at, len(p.Text))
		}
		at = m.End
	}
	if len(p.Links) > maxLinks || len(p.Notes) > 10 {
		t.Fatalf("%d links, %d notes", len(p.Links), len(p.Notes))
	}
}

// FuzzRead reads anything as a page.
func FuzzRead(f *testing.F) {
	for _, path := range pages(f) {
		f.Add(page(f, path), "text/html; charset=utf-8")
	}
	for _, part := range hostile {
		f.Add(strings.Repeat(part, 20), "application/xhtml+xml")
	}
	f.Add("\xff\xfe<\x00p\x00>\x00a\x00", "")
	f.Fuzz(func(t *testing.T, source, contentType string) {
		p, err := Read(t.Context(), strings.NewReader(source), Origin{ContentType: contentType})
		if err == nil {
			check(t, p)
		}
	})
}

func TestLimits(t *testing.T) {
	deep := strings.Repeat("<div>", 1000) + "<script>no()</script>deepest" + strings.Repeat("</div>", 1000) + "after"
	for _, tt := range []struct{ name, page, text, note string }{
		{"nesting", deep, "deepest\n\nafter", "elements are nested more than 256 deep; those within were read without their structure"},
		{"length", strings.Repeat("<p>"+strings.Repeat("word ", 1000)+"</p>", maxPage/5000), "", "the page is over the limit of 32 MB; the rest of it was left out"},
		{"one tag", "before<img alt='" + strings.Repeat("x", maxToken+1) + "'>after", "before", "a single tag or text is larger than 8 MB; the rest of the page was left out"},
		{"attributes", "before<p " + strings.Repeat("a ", 1<<18) + ">after", "before\n\nafter", ""},
	} {
		p := read1(t, tt.page, Origin{})
		note := ""
		if len(p.Notes) > 0 {
			note = p.Notes[0].Text
		}
		if tt.text != "" && p.Text != tt.text || note != tt.note || p.Text == "" {
			t.Errorf("%s: text %.80q, notes %v; want %q, %q", tt.name, p.Text, p.Notes, tt.text, tt.note)
		}
	}
}

func TestReadEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Read(ctx, strings.NewReader("<p>text"), Origin{}); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	broken := errors.New("connection reset")
	r := io.MultiReader(strings.NewReader("<p>half"), errReader{broken})
	if _, err := Read(t.Context(), r, Origin{}); !errors.Is(err, broken) {
		t.Errorf("a broken connection: %v", err)
	}
}

// noise is what no encoding makes text of.
func noise(n int) []byte {
	data := make([]byte, n)
	rand.NewChaCha8([32]byte{1}).Read(data)
	return data
}

type errReader struct{ error }

func (r errReader) Read([]byte) (int, error) { return 0, r.error }

// BenchmarkRead reads pages like those of a ministry, of different lengths.
func BenchmarkRead(b *testing.B) {
	for _, times := range []int{1, 20, 500} {
		source := strings.Replace(page(b, "testdata/pages/fees-en.html"), "<h2>", strings.Repeat("<p>Pay the fee at any bank, and keep the <b>receipt</b> that the bank <a href=/r>gives you</a>.</p>\n<ul class=\"list list--plain\"><li>Bring two photos.</li></ul>", times)+"<h2>", 1)
		b.Run(fmt.Sprintf("%dKB", len(source)>>10), func(b *testing.B) {
			b.SetBytes(int64(len(source)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Read(b.Context(), strings.NewReader(source), Origin{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
