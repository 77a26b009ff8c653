package locale

import (
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"tilgate/internal/lang"
)

// English is what English calls a language; its tag, if nothing.
func English(tag lang.Tag) string {
	if t, err := language.Raw.Parse(string(tag)); err == nil && tag != lang.Und {
		if name := display.English.Tags().Name(t); name != "" {
			return name
		}
	}
	return string(tag)
}
