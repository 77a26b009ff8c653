package quality

import (
	"fmt"
	"io"
	"strings"

	"tilgate/internal/lang"
)

const (
	lineWidth = 100 // of a terminal
	cellWidth = 40
	barWidth  = 20

	// What a terminal shows of a section; the page has all.
	someRows  = 15
	someLists = 7
	someItems = 3
)

// Text writes a report for a terminal.
func (r Report) Text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Knowledge base %s, read on %s in %s\n\n", fit(visible(r.KB), cellWidth), r.Time.UTC().Format("2006-01-02 15:04 UTC"), duration(r.Seconds))
	for _, line := range summary(r) {
		b.WriteString(line + "\n")
	}
	b.WriteByte('\n')
	if len(r.Findings) == 0 {
		b.WriteString("Nothing was found that anybody has to see to.\n")
	}
	for _, f := range r.Findings {
		writeFinding(&b, f)
	}
	for _, s := range sections(r) {
		b.WriteString("\n" + s.Title + "\n")
		if s.Table != nil {
			writeTable(&b, *s.Table)
		}
		for _, l := range s.Lists[:min(len(s.Lists), someLists)] {
			writeList(&b, l)
		}
		writeMore(&b, "  ", len(s.Lists)-someLists)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeFinding(b *strings.Builder, f Finding) {
	const indent = "         "
	mark := pad(levelName(f.Level), len(indent), false)
	for _, line := range wrap(visible(f.Text), lineWidth-len(indent)) {
		b.WriteString(mark + line + "\n")
		mark = indent
	}
	for _, line := range wrap(visible(f.Do), lineWidth-len(indent)) {
		b.WriteString(indent + line + "\n")
	}
}

func writeTable(b *strings.Builder, t table) {
	lines := append([][]string{t.Head}, t.Rows[:min(len(t.Rows), someRows)]...)
	widths := make([]int, len(t.Head))
	for i, line := range lines {
		lines[i] = make([]string, len(line))
		for j, text := range line {
			lines[i][j] = fit(visible(text), cellWidth)
			widths[j] = max(widths[j], lang.Columns(lines[i][j]))
		}
	}
	for i, line := range lines {
		var cells []string
		for j, text := range line {
			cells = append(cells, pad(text, widths[j], j >= t.Texts))
		}
		if i > 0 {
			cells = append(cells, strings.Repeat("█", int(t.Shares[i-1]*barWidth+0.5)))
		}
		b.WriteString("  " + strings.TrimRight(strings.Join(cells, "  "), " ") + "\n")
	}
	writeMore(b, "  ", len(t.Rows)-someRows)
}

func writeList(b *strings.Builder, l list) {
	fmt.Fprintf(b, "  %s:\n", visible(l.Title))
	for _, it := range l.Items[:min(len(l.Items), someItems)] {
		before := "    "
		for _, d := range it.Documents {
			b.WriteString(before + nameOf(d) + "\n")
			before = "    = "
		}
		for _, line := range wrap(visible(it.Text), lineWidth-8) {
			b.WriteString("        " + line + "\n")
		}
	}
	writeMore(b, "    ", l.More+max(0, len(l.Items)-someItems))
}

func writeMore(b *strings.Builder, indent string, n int) {
	if n > 0 {
		fmt.Fprintf(b, "%sand %s more\n", indent, number(n))
	}
}

// nameOf is how a line names a document.
func nameOf(d Document) string {
	place := fit(visible(d.Place()), lineWidth/2)
	if d.Title == "" {
		return closed(place)
	}
	return closed(fit(visible(d.Title), lineWidth/2-8)) + " (" + closed(place) + ")"
}
