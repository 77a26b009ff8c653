package score

import (
	"regexp"
	"slices"
	"strings"

	"tilgate/evals"
	"tilgate/internal/lang"
)

// lookalikes are Cyrillic and Greek letters that people type for Latin ones.
var lookalikes = strings.NewReplacer("А", "A", "В", "B", "С", "C", "Е", "E", "Н", "H", "Α", "A", "Β", "B", "Ε", "E", "Η", "H")

var (
	emphasis   = strings.NewReplacer("*", "", "`", "", "_", " ", "\\boxed{", " ", "}", " ")
	onlyLetter = regexp.MustCompile(`^[^\pL\pN]*([A-J])[^\pL\pN]*$`)
	leading    = regexp.MustCompile(`^[^\pL\pN]*([A-J])\s*[.):,\n\x{060C}\x{FF0E}\x{FF09}\x{FF1A}\x{3001}-]`)
	standing   = regexp.MustCompile(`(?:^|[^\pL\pN])([A-J])(?:[^\pL\pN]|$)`)
)

// Letter reads which choice an answer takes: its letter by itself, at the
// beginning, or as the only one that stands alone in the answer; else the one
// choice whose text the answer contains. ok is false where that is not clear.
func Letter(answer string, choices []string, tag lang.Tag) (letter string, ok bool) {
	text := strings.TrimSpace(emphasis.Replace(answer))
	latin := lookalikes.Replace(text)
	for _, form := range []*regexp.Regexp{onlyLetter, leading} {
		if m := form.FindStringSubmatch(latin); m != nil && isChoice(m[1], choices) {
			return m[1], true
		}
	}
	if i := onlyChoice(text, choices, tag); i >= 0 {
		return evals.Letters[i : i+1], true
	}
	var found []string
	for rest := latin; ; {
		m := standing.FindStringSubmatchIndex(rest)
		if m == nil {
			break
		}
		if l := rest[m[2]:m[3]]; isChoice(l, choices) && !slices.Contains(found, l) && !isArticle(rest[m[3]:], l, tag) {
			found = append(found, l)
		}
		rest = rest[m[3]:]
	}
	if len(found) == 1 {
		return found[0], true
	}
	return "", false
}

func isChoice(letter string, choices []string) bool {
	i := strings.Index(evals.Letters, letter)
	return i >= 0 && i < len(choices)
}

// isArticle reports whether a letter that stands alone is a word of its
// language: English "A dog", "I think".
func isArticle(rest, letter string, tag lang.Tag) bool {
	return (letter == "A" || letter == "I") && len(rest) > 1 && rest[0] == ' ' && 'a' <= rest[1] && rest[1] <= 'z' && tag.Base() != ""
}

// onlyChoice returns the choice that an answer contains; -1 if it is not
// exactly one. A choice inside a longer one that is there too does not count.
func onlyChoice(answer string, choices []string, tag lang.Tag) int {
	found := -1
	text := plain(answer, tag)
	for i, c := range choices {
		c = plain(c, tag)
		if c == "" || !strings.Contains(text, c) {
			continue
		}
		if found >= 0 {
			if before := plain(choices[found], tag); strings.Contains(before, c) {
				continue
			} else if !strings.Contains(c, before) {
				return -1
			}
		}
		found = i
	}
	return found
}

// plain is text to look in: match form, its words apart by one space.
func plain(text string, tag lang.Tag) string {
	words := strings.Join(slices.Collect(lang.Words(lang.Fold(tag, text))), " ")
	if words == "" || !lang.Parted(tag) {
		return words
	}
	return " " + words + " "
}

// Label reads which of a task's labels an answer names: by what it is called
// or by its name. ok is false if it names none, or several.
func Label(answer string, labels []evals.Label, tag lang.Tag) (name string, ok bool) {
	var said, names []string
	for _, l := range labels {
		said, names = append(said, l.Said()), append(names, l.Name)
	}
	for _, texts := range [][]string{said, names} {
		if i := onlyChoice(answer, texts, tag); i >= 0 {
			return labels[i].Name, true
		}
	}
	return "", false
}

var numberForm = regexp.MustCompile(`-?\d[\d \x{00A0}\x{202F}',.\x{066B}\x{066C}]*`)

// LastNumber reads the last number of an answer, in any digits, without what
// groups thousands, and without a fraction of nothing.
func LastNumber(answer string) (number string, ok bool) {
	all := numberForm.FindAllString(lang.ASCIIDigits(answer), -1)
	if len(all) == 0 {
		return "", false
	}
	n := strings.TrimRight(all[len(all)-1], " .,'\u00a0\u202f\u066b\u066c")
	n = strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "", "'", "", "\u066c", "", "\u066b", ".").Replace(n)
	return ungrouped(n), true
}

// ungrouped takes out separators of thousands: those before exactly three
// digits each, or of which there are several. What is left parts the fraction.
func ungrouped(n string) string {
	for _, mark := range []string{",", "."} {
		other := map[string]string{",": ".", ".": ","}[mark]
		parts := strings.Split(n, mark)
		grouped := len(parts) > 1
		for i, p := range parts[1:] {
			if last := i == len(parts)-2; last {
				p, _, _ = strings.Cut(p, other)
			}
			grouped = grouped && len(p) == 3
		}
		if grouped && parts[0] != "0" && parts[0] != "-0" {
			n = strings.Join(parts, "")
		}
	}
	n = strings.ReplaceAll(n, ",", ".")
	if whole, fraction, cut := strings.Cut(n, "."); cut && strings.Trim(fraction, "0") == "" {
		return whole
	}
	return n
}

var citation = regexp.MustCompile(`\s*\[\d+\]`)

// Bare is an answer without what models put around it: marks of citations,
// quotation marks, white space.
func Bare(answer string) string {
	text := strings.TrimSpace(citation.ReplaceAllString(answer, ""))
	return strings.TrimSpace(strings.Trim(text, `"'“”«»„`+"`"))
}
