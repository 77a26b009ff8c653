package plain

import (
	"bufio"
	"html"
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	render "github.com/yuin/goldmark/renderer/html"
	xhtml "golang.org/x/net/html"
)

// inline returns the words of a block without their marks. Lines stay lines.
func (w *writer) inline(block ast.Node) string {
	var b strings.Builder
	w.words(&b, block)
	return b.String()
}

func (w *writer) words(b *strings.Builder, parent ast.Node) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Text:
			b.WriteString(unescaped(n.Segment.Value(w.source)))
			if n.SoftLineBreak() || n.HardLineBreak() {
				b.WriteByte('\n')
			}
		case *ast.String:
			b.Write(n.Value)
		case *ast.CodeSpan:
			w.code(b, n)
		case *ast.AutoLink:
			b.Write(n.Label(w.source))
		case *ast.RawHTML:
			b.WriteString(stripped(string(n.Segments.Value(w.source))))
		case *extast.TaskCheckBox:
			if n.IsChecked {
				b.WriteString("[x] ")
			} else {
				b.WriteString("[ ] ")
			}
		case *extast.FootnoteLink, *extast.FootnoteBacklink: // a number that says nothing here
		default:
			w.words(b, n)
		}
	}
}

func (w *writer) code(b *strings.Builder, span *ast.CodeSpan) {
	for n := span.FirstChild(); n != nil; n = n.NextSibling() {
		if t, ok := n.(*ast.Text); ok {
			b.Write(t.Segment.Value(w.source))
		}
	}
}

// unescaped resolves \* and &amp;, which the parser leaves to its renderer.
func unescaped(source []byte) string {
	if !strings.ContainsAny(string(source), `\&`) {
		return string(source)
	}
	var b strings.Builder
	out := bufio.NewWriter(&b)
	render.DefaultWriter.Write(out, source)
	out.Flush()
	return html.UnescapeString(b.String())
}

// apart are elements that stand on lines of their own.
var apart = map[string]bool{"br": true, "p": true, "div": true, "li": true, "tr": true, "table": true, "ul": true, "ol": true, "summary": true,
	"h1": true, "h2": true, "h3": true, "h4": true, "h5": true, "h6": true, "section": true, "blockquote": true, "pre": true, "dt": true, "dd": true}

// stripped returns the words of a piece of HTML, without scripts.
func stripped(source string) string {
	var b strings.Builder
	silent := ""
	for z := xhtml.NewTokenizer(strings.NewReader(source)); ; {
		switch z.Next() {
		case xhtml.ErrorToken:
			return b.String()
		case xhtml.TextToken:
			if silent == "" {
				b.Write(z.Text())
			}
		case xhtml.StartTagToken, xhtml.SelfClosingTagToken, xhtml.EndTagToken:
			token := z.Token()
			switch {
			case token.Data == "script" || token.Data == "style":
				silent = ""
				if token.Type == xhtml.StartTagToken {
					silent = token.Data
				}
			case apart[token.Data]:
				b.WriteByte('\n')
			case token.Data == "td" || token.Data == "th":
				b.WriteByte(' ')
			}
		}
	}
}
