package translit

import (
	"slices"
	"strings"
)

// Uyghur, whose main script is Arabic, and Kazakh, whose is not.
func arabic() []spec {
	return []spec{
		{tag: "ug", main: "Arab", script: "Latn", name: "uly", both: uyghurLatin + commas2, to: uyghurLatinTo, from: uyghurLatinFrom,
			vowels: uyghurVowels, apart: true, roundTrips: true},
		{tag: "ug", main: "Arab", script: "Cyrl", name: "1947", both: uyghurCyrillic + commas2, to: uyghurCyrillicTo, from: uyghurCyrillicFrom,
			roundTrips: true},
		{tag: "kk", main: "Cyrl", script: "Arab", name: "tote", both: kazakhArab + commas, to: kazakhArabTo, from: kazakhArabFrom,
			writeWord: writeTote, readWord: readTote},
	}
}

const (
	uyghurVowels = "aeëéiouöü"
	commas2      = ` ، , ؛ ; ؟ ? `

	uyghurLatin = ` ا a ە e ې ë ى i و o ۇ u ۆ ö ۈ ü ب b پ p ت t ج j چ ch خ x د d ر r ز z ژ zh س s ش sh غ gh ف f ق q ك k گ g
		ڭ ng ل l م m ن n ھ h ۋ w ي y `

	// A vowel after no consonant sits on a ئ, which Latin letters do without;
	// after a consonant it is an apostrophe: mesʼul.
	uyghurLatinTo   = ` ^ئ - +ئ - ئ ʼ ک k ه h ی y ئ ʼ ـ - `
	uyghurLatinFrom = ` ^a ئا +a ئا ^e ئە +e ئە ^ë ئې +ë ئې ^é ئې +é ئې é ې ^i ئى +i ئى ^o ئو +o ئو ^u ئۇ +u ئۇ ^ö ئۆ +ö ئۆ
		^ü ئۈ +ü ئۈ ʼ - v ۋ c ك `

	uyghurCyrillic = ` ا а ە ә ې е ى и و о ۇ у ۆ ө ۈ ү ب б پ п ت т ج җ چ ч خ х د д ر р ز з ژ ж س с ش ш غ ғ ف ф ق қ ك к گ г
		ڭ ң ل л م м ن н ھ һ ۋ в ي й يا я يۇ ю `
	uyghurCyrillicTo   = ` ^ئ - +ئ - ئ ъ ک к ه һ ی й ـ - `
	uyghurCyrillicFrom = ` ^а ئا +а ئا ^ә ئە +ә ئە ^е ئې +е ئې ^и ئى +и ئى ^о ئو +о ئو ^у ئۇ +у ئۇ ^ө ئۆ +ө ئۆ ^ү ئۈ +ү ئۈ
		ъ - ь - э ې ы ى ё يو ц س щ ش `

	kazakhArab = ` а ا б ب в ۆ г گ ғ ع д د е ە ж ج з ز к ك қ ق л ل м م н ن ң ڭ о و п پ р ر с س т ت у ۋ ұ ۇ ф ف х ح һ ھ
		ч چ ш ش ы ى `
	kazakhArabTo   = ` ә ا ө و ү ۇ і ى ия يا ию يۋ и ي й ي ё يو ю يۋ я يا ц تس щ شش ъ - ь - э ە `
	kazakhArabFrom = ` ^يا я +يا я يا ия ^يۋ ю +يۋ ю يۋ ию ^ي й +ي й ي и ە е ـ - ٵ ә ٶ ө ٷ ү ٸ і ە е `
)

// In the Arabic letters of Kazakh a word with front vowels begins with a
// hamza, and then has the letters of the back vowels. It needs none where к,
// г or е show it already.
func writeTote(word []rune) (changed []rune, before string) {
	isFront := slices.ContainsFunc(word, func(r rune) bool { return strings.ContainsRune("әөүі", r) })
	if isFront && !slices.ContainsFunc(word, func(r rune) bool { return strings.ContainsRune("кгеэ", r) }) {
		return word, "ٴ"
	}
	return word, ""
}

// readTote finds the front vowels of a word. Where only к or г show it, ا
// stays: кітап, not кітәп.
func readTote(word []rune) (changed []rune, before string) {
	hamza := slices.Contains(word, 'ٴ')
	word = slices.DeleteFunc(slices.Clone(word), func(r rune) bool { return r == 'ٴ' })
	stem := withoutMen(word)
	hasE := slices.Contains(stem, 'ە')
	if !hamza && !hasE && !slices.ContainsFunc(stem, func(r rune) bool { return r == 'ك' || r == 'گ' }) {
		return word, ""
	}
	for i, r := range word {
		if i > 0 && backOnly(word[i-1]) || i+1 < len(word) && backOnly(word[i+1]) {
			continue
		}
		switch r {
		case 'ا':
			if hamza || hasE {
				word[i] = 'ٵ'
			}
		case 'و':
			word[i] = 'ٶ'
		case 'ۇ':
			word[i] = 'ٷ'
		case 'ى':
			word[i] = 'ٸ'
		}
	}
	return word, ""
}

// withoutMen returns a word without -мен, -бен, -пен (with), which follow back
// vowels too.
func withoutMen(word []rune) []rune {
	if n := len(word); n > 4 && word[n-1] == 'ن' && word[n-2] == 'ە' && strings.ContainsRune("مبپ", word[n-3]) {
		return word[:n-3]
	}
	return word
}

func backOnly(r rune) bool { return r == 'ق' || r == 'ع' }
