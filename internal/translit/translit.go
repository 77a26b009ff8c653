package translit

import (
	"slices"
	"strings"

	"tilgate/internal/lang"
)

// An Alphabet is one way to write a language that has another main script.
type Alphabet struct {
	Tag        lang.Tag    // of the language, without a script
	Main       lang.Script // what Write takes and Read returns
	Script     lang.Script
	Name       string // of this alphabet among those of Script: "2021"
	Default    bool   // the one that To writes
	RoundTrips bool   // Read returns what Write was given
	OneWay     bool   // it can be written, not read

	write, read *table
}

// Alphabets returns the ways to write a language beside its main script, the
// default of each script first; none if only one script is known.
func Alphabets(tag lang.Tag) []Alphabet { return slices.Clone(alphabets()[tag.Base()]) }

// Tags returns the languages that have alphabets, sorted.
func Tags() []lang.Tag {
	var tags []lang.Tag
	for tag := range alphabets() {
		tags = append(tags, tag)
	}
	slices.Sort(tags)
	return tags
}

// Scripts returns the scripts that To writes the language in, the main one
// first; none if only one is known.
func Scripts(tag lang.Tag) []lang.Script {
	var scripts []lang.Script
	for _, a := range alphabets()[tag.Base()] {
		for _, s := range []lang.Script{a.Main, a.Script} {
			if !slices.Contains(scripts, s) {
				scripts = append(scripts, s)
			}
		}
	}
	return scripts
}

// To writes a text of the language in script, from whichever of the language's
// scripts most of its letters are in; text that is in script already comes
// back as it is. It reports false where no conversion is known.
func To(tag lang.Tag, script lang.Script, text string) (string, bool) {
	for _, a := range alphabets()[tag.Base()] {
		if a.Script == script && a.Default {
			return a.From(text)
		}
		if a.Main == script {
			return intoMain(tag, script, text)
		}
	}
	return text, false
}

// From writes a text of the language in this alphabet, from whichever of the
// language's scripts it is in. It reports false where no conversion is known.
func (a Alphabet) From(text string) (string, bool) {
	if s := lang.ScriptOf(text); s == a.Script || s == lang.Zyyy {
		return text, true
	}
	main, ok := intoMain(a.Tag, a.Main, text)
	if !ok {
		return text, false
	}
	return a.Write(main), true
}

func intoMain(tag lang.Tag, main lang.Script, text string) (string, bool) {
	s := lang.ScriptOf(text)
	if s == main || s == lang.Zyyy {
		return text, true
	}
	var found *Alphabet
	best := -1
	for i, a := range alphabets()[tag.Base()] {
		if a.Script != s || a.OneWay {
			continue
		}
		if n := a.read.signs(text); n > best {
			found, best = &alphabets()[tag.Base()][i], n
		}
	}
	if found == nil {
		return text, false
	}
	return found.Read(text), true
}

// Write returns a text of the main script in this alphabet.
func (a Alphabet) Write(text string) string { return a.write.convert(text) }

// Read returns a text of this alphabet in the main script, or the text as it
// is if the alphabet is OneWay.
func (a Alphabet) Read(text string) string {
	if a.OneWay {
		return text
	}
	return a.read.convert(text)
}

// signs counts what in text shows it to be in this alphabet.
func (t *table) signs(text string) int {
	n := 0
	text = strings.ToLower(text)
	for _, m := range t.marks {
		n += strings.Count(text, m)
	}
	return n
}
