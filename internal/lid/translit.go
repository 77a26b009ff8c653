package lid

import (
	"strings"
	"unicode"

	"tilgate/internal/lang"
)

// The sources have hardly any text in the second script of a language, so the
// trainer writes its own: the sentences of the first script, letter by letter.
// The tables are plain on purpose. People romanise in many ways, and the
// detector only has to learn what all of them share.

// A conversion writes one language in another script.
type conversion struct {
	tag      lang.Tag
	from, to lang.Script
	write    func(string) string
}

// letters returns a writer that replaces by table, which has pairs of words:
// letters and what stands for them ("-" for nothing). Of two that match at a
// place the earlier wins. Upper case is lost, as in most chat.
func letters(tables ...string) func(string) string {
	var pairs []string
	for _, table := range tables {
		for i, f := 0, strings.Fields(table); i+1 < len(f); i += 2 {
			to := f[i+1]
			if to == "-" {
				to = ""
			}
			pairs = append(pairs, f[i], to)
		}
	}
	r := strings.NewReplacer(pairs...)
	return func(text string) string { return r.Replace(strings.ToLower(text)) }
}

// Earlier pairs win, so in a call of letters a
// language's own table comes before these.
const (
	cyrillicLatin = ` а a б b в v г g д d е e ё yo ж zh з z и i й y к k л l м m н n о o п p р r с s т t у u ф f х kh ц ts
		ч ch ш sh щ shch ъ - ы y ь - э e ю yu я ya `
	turkicPlain   = ` ә a ғ g қ k ң n ө o ұ u ү u һ h і i җ j ж j `
	turkicMarked  = ` ә ä ғ ğ қ q ң ñ ө ö ұ ū ү ü һ h і i җ c ж j х x ш ş ч ç ы ı й y `
	turkicEnglish = ` ә ae ғ gh қ q ң ng ө oe ұ u ү ue һ h і i җ j ж zh ы y `
	uzbekCyrillic = ` o‘ ў oʻ ў o' ў o’ ў g‘ ғ gʻ ғ g' ғ g’ ғ sh ш ch ч ya я yo ё yu ю ye е a а b б d д e е f ф g г h ҳ i и j ж
		k к l л m м n н o о p п q қ r р s с t т u у v в x х y й z з ’ ъ ' ъ ʼ ъ c к w в `
	azeriCyrillic = ` ə ә c ҹ ç ч ş ш ğ ғ x х h һ ı ы i и ö ө ü ү j ж y ј q г g ҝ k к a а b б d д e е f ф l л m м n н o о p п
		r р s с t т u у v в z з w в `
	turkmenCyrillic = ` ä ә ç ч ž ж j җ ň ң ö ө ş ш ü ү y ы ý й w в a а b б d д e е f ф g г h х i и k к l л m м n н o о p п r р
		s с t т u у z з `
	uyghurLatin = ` ئ - ا a ە e ې ë ى i و o ۇ u ۆ ö ۈ ü ب b پ p ت t ج j چ ch خ x د d ر r ز z ژ zh س s ش sh غ gh ف f ق q ك k
		گ g ڭ ng ل l م m ن n ھ h ۋ w ي y ، , ؟ ? ؛ ; `
	uyghurPlain    = ` ې e ۆ o ۈ u خ kh ۋ v `
	uyghurCyrillic = ` ئ - ا а ە ә ې е ى и و о ۇ у ۆ ө ۈ ү ب б پ п ت т ج җ چ ч خ х د д ر р ز з ژ ж س с ش ш غ ғ ف ф ق қ ك к گ г
		ڭ ң ل л م м ن н ھ һ ۋ в ي й ، , ؟ ? ؛ ; `
	kazakhArabic = ` а ا ә ٵ б ب в ۆ г گ ғ ع д د е ە ё يو ж ج з ز и ي й ي к ك қ ق л ل м م н ن ң ڭ о و ө ٶ п پ р ر с س т ت
		у ۋ ұ ۇ ү ٷ ф ف х ح һ ھ ц تس ч چ ш ش щ ش ы ى і ٸ э ە ю يۋ я يا ъ - ь - , ، ? ؟ `
	kyrgyzArabic = ` а ا б ب в ۋ г گ д د е ە ё يو ж ج з ز и ى й ي к ك л ل м م н ن ң ڭ о و ө ۅ п پ р ر с س т ت у ۇ ү ۉ ф ف х ح
		ц تس ч چ ш ش щ ش ы ى э ە ю يۇ я يا ъ - ь - , ، ? ؟ `
)

