package html

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/text/encoding/charmap"

	"tilgate/internal/lang"
	"tilgate/rag"
)

var update = flag.Bool("update", false, "rewrite the texts in testdata")

// page reads a page in testdata. Each was written for this test, and says with
// data-x what does not belong to its main part.
func page(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func pages(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/pages/*.html")
	if err != nil || len(paths) < 10 {
		t.Fatalf("%d pages, %v", len(paths), err)
	}
	return paths
}

// TestPages compares the text of whole pages, with its marks, to the file
// beside each.
func TestPages(t *testing.T) {
	for _, path := range pages(t) {
		p := read1(t, page(t, path), Origin{})
		got := show(p)
		golden := strings.TrimSuffix(path, ".html") + ".txt"
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want := page(t, golden); got != want {
			t.Errorf("%s reads\n%s\nwant\n%s", path, got, want)
		}
	}
}

// show writes a page as people can check it: # before headings, and letters
// before the lines of tables and lists.
func show(p Page) string {
	var b strings.Builder
	b.WriteString("title: " + p.Title + "\ndate: " + p.Published + "\nlang: " + string(p.Hint) + "\n")
	for _, n := range p.Notes {
		b.WriteString("note: " + n.String() + "\n")
	}
	b.WriteString("\n")
	at := 0
	for _, m := range p.Marks {
		b.WriteString(p.Text[at:m.At])
		part := p.Text[m.At:m.End]
		switch m.Kind {
		case rag.Heading:
			b.WriteString(strings.Repeat("#", m.Level) + " " + part)
		case rag.Table:
			for i, line := range strings.Split(part, "\n") {
				b.WriteString([]string{"\n", ""}[min(1, max(0, 1-i))])
				b.WriteString([]string{"row:  ", "head: "}[min(1, max(0, m.Level-i))] + line)
			}
		case rag.List:
			b.WriteString("item: " + strings.ReplaceAll(part, "\n", "\nitem: "))
		}
		at = m.End
	}
	return b.String() + p.Text[at:] + "\n"
}

// TestMainPart counts words: all of the main part must be found, and next to
// nothing else.
func TestMainPart(t *testing.T) {
	for _, path := range pages(t) {
		source := page(t, path)
		p := read1(t, source, Origin{})
		want := mainWords(t, source)
		if len(want) == 0 {
			continue // only a program would know
		}
		recall, precision := overlap(want, words(p.Title+"\n"+p.Text))
		t.Logf("%-40s recall %.3f precision %.3f", filepath.Base(path), recall, precision)
		if recall < 0.99 || precision < 0.9 {
			t.Errorf("%s: recall %.3f and precision %.3f of words, want 0.99 and 0.9", path, recall, precision)
		}
	}
}

func TestWindows1251(t *testing.T) {
	source := page(t, "testdata/pages/tables-2003-ky.html")
	source = strings.NewReplacer("ү", "у", "ө", "о").Replace(source) // as people wrote then
	old, err := charmap.Windows1251.NewEncoder().String(source)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := read1(t, old, Origin{}), read1(t, source, Origin{}); got.Text != want.Text {
		t.Errorf("in windows-1251 it reads %q, want %q", got.Text, want.Text)
	}
}

func read1(t testing.TB, source string, o Origin) Page {
	t.Helper()
	p, err := Read(t.Context(), strings.NewReader(source), o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// words are the different words of a text. Single letters are left out, as
// lists have them for marks.
func words(text string) map[string]bool {
	all := map[string]bool{}
	for w := range lang.Words(lang.Fold(lang.Und, text)) {
		if utf8.RuneCountInString(w) > 1 {
			all[w] = true
		}
	}
	return all
}

func overlap(want, got map[string]bool) (recall, precision float64) {
	both := 0
	for w := range got {
		if want[w] {
			both++
		}
	}
	return float64(both) / float64(max(1, len(want))), float64(both) / float64(max(1, len(got)))
}

// mainWords reads the words that are marked as the main part, without our
// parser.
func mainWords(t testing.TB, source string) map[string]bool {
	t.Helper()
	root, err := html.Parse(strings.NewReader(source))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode {
			text.WriteString(n.Data)
		} else if !slices.Contains([]string{"a", "b", "sub", "sup"}, n.Data) {
			text.WriteString(" ")
		}
		if slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "data-x" }) ||
			n.Type == html.ElementNode && slices.Contains([]string{"head", "script", "template", "noscript"}, n.Data) {
			return
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(root)
	return words(text.String())
}
