package office

import (
	"cmp"
	"strings"
)

// body is the level of a paragraph that is no heading, said in so many words.
// The levels of headings are from 1 to 9.
const body = 10

// A style is what paragraphs or runs of its name look like.
type style struct {
	id, name string
	based    string // the style that it was made from
	level    int    // of a heading; 0 if it does not say
	list     string // that its paragraphs are items of; "0" is none
	indent   int    // their level in the list; -1 if it does not say
	look     look

	title, contents bool
	resolved        bool // what it has of others is in it
}

func newStyle() *style { return &style{indent: -1} }

// maxBases is how many styles one is made from, one out of the other.
const maxBases = 100

// resolve puts into a style what it has of those that it was made from. A
// style that was made from itself ends there: it counts as resolved before its
// base is.
func (s *style) resolve(baseOf func(*style) *style, depth int) {
	if s.resolved {
		return
	}
	s.resolved = true
	base := baseOf(s)
	if base == nil || depth > maxBases {
		base = newStyle()
	} else {
		base.resolve(baseOf, depth+1)
	}
	s.inherit(base)
}

// inherit takes from the base what a style does not say itself.
func (s *style) inherit(base *style) {
	s.look = base.look.with(s.look)
	s.title = base.title || strings.EqualFold(s.name, "title")
	s.contents = base.contents || isContentsStyle(s.name)
	s.level = cmp.Or(s.level, headingLevel(s.name), base.level)
	if s.list == "" {
		s.list = base.list
		if s.indent < 0 {
			s.indent = base.indent
		}
	}
}
