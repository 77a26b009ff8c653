package guard

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"tilgate/internal/lang"
	"tilgate/internal/personal"
	"tilgate/serving"
)

// A filter holds the text of one attempt back.
type filter struct {
	rule     serving.Rule
	judge    judge
	personal *personal.Finder
	public   string   // the match form of what stands in the passages
	numbers  []string // the digits of each number in it
	held     string
	broken   string          // the first bytes of a character
	said     strings.Builder // all that was let go, for the glossary
	report   serving.Report
}

// Characters that are held at most, and those after which even a number or a
// mark in the making is cut: nobody writes longer ones.
const (
	holdRunes = 80
	tooLong   = 400
)

// Holding reports whether any text is held.
func (f *filter) Holding() bool { return f.held != "" }

// Report says what was done so far.
func (f *filter) Report() serving.Report { return f.report }

// Add takes the next piece and lets whole sentences go.
func (f *filter) Add(text string) (string, error) {
	f.held += f.whole(text)
	var show string
	for {
		n := f.ripe()
		if n == 0 {
			return show, nil
		}
		piece, err := f.let(n)
		if show += piece; err != nil {
			return show, err
		}
	}
}

// whole returns text as UTF-8, with what the last piece began of a character
// and without what this one does.
func (f *filter) whole(text string) string {
	text = f.broken + text
	f.broken = ""
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if tail := text[len(text)-n:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRuneInString(tail) {
				text, f.broken = text[:len(text)-n], tail
			}
			break
		}
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}

// ripe returns how many bytes of what is held can be judged: to the end of its
// first sentence, or to a space once it is long.
func (f *filter) ripe() int {
	body := strings.TrimLeftFunc(f.held, unicode.IsSpace)
	lead := len(f.held) - len(body)
	if body == "" {
		return 0
	}
	if n := lang.SentenceEnd(f.rule.Adapter.Tag, body); n < len(body) {
		return lead + n
	}
	if n := runes(f.held); n >= holdRunes {
		return f.cut(n >= tooLong)
	}
	return 0
}

// Release lets go of what is held, up to a mark or number that may go on.
func (f *filter) Release() (string, error) { return f.let(f.cut(runes(f.held) >= tooLong)) }

// End lets everything go.
func (f *filter) End() (string, error) {
	f.held += strings.ToValidUTF8(f.broken, "\uFFFD")
	f.broken = ""
	show, err := f.let(len(f.held))
	if err == nil {
		f.report.MissedTerms = len(f.rule.Adapter.Glossary.Missing(f.rule.Terms, f.said.String()))
	}
	return show, err
}

// cut returns where what is held can be cut: before its last space, or at its
// end where a script has none, but before a citation or number in the making.
// The space stays with what follows, which may be a citation to be removed.
func (f *filter) cut(force bool) int {
	if force {
		return len(f.held)
	}
	n := len(f.held)
	if i := strings.LastIndexFunc(f.held, unicode.IsSpace); i >= 0 && lang.ScriptOf(f.held).Spaced() {
		n = i
	}
	if at := unfinished.FindStringIndex(f.held[:n]); at != nil && at[0] < n {
		n = at[0]
	}
	return n
}

// unfinished is the beginning of a citation, or a run of digits and what
// stands between the groups of a number, at the end of a text.
var unfinished = regexp.MustCompile(`(?:\[\s*\p{Nd}{0,3}|[+(]?\p{Nd}[\p{Nd}\s().+-]*)$`)

// let judges the first n bytes of what is held, cleans them and lets them go.
func (f *filter) let(n int) (string, error) {
	piece := f.held[:n]
	if piece == "" {
		return "", nil
	}
	if err := f.judge.pass(piece); err != nil {
		return "", err
	}
	f.held = f.held[n:]
	f.said.WriteString(piece)
	return f.hide(f.citations(piece)), nil
}

// mark is a citation, with the space before it.
var mark = regexp.MustCompile(`\s?\[\s*(\p{Nd}{1,3})\s*\]`)

// citations removes the marks with a number that no passage has.
func (f *filter) citations(piece string) string {
	if !strings.Contains(piece, "[") {
		return piece
	}
	return mark.ReplaceAllStringFunc(piece, func(m string) string {
		n := 0
		for _, r := range lang.Fold(lang.Und, m) {
			if r >= '0' && r <= '9' {
				n = n*10 + int(r-'0')
			}
		}
		if n >= 1 && n <= len(f.rule.Passages) {
			return m
		}
		f.report.Dropped++
		return ""
	})
}

// publish takes note of what stands in a passage.
func (f *filter) publish(text string) {
	text = lang.Fold(lang.Und, text)
	f.public += text + "\n"
	for _, number := range groups.FindAllString(text, -1) {
		f.numbers = append(f.numbers, digits(number))
	}
}

// groups are the groups of digits of one number, however they are set apart.
var groups = regexp.MustCompile(`[0-9][0-9 \t().+/-]*[0-9]`)

// isPublic reports whether something stands in the passages, as it is or, if
// it is a number, with its digits grouped in another way.
func (f *filter) isPublic(found string) bool {
	found = lang.Fold(lang.Und, found)
	if strings.Contains(f.public, found) {
		return true
	}
	number := digits(found)
	return groups.FindString(found) == strings.TrimLeft(found, "+(") &&
		slices.ContainsFunc(f.numbers, func(public string) bool { return strings.Contains(public, number) })
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// hide masks the personal data that does not stand in the passages.
func (f *filter) hide(piece string) string {
	if f.personal == nil {
		return piece
	}
	var out strings.Builder
	at := 0
	for _, m := range f.personal.Find(piece) {
		if f.isPublic(piece[m.Start:m.End]) {
			continue
		}
		out.WriteString(piece[at:m.Start])
		out.WriteString("[" + m.Kind + "]")
		at = m.End
		f.report.Masked++
	}
	out.WriteString(piece[at:])
	return out.String()
}
