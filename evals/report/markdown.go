package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"tilgate/evals"
)

// Markdown writes a report as GitHub renders it, with the signatures of its
// metrics at the end.
func Markdown(w io.Writer, r evals.Report) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s\n\n", plainly(cmp.Or(oneLine(r.Meta.Name), "Evaluation")), plainly(about(r.Meta)))
	if line := failures(r); line != "" {
		fmt.Fprintf(&b, "**%s.**\n\n", line)
	}
	if list := rows(r); len(list) > 0 {
		b.WriteString("## Scores\n\nWith half of the 95 % interval.\n\n")
		writeMarkdown(&b, scoreGrid(list))
	}
	if len(r.Pairs) > 0 {
		b.WriteString("\n## Comparisons\n\nOn the same cases; p after Holm is over all comparisons here.\n\n")
		writeMarkdown(&b, pairGrid(pairs(r)))
	}
	writeSuites(&b, r.Meta.Suites)
	writeSignatures(&b, r.Summaries)
	_, err := io.WriteString(w, b.String())
	return err
}

func writeMarkdown(b *strings.Builder, g grid) {
	rule := make([]string, len(g.Head))
	for i, right := range g.Right {
		rule[i] = "---"
		if right {
			rule[i] = "--:"
		}
	}
	for _, line := range append([][]string{g.Head, rule}, g.Rows...) {
		var cells []string
		for _, text := range line {
			cells = append(cells, plainly(text))
		}
		fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | "))
	}
}

// marks are what Markdown or GitHub reads something into. A word joiner keeps
// a name with an at sign from calling somebody.
var marks = strings.NewReplacer(`\`, `\\`, "|", `\|`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "~", `\~`,
	"&", "&amp;", "<", "&lt;", ">", "&gt;", "@", "@\u2060")

// plainly is a text that Markdown shows as it is.
func plainly(text string) string { return marks.Replace(oneLine(text)) }

func writeSuites(b *strings.Builder, suites []evals.SuiteRef) {
	if len(suites) == 0 {
		return
	}
	b.WriteString("\n## Suites\n\n")
	var g grid
	for _, name := range []string{"Suite", "Version", "Licence", "SHA-256"} {
		g.column(name, false)
	}
	for _, s := range suites {
		g.Rows = append(g.Rows, []string{s.Name, s.Version, s.Licence, s.Digest})
	}
	writeMarkdown(b, g)
}

// signatures are how each metric was computed, sorted, each once.
func signatures(list []evals.Summary) []string {
	var lines []string
	for _, s := range list {
		if s.Signature != "" {
			lines = append(lines, metricOf(s.Metric).Name+": "+oneLine(s.Signature))
		}
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

func writeSignatures(b *strings.Builder, list []evals.Summary) {
	lines := signatures(list)
	if len(lines) == 0 {
		return
	}
	b.WriteString("\n## Signatures\n\n")
	for _, line := range lines {
		fmt.Fprintf(b, "- %s\n", plainly(line))
	}
}
