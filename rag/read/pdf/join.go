package pdf

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// unspaced are the scripts that put no space where a line ends within a
// sentence.
var unspaced = []*unicode.RangeTable{unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Tibetan,
	unicode.Han, unicode.Hiragana, unicode.Katakana}

// joinLines joins lines of one paragraph or cell. A hyphen between two goes if
// drops says so.
func joinLines(lines []string, drops func(a, b string) bool) string {
	var out strings.Builder
	for i, l := range lines {
		if i+1 < len(lines) {
			l = before(l, lines[i+1], drops)
		}
		out.WriteString(l)
	}
	return out.String()
}

// before returns a line as it stands before the next.
func before(a, b string, drops func(a, b string) bool) string {
	last, size := utf8.DecodeLastRuneInString(a)
	first, _ := utf8.DecodeRuneInString(b)
	switch {
	case last == '\u00AD', partsWord(a, b) && drops(a, b):
		return a[:len(a)-size]
	case partsWord(a, b), last == '\u200B', unspacedLetter(last) && unspacedLetter(first):
		return a
	}
	return a + " "
}

// unspacedLetter reports a letter of a script without spaces between words.
// Around numbers, and after sentences, they have some.
func unspacedLetter(r rune) bool {
	return unicode.In(r, unspaced...) && (unicode.IsLetter(r) || unicode.IsMark(r))
}

func never(string, string) bool { return false }

// partsWord reports whether a line ends with a hyphen within a word that the
// next line goes on with.
func partsWord(a, b string) bool {
	last, size := utf8.DecodeLastRuneInString(a)
	if last != '-' && last != '\u2010' {
		return false
	}
	before, _ := utf8.DecodeLastRuneInString(a[:len(a)-size])
	first, _ := utf8.DecodeRuneInString(b)
	return unicode.IsLetter(before) && unicode.IsLower(first)
}

// ends reports whether a line may end a sentence.
func ends(text string) bool {
	text = strings.TrimRight(text, "\"'»”’)] ")
	r, _ := utf8.DecodeLastRuneInString(text)
	return strings.ContainsRune(".!?:;…。！？।॥۔؟؛။၊។៕៖።፤፣፧", r)
}

const (
	blobs   = "•◦▪▫●○■□‣⁃➢➤►▶✓✔\u2219\u25AA" // stand nowhere but before an item
	bullets = blobs + "·–—-*"
)

// listMark returns the mark that a line of a list begins with, and the rest of
// the line; no mark if it is none. A bullet is a mark, so is a number of up to
// three digits, or a letter, with what usually follows it.
func listMark(text string) (mark, rest string) {
	if r, size := utf8.DecodeRuneInString(text); strings.ContainsRune(blobs, r) {
		return text[:size], strings.TrimSpace(text[size:])
	}
	mark, rest, ok := strings.Cut(text, " ")
	rest = strings.TrimSpace(rest)
	if !ok || rest == "" {
		return "", text
	}
	if r, size := utf8.DecodeRuneInString(mark); size == len(mark) && strings.ContainsRune(bullets, r) {
		return mark, rest
	}
	body := strings.TrimPrefix(mark, "(")
	bare := strings.TrimRight(body, ".)-")
	closed := body[len(bare):]
	switch {
	case bare == "" || closed == "" || len(closed) > 2:
	case isOrdinal(bare) && (closed != "-" || len(bare) < len(text)):
		return mark, rest
	case utf8.RuneCountInString(bare) == 1 && strings.HasPrefix(closed, ")") && unicode.IsLetter([]rune(bare)[0]):
		return mark, rest
	case strings.Trim(bare, "IVX") == "" && len(bare) <= 4 && closed != "-":
		return mark, rest
	}
	return "", text
}

// isOrdinal reports whether s is a number such as 12 or 1.2.
func isOrdinal(s string) bool {
	for part := range strings.SplitSeq(s, ".") {
		n := 0
		for _, r := range part {
			if !unicode.Is(unicode.Nd, r) {
				return false
			}
			n++
		}
		if n == 0 || n > 3 {
			return false
		}
	}
	return true
}

// isBullet reports whether a mark says nothing.
func isBullet(mark string) bool {
	r, size := utf8.DecodeRuneInString(mark)
	return size == len(mark) && strings.ContainsRune(bullets, r)
}

// firstWord is how wide the first word of a line is, about.
func (p piece) firstWord() float64 {
	word, _, _ := strings.Cut(p.text, " ")
	if r, _ := utf8.DecodeRuneInString(word); unicode.In(r, unspaced...) {
		return 6 * p.size // what is between spaces is no word
	}
	share := float64(utf8.RuneCountInString(word)) / float64(max(utf8.RuneCountInString(p.text), 1))
	return share * (p.x1 - p.x0)
}

// hyphenation is what a document does with words at the end of a line.
type hyphenation struct {
	parts bool            // words are parted, so that a hyphen there is not the word's own
	whole map[string]bool // words that have a hyphen in the middle of a line
}

func hyphens(pages []page) hyphenation {
	h := hyphenation{whole: map[string]bool{}}
	lines, parted := 0, 0
	for _, p := range pages {
		for i, l := range p.pieces {
			if l.cells != nil {
				continue
			}
			lines++
			if i > 0 && partsWord(p.pieces[i-1].text, l.text) {
				parted++
			}
			for word := range strings.FieldsSeq(l.text) {
				if strings.ContainsAny(word, "-\u2010") {
					h.whole[bare(word)] = true
				}
			}
		}
	}
	h.parts = parted >= 3 && parted*25 >= lines
	return h
}

// drops reports whether the hyphen between two lines is to go.
func (h hyphenation) drops(a, b string) bool {
	left := a[strings.LastIndexByte(a, ' ')+1:]
	right, _, _ := strings.Cut(b, " ")
	return h.parts && !h.whole[bare(left+right)]
}

func bare(word string) string { return strings.TrimFunc(word, unicode.IsPunct) }
