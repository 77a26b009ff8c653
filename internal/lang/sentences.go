package lang

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Sentences yields the sentences of a text in its display form: trimmed
// pieces of text, in order, none empty. An empty line and a line that starts
// a list item end a sentence too.
//
// Thai and Lao mark no sentence ends. Their phrases, which stand between
// spaces, are gathered until they are about a sentence long.
func Sentences(tag Tag, text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, block := range blocks(text) {
			for rest := block; rest != ""; {
				n := SentenceEnd(tag, rest)
				if s := strings.TrimSpace(rest[:n]); s != "" && !yield(s) {
					return
				}
				rest = rest[n:]
			}
		}
	}
}

// ends has the marks that end sentences, where they are not those of English.
var ends = map[Tag]string{
	"am": "። ? !", "ti": "። ? !", "bn": "। ? !", "as": "। ? !", "hi": "। ? !", "ne": "। ? !", "pa": "। ? !", "or": "। ? !",
	"ar": ". ؟ !", "fa": ". ؟ !", "ckb": ". ؟ !", "ug": ". ؟ !", "ps": ". ؟ !", "sd": ". ؟ !", "ur": "۔ ؟ !", "ks": "۔ ؟ !",
	"km": "។ ? !", "my": "။", "th": "", "lo": "", "zh": "。 ？ ！", "ja": "。 ？ ！",
}

// SentenceEnds returns the marks that end sentences in the language, the
// usual one first, between spaces: "। ? !" for bn; none for Thai and Lao.
// Sentences knows all marks in every language, since people mix them.
func SentenceEnds(tag Tag) string {
	if marks, ok := ends[tag.Base()]; ok {
		return marks
	}
	return ". ? !"
}

// blocks cuts text where lines say that a sentence cannot go on.
func blocks(text string) []string {
	var out []string
	start, at := 0, 0
	for at < len(text) {
		end := strings.IndexByte(text[at:], '\n')
		if end < 0 {
			break
		}
		at += end + 1
		line, _, _ := strings.Cut(text[at:], "\n")
		if line = strings.TrimSpace(line); line == "" || listItem(line) {
			out = append(out, text[start:at])
			start = at
		}
	}
	return append(out, text[start:])
}

func listItem(line string) bool {
	return strings.HasPrefix(line, "- ") || strings.HasPrefix(line, "* ") || strings.HasPrefix(line, "• ") || strings.HasPrefix(line, "#")
}

// phraseLen is how many bytes of Thai or Lao are gathered at least: 180
// letters. It was chosen among lengths from 40 to 200 letters by how often two
// such pieces hold the answer to a Thai question; pieces as short as an English
// sentence cut it off more often.
const phraseLen = 540

// SentenceEnd returns where the first sentence of text ends, in bytes, white
// space after it not included; at least one, and the whole length where no end
// is seen.
func SentenceEnd(tag Tag, text string) int {
	closed := 0 // where the closing marks last seen are over: a long row of them is looked at once
	close := func(next int) int {
		if next > closed {
			closed = closing(text, next)
		}
		return closed
	}
	for i, r := range text {
		size := utf8.RuneLen(r)
		if r == utf8.RuneError {
			size = 1
		}
		next := i + size
		switch {
		case r == ' ' && i >= phraseLen && (thaiLao(text[:i])):
			return next
		case r == '.' || r == '…':
			if end := close(next); stopEnds(tag, text, i, end) {
				return end
			}
		case r == '!' || r == '?' || r == '؟' || r == '۔':
			if end := close(next); end == len(text) || spaceAt(text, end) {
				return end
			}
		case r == '។' && strings.HasPrefix(text[next:], "ល។"):
			return closing(text, next+len("ល។")) // ។ល។ is how Khmer writes etc.
		case r >= '।' && fullStop(r):
			return closing(text, next)
		case r == '፡' && strings.HasPrefix(text[next:], "፡"):
			return closing(text, next+len("፡")) // how many people type ።
		}
	}
	return len(text)
}

// fullStop reports whether a mark ends a sentence wherever it stands. A switch
// is several times as fast as a search in a string, and this is asked of every
// letter.
func fullStop(r rune) bool {
	switch r {
	case '।', '॥', '።', '፧', '፨', '។', '៕', '။', '。', '！', '？', '｡', '෴', '꧉', '᠃', '᠉':
		return true
	}
	return false
}

// thaiLao reports whether the last letter of text is Thai or Lao, unless it is
// far from the end.
func thaiLao(text string) bool {
	for near := len(text) - 60; len(text) > max(0, near); {
		r, size := utf8.DecodeLastRuneInString(text)
		if unicode.IsLetter(r) || unicode.IsMark(r) {
			return unicode.In(r, unicode.Thai, unicode.Lao)
		}
		text = text[:len(text)-size]
	}
	return false
}

// closing returns where the quotes, brackets and repeated marks after a
// sentence end are over.
func closing(text string, i int) int {
	for i < len(text) {
		r, size := utf8.DecodeRuneInString(text[i:])
		if !strings.ContainsRune(`"'”’»)]}›」』!?.؟।`, r) {
			break
		}
		i += size
	}
	return i
}

func spaceAt(text string, i int) bool {
	r, _ := utf8.DecodeRuneInString(text[i:])
	return unicode.IsSpace(r)
}

// stopEnds reports whether the full stop at text[i], whose closing marks end
// at end, ends a sentence rather than an initial, an abbreviation or a number.
func stopEnds(tag Tag, text string, i, end int) bool {
	rest := text[end:]
	after := strings.TrimLeftFunc(rest, unicode.IsSpace)
	if after == "" {
		return true
	}
	if len(after) == len(rest) {
		return false // no space: 3.14, example.org
	}
	next, _ := utf8.DecodeRuneInString(strings.TrimLeft(after, `"'“‘«([`))
	if unicode.IsLower(next) {
		return false
	}
	word := text[:i]
	if k := strings.LastIndexFunc(word, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`("'«“`, r) }); k >= 0 {
		_, size := utf8.DecodeRuneInString(word[k:])
		word = word[k+size:]
	}
	if utf8.RuneCountInString(word) == 1 && unicode.IsLetter([]rune(word)[0]) {
		return false // an initial ends nothing
	}
	if isNumber(word) && len(word) <= 2 && i == len(word) {
		return false // "1. First"
	}
	return !abbreviations[tag.Base()][strings.ToLower(word)] && !abbreviations[""][strings.ToLower(word)]
}

func isNumber(s string) bool {
	for _, r := range s {
		if !unicode.IsDigit(r) {
			return false
		}
	}
	return s != ""
}
