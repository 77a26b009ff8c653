package translit

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// kept returns the next stretch of text, from at on, that no table may touch:
// code in backticks, addresses, and in Latin text names with digits. Without
// one, it is empty and at the end.
func (t *table) kept(text string, at int) (start, end int) {
	open := true // a backtick may still find another
	for i := at; i < len(text); {
		if text[i] == '`' && open && !afterLetter(text, i) {
			if n := code(text[i:]); n > 0 {
				return i, i + n
			}
			open = false
		}
		n := strings.IndexFunc(text[i:], func(r rune) bool { return unicode.IsSpace(r) || r == '`' })
		switch {
		case n < 0:
			n = len(text) - i
		case n == 0:
			_, size := utf8.DecodeRuneInString(text[i:])
			i += size
			continue
		}
		if a, b, ok := t.keptWord(text[i : i+n]); ok {
			return i + a, i + b
		}
		i += n
	}
	return len(text), len(text)
}

func afterLetter(text string, i int) bool {
	r, _ := utf8.DecodeLastRuneInString(text[:i])
	return unicode.IsLetter(r)
}

// code returns the length of the code span that text begins with, or 0.
func code(text string) int {
	n := min(len(text)-len(strings.TrimLeft(text, "`")), 8)
	if i := strings.Index(text[n:], text[:n]); i > 0 {
		return n + i + n
	}
	return 0
}

// keptWord returns what of a word between spaces is kept.
func (t *table) keptWord(word string) (start, end int, ok bool) {
	isPart := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }
	start = strings.IndexFunc(word, isPart)
	if start < 0 {
		return 0, 0, false
	}
	end = strings.LastIndexFunc(word, isPart)
	_, size := utf8.DecodeRuneInString(word[end:])
	end += size
	if address(word[start:end]) {
		return start, len(word), true
	}
	if !t.latin {
		return 0, 0, false
	}
	number, _, _ := strings.Cut(word[start:end], "-")
	switch {
	case name(word[start:end]):
		return start, end, true
	case roman(number):
		return start, start + len(number), true
	}
	return 0, 0, false
}

// address reports whether a word is a URL, an e-mail address or a domain.
func address(word string) bool {
	if strings.Contains(word, "://") || strings.HasPrefix(word, "www.") {
		return true
	}
	host, path, _ := strings.Cut(word, "/")
	if at := strings.LastIndexByte(host, '@'); at >= 0 {
		host = host[at+1:]
	} else if path == "" && strings.ToLower(host) != host {
		return false
	}
	dot := strings.LastIndexByte(host, '.')
	if dot <= 0 || len(host)-dot < 3 || len(host)-dot > 7 {
		return false
	}
	return strings.IndexFunc(host, func(r rune) bool {
		return r >= 0x80 || !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '.' && r != '-'
	}) < 0 && strings.IndexFunc(host[dot+1:], func(r rune) bool { return !unicode.IsLetter(r) }) < 0
}

// name reports whether a word holds digits as names do: B2B, COVID-19, mp3, 4K.
// A number with a word or an ending is none: 10-dekabrda, 5ta.
func name(word string) bool {
	last, capitals := rune(0), 0
	hyphen := false
	for _, r := range word {
		digit := r >= '0' && r <= '9'
		switch {
		case digit && unicode.Is(unicode.Latin, last), digit && hyphen && capitals > 0,
			unicode.Is(unicode.Latin, r) && unicode.IsUpper(r) && last >= '0' && last <= '9':
			return true
		case unicode.IsUpper(r):
			capitals++
		case r != '-' && !digit:
			capitals = -1 << 30
		}
		hyphen = r == '-' && unicode.IsLetter(last)
		last = r
	}
	return false
}

// roman reports whether a word is a Roman number, as centuries and chapters
// have. One letter alone is more often an initial, or Serbian И at the
// beginning of a sentence.
func roman(word string) bool {
	return len(word) > 1 && strings.Trim(word, "IVX") == ""
}
