package report

import (
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"tilgate/internal/lang"
	"tilgate/internal/locale"
)

// languageName is what English calls a language.
func languageName(tag lang.Tag) string {
	if tag == "" {
		return "no language"
	}
	return locale.English(tag)
}

// ownName is what a language calls itself, or "" if that is not known.
func ownName(tag lang.Tag) string {
	name := display.Self.Name(parsed(tag))
	if name == languageName(tag) {
		return ""
	}
	return name
}

func parsed(tag lang.Tag) language.Tag {
	t, err := language.Raw.Parse(string(tag))
	if err != nil {
		return language.Und
	}
	return t
}

// directionOf is the way a text in a language runs: as its letters say, else
// as the language's names of itself does.
func directionOf(text string, tag lang.Tag) string {
	if d := lang.Direction(text); d != "" {
		return d
	}
	if d := lang.Direction(display.Self.Name(parsed(tag))); d != "" {
		return d
	}
	return "ltr"
}
