package html

import (
	"strconv"
	"strings"

	"golang.org/x/net/html/atom"
)

// list writes the items of a list, and those of lists within.
func (w *writer) list(list *node, depth int) {
	if depth == 0 {
		w.flush()
		w.out.EndTable()
	}
	number := list.num
	for c := list.first; c != nil && !w.full(); c = c.next {
		switch {
		case c.is(hidden | dropped):
		case c.tag == atom.Li:
			if c.num >= 0 && list.tag == atom.Ol {
				number = c.num
			}
			w.items(c, depth, ordinal(list, number))
			number++
		case isList(c.tag):
			w.list(c, depth+1) // people forget the item around it
		default:
			w.items(c, depth, "")
		}
	}
	if depth == 0 {
		w.out.EndTable()
	}
}

// items writes what stands in an item: one with parts of its own, such as a
// heading, is only laid out as a list.
func (w *writer) items(li *node, depth int, mark string) {
	if li.chars == 0 {
		return
	}
	if li.is(parted) {
		w.flush()
		w.children(li)
		w.flush()
		return
	}
	if depth == 0 {
		w.flush()
	}
	var line strings.Builder
	end := func() {
		if strings.TrimSpace(line.String()) != "" {
			w.out.Item(depth, mark, line.String())
			mark = ""
		}
		line.Reset()
	}
	w.item(li, depth, &line, end)
	end()
}

// item adds the text of an item to its line, which lists within end.
func (w *writer) item(n *node, depth int, line *strings.Builder, end func()) {
	if isText(n.tag) || !isBlock(n.tag) {
		w.inline(line, n)
		return
	}
	line.WriteByte(' ')
	for c := n.first; c != nil; c = c.next {
		switch {
		case c.is(hidden | dropped):
		case isList(c.tag):
			end()
			w.list(c, depth+1)
		default:
			w.item(c, depth, line, end)
		}
	}
	line.WriteByte(' ')
}

// ordinal is what stands before an item of a list.
func ordinal(list *node, n int32) string {
	if list.tag != atom.Ol {
		return ""
	}
	switch byte(list.rows) {
	case 'a', 'A':
		if n >= 1 && n <= 26 {
			return string(rune(byte(list.rows)+byte(n)-1)) + "."
		}
	case 'i', 'I':
		if roman := roman(n); roman != "" {
			if list.rows == 'i' {
				roman = strings.ToLower(roman)
			}
			return roman + "."
		}
	}
	return strconv.Itoa(int(n)) + "."
}

func roman(n int32) string {
	if n < 1 || n > 399 {
		return ""
	}
	var b strings.Builder
	for _, r := range []struct {
		worth int32
		sign  string
	}{{100, "C"}, {90, "XC"}, {50, "L"}, {40, "XL"}, {10, "X"}, {9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"}} {
		for ; n >= r.worth; n -= r.worth {
			b.WriteString(r.sign)
		}
	}
	return b.String()
}

// longTerm is the letters of an explanation that is text, rather than a word.
const longTerm = 3 * fewLetters

// terms writes a list of definitions: of short ones, term and meaning are an
// item; of long ones, such as answers to questions, the term heads the text.
func (w *writer) terms(dl *node) {
	w.flush()
	long := false
	dl.all(func(n *node) bool {
		long = long || n.tag == atom.Dd && (n.chars > longTerm || n.is(parted) || n.hints.has(fold))
		return !long
	})
	if long {
		w.longTerms(dl)
		return
	}
	w.out.EndTable()
	var line strings.Builder
	w.shortTerms(dl, &line)
	w.out.Item(0, "", line.String())
	w.out.EndTable()
}

func (w *writer) shortTerms(n *node, line *strings.Builder) {
	afterMeaning := false
	for c := n.first; c != nil && !w.full(); c = c.next {
		switch {
		case c.is(hidden|dropped) || c.chars == 0:
		case c.tag == atom.Dt:
			if afterMeaning {
				w.out.Item(0, "", line.String())
				line.Reset()
			}
			line.WriteString(w.text(c))
			afterMeaning = false
		case c.tag == atom.Dd:
			said := strings.TrimSpace(line.String())
			if !afterMeaning && said != "" && !strings.ContainsAny(said[len(said)-1:], ":?.!") {
				line.Reset()
				line.WriteString(said + ":")
			}
			line.WriteByte(' ')
			line.WriteString(w.text(c))
			afterMeaning = true
		case isBlock(c.tag): // a div around a term and its meaning
			w.out.Item(0, "", line.String())
			line.Reset()
			w.shortTerms(c, line)
			afterMeaning = true
		}
	}
}

func (w *writer) longTerms(n *node) {
	level := w.level
	for c := n.first; c != nil && !w.full(); c = c.next {
		switch {
		case c.is(hidden | dropped):
		case c.tag == atom.Dt:
			w.heading(c, level+1)
		case c.tag == atom.Dd:
			w.flush()
			w.children(c)
			w.flush()
		case isBlock(c.tag):
			w.longTerms(c)
		}
		w.level = level
	}
}
