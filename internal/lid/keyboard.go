package lid

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"tilgate/internal/lang"
)

// Languages with letters that the keyboards around them lack are often typed
// without those letters: Kyrgyz on a Russian keyboard, Urdu on an Arabic one,
// Yoruba on an English one. Part of the training text is rewritten like that.

// russianKeyboard gives what people type for a Cyrillic letter that the
// Russian keyboard lacks.
var russianKeyboard = strings.NewReplacer(
	"ә", "а", "ғ", "г", "қ", "к", "ң", "н", "ө", "о", "ұ", "у", "ү", "у", "һ", "х", "і", "и", "җ", "ж", "ҙ", "з", "ҡ", "к",
	"ҫ", "с", "ӣ", "и", "ӯ", "у", "ҳ", "х", "ҷ", "ч", "ў", "у", "Ә", "А", "Ғ", "Г", "Қ", "К", "Ң", "Н", "Ө", "О", "Ұ", "У",
	"Ү", "У", "Һ", "Х", "І", "И", "Җ", "Ж", "Ҙ", "З", "Ҡ", "К", "Ҫ", "С", "Ӣ", "И", "Ӯ", "У", "Ҳ", "Х", "Ҷ", "Ч", "Ў", "У")

// arabicKeyboard does the same for the Arabic keyboard.
var arabicKeyboard = strings.NewReplacer(
	"ی", "ي", "ک", "ك", "گ", "ك", "پ", "ب", "چ", "ج", "ژ", "ز", "ہ", "ه", "ۀ", "ه", "ے", "ي", "ٹ", "ت", "ڈ", "د", "ڑ", "ر",
	"ں", "ن", "ڭ", "ك", "ې", "ي", "ۇ", "و", "ۆ", "و", "ۈ", "و", "ە", "ه", "ھ", "ه", "ۋ", "و", "ێ", "ي", "ڕ", "ر", "ڵ", "ل",
	"ټ", "ت", "ډ", "د", "ړ", "ر", "ښ", "س", "ځ", "ح", "څ", "ج", "ڼ", "ن", "ۍ", "ي", "ڤ", "ف", "ڻ", "ن", "ڄ", "ج", "ڪ", "ك")

// latinKeyboard gives plain letters for those that are no letter with an accent.
var latinKeyboard = strings.NewReplacer("ə", "e", "Ə", "E", "ı", "i", "ɓ", "b", "ɗ", "d", "ƙ", "k", "ƴ", "y", "Ɓ", "B", "Ɗ", "D",
	"Ƙ", "K", "Ƴ", "Y", "ŋ", "n", "Ŋ", "N", "ɛ", "e", "ɔ", "o", "Ɛ", "E", "Ɔ", "O", "đ", "d", "Đ", "D", "ł", "l", "Ł", "L",
	"ø", "o", "Ø", "O", "ß", "ss", "æ", "ae", "‘", "", "ʻ", "", "’", "", "'", "", "ʼ", "")

// needsKeyboard are the languages in scripts other than Latin that are often
// typed on a keyboard without some of their letters.
var needsKeyboard = setOf("ky kk tt ba tg mn ug uz az tk ur fa ps sd ckb ks sah cv krc kaa kum crh")

// mistyped returns text as typed on a keyboard that lacks some of its letters.
// It reports false where the language has no such custom or text no such letter.
func mistyped(tag lang.Tag, group lang.Script, text string) (string, bool) {
	out := text
	switch {
	case group == "Latn":
		out = withoutAccents(latinKeyboard.Replace(text))
	case !needsKeyboard[tag]:
	case group == "Cyrl":
		out = russianKeyboard.Replace(text)
	case group == "Arab":
		out = arabicKeyboard.Replace(text)
	}
	return out, out != text
}

func withoutAccents(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(text))
}
