package office

import (
	"cmp"
	"strings"
)

// openStyles are the styles of an OpenDocument text by their family and name,
// such as "paragraph Standard". The default of a family has no name.
type openStyles map[string]*style

// style reads a style of paragraphs, of text or of lists.
func (d *odt) style(e element) error {
	switch e.tag {
	case "text:list-style":
		return d.formatsOf(e.attr("name"))
	case "text:outline-style":
		return d.formatsOf(outlineStyle)
	case "style:style", "style:default-style":
	default:
		return nil
	}
	family := e.attr("family")
	if family != "paragraph" && family != "text" {
		return nil
	}
	s := newStyle()
	s.name = cmp.Or(e.attr("display-name"), e.attr("name"))
	s.based = e.attr("parent-style-name")
	if err := keep(d.styles, family+" "+e.attr("name"), s); err != nil {
		return err
	}
	return d.each(func(e element) error {
		if e.tag == "style:text-properties" {
			s.look = d.lookOf(e)
		}
		return nil
	})
}

// find returns a style with what it has of those that it was made from; an
// empty one if there is none.
func (s openStyles) find(family, name string) *style {
	found := s[family+" "+name]
	if found == nil {
		if found = s[family+" "]; found == nil {
			found = newStyle()
		}
	}
	found.resolve(func(own *style) *style { return s[family+" "+own.based] }, 0) // of one without a base, the default
	return found
}

// span returns the look of a style of text, which has nothing of the default:
// its paragraph does.
func (s openStyles) span(name string) look {
	if s["text "+name] == nil {
		return look{}
	}
	return s.find("text", name).look
}

// lookOf reads the properties of text.
func (d *odt) lookOf(e element) look {
	l := look{
		font: d.family(e, "font-name", "font-family"), complex: d.family(e, "font-name-complex", "font-family-complex"),
		langs: langs{language(e, ""), language(e, "-complex"), language(e, "-asian")},
		bold:  max(weight(e.attr("font-weight")), weight(e.attr("font-weight-complex"))),
	}
	switch e.attr("display") {
	case "none":
		l.hidden = on
	case "true":
		l.hidden = off
	}
	switch at, _, _ := strings.Cut(e.attr("text-position"), " "); {
	case at == "":
	case at == "sub" || at[0] == '-':
		l.raised = '_'
	case at == "super" || at[0] != '0':
		l.raised = '^'
	default:
		l.raised = '='
	}
	return l
}

func weight(value string) toggle {
	switch value {
	case "":
		return unset
	case "bold", "600", "700", "800", "900":
		return on
	}
	return off
}

// language returns the tag of a language that is given in parts.
func language(e element, kind string) string {
	tag := e.attr("rfc-language-tag" + kind)
	if tag == "" {
		tag = e.attr("language" + kind)
		if country := e.attr("country" + kind); tag != "" && country != "" && country != "none" {
			tag += "-" + country
		}
	}
	if tag == "none" || tag == "zxx" {
		return ""
	}
	return tag
}

// face reads what a name of a font stands for.
func (d *odt) face(e element) error {
	if e.tag == "style:font-face" {
		return keep(d.faces, e.attr("name"), unquoted(e.attr("font-family")))
	}
	return nil
}

func (d *odt) family(e element, name, family string) string {
	if face := e.attr(name); face != "" {
		if found := d.faces[face]; found != "" {
			return found
		}
		return face
	}
	return unquoted(e.attr(family))
}

func unquoted(font string) string { return strings.Trim(font, `'" `) }
