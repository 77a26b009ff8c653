package office

import (
	"strconv"
	"strings"
)

// numbers are the lists of a document. A paragraph names a list; a list is a
// template, with changes; lists of one template count together.
type numbers struct {
	templates map[string]*template
	lists     map[string]*list
}

type template struct {
	levels [levels]level
	style  string // its template is that of this style's list
	counter
}

type list struct {
	template string
	start    [levels]int // -1 is that of the template
	levels   map[int]level
	begun    [levels]bool // the first paragraph is counted
}

// A level says how the paragraphs of one level are numbered.
type level struct {
	start  int
	format string // as wordNumber knows it
	text   string // with %1 for the number of the first level
	style  string // of paragraphs that are of this level
	legal  bool   // all numbers in digits
	anew   int    // begins anew after the levels before this one, counted from 1; -1 is after each, 0 never
	font   string
}

func newNumbers() *numbers {
	return &numbers{templates: map[string]*template{}, lists: map[string]*list{}}
}

func (d *docx) readNumbers(element) error {
	return d.each(func(e element) error {
		switch e.tag {
		case "w:abstractNum":
			return d.readTemplate(e)
		case "w:num":
			return d.readList(e)
		}
		return nil
	})
}

func (d *docx) readTemplate(e element) error {
	t := &template{}
	if err := keep(d.numbers.templates, e.attr("abstractNumId"), t); err != nil {
		return err
	}
	return d.each(func(e element) error {
		switch e.tag {
		case "w:numStyleLink":
			t.style = e.attr("val")
		case "w:lvl":
			l, err := d.readLevel()
			t.levels[e.number("ilvl", 0, levels-1)] = l
			return err
		}
		return nil
	})
}

func (d *docx) readLevel() (level, error) {
	l := level{anew: -1, format: "decimal"}
	var do func(e element) error
	do = func(e element) error {
		switch e.tag {
		case "w:start":
			l.start = e.number("val", 0, maxStart)
		case "w:numFmt":
			l.format = e.attr("val")
		case "w:lvlText":
			l.text = e.attr("val")
		case "w:pStyle":
			l.style = e.attr("val")
		case "w:isLgl":
			l.legal = isOn(e)
		case "w:lvlRestart":
			l.anew = e.number("val", -1, levels)
		case "w:rPr":
			look, err := d.look()
			l.font = look.font
			return err
		case "mc:AlternateContent", "mc:Fallback": // the choice is a format of Word's newer versions
			return d.each(do)
		}
		return nil
	}
	err := d.each(do)
	return l, err
}

// maxStart is the largest number that a list may begin with.
const maxStart = 1_000_000

func (d *docx) readList(e element) error {
	n := &list{levels: map[int]level{}}
	for i := range n.start {
		n.start[i] = -1
	}
	if err := keep(d.numbers.lists, e.attr("numId"), n); err != nil {
		return err
	}
	return d.each(func(e element) error {
		switch e.tag {
		case "w:abstractNumId":
			n.template = e.attr("val")
		case "w:lvlOverride":
			at := e.number("ilvl", 0, levels-1)
			return d.each(func(e element) error {
				switch e.tag {
				case "w:startOverride":
					n.start[at] = e.number("val", 0, maxStart)
				case "w:lvl":
					l, err := d.readLevel()
					n.levels[at] = l
					return err
				}
				return nil
			})
		}
		return nil
	})
}

// list returns a list and its template; nil if there is none.
func (d *docx) list(id string) (*list, *template) {
	n := d.numbers.lists[id]
	if n == nil {
		return nil, nil
	}
	t := d.numbers.templates[n.template]
	if t != nil && t.style != "" { // the template stands with the style's list
		if other := d.numbers.lists[d.styles.character(t.style).list]; other != nil {
			t = d.numbers.templates[other.template]
		}
	}
	if t == nil {
		return nil, nil
	}
	return n, t
}

// mark counts a paragraph of a list, and returns what stands before it: for a
// bullet that is a letter of a font of symbols, nothing.
func (d *docx) mark(id string, at int) (mark string, bullet, ok bool) {
	n, t := d.list(id)
	if n == nil {
		return "", false, false
	}
	level := func(i int) level {
		if l, ok := n.levels[i]; ok {
			return l
		}
		return t.levels[i]
	}
	start := func(i int) int {
		if n.start[i] >= 0 {
			return n.start[i]
		}
		return level(i).start
	}
	own := level(at)
	t.count(at, start, n.start[at] >= 0 && !n.begun[at], func(i int) bool {
		anew := level(i).anew
		return anew < 0 || at < anew
	})
	n.begun[at] = true
	if own.format == "bullet" {
		return bulletOf(own.text, own.font), true, true
	}
	mark = own.text
	for i := range levels - 1 {
		place := "%" + strconv.Itoa(i+1)
		if i > at || !strings.Contains(mark, place) {
			continue
		}
		format := level(i).format
		if own.legal {
			format = "decimal"
		}
		mark = strings.Replace(mark, place, wordNumber(t.at[i], format), 1)
	}
	return strings.TrimSpace(mark), false, true
}

// levelOf returns the level of a style's paragraphs in its list.
func (d *docx) levelOf(s *style) int {
	if _, t := d.list(s.list); t != nil && s.indent < 0 {
		for i, l := range t.levels {
			if l.style != "" && l.style == s.id {
				return i
			}
		}
	}
	return max(s.indent, 0)
}
