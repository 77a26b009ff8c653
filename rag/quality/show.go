package quality

import (
	"fmt"
	"strings"
	"unicode"

	"tilgate/internal/lang"
)

// acts reports whether a character does something instead of being seen: it
// moves a cursor, ends a line, or turns the direction of what comes after.
// Joiners and direction marks are part of how languages are written.
func acts(r rune) bool {
	switch {
	case '\u202A' <= r && r <= '\u202E', '\u2066' <= r && r <= '\u2069', '\u2028' <= r && r <= '\u2029':
		return true
	case '\uFFF9' <= r && r <= '\uFFFB', 0xE0000 <= r && r <= 0xE007F:
		return true
	}
	return unicode.IsControl(r)
}

// visible is a text on one line, with the code in the place of what acts.
func visible(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if !strings.ContainsFunc(s, acts) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if acts(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// fit is a text in at most width columns. The end goes.
func fit(s string, width int) string {
	if lang.Columns(s) <= width {
		return s
	}
	return s[:within(s, width-1)] + "…"
}

// within returns how many bytes of a text go into so many columns.
func within(s string, width int) int {
	at := 0
	for c := range lang.Graphemes(s) {
		if width -= lang.Columns(c); width < 0 {
			break
		}
		at += len(c)
	}
	return at
}

// wrap breaks a text into lines: at spaces, and in a word only if a line does
// not hold it.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && lang.Columns(line)+1+lang.Columns(word) > width {
			lines, line = append(lines, line), ""
		}
		for lang.Columns(word) > width {
			n := max(within(word, width), 1)
			lines, word = append(lines, word[:n]), word[n:]
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// closed is a text after which the line goes on from left to right. Without the
// mark, what follows a title in Arabic would change places with it.
func closed(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return lang.ScriptOfRune(r).RightToLeft() }) {
		return s + "\u200E"
	}
	return s
}

// pad fills a text up to width columns.
func pad(s string, width int, right bool) string {
	space := strings.Repeat(" ", max(0, width-lang.Columns(s)))
	if right {
		return space + closed(s)
	}
	return closed(s) + space
}
