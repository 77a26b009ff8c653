package guard

import (
	"regexp"
	"strings"
	"unicode"

	"tilgate/internal/lang"
)

// What an answer says in its language is its prose. Addresses, file names and
// codes are in none. Names of laws, products and substances in Latin letters
// stand in good answers in every script; they are told from prose by their
// capitals, their length, or by being few.

// A span is a part of a text, in bytes.
type span struct{ start, end int }

// prose returns text, and the part of it from a byte on, without what is in no
// language and, where answers are in another script than Latin, without Latin
// names that stand beside something in another script.
func prose(text string, from int, script lang.Script) (whole, tail string) {
	if !strings.ContainsFunc(text, isLatin) && !strings.ContainsAny(text, "/@`") {
		return text, text[from:]
	}
	var drop, names []span
	var run []span // of Latin words
	at := 0        // after the word before
	others := false
	end := func() {
		others = true
		if isName(text, run) {
			names = append(names, run...)
		}
		run = run[:0]
	}
	for _, w := range wordsIn(text) {
		word := text[w.start:w.end]
		if strings.ContainsFunc(text[at:w.start], unicode.IsLetter) { // of a script that has no spaces
			end()
		}
		at = w.end
		switch {
		case isCode(word):
			drop = append(drop, w)
		case script == "Latn":
		case isLatinWord(word):
			run = append(run, w)
		case strings.ContainsFunc(word, unicode.IsLetter):
			end()
		}
	}
	if others = others || strings.ContainsFunc(text[at:], unicode.IsLetter); others {
		end()
		drop = append(drop, names...)
	}
	return without(text, 0, drop), without(text, from, drop)
}

// without leaves spans out of a text from a byte on.
func without(text string, from int, drop []span) string {
	gone := make([]bool, len(text)+1)
	for _, d := range drop {
		for i := d.start; i < d.end; i++ {
			gone[i] = true
		}
	}
	var b strings.Builder
	for i := from; i < len(text); i++ {
		if !gone[i] {
			b.WriteByte(text[i])
		} else if i+1 == len(text) || !gone[i+1] {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// wordsIn finds what stands between spaces. Letters of scripts without spaces
// part words too: an address stands right beside them.
func wordsIn(text string) []span {
	var words []span
	start := -1
	for i, r := range text {
		switch {
		case inWord(r) && start < 0:
			start = i
		case !inWord(r) && start >= 0:
			words = append(words, span{start, i})
			start = -1
		}
	}
	if start >= 0 {
		words = append(words, span{start, len(text)})
	}
	return words
}

func inWord(r rune) bool {
	if r < 0x80 {
		return r > ' ' && r != '<' && r != '>' && r != '"' && r != 0x7f
	}
	if !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) {
		return false
	}
	script := lang.ScriptOfRune(r)
	return script == lang.Zyyy || script.Spaced()
}

// isCode reports whether a word is an address, the name of a file, or a code.
func isCode(word string) bool {
	if strings.Contains(word, "://") || strings.Contains(word, "`") || mail.MatchString(word) {
		return true
	}
	word = strings.Trim(word, `()[]{}'*,;:!?.`)
	return strings.HasPrefix(word, "www.") || hosted.MatchString(word) || joinedUp.MatchString(word) || numbered(word)
}

var (
	mail = regexp.MustCompile(`[^\s@]@[^\s@]`)
	// hosted begins with names that dots join, of which the last is a domain's or
	// the ending of a file: not two sentences without a space between them.
	hosted = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.([a-z]{2,}|[A-Z]{2,}|[a-z0-9]{2,4})([^A-Za-z0-9_.-]|[.-][^A-Za-z0-9]|$)`)
	// joinedUp is what slashes and the like join: a path, a reference.
	joinedUp = regexp.MustCompile(`[A-Za-z0-9][/_=\\|][A-Za-z0-9]`)
)

// numbered reports whether ASCII letters and digits stand together.
func numbered(word string) bool {
	letters, digits := false, false
	for i := range len(word) {
		c := word[i]
		letters = letters || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		digits = digits || c >= '0' && c <= '9'
		if c >= 0x80 {
			return false
		}
	}
	return letters && digits
}

func isLatin(r rune) bool { return r < 0x80 && unicode.IsLetter(r) || lang.ScriptOfRune(r) == "Latn" }

// isLatinWord reports whether a word has letters, and all of them are Latin.
func isLatinWord(word string) bool {
	found := false
	for _, r := range word {
		if unicode.IsLetter(r) {
			if !isLatin(r) {
				return false
			}
			found = true
		}
	}
	return found
}

// What tells names from prose: so few words; or so few that begin with a small
// letter, of those of a name; or words so long, as only substances have.
const (
	wordsOfName   = 3
	smallInName   = 3 // one in so many
	lettersOfWord = 9 // on average
	smallAtEnd    = 2
)

// isName reports whether Latin words that follow each other are names. A small
// word or two at their end may lead on to the rest of one.
func isName(text string, run []span) bool {
	n, small, letters, shouted := 0, 0, 0, true
	waiting := 0 // small words after the last that is not
	for i, w := range run {
		k := kindOf(text[w.start:w.end])
		letters, shouted = letters+k.letters, shouted && k.shouted
		if waiting++; !k.small {
			n, small, waiting = i+1, small+waiting-1, 0
		}
	}
	if waiting > smallAtEnd {
		n, small = len(run), small+waiting
	}
	if len(run) <= wordsOfName || letters >= lettersOfWord*len(run) {
		return true
	}
	return n > 0 && !shouted && smallInName*small <= n
}

// A kind says what a word looks like.
type kind struct {
	small   bool // it begins with a small letter
	shouted bool // it has no small letter
	letters int
}

func kindOf(word string) kind {
	k := kind{shouted: true}
	for _, r := range word {
		if !unicode.IsLetter(r) {
			continue
		}
		if unicode.IsLower(r) {
			k.shouted = false
			k.small = k.small || k.letters == 0
		}
		k.letters++
	}
	return k
}