// conversions are all that the trainer writes.
func conversions() []conversion {
	var all []conversion
	add := func(tag lang.Tag, from, to lang.Script, writers ...func(string) string) {
		for _, w := range writers {
			all = append(all, conversion{tag, from, to, w})
		}
	}
	for _, tag := range []lang.Tag{"ky", "kk", "tt", "ba"} {
		add(tag, "Cyrl", "Latn", letters(turkicPlain, cyrillicLatin), letters(turkicMarked, cyrillicLatin),
			letters(turkicEnglish, cyrillicLatin))
	}
	add("mn", "Cyrl", "Latn", letters("ө u ү u ж j х h й i", cyrillicLatin), letters("ө ö ү ü ж j й i", cyrillicLatin))
	add("tg", "Cyrl", "Latn", letters("ғ gh ӣ i қ q ӯ u ҳ h ҷ j", cyrillicLatin), letters("ғ g ӣ ī қ q ӯ ū ҳ h ҷ ç х x", cyrillicLatin))
	add("ru", "Cyrl", "Latn", letters(cyrillicLatin), letters("х h ж j й j ю ju я ja ц c щ sch", cyrillicLatin))
	add("uk", "Cyrl", "Latn", letters("г h ґ g є ye и y і i ї yi й y", cyrillicLatin))
	add("bg", "Cyrl", "Latn", letters("щ sht ъ a х h", cyrillicLatin))
	add("ug", "Arab", "Latn", letters(uyghurLatin), letters(uyghurPlain, uyghurLatin))
	add("ug", "Arab", "Cyrl", letters(uyghurCyrillic))
	add("uz", "Latn", "Cyrl", letters(uzbekCyrillic))
	add("az", "Latn", "Cyrl", letters(azeriCyrillic))
	add("tk", "Latn", "Cyrl", letters(turkmenCyrillic))
	add("kk", "Cyrl", "Arab", letters(kazakhArabic))
	add("ky", "Cyrl", "Arab", letters(kyrgyzArabic))
	add("hi", "Deva", "Latn", indic(devanagari, "a", true, true), indic(devanagari, "a", true, false))
	add("ne", "Deva", "Latn", indic(devanagari, "a", true, true), indic(devanagari, "a", false, false))
	add("bn", "Beng", "Latn", indic(bengali, "o", true, true), indic(bengali, "a", true, false))
	add("ta", "Taml", "Latn", indic(tamil, "a", false, true), indic(tamil, "a", false, false))
	add("ur", "Arab", "Latn", abjad(urduLatin), abjad("و u ع - ق k خ kh"+urduLatin))
	add("ar", "Arab", "Latn", abjad(arabicLatin), abjad("ع 3 ح 7 خ 5 ق 9 ء 2 ش ch"+arabicLatin))
	return all
}

// Indic scripts: consonants carry a vowel of their own unless a sign follows.
// The tables are by place in the block of 128, which the scripts share.
type indicScript struct {
	first      rune
	consonants string // pairs: the letter, as in Devanagari, and its Latin
}

var (
	devanagari = indicScript{first: 0x0900, consonants: indicConsonants}
	bengali    = indicScript{first: 0x0980, consonants: "य j ब b व w स s श sh ष sh" + indicConsonants}
	tamil      = indicScript{first: 0x0B80, consonants: "क k च ch ट t त th प p ष sh ज j" + indicConsonants}
)

