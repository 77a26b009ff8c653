// Package lang holds what is known about languages: their tags and scripts,
// how their text is folded so that it can be matched, and where its sentences
// and words end.
//
// Everything here is a pure function over tables. Text comes in two forms: the
// display form, which is never changed, and the match form that Fold returns,
// which is never shown.
package lang

import (
	"strings"

	"golang.org/x/text/language"

	"tilgate/internal/fault"
)

// A Tag is a BCP 47 language tag in its usual case: "ky", "uz-Cyrl", "sr-Latn".
// Und stands for text whose language is not known. ParseTag makes one.
type Tag string

// Und is the tag of text in no language that we know.
const Und Tag = "und"

// Some ISO 639 codes stand for the same written language, and sources differ
// in which they use. The golden rule is: the code that people type. BCP 47
// prefers fil to tl, but SDK users, data sets and CLDR mix them; we say tl.
var aliases = map[string]string{
	"fil": "tl", "iw": "he", "in": "id", "ji": "yi", "jw": "jv", "mo": "ro", "sh": "sr-Latn",
	"nb": "no", "arb": "ar", "pes": "fa", "zsm": "ms", "khk": "mn", "npi": "ne", "azj": "az",
	"uzn": "uz", "pbt": "ps", "gaz": "om", "swh": "sw", "ydd": "yi", "als": "sq", "ekk": "et",
	"lvs": "lv", "ory": "or", "cmn": "zh", "plt": "mg", "kmr": "ku", "ayr": "ay", "quy": "qu",
	"twi": "ak", "tw": "ak", "dik": "din",
}

// ParseTag reads a BCP 47 tag, in any case and with - or _, and returns its
// canonical form: ISO 639-3 codes become two letters where those exist
// ("kir" is "ky"). A script that is the language's usual one stays as given.
// The error is of kind fault.Invalid.
func ParseTag(s string) (Tag, error) {
	trimmed := strings.TrimSpace(s)
	if len(trimmed) > 64 {
		return Und, fault.Invalid.Errorf("a language tag of %d bytes is too long; tags look like ky, uz-Cyrl or sr-Latn-RS", len(trimmed))
	}
	parsed, err := language.Raw.Parse(trimmed)
	if err != nil || trimmed == "" {
		return Und, fault.Invalid.Errorf("%q is not a language tag; tags look like ky, uz-Cyrl or sr-Latn-RS", trimmed)
	}
	base, rest, _ := strings.Cut(parsed.String(), "-")
	if short, err := language.ParseBase(base); err == nil {
		base = short.String()
	}
	if alias, ok := aliases[base]; ok {
		base = alias
	}
	if rest == "" {
		return Tag(base), nil
	}
	return Tag(base + "-" + rest), nil
}

// Base returns the tag of the language alone: "uz" of "uz-Cyrl-UZ".
func (t Tag) Base() Tag {
	base, _, _ := strings.Cut(string(t), "-")
	return Tag(base)
}

// Script returns the script that the tag names, or "" if it names none.
func (t Tag) Script() Script {
	for i, part := range strings.Split(string(t), "-") {
		if i > 0 && len(part) == 4 && part[0] >= 'A' && part[0] <= 'Z' {
			return Script(part)
		}
	}
	return ""
}

// In returns the tag of the language in a script: "uz-Cyrl" of uz in Cyrl. The
// script that is usual for the language, by CLDR's likely subtags, is not named.
func (t Tag) In(s Script) Tag {
	if t == "" || t == Und || s == "" || t.Script() != "" {
		return t
	}
	if usual, _ := language.Make(string(t)).Script(); usual.String() == string(s) {
		return t
	}
	return t + "-" + Tag(s)
}

// Parent returns the tag without its last subtag, or "" at the base.
func (t Tag) Parent() Tag {
	i := strings.LastIndexByte(string(t), '-')
	if i < 0 {
		return ""
	}
	return t[:i]
}
