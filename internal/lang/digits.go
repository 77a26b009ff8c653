package lang

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// zeroes has the digit 0 of the languages whose public texts write their own
// digits; the others write 0 to 9. It follows CLDR's default numbering systems
// but for Khmer, where CLDR has ASCII and Cambodia's offices write Khmer
// digits. Lao, Thai, Urdu, Hindi, Tamil, Amharic have digits of their own, and
// today write ASCII.
var zeroes = map[Tag]rune{
	"bn": '০', "as": '০', "ne": '०', "mr": '०', "my": '၀', "km": '០',
	"fa": '۰', "ps": '۰', "ur-IN": '۰', "uz-Arab": '۰', "ckb": '٠', "sd": '٠', "sd-Deva": '0',
	"ar-BH": '٠', "ar-DJ": '٠', "ar-EG": '٠', "ar-ER": '٠', "ar-IQ": '٠', "ar-JO": '٠', "ar-KM": '٠',
	"ar-KW": '٠', "ar-LB": '٠', "ar-MR": '٠', "ar-OM": '٠', "ar-PS": '٠', "ar-QA": '٠', "ar-SA": '٠',
	"ar-SD": '٠', "ar-SO": '٠', "ar-SS": '٠', "ar-SY": '٠', "ar-TD": '٠', "ar-YE": '٠',
}

// Digits returns the ten digits, 0 first, that public texts in the language
// write: "০১২৩৪৫৬৭৮৯" for bn. Arabic goes by country: ar-EG has its own digits,
// ar-MA and ar alone have ASCII.
func Digits(tag Tag) string {
	zero := zeroOf(tag)
	var b strings.Builder
	for i := range rune(10) {
		b.WriteRune(zero + i)
	}
	return b.String()
}

func zeroOf(tag Tag) rune {
	for t := tag; t != ""; t = t.Parent() {
		if zero, ok := zeroes[t]; ok {
			return zero
		}
	}
	return '0'
}

// LocalDigits writes the ASCII digits of text as the language does. Left as
// they are: words that have Latin letters (addresses, A4, ISO-9001), network
// addresses (10.0.0.1), and marks of citations ([1], [2, 3]).
// ASCIIDigits leads back.
func LocalDigits(tag Tag, text string) string {
	zero := zeroOf(tag)
	if zero == '0' || !strings.ContainsAny(text, "0123456789") {
		return text
	}
	var b strings.Builder
	for rest := text; rest != ""; {
		if n := citation(rest); n > 0 {
			b.WriteString(rest[:n])
			rest = rest[n:]
			continue
		}
		n := wordLen(rest)
		writeLocal(&b, zero, rest[:n])
		rest = rest[n:]
	}
	return b.String()
}

func writeLocal(b *strings.Builder, zero rune, word string) {
	if strings.Count(word, ".") >= 3 && strings.Trim(word, "0123456789. ") == "" || strings.ContainsFunc(word, asciiLetter) {
		b.WriteString(word)
		return
	}
	for i := range len(word) { // digits are single bytes; all others are copied
		if c := word[i]; '0' <= c && c <= '9' {
			b.WriteRune(zero + rune(c-'0'))
		} else {
			b.WriteByte(c)
		}
	}
}

func asciiLetter(r rune) bool { return 'a' <= r|0x20 && r|0x20 <= 'z' }

// wordLen returns where the first word of text ends, with the spaces before
// it: at the next space, or where a citation may begin. At least one.
func wordLen(text string) int {
	word := false
	for i, r := range text {
		space := unicode.IsSpace(r)
		if i > 0 && (r == '[' || space && word) {
			return i
		}
		word = word || !space
	}
	return len(text)
}

// citation returns the length of the mark that text begins with, such as [1]
// or [2, 3], or 0 if it begins with none.
func citation(text string) int {
	if text == "" || text[0] != '[' {
		return 0
	}
	end := strings.TrimLeft(text[1:], "0123456789, ")
	n := len(text) - len(end)
	if n == 1 || !strings.HasPrefix(end, "]") {
		return 0
	}
	return n + 1
}

// ASCIIDigits writes the decimal digits of any script as 0 to 9. Nothing else
// changes.
func ASCIIDigits(text string) string {
	if !strings.ContainsFunc(text, localDigit) {
		return text
	}
	b := make([]byte, 0, len(text))
	for rest := text; rest != ""; {
		r, size := utf8.DecodeRuneInString(rest)
		if localDigit(r) {
			b = append(b, byte('0'+digitValue(r)))
		} else {
			b = append(b, rest[:size]...) // not AppendRune: bytes that are no UTF-8 stay
		}
		rest = rest[size:]
	}
	return string(b)
}

func localDigit(r rune) bool { return r >= 0x80 && unicode.Is(unicode.Nd, r) }
