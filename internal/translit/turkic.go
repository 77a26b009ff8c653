package translit

// The Latin letters of the Turkic languages, as the alphabets of Turkish, Tatar
// and Turkmen have them. The letters that Cyrillic has for loanwords get forms
// of their own (э after a consonant, ц, ь, ъ), so that nothing is lost. Pairs
// that people type for lack of a letter (sh) are read, too.
const (
	turkicBoth = ` а a б b в v г g д d ё yo ж j з z и i й y к k л l м m н n ң ñ о o ө ö п p р r с s т t у u ү ü ф f х h
		ц c ч ç ш ş щ şç ъ ʺ ы ı ь ʹ ю yu я ya е e ^э e +э e э è `
	turkicTo   = ` ^е ye +е ye `
	turkicFrom = ` ye е sh ш ch ч w в x х q к ğ г ŋ ң ä а ū у `

	tatarBoth   = ` ә ä җ c ц ts һ h х x `
	bashkirBoth = ` ә ä ғ ğ ҙ ź ҡ q ҫ ś һ h х x `

	// What fits on every keyboard, as in passports and chats. The way back has
	// to guess: o is о, though it may be ө.
	plainBoth = ` а a б b в v г g д d ё yo ж j з z и i к k л l м m н n о o п p р r с s т t у u ф f х kh ч ch ш sh
		ю yu я ya `
	plainTo    = ` ң ng ө o ү u ц ts щ shch ъ - ь - ы y й y е e ^е e э e `
	plainFrom  = ` ^e э +e э e е ye е +y й ^y й y ы c к h х q к w в x х `
	kyrgyzArab = ` а ا б ب в ۋ д د ё يو ж ج з ز л ل м م н ن ң ڭ о و ө ۅ п پ р ر с س т ت у ۇ ү ۉ ф ف х ح ч چ ш ش ю يۇ я يا й ي `
)

func turkic() []spec {
	return []spec{
		{tag: "ky", main: "Cyrl", script: "Latn", name: "turkic", both: turkicBoth, to: turkicTo, from: turkicFrom,
			marks: "ı ñ ş ç ö ü ğ ʼ", vowels: turkicVowels, dotted: true, roundTrips: true, apart: true},
		{tag: "ky", main: "Cyrl", script: "Latn", name: "plain", both: plainBoth, to: plainTo, from: "ng ң " + plainFrom, vowels: turkicVowels + "y",
			marks: "sh ch kh by cy dy gy jy ky ly my ny py ry sy ty zy"},
		{tag: "ky", main: "Cyrl", script: "Arab", name: "china", both: kyrgyzArab + commas,
			to:   `\к ق к ك \г ع г گ ц تس щ شچ ъ - ь - ^э ە +э ە э ە ^е يە +е يە е ە <и ى и ئ ы ى `,
			from: `ق к ك к ع г گ г غ г ^ە э +ە э ە е يە е <ى и ى ы ئ и ھ х خ х ـ - ٴ - `},
		{tag: "tt", main: "Cyrl", script: "Latn", name: "zamanalif", to: tatarTo, from: tatarFrom, both: tatarLetters,
			marks: "q ğ w x", dotted: true, vowels: ""},
		{tag: "tt", main: "Cyrl", script: "Latn", name: "turkic", both: tatarBoth + turkicBoth, to: turkicTo, from: turkicFrom,
			marks: "ʼ ʹ yu", vowels: turkicVowels, dotted: true, roundTrips: true, apart: true},
		{tag: "ba", main: "Cyrl", script: "Latn", name: "turkic", both: bashkirBoth + turkicBoth, to: turkicTo, from: turkicFrom,
			vowels: turkicVowels, dotted: true, roundTrips: true, apart: true},
	}
}

const (
	turkicVowels = "aäeèiıoöuü"
	commas       = ` , ، ; ؛ ? ؟ `
)

// Zamanalif writes sounds where Cyrillic relies on the vowels around: к is q
// and г is ğ beside back vowels, я is yä and е ye in words of front ones, and
// у after a vowel is w. What decides is written ъ or ь at times, and that
// sign goes.
const (
	tatarLetters = ` а a ә ä б b д d ж j җ c з z и i л l м m н n ң ñ о o ө ö п p р r с s т t у u ү ü ф f х x һ h ч ç ш ş ы ı `
	tatarTo      = ` къ q гъ ğ \к q к k \г ğ г g +у w +ү w у u ү ü ва wa вә wä вы wı в v ^\е yı +\е yı ^е ye +е ye е e э e
		ё yo й y /я yä я ya /ю yü ю yu ъ - ь - ц ts щ şç `
	tatarFrom = ` q к ğ г k к g г v в >w в +<w ү +w у w в u у ü ү yä я ya я yü ю yu ю ye е yı е y й tsi ци ^ts ц ^e э +e э e е şç щ `
)
