package quality

import (
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"tilgate/internal/lang"
	"tilgate/internal/locale"
	"tilgate/rag/read"
)

// number is a whole number with its thousands apart.
func number(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "\u202f" + text[i:]
	}
	return text
}

// count is a number with its noun.
func count(n int, one, more string) string { return number(n) + " " + are(n, one, more) }

// are is the word that goes with a number.
func are(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}

func documents(n int) string { return count(n, "document", "documents") }

// languageName is what English calls a language.
func languageName(tag lang.Tag) string {
	switch tag {
	case "":
		return "other"
	case lang.Und:
		return "not clear"
	}
	return locale.English(tag)
}

// capital begins an English phrase with a capital.
func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// scriptName is what English calls a script.
func scriptName(s lang.Script) string {
	if s == lang.Zyyy || s == "" {
		return "none"
	}
	t, err := language.ParseScript(string(s))
	if err != nil {
		return string(s)
	}
	return display.English.Scripts().Name(t)
}

// noteName is what a kind of notes is called.
func noteName(kind read.NoteKind) string {
	switch kind {
	case read.Empty:
		return "empty pages"
	case read.Scanned:
		return "pictures of pages, not read"
	case read.Recognised:
		return "pictures of pages, read by a program"
	case read.LegacyFont:
		return "text that needs an old font, left out"
	case read.Encoding:
		return "encoding guessed or mended"
	case read.LeftOut:
		return "parts left out"
	}
	return string(kind)
}

// duration is about how long a run took.
func duration(seconds float64) string {
	switch d := time.Duration(seconds * float64(time.Second)); {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(time.Second / 10).String()
	default:
		return d.Round(time.Second).String()
	}
}

// levelName is what a level is called.
func levelName(l Level) string {
	switch l {
	case Missing:
		return "Missing"
	case Check:
		return "Check"
	}
	return "Note"
}
