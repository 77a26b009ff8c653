package web

import (
	"html"
	"strings"
)

// writeHTML writes nodes, with cite for the marks. All text is escaped here,
// and tags and attributes are those of Markdown.
func writeHTML(b *strings.Builder, nodes []Node, cite func(n Node) string) {
	for _, n := range nodes {
		switch n.Tag {
		case "":
			b.WriteString(html.EscapeString(n.Text))
			continue
		case "cite":
			b.WriteString(cite(n))
			continue
		}
		b.WriteString("<" + n.Tag)
		for _, a := range n.Attr {
			b.WriteString(" " + a.Name + `="` + html.EscapeString(a.Value) + `"`)
		}
		b.WriteString(">")
		writeHTML(b, n.Kids, cite)
		if n.Tag != "hr" {
			b.WriteString("</" + n.Tag + ">")
		}
	}
}
