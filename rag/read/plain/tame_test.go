package plain

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestTame: Markdown that would take the parser minutes, or all memory, is read
// as plain text; what people write is not taken for it.
func TestTame(t *testing.T) {
	for _, tt := range []struct{ what, text string }{
		{"quotes in quotes", strings.Repeat(">", 5000) + "а"},
		{"lists in quotes", strings.Repeat("> - ", 5000) + "а"},
		{"links that do not end", strings.Repeat("[a](b", 20000)},
		{"marks that do not pair", strings.Repeat("**a_", 20000)},
		{"brackets", strings.Repeat("[", 20000) + strings.Repeat("]", 20000)},
		{"a wide table", strings.Repeat("a|", 4000) + "\n" + strings.Repeat("-|", 4000) + "\n" + strings.Repeat("|a\n", 4000)},
		{"a long table", "|a|b|c|d|e|\n|-|-|-|-|-|\n" + strings.Repeat("|a\n", 200000)},
		{"a table in a quote", "> " + strings.Repeat("a|", 4000) + "\n> " + strings.Repeat("-|", 4000) + "\n" + strings.Repeat("> |a\n", 4000)},
		{"definitions", strings.Repeat("[a]: b\n", 10000)},
		{"items that are none", strings.Repeat("а\n        - **a_", 2000)},
		{"too long", strings.Repeat("а\n\n", maxMarkdown/3)},
	} {
		item, fault := page("a.md", tt.text)
		if item.Text != tt.text || fault != "" || len(item.Notes) != 1 || !strings.HasPrefix(item.Notes[0].Text, "it was read as plain text") {
			t.Errorf("%s: %.60q, notes %v, %s", tt.what, item.Text, item.Notes, fault)
		}
	}
	var links strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&links, "- [берене %d](a%d.md) *мыйзам* `код`\n", i, i)
	}
	for _, tt := range []struct{ what, text string }{
		{"a long list of links", links.String()},
		{"a long paragraph", strings.Repeat("Арыз *бир айда* берилет.\n", 400)},
		{"a table of a thousand rows", "|Ай|Баасы|\n|---|---|\n" + strings.Repeat("|**Январь**|40|\n", 900)},
		{"a ruler", strings.Repeat("-", 500) + "\n\nа"},
		{"a picture within", "![сүрөт](data:image/png;base64," + strings.Repeat("iVBORw0KGgo", 50000) + ")\n"},
		{"a list in lists", "- а\n  - б\n    - в\n      - г\n"},
	} {
		if item, fault := page("a.md", tt.text); len(item.Notes) > 0 || fault != "" {
			t.Errorf("%s: notes %v, %s", tt.what, item.Notes, fault)
		}
	}
}

// TestWorst: what is let through takes seconds at most.
func TestWorst(t *testing.T) {
	for _, part := range []string{
		strings.Repeat("**a_", maxMarks/4) + "\n\n", strings.Repeat("[a](b", maxMarks/2) + "\n\n", strings.Repeat("<a ", maxMarks) + "\n\n",
		strings.Repeat("> ", maxOpen) + "a\n\n", strings.Repeat("- a\n", 500) + "\n", strings.Repeat("`", 300) + "a" + strings.Repeat("`", 299) + "b\n\n", "- a\n\n  b\n\n",
	} {
		if !tame(part) {
			t.Errorf("%.20q is not let through", part)
		}
		text := strings.Repeat(part, (256<<10)/len(part))
		start := time.Now()
		page("a.md", text)
		if took := time.Since(start); took > 40*time.Second {
			t.Errorf("256 KB of %.20q takes %v", part, took)
		} else {
			t.Logf("256 KB of %.20q takes %v", part, took.Round(time.Millisecond))
		}
	}
}
