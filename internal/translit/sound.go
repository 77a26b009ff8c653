package translit

import (
	"strings"
	"unicode"

	"tilgate/internal/lang"
)

// sound reports whether a text is spelled as its script allows. Keys hit for
// another layout soon break the rules: in Thai and Hindi a sign stands on a
// consonant, in Korean letters come in blocks, and nowhere do digits and
// brackets stand inside words.
func sound(text string) bool {
	rs := []rune(text)
	thai, thaiVowels := 0, 0
	for i, r := range rs {
		var before, after rune
		if i > 0 {
			before = rs[i-1]
		}
		if i+1 < len(rs) {
			after = rs[i+1]
		}
		switch lang.ScriptOfRune(r) {
		case "Thai":
			thai++
			if r > 'ฮ' && r != 'ๆ' {
				thaiVowels++
			}
			if !soundThai(before, r, after) {
				return false
			}
		case "Deva":
			if unicode.IsMark(r) && !unicode.Is(unicode.Devanagari, before) || devaSign(r) && !devaConsonant(before) {
				return false
			}
		case "Hang":
			if r < firstBlock || r > lastBlock {
				return false
			}
		case lang.Zyyy:
			symbol := strings.ContainsRune(symbols, r)
			if inWord(before) && (symbol || unicode.IsDigit(r)) && (inWord(after) || symbol && strings.ContainsRune(symbols, after)) {
				return false
			}
		}
	}
	return thaiVowels*4 >= thai // more than a third in real text
}

const symbols = `;[]{}\|=<>`

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsMark(r) }

// soundThai knows the vowels that come before their consonant, those that
// come after it, and the signs above and below.
func soundThai(before, r, after rune) bool {
	consonant := func(c rune) bool { return c >= 'ก' && c <= 'ฮ' }
	switch {
	case r >= 'เ' && r <= 'ไ':
		return consonant(after)
	case r == 'ะ', r == 'า', r == 'ำ':
		return consonant(before) || before >= '็' && before <= '๋' || r == 'ะ' && (before == 'า' || before == 'ั') || r == 'ะ' && before == 'ื'
	case r == 'ั', r >= 'ิ' && r <= 'ฺ', r == '็':
		return consonant(before)
	case r >= '่' && r <= 'ํ':
		return consonant(before) || before == 'ั' || before >= 'ิ' && before <= 'ู'
	}
	return true
}

func devaSign(r rune) bool { return r >= 0x093E && r <= 0x094D && r != 0x0950 }

func devaConsonant(r rune) bool {
	return r >= 0x0915 && r <= 0x0939 || r >= 0x0958 && r <= 0x095F || r == 0x093C
}
