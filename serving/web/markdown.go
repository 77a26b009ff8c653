package web

import (
	"regexp"
	"strconv"
	"strings"

	"tilgate/internal/lang"
)

// Models write a little Markdown. What is shown of it is a small part, and
// everything else is text: paragraphs, headings, lists, tables, code, bold,
// italic, links to the web, and the marks of citations. There is no HTML and
// no image. assets/markdown.js does the same in the browser, and
// testdata/markdown.json holds both to it; change all three together.

// A Node is an element of a text, or a piece of text where Tag is empty. A
// mark of a citation is an element "cite" with the number in N.
type Node struct {
	Tag  string
	Attr []Attr
	Kids []Node
	Text string
	N    int
}

// An Attr is an attribute of an element.
type Attr struct{ Name, Value string }

func element(tag string, kids ...Node) Node { return Node{Tag: tag, Kids: kids} }

var (
	headingLine = regexp.MustCompile(`^#{1,6}[ \t]+(.+)$`)
	ruleLine    = regexp.MustCompile(`^(?:-{3,}|\*{3,}|_{3,})$`)
	itemLine    = regexp.MustCompile(`^([ \t]*)(?:([-*+•])|(\p{Nd}{1,4})[.)])[ \t]+(.*)$`)
	columnRule  = regexp.MustCompile(`^:?-+:?$`)
)

// Markdown reads a text. Marks up to [sources] are citations.
func Markdown(text string, sources int) []Node {
	r := &reader{lines: strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n"), sources: sources}
	var list []Node
	for r.at < len(r.lines) {
		if strings.Trim(r.lines[r.at], " \t") == "" {
			r.at++
			continue
		}
		list = append(list, r.block()...)
	}
	return list
}

type reader struct {
	lines   []string
	at      int
	sources int
}

func trimmed(line string) string { return strings.Trim(line, " \t") }

// starts reports whether a line begins a block that needs no empty line before it.
func (r *reader) starts(i int) bool {
	line := trimmed(r.lines[i])
	return strings.HasPrefix(line, "```") || headingLine.MatchString(line) || ruleLine.MatchString(line) ||
		itemLine.MatchString(r.lines[i]) || r.tableAt(i)
}

func (r *reader) tableAt(i int) bool {
	if i+1 >= len(r.lines) || !strings.Contains(r.lines[i], "|") || !strings.Contains(r.lines[i+1], "|") {
		return false
	}
	for _, c := range cells(r.lines[i+1]) {
		if !columnRule.MatchString(c) {
			return false
		}
	}
	return true
}

func (r *reader) block() []Node {
	line := trimmed(r.lines[r.at])
	if strings.HasPrefix(line, "```") {
		return []Node{r.fence()}
	}
	if m := headingLine.FindStringSubmatch(line); m != nil {
		r.at++
		return []Node{element("h3", r.inline(m[1])...)}
	}
	if ruleLine.MatchString(line) {
		r.at++
		return []Node{element("hr")}
	}
	if itemLine.MatchString(r.lines[r.at]) {
		return r.nest(r.items())
	}
	if r.tableAt(r.at) {
		return []Node{r.table()}
	}
	return []Node{r.paragraph()}
}

func (r *reader) paragraph() Node {
	from := r.at
	for r.at++; r.at < len(r.lines) && trimmed(r.lines[r.at]) != "" && !r.starts(r.at); r.at++ {
	}
	return element("p", r.inline(strings.Trim(strings.Join(r.lines[from:r.at], "\n"), " \t"))...)
}

// fence reads code to its end, or to that of the text: it may be on its way.
func (r *reader) fence() Node {
	from := r.at + 1
	for r.at = from; r.at < len(r.lines) && !strings.HasPrefix(trimmed(r.lines[r.at]), "```"); r.at++ {
	}
	code := strings.Join(r.lines[from:r.at], "\n")
	r.at++
	return element("pre", element("code", Node{Text: code}))
}

// cells cuts a line of a table. A stroke that belongs to a cell has a
// backslash before it.
func cells(line string) []string {
	line = trimmed(line)
	line = strings.TrimPrefix(line, "|")
	if strings.HasSuffix(line, "|") && !strings.HasSuffix(line, `\|`) {
		line = line[:len(line)-1]
	}
	var list []string
	from := 0
	for i := 0; i <= len(line); i++ {
		if i == len(line) || line[i] == '|' && (i == 0 || line[i-1] != '\\') {
			list = append(list, trimmed(line[from:i]))
			from = i + 1
		}
	}
	return list
}

const mostColumns = 20

func (r *reader) row(line, tag string) Node {
	row := element("tr")
	for i, c := range cells(line) {
		if i < mostColumns {
			row.Kids = append(row.Kids, element(tag, r.inline(c)...))
		}
	}
	return row
}

// table reads rows until a line without a stroke. Who uses a keyboard has to
// be able to scroll it, so it can have the focus.
func (r *reader) table() Node {
	head := element("thead", r.row(r.lines[r.at], "th"))
	body := element("tbody")
	for r.at += 2; r.at < len(r.lines) && strings.Contains(r.lines[r.at], "|"); r.at++ {
		body.Kids = append(body.Kids, r.row(r.lines[r.at], "td"))
	}
	box := element("div", element("table", head, body))
	box.Attr = []Attr{{"class", "table"}, {"tabindex", "0"}}
	return box
}

type item struct {
	indent  int
	ordered bool
	number  int
	text    string
}

// items reads the items of a list. An item goes on in lines that are indented,
// and the list after an empty line if an item follows it.
func (r *reader) items() []item {
	var list []item
	for ; r.at < len(r.lines); r.at++ {
		line := r.lines[r.at]
		m := itemLine.FindStringSubmatch(line)
		switch {
		case m != nil && !ruleLine.MatchString(trimmed(line)):
			n, _ := strconv.Atoi(lang.ASCIIDigits(m[3]))
			list = append(list, item{len(m[1]), m[3] != "", n, m[4]})
		case trimmed(line) == "":
			if r.at+1 >= len(r.lines) || !itemLine.MatchString(r.lines[r.at+1]) {
				return list
			}
		case strings.HasPrefix(line, "  ") && !r.starts(r.at):
			list[len(list)-1].text += "\n" + trimmed(line)
		default:
			return list
		}
	}
	return list
}

const deepest = 4 // lists in lists

// nest makes lists of items: what is indented by two more belongs to the item
// before it.
func (r *reader) nest(items []item) []Node { return r.nestAt(items, 1) }

func (r *reader) nestAt(items []item, depth int) []Node {
	var lists []Node
	for len(items) > 0 {
		first := items[0]
		list := element("ul")
		if first.ordered {
			list.Tag = "ol"
			if first.number != 1 {
				list.Attr = []Attr{{"start", strconv.Itoa(first.number)}}
			}
		}
		for len(items) > 0 && items[0].ordered == first.ordered {
			inner := 1
			for inner < len(items) && items[inner].indent >= items[0].indent+2 && depth < deepest {
				inner++
			}
			li := element("li", r.inline(items[0].text)...)
			li.Kids = append(li.Kids, r.nestAt(items[1:inner], depth+1)...)
			list.Kids = append(list.Kids, li)
			items = items[inner:]
		}
		lists = append(lists, list)
	}
	return lists
}
