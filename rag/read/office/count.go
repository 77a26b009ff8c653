package office

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const levels = 10 // of a list; Word has one less

// A counter counts the paragraphs of a list, on each of its levels.
type counter struct {
	at   [levels]int
	runs [levels]bool // counting has begun, and nothing has ended it
}

// count counts a paragraph; first says what a level begins with. Levels before
// this one that were left out count as begun. Each level after it begins anew,
// if after says so.
func (c *counter) count(level int, first func(level int) int, anew bool, after func(level int) bool) {
	for l := range level {
		if !c.runs[l] {
			c.at[l], c.runs[l] = first(l), true
		}
	}
	if c.runs[level] && !anew {
		c.at[level]++
	} else {
		c.at[level], c.runs[level] = first(level), true
	}
	for l := level + 1; l < levels; l++ {
		c.runs[l] = c.runs[l] && !after(l)
	}
}

// Alphabets as lists use them, which is without the letters that are too much
// like another.
const (
	latin       = "abcdefghijklmnopqrstuvwxyz"
	russian     = "абвгдежзиклмнопрстуфхцчшщыэюя"
	arabicAlpha = "أبتثجحخدذرزسشصضطظعغفقكلمنهوي"
	arabicAbjad = "أبجدهوزحطيكلمنسعفصقرشتثخذضظغ"
	thai        = "กขคงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรลวศษสหฬอฮ"
)

// letters numbers by an alphabet. After its end each letter comes twice, then
// three times; numbers that nobody writes so are in digits.
func letters(n int, alphabet string) string {
	all := []rune(alphabet)
	times := (n-1)/len(all) + 1
	if n < 1 || times > 10 {
		return strconv.Itoa(n)
	}
	return strings.Repeat(string(all[(n-1)%len(all)]), times)
}

// columns numbers as spreadsheets do their columns: z, aa, ab.
func columns(n int) string {
	if n < 1 {
		return strconv.Itoa(n)
	}
	out := ""
	for ; n > 0; n = (n - 1) / 26 {
		out = string(latin[(n-1)%26]) + out
	}
	return out
}

func roman(n int) string {
	if n < 1 || n > 3999 {
		return strconv.Itoa(n)
	}
	var out strings.Builder
	for _, step := range []struct {
		value int
		text  string
	}{{1000, "m"}, {900, "cm"}, {500, "d"}, {400, "cd"}, {100, "c"}, {90, "xc"}, {50, "l"}, {40, "xl"},
		{10, "x"}, {9, "ix"}, {5, "v"}, {4, "iv"}, {1, "i"}} {
		for ; n >= step.value; n -= step.value {
			out.WriteString(step.text)
		}
	}
	return out.String()
}

// digits writes a number in the digits of a script, given by its zero.
func digits(n int, zero rune) string {
	return strings.Map(func(r rune) rune { return r - '0' + zero }, strconv.Itoa(n))
}

// bulletOf returns a bullet that can be written, such as a dash, or nothing.
// Letters are bullets only in their font.
func bulletOf(text, font string) string {
	if isSymbolFont(font) {
		text = symbols(font, text)
	}
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.Is(unicode.Co, r) }) {
		return ""
	}
	return strings.TrimSpace(text)
}

// wordNumber writes a number in one of the formats that Word names. Those for
// which we have no table are in digits.
func wordNumber(n int, format string) string {
	switch format {
	case "none", "bullet":
		return ""
	case "decimalZero":
		if n >= 0 && n < 10 {
			return "0" + strconv.Itoa(n)
		}
	case "upperRoman":
		return strings.ToUpper(roman(n))
	case "lowerRoman":
		return roman(n)
	case "upperLetter":
		return strings.ToUpper(letters(n, latin))
	case "lowerLetter":
		return letters(n, latin)
	case "russianUpper":
		return strings.ToUpper(letters(n, russian))
	case "russianLower":
		return letters(n, russian)
	case "arabicAlpha":
		return letters(n, arabicAlpha)
	case "arabicAbjad":
		return letters(n, arabicAbjad)
	case "thaiLetters":
		return letters(n, thai)
	case "thaiNumbers":
		return digits(max(n, 0), '๐')
	case "hindiNumbers":
		return digits(max(n, 0), '०')
	}
	return strconv.Itoa(n)
}

// openNumber writes a number in a format of OpenDocument: one that is shown by
// its first number, such as "I", "a" or "১, ২, ৩, ...".
func openNumber(n int, format string, repeat bool) string {
	first, size := utf8.DecodeRuneInString(format)
	switch {
	case size == 0:
		return ""
	case first == 'I':
		return strings.ToUpper(roman(n))
	case first == 'i':
		return roman(n)
	case first == 'A' || first == 'a':
		text := columns(n)
		if repeat {
			text = letters(n, latin)
		}
		if first == 'A' {
			return strings.ToUpper(text)
		}
		return text
	case first == 'А':
		return strings.ToUpper(letters(n, russian))
	case first == 'а':
		return letters(n, russian)
	case first == 'أ' || first == 'ا':
		return letters(n, arabicAlpha)
	case first == 'ก':
		return letters(n, thai)
	case unicode.IsDigit(first) && first != '1':
		return digits(max(n, 0), first-1)
	}
	return strconv.Itoa(n)
}
