package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

type markdownCase struct {
	What    string
	Sources int
	Text    string
	HTML    string
}

func markdownCases(t testing.TB) []markdownCase {
	t.Helper()
	data, err := os.ReadFile("testdata/markdown.json")
	if err != nil {
		t.Fatal(err)
	}
	var list []markdownCase
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

func rendered(text string, sources int) string {
	var b strings.Builder
	writeHTML(&b, Markdown(text, sources), func(n Node) string {
		return fmt.Sprintf(`<cite n="%d">%s</cite>`, n.N, html.EscapeString(n.Kids[0].Text))
	})
	return b.String()
}

func TestMarkdown(t *testing.T) {
	for _, tt := range markdownCases(t) {
		if got := rendered(tt.Text, tt.Sources); got != tt.HTML {
			t.Errorf("%s:\n%s\nwant\n%s", tt.What, got, tt.HTML)
		}
	}
}

// harness prints what the script makes of each text, as HTML.
const harness = `
const escape = s => s.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&#34;').replace(/'/g, '&#39;')
const html = n => typeof n === 'string' ? escape(n) : '<' + n[0] + Object.entries(n[1]).map(([k, v]) => ' ' + k + '="' + escape(String(v)) + '"').join('') + '>' +
  n.slice(2).map(html).join('') + (n[0] === 'hr' ? '' : '</' + n[0] + '>')
const cases = JSON.parse(require('fs').readFileSync(0, 'utf8'))
process.stdout.write(JSON.stringify(cases.map(c => markdown.read(c.Text, c.Sources).map(html).join(''))))
`

// inScript returns what the browser's script makes of texts.
func inScript(t testing.TB, cases []markdownCase) []string {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no node here, which runs the page's script")
	}
	script, err := assetFiles.ReadFile("assets/markdown.js")
	if err != nil {
		t.Fatal(err)
	}
	in, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	var out, errOut bytes.Buffer
	cmd := exec.CommandContext(t.Context(), node, "-e", string(script)+harness)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &out, &errOut
	if err := cmd.Run(); err != nil {
		t.Fatalf("node: %v\n%s", err, &errOut)
	}
	var list []string
	if err := json.Unmarshal(out.Bytes(), &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// TestMarkdownInScript checks that the script reads as the server does: the
// table, and each text of it cut off at every place, as it comes in a stream.
func TestMarkdownInScript(t *testing.T) {
	cases := markdownCases(t)
	for _, c := range cases {
		for i := range c.Text {
			cases = append(cases, markdownCase{c.What, c.Sources, c.Text[:i], rendered(c.Text[:i], c.Sources)})
		}
	}
	for i, got := range inScript(t, cases) {
		if got != cases[i].HTML {
			t.Errorf("%s, %q:\n%s\nwant\n%s", cases[i].What, cases[i].Text, got, cases[i].HTML)
		}
	}
}

// TestMarkdownTime checks that sixteen times the text takes sixteen times as
// long, more or less, and not 256 times.
func TestMarkdownTime(t *testing.T) {
	took := func(text string) time.Duration {
		start := time.Now()
		Markdown(text, 3)
		return time.Since(start)
	}
	for _, s := range []string{"[", "*", "**a ", "` ``", "![", "[a](", "| - |\n", "a | b\n", "- ", "  - a\n", "- a\n  b\n", "http://", "\\"} {
		little := strings.Repeat(s, 20_000/len(s))
		least := min(took(little), took(little), took(little))
		much := strings.Repeat(little, 16)
		if most := min(took(much), took(much), took(much)); most > 80*least && most > 100*time.Millisecond {
			t.Errorf("%q took %v, and sixteen times of it %v", s, least, most)
		}
	}
}

// FuzzMarkdown checks that nothing but our own tags comes out, and that no
// word gets lost or made up.
func FuzzMarkdown(f *testing.F) {
	for _, c := range markdownCases(f) {
		f.Add(c.Text, c.Sources)
	}
	f.Fuzz(func(t *testing.T, text string, sources int) {
		checkTags(t, rendered(text, sources%100))
	})
}

var ourTags = "p h3 ul ol li pre code strong em a small table thead tbody tr th td hr div cite "

func checkTags(t *testing.T, out string) {
	for rest := out; ; {
		_, after, found := strings.Cut(rest, "<")
		if !found {
			return
		}
		tag, more, closed := strings.Cut(after, ">")
		name, attrs, _ := strings.Cut(strings.TrimPrefix(tag, "/"), " ")
		if !closed || name == "" || !strings.Contains(ourTags, name+" ") {
			t.Fatalf("tag %q in %q", tag, out)
		}
		for _, attr := range strings.Split(attrs, `" `) {
			if key, value, _ := strings.Cut(attr, `="`); key == "href" && !strings.HasPrefix(value, "https://") && !strings.HasPrefix(value, "http://") {
				t.Fatalf("leads to %q", value)
			}
		}
		rest = more
	}
}
