package quality

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"tilgate/internal/fault"
	"tilgate/rag/read"
)

// elements parses a page, without its style, and fails on what is not closed.
func elements(t testing.TB, html string) []xml.StartElement {
	t.Helper()
	html = strings.Replace(html, pageCSS, "", 1)
	html = strings.Replace(html, "<!DOCTYPE html>", "", 1)
	d := xml.NewDecoder(strings.NewReader(html))
	d.Strict = false
	d.AutoClose = xml.HTMLAutoClose
	d.Entity = xml.HTMLEntity
	var list []xml.StartElement
	for {
		token, err := d.Token()
		if err == io.EOF {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok {
			list = append(list, e)
		}
	}
}

// checkStandsAlone reports whether a page asks for nothing and its links lead
// somewhere.
func checkStandsAlone(t testing.TB, html string) {
	t.Helper()
	ids, links := map[string]bool{}, []string{}
	for _, e := range elements(t, html) {
		switch e.Name.Local {
		case "script", "link", "iframe", "object", "embed", "img", "image", "use", "base", "form":
			t.Errorf("the page has <%s>", e.Name.Local)
		}
		for _, a := range e.Attr {
			switch name := strings.ToLower(a.Name.Local); {
			case name == "src", name == "srcset", name == "style", strings.HasPrefix(name, "on"):
				t.Errorf("<%s> has %s=%q", e.Name.Local, name, a.Value)
			case name == "id" && ids[a.Value]:
				t.Errorf("two elements are called %q", a.Value)
			case name == "id":
				ids[a.Value] = true
			case name == "href":
				links = append(links, a.Value)
			}
		}
	}
	for _, link := range links {
		if !strings.HasPrefix(link, "#") || !ids[link[1:]] {
			t.Errorf("a link leads to %q", link)
		}
	}
}

func TestHTML(t *testing.T) {
	html := page(t, sampleReport(t))
	checkStandsAlone(t, html)
	for _, want := range []string{
		`<bdi class="title" dir="auto">ٹیکس`, "desk/buyruk.docx", "98 % sure", "93 % alike", "37 pages of 1 document are pictures", `<time datetime="2000-01-01T00:00:00Z">`,
		`<section id="languages">`, `<section id="declared">`, `<section id="formats">`, `<section id="notes">`, `<section id="faults">`, `<section id="duplicates">`, `<section id="personal">`,
	} {
		if !strings.Contains(html, want) {
			t.Errorf("nowhere %q", want)
		}
	}
	checkTables(t, html)
}

// checkTables reports whether each table has a caption and heads.
func checkTables(t *testing.T, html string) {
	t.Helper()
	counts := map[string]int{}
	for _, e := range elements(t, html) {
		counts[e.Name.Local]++
		if e.Name.Local == "th" && len(e.Attr) == 0 {
			t.Error("a <th> does not say what it heads")
		}
	}
	if counts["table"] < 4 || counts["caption"] != counts["table"] || counts["thead"] != counts["table"] {
		t.Errorf("%d tables have %d captions and %d heads", counts["table"], counts["caption"], counts["thead"])
	}
	if counts["main"] != 1 || counts["header"] != 1 || counts["nav"] != 1 || counts["h1"] != 1 {
		t.Errorf("landmarks %v", counts)
	}
}

func TestHTMLOfNothing(t *testing.T) {
	html := page(t, Report{})
	checkStandsAlone(t, html)
	if n := strings.Count(html, "<section"); n != 1 {
		t.Errorf("%d sections of a run of nothing, want that of findings", n)
	}
}

func TestStyleAsksForNothing(t *testing.T) {
	if strings.Contains(pageCSS, "url(") || strings.Contains(pageCSS, "@import") || strings.Contains(pageCSS, "</") {
		t.Error("the style asks for a file, or ends too early")
	}
}

const evil = "</title><script>alert(1)</script><img src=x onerror=alert(1)>\u202Etxt.exe\u2066\x1b[2J\x1b]0;owned\x07\r\nsecond\u2028line\u009b31m\xff\xfe{{.}}"

// hostileReport has what breaks pages and terminals wherever a file can put it.
func hostileReport(t testing.TB) Report {
	c := New(Options{KB: evil, Personal: kyrgyz(t)})
	for _, id := range []string{evil, evil + "2", strings.Repeat(evil, 5000)} {
		item := doc("ky", id, strings.Repeat(evil, 10_000), birth, read.Note{Kind: read.NoteKind(evil), Where: evil, Text: evil}, read.Note{Kind: read.Scanned, Text: strings.Repeat(evil, 9999)})
		c.Document(item, evil, "ru", 1, nil)
		c.Fault(evil, fault.Invalid.Errorf("%s", strings.Repeat(evil, 5000)))
	}
	return c.Report()
}

func TestHostile(t *testing.T) {
	r := hostileReport(t)
	html, plain := page(t, r), text(t, r)
	checkStandsAlone(t, html)
	for what, shown := range map[string]string{"page": html, "text": plain} {
		checkHarmless(t, what, shown)
		if len(shown) > 100_000 {
			t.Errorf("the %s has %d bytes", what, len(shown))
		}
	}
	if !strings.Contains(plain, `\u202etxt.exe`) || !strings.Contains(html, `\u202etxt.exe`) {
		t.Error("nothing says that a title has U+202E")
	}
	for _, line := range strings.Split(plain, "\n") {
		if n := len([]rune(line)); n > 2*lineWidth {
			t.Errorf("a line of %d characters: %.100s", n, line)
		}
	}
}

// checkHarmless reports whether something in a text acts.
func checkHarmless(t testing.TB, what, shown string) {
	t.Helper()
	for _, r := range shown {
		if acts(r) && r != '\n' {
			t.Fatalf("%U came through in the %s", r, what)
		}
	}
}
