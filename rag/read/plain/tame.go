package plain

import (
	"strings"
)

// Limits of what the Markdown parser is given. It pairs the marks of a
// paragraph with each other, opens and closes quotes and lists again on each
// line, compares definitions of links, and fills rows up to the width of their
// table.
const (
	maxMarkdown = 8 << 20
	maxMarks    = 2000   // of emphasis, links and code in a run of lines
	maxOpen     = 32     // quotes and lists that a line opens
	maxCells    = 500000 // of all tables
	maxLinks    = 5000   // definitions
	maxColumns  = 200
)

// tame reports whether text can be read as Markdown in bounded time.
func tame(text string) bool {
	if len(text) > maxMarkdown {
		return false
	}
	var c count
	for line := range strings.Lines(text) {
		if !c.add(strings.TrimRight(line, " \t\n")) {
			return false
		}
	}
	return true
}

// A count is what there is of each construct so far.
type count struct {
	marks   int    // in the paragraph
	columns int    // of the table, if there is one
	table   bool   // surely: its rows are paragraphs of their own
	before  string // the line
	indent  int    // of the last item of a list in this run of lines
	cells   int
	links   int
}

// add counts a line, and reports whether all is within bounds.
func (c *count) add(line string) bool {
	if line == "" {
		c.marks, c.columns, c.table, c.indent = 0, 0, false, 0
	}
	if c.table || c.startsBlock(line) {
		c.marks = 0
	}
	for i := range len(line) {
		if strings.IndexByte("*_[]<~`!", line[i]) >= 0 {
			c.marks++
		}
	}
	if n := delimiters(line); n > 0 {
		c.columns, c.table = n, n == columnsOf(c.before)
	}
	c.cells += c.columns
	if strings.HasPrefix(line, "[") && strings.Contains(line, "]:") {
		c.links++
	}
	c.before = line
	return c.marks <= maxMarks && opened(line) <= maxOpen && c.columns <= maxColumns && c.cells <= maxCells && c.links <= maxLinks
}

// startsBlock reports whether a line cannot go on with the paragraph before:
// it is a heading or an item, and not indented so far that it is neither.
func (c *count) startsBlock(line string) bool {
	rest := strings.TrimLeft(line, " ")
	indent := len(line) - len(rest)
	mark, _, ok := strings.Cut(rest, " ")
	if !ok || mark == "" || indent > c.indent+3 {
		return false
	}
	if mark == "-" || mark == "*" || mark == "+" || mark == "1." {
		c.indent = indent + len(mark) + 1
		return true
	}
	return len(mark) <= 6 && strings.Trim(mark, "#") == ""
}

// delimiters returns the number of columns of a line such as |---|:-:|, which
// makes a table of those around it.
func delimiters(line string) int {
	if strings.Trim(line, "|:- \t>") != "" || !strings.Contains(line, "-") {
		return 0
	}
	return columnsOf(line)
}

func columnsOf(row string) int { return strings.Count(strings.Trim(row, "| \t>"), "|") + 1 }

// opened returns how many quotes and lists a line may open.
func opened(line string) (n int) {
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case strings.IndexByte(">-+*", c) >= 0:
			n++
		case c != ' ' && c != '\t' && (c < '0' || c > '9') && c != '.' && c != ')':
			return n
		}
	}
	return 0 // a ruler, or nothing but marks
}
