package wiki

import (
	"bytes"
	"strings"
)

func (s *stripper) openBraces() {
	n := s.run()
	s.at += n
	switch {
	case n == 1:
		s.out = append(s.out, '{')
	case !s.push('{', n):
		s.over++
	}
}

// closeBraces closes templates ({{ }}) and parameters ({{{ }}}); of a run of
// braces, those that belong together.
func (s *stripper) closeBraces() {
	n := s.run()
	s.at += n
	for n >= 2 && s.over > 0 {
		s.over--
		n -= 2
	}
	for n >= 2 {
		i := s.lastBraces()
		if i < 0 {
			return // nothing is open that they could close
		}
		f := s.stack[i]
		k := min(n, f.n, 3)
		inner := s.take(i)
		s.hole = len(s.out)
		if k == 2 {
			s.template(inner)
		}
		n -= k
		f.n -= k
		switch {
		case f.n >= 2:
			s.stack = append(s.stack, f)
		case f.n == 1:
			s.out = append(s.out, 0)
			copy(s.out[f.at+1:], s.out[f.at:])
			s.out[f.at] = '{' // as in {{{!}}, which is {|
		}
	}
	if n == 1 && !s.closeVariants() {
		s.out = append(s.out, '}')
	}
}

func (s *stripper) lastBraces() int {
	for i := len(s.stack) - 1; i >= 0; i-- {
		if s.stack[i].kind == '{' {
			return i
		}
	}
	return -1
}

// Which text of a template is kept.
type keep uint8

const (
	first     keep = iota + 1 // of its arguments
	last                      // of its arguments
	quantity                  // a number and its unit
	numbers                   // apart by a slash
	pageTitle                 // the title of the page
)

// kept are the templates whose text is kept: those that wikis of all languages
// have under the same name and that only set text off. All others are left
// out: what they say, only their wiki knows.
var kept = map[string]keep{
	"lang": last, "transl": last, "transliteration": last,
	"nowrap": first, "nobr": first, "nobreak": first, "small": first, "big": first, "smaller": first, "larger": first,
	"abbr": first, "tooltip": first, "sup": first, "sub": first, "val": first,
	"convert": quantity, "cvt": quantity, "frac": numbers,
	"pagename": pageTitle, "fullpagename": pageTitle, "basepagename": pageTitle, "subpagename": pageTitle,
}

// standsFor are templates that stand for characters. The pipes are markup: in
// tables they are written this way.
var standsFor = map[string]string{
	"!": "|", "!!": "||", "(!": "{|", "!)": "|}", "!-": "|-", "=": "=", "'": "'",
	"nbsp": " ", "spaces": " ", "ndash": "–", "snd": " – ", "spnd": " – ", "mdash": "—", "br": string(rune(lineBreak)),
}

// longestKept is how much text of a template is kept at most. It bounds how
// often text that stands in templates in templates is looked at.
const longestKept = 4 << 10

// template puts out what is kept of a template whose text was taken off the
// output.
func (s *stripper) template(inner []byte) {
	head := inner[:min(len(inner), 64)]
	name, _, _ := bytes.Cut(head, []byte("|"))
	key := strings.ToLower(strings.TrimSpace(strings.ReplaceAll(string(name), "_", " ")))
	if text, ok := standsFor[key]; ok {
		s.out = append(s.out, text...)
		return
	}
	if len(inner) > longestKept {
		return
	}
	if number, ok := strings.CutPrefix(key, "formatnum:"); ok {
		s.out = literals(s.out, strings.TrimSpace(number))
		return
	}
	how := kept[key]
	if strings.HasPrefix(key, "lang-") {
		how = first
	}
	if how == 0 {
		return
	}
	s.out = append(s.out, s.keep(how, arguments(inner))...)
}

// keep returns the text of a template with these arguments.
func (s *stripper) keep(how keep, args []string) string {
	if how == pageTitle {
		return string(literals(nil, s.title))
	}
	if len(args) == 0 {
		return ""
	}
	switch how {
	case last:
		return args[len(args)-1]
	case numbers:
		return strings.Join(args, "/")
	case quantity:
		if len(args) >= 4 && between[args[1]] != "" { // {{convert|5|to|7|km}}
			return args[0] + between[args[1]] + args[2] + " " + args[3]
		}
		return strings.Join(args[:min(len(args), 2)], " ")
	}
	return args[0]
}

// between is what stands between two numbers of a quantity.
var between = map[string]string{"to": "–", "-": "–", "–": "–", "x": " × ", "by": " × ", "+/-": " ± "}

// arguments are the arguments of a template that have no name, or a number for
// one.
func arguments(inner []byte) (args []string) {
	parts := strings.Split(string(inner), "|")
	for _, part := range parts[1:] {
		name, value, named := strings.Cut(part, "=")
		if named {
			name = strings.TrimSpace(name)
			if len(name) != 1 || name[0] < '1' || name[0] > '9' {
				continue
			}
			part = value
		}
		args = append(args, strings.TrimSpace(part))
	}
	return args
}
