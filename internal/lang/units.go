package lang

import "slices"

// unparted are languages that put no space between words.
var unparted = []Tag{"th", "lo", "km", "my", "zh", "ja", "bo", "dz"}

// Parted reports whether a language puts spaces between its words.
func Parted(tag Tag) bool { return !slices.Contains(unparted, tag.Base()) }

// Units are the words of a text in its match form, or its characters where the
// language does not part words: what n-grams are made of.
func Units(tag Tag, text string) []string {
	var list []string
	parted := Parted(tag)
	for w := range Words(Fold(tag, text)) {
		if parted {
			list = append(list, w)
			continue
		}
		for _, r := range w {
			list = append(list, string(r))
		}
	}
	return list
}