// indicConsonants is written in Devanagari; the other scripts have the same
// letters at the same places of their blocks.
const indicConsonants = ` क k ख kh ग g घ gh ङ ng च ch छ chh ज j झ jh ञ n ट t ठ th ड d ढ dh ण n त t थ th द d ध dh न n ऩ n प p
	फ ph ब b भ bh म m य y र r ऱ r ल l ळ l ऴ zh व v श sh ष sh स s ह h `

var (
	indicVowels = strings.Fields(`अ a आ aa इ i ई ee उ u ऊ oo ऋ ri ऍ e ऎ e ए e ऐ ai ऑ o ऒ o ओ o औ au`)
	indicSigns  = strings.Fields(`ा aa ि i ी ee ु u ू oo ृ ri ॅ e ॆ e े e ै ai ॉ o ॊ o ो o ौ au ं n ः h ँ n`)
)

const (
	virama = 0x094D
	danda  = '।'
)

// indic returns a writer of script in Latin letters. vowel is the consonants'
// own, which dropLast leaves out at the end of a word; short writes long
// vowels with one letter.
func indic(script indicScript, vowel string, dropLast, short bool) func(string) string {
	table := map[rune]string{}
	for _, list := range [][]string{strings.Fields(script.consonants), indicVowels, indicSigns} {
		for i := 0; i+1 < len(list); i += 2 {
			r, _ := firstRune(list[i])
			if _, ok := table[r]; !ok {
				table[r] = list[i+1]
			}
		}
	}
	shorten := strings.NewReplacer("aa", "a", "ee", "i", "oo", "u")
	return func(text string) string {
		var out strings.Builder
		pending := false // a consonant waits for its vowel
		for _, r := range text {
			if r >= script.first && r < script.first+128 && (r < 0x0964 || r > 0x096F) {
				r = r - script.first + 0x0900
			}
			consonant := r >= 0x0915 && r <= 0x0939
			sign := r >= 0x093C && r <= virama && r != 0x093D
			if pending && !sign && r != 0x0901 && r != 0x0902 && (unicode.IsLetter(r) || !dropLast) || pending && (r == 0x0901 || r == 0x0902) {
				out.WriteString(vowel)
			}
			pending = consonant || pending && r == 0x093C
			switch latin, ok := table[r]; {
			case ok:
				out.WriteString(latin)
			case r == danda:
				out.WriteByte('.')
			case r < 0x0900 || r > 0x0963:
				out.WriteRune(r)
			}
		}
		if short {
			return shorten.Replace(out.String())
		}
		return out.String()
	}
}

func firstRune(s string) (rune, bool) {
	for _, r := range s {
		return r, true
	}
	return 0, false
}

const (
	arabicLatin = ` ا a ب b ت t ث th ج j ح h خ kh د d ذ th ر r ز z س s ش sh ص s ض d ط t ظ z ع a غ gh ف f ق q ك k ل l م m ن n
		ه h و u ي i ى a ة a ء - أ a إ i آ aa ؤ o ئ e ، , ؟ ? ؛ ; `
	urduLatin = ` ا a آ aa ب b پ p ت t ٹ t ث s ج j چ ch ح h خ kh د d ڈ d ذ z ر r ڑ r ز z ژ zh س s ش sh ص s ض z ط t ظ z ع a غ gh
		ف f ق q ک k گ g ل l م m ن n ں n و o ہ h ھ h ء - ی i ے e ئ - ؤ o أ a ۔ . ، , ؟ ? ة t ي i ك k ه h `
)

// abjad returns a writer of a script without short vowels: where two
// consonants meet, it guesses an a between them.
func abjad(table string) func(string) string {
	plain := letters(table)
	return func(text string) string {
		var out strings.Builder
		consonants := 0
		for _, r := range text {
			if unicode.Is(unicode.Mn, r) {
				continue
			}
			s := plain(string(r))
			consonant := s != "" && strings.IndexByte("bcdfghjklmnpqrstvwyz", s[0]) >= 0
			if consonant {
				if consonants++; consonants == 2 {
					out.WriteByte('a')
					consonants = 1
				}
			} else if s != "" {
				consonants = 0
			}
			out.WriteString(s)
		}
		return out.String()
	}
}
