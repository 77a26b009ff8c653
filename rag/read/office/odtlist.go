package office

import (
	"strconv"
	"strings"
)

// outlineStyle is the name that the numbers of headings have here among the
// styles of lists. No list has it.
const outlineStyle = "\x00outline"

// A format says how the items of a list are numbered on one level.
type format struct {
	bullet         bool
	char           string // of a bullet
	font           string
	number         string // as openNumber knows it; none if it is empty
	prefix, suffix string
	pattern        string // instead of these two, with %1% for the number of the first level
	shown          int    // levels that are shown of the number
	start          int
	repeat         bool // letters come twice after the last: aa, bb
}

// formatsOf reads the levels of a style of lists.
func (d *odt) formatsOf(name string) error {
	formats := new([levels]format)
	if err := keep(d.formats, name, formats); err != nil {
		return err
	}
	return d.each(func(e element) error {
		f := format{
			bullet: e.tag == "text:list-level-style-bullet" || e.tag == "text:list-level-style-image",
			char:   e.attr("bullet-char"), number: e.attr("num-format"),
			prefix: e.attr("num-prefix"), suffix: e.attr("num-suffix"), pattern: e.attr("num-list-format"),
			shown: e.number("display-levels", 1, levels), start: e.number("start-value", 1, maxStart),
			repeat: e.attr("num-letter-sync") == "true",
		}
		at := max(e.number("level", 1, levels), 1) - 1
		formats[at] = f
		return d.each(func(e element) error {
			if e.tag == "style:text-properties" {
				formats[at].font = d.lookOf(e).font
			}
			return nil
		})
	})
}

// A listing is a list being read, or one within another.
type listing struct {
	*counter
	formats *[levels]format
	level   int
}

// A listItem is an item of a list being read.
type listItem struct {
	listing
	start  int    // its number, if it has one of its own; -1 is none
	number string // as the program that wrote it shows it
	marked bool   // it needs no mark any more
}

// maxLists is how many lists another can go on from.
const maxLists = 10_000

// list reads a list within another, or within none.
func (d *odt) list(e element, to target, outer *listing) error {
	l := listing{formats: d.formats[e.attr("style-name")]}
	if outer == nil {
		l.counter = d.counterOf(e)
	} else {
		l.counter, l.level = outer.counter, min(outer.level+1, levels-1)
		if l.formats == nil {
			l.formats = outer.formats
		}
	}
	return d.each(func(e element) error {
		if e.tag != "text:list-item" && e.tag != "text:list-header" {
			return nil
		}
		return d.listItem(e, to, l)
	})
}

// counterOf returns the counter of the list that one goes on from, or a new
// one.
func (d *odt) counterOf(e element) *counter {
	style, id := e.attr("style-name"), "#"+e.attr("id")
	var c *counter
	if before := e.attr("continue-list"); before != "" {
		c = d.counts["#"+before]
	} else if e.attr("continue-numbering") == "true" {
		c = d.counts[style]
	}
	if c == nil {
		c = &counter{}
	}
	if len(d.counts) < maxLists {
		d.counts[style], d.counts[id] = c, c
	}
	return c
}

func (d *odt) listItem(e element, to target, l listing) error {
	in := &listItem{listing: l, start: e.number("start-value", -1, maxStart), marked: e.tag == "text:list-header"}
	blocks := d.blocks(to)
	return d.each(func(e element) (err error) {
		switch e.tag {
		case "text:number":
			in.number, err = d.all()
			return err
		case "text:p", "text:h":
			return d.paragraph(e, to, in)
		case "text:list":
			return d.list(e, to, &in.listing)
		}
		return blocks(e)
	})
}

// mark gives a paragraph the number or bullet that stands before it.
func (d *odt) mark(e element, b *block, in *listItem) {
	switch {
	case in != nil && !in.marked:
		in.marked = true
		b.depth = in.level
		b.mark, b.item = in.next(in.formats, in.level, in.start)
		if in.number != "" {
			b.mark = strings.TrimSpace(in.number)
		}
	case in == nil && e.tag == "text:h" && e.attr("is-list-header") != "true":
		b.mark, _ = d.outline.next(d.formats[outlineStyle], b.level-1, -1)
	}
}

// next counts a paragraph, and returns its mark, which is empty for a bullet
// that is a letter of a font of symbols. An item without one is none of a list.
func (c *counter) next(formats *[levels]format, level, start int) (mark string, item bool) {
	if formats == nil {
		return "", true
	}
	f := formats[level]
	if f.bullet {
		return bulletOf(f.char, f.font), true
	}
	first := func(l int) int {
		if l == level && start >= 0 {
			return start
		}
		return formats[l].start
	}
	c.count(level, first, start >= 0, func(int) bool { return true })
	number := func(l int) string { return openNumber(c.at[l], formats[l].number, formats[l].repeat) }
	if f.pattern != "" {
		mark = f.pattern
		for l := range level + 1 {
			mark = strings.Replace(mark, "%"+strconv.Itoa(l+1)+"%", number(l), 1)
		}
		return strings.TrimSpace(mark), strings.TrimSpace(mark) != ""
	}
	var shown []string
	for l := max(level-f.shown+1, 0); l <= level; l++ {
		if text := number(l); text != "" {
			shown = append(shown, text)
		}
	}
	mark = strings.TrimSpace(f.prefix + strings.Join(shown, ".") + f.suffix)
	return mark, mark != ""
}
