package report

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"tilgate/internal/lang"
)

// acts reports whether a character does something instead of being seen: it
// moves a cursor, or turns the direction of what comes after. Joiners and
// direction marks are part of how languages are written, and stay.
func acts(r rune) bool {
	switch {
	case r == '\u202A', r == '\u202B', r == '\u202C', r == '\u202D', r == '\u202E':
		return true
	case '\u2066' <= r && r <= '\u2069', '\uFFF9' <= r && r <= '\uFFFB':
		return true
	case 0xE0000 <= r && r <= 0xE007F:
		return true
	}
	return unicode.IsControl(r)
}

// oneLine is a text without what acts, on one line.
func oneLine(s string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if acts(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))), " ")
}

// A piece is text to be shown as it is, or what stands for a character that acts.
type piece struct {
	Text string
	Code bool
}

// pieces are a text with what acts in it named: "U+202E". Lines stay.
func pieces(s string) []piece {
	var list []piece
	start := 0
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	for i, r := range s {
		if !acts(r) || r == '\n' || r == '\t' {
			continue
		}
		if i > start {
			list = append(list, piece{Text: s[start:i]})
		}
		list = append(list, piece{Text: fmt.Sprintf("U+%04X", r), Code: true})
		start = i + len(string(r))
	}
	if start < len(s) {
		list = append(list, piece{Text: s[start:]})
	}
	return list
}

// cut is the beginning of a text, up to n characters as people count them.
// rest is how many are left out.
func cut(s string, n int) (head string, rest int) {
	at := 0
	for c := range lang.Graphemes(s) {
		if n > 0 {
			n--
			at += len(c)
		} else {
			rest++
		}
	}
	return s[:at], rest
}

// fit is a text in at most width columns. The middle goes, because names
// begin with their suite and end with their language.
func fit(s string, width int) string {
	if lang.Columns(s) <= width {
		return s
	}
	list := slices.Collect(lang.Graphemes(s))
	head, tail := "", ""
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		if lang.Columns(head+list[i]+"…"+tail) > width {
			break
		}
		head += list[i]
		if lang.Columns(head+"…"+list[j]+tail) > width {
			break
		}
		tail = list[j] + tail
	}
	return head + "…" + tail
}

// pad fills a text up to width columns, before it or behind it. After a text
// that runs from right to left stands a mark, or the columns that follow would
// change places.
func pad(s string, width int, right bool) string {
	space := strings.Repeat(" ", max(0, width-lang.Columns(s)))
	if strings.ContainsFunc(s, func(r rune) bool { return lang.ScriptOfRune(r).RightToLeft() }) {
		s += "\u200E"
	}
	if right {
		return space + s
	}
	return s + space
}
