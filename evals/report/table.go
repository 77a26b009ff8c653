package report

import (
	"fmt"
	"io"
	"strings"

	"tilgate/evals"
	"tilgate/internal/lang"
)

// widest is the most columns that a cell takes.
const widest = 56

// Table writes a report for a terminal. The score of a metric is followed by
// half its 95 % interval.
func Table(w io.Writer, r evals.Report) error {
	var b strings.Builder
	if line := about(r.Meta); line != "" {
		b.WriteString(line + "\n\n")
	}
	list := rows(r)
	if len(list) > 0 {
		writeTable(&b, scoreGrid(list))
	}
	if len(r.Pairs) > 0 {
		if len(list) > 0 {
			b.WriteByte('\n')
		}
		writeTable(&b, pairGrid(pairs(r)))
	}
	if line := failures(r); line != "" {
		b.WriteString("\n" + line + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeTable(b *strings.Builder, g grid) {
	lines := append([][]string{g.Head}, g.Rows...)
	widths := make([]int, len(g.Head))
	for i, line := range lines {
		lines[i] = make([]string, len(line))
		for j, text := range line {
			lines[i][j] = fit(oneLine(text), widest)
			widths[j] = max(widths[j], lang.Columns(lines[i][j]))
		}
	}
	for i, line := range lines {
		var cells []string
		for j, text := range line {
			if j < 2 && i > 1 && sameBefore(g.Rows, i-1, j) {
				text = "" // as above
			}
			cells = append(cells, pad(text, widths[j], g.Right[j]))
		}
		fmt.Fprintln(b, strings.TrimRight(strings.Join(cells, "  "), " "))
		if i == 0 {
			fmt.Fprintln(b, rule(widths))
		}
	}
}

// sameBefore reports whether row i begins as the one before it, up to column j.
func sameBefore(rows [][]string, i, j int) bool {
	for k := range j + 1 {
		if rows[i][k] != rows[i-1][k] {
			return false
		}
	}
	return true
}

func rule(widths []int) string {
	var parts []string
	for _, w := range widths {
		parts = append(parts, strings.Repeat("─", w))
	}
	return strings.Join(parts, "  ")
}
