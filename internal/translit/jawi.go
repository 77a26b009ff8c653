package translit

import "strings"

// Jawi, the Arabic letters of Malay, leaves out most vowels, and spells words
// of Arabic as Arabic does. Rules and a list of frequent words make a text
// that readers of Jawi can read, not one that is right in each word; and no
// rule brings the vowels back, so that it is one way.
func jawi() []spec {
	return []spec{{tag: "ms", main: "Latn", script: "Arab", name: "jawi", to: ", ، ; ؛ ? ؟", oneWay: true, writeWord: writeJawi}}
}

var jawiWords = wordList(`dan دان yang يڠ ini اين itu ايت di د ke ک dari دري daripada درڤد pada ڤد kepada کڤد ada اد adalah اداله
	dengan دڠن dia دي saya ساي kita کيت mereka مريک tidak تيدق tiada تياد telah تله oleh اوليه untuk اونتوق akan اکن atau اتاو
	juga جوݢ jika جک maka مک boleh بوليه hak حق setiap ستياڤ orang اورڠ negara نݢارا manusia مأنسي semua سموا satu ساتو dua دوا
	lain لاين apa اڤ hanya هاڽ sahaja سهاج bagi باݢي dalam دالم antara انتارا serta سرتا sebagai سباݢاي secara سچارا kerja کرج
	adil عاديل akal عقل alam عالم asal اصل awal اول badan بدن dunia دنيا faham فهم hakim حاکم hukum حکوم had حد ilmu علمو
	islam اسلام izin اذن jawab جواب kitab کتاب kuat قوة masa ماس masyarakat مشارکت mesyuarat مشوارت musim موسم nikah نکاح
	perlu ڤرلو rakyat رعيت sah صح sebab سبب selamat سلامت sifat صفة surat سورت syarat شرط taraf طرف umat اومت umum عموم umur عمر
	waktu وقتو wakil وکيل zaman زمان mahkamah محکمه asas اساس asasi اساسي bebas بيبس bahawa بهاوا sama سام sesama سسام
	antarabangsa انتارابڠسا bangsa بڠسا undang اوندڠ anak انق ibu ايبو bapa باڤ nama نام rumah رومه kerana کران daerah دايره
	perempuan ڤرمڤوان lelaki للاکي agama اݢام pejabat ڤجابت sekolah سکوله doktor دوکتور wang واڠ bahasa بهاس merdeka مرديک`)

func wordList(list string) map[string]string {
	words := map[string]string{}
	f := strings.Fields(list)
	for i := 0; i+1 < len(f); i += 2 {
		words[f[i]] = f[i+1]
	}
	return words
}

var jawiLetters = wordList(`ng ڠ ny ڽ sy ش kh خ gh غ b ب c چ d د f ف g ݢ h ه j ج k ک l ل m م n ن p ڤ q ق r ر s س t ت v ۏ w و x کس y ي z ز`)

// longestMalay keeps endings of endings from being looked for without end.
const longestMalay = 40

// writeJawi spells one word: by the list, or else its beginning and ending,
// and what is between by the rules.
func writeJawi(word []rune) (changed []rune, before string) {
	s := string(word)
	if len(s) > longestMalay || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz") != "" {
		return word, ""
	}
	return []rune(jawiWord(s)), ""
}

func jawiWord(s string) string {
	if w, ok := jawiWords[s]; ok {
		return w
	}
	for _, ending := range [][2]string{{"nya", "ڽ"}, {"lah", "له"}, {"kah", "که"}, {"kan", "کن"}} {
		if stem, ok := strings.CutSuffix(s, ending[0]); ok && syllables(stem) > 1 {
			if rest, ok := strings.CutPrefix(stem, "di"); ok && ending[0] == "kan" && syllables(rest) > 1 {
				return "د" + afterBeginning(rest) + ending[1] // a passive, not a word like dinding
			}
			return jawiWord(stem) + ending[1]
		}
	}
	if stem, ok := strings.CutSuffix(s, "an"); ok && syllables(stem) > 1 {
		switch stem[len(stem)-1] {
		case 'a':
			return strings.TrimSuffix(jawiWord(stem), "ا") + "أن"
		case 'u':
			return jawiWord(stem) + "ان"
		}
		return jawiWord(stem) + "ن"
	}
	for _, beginning := range [][2]string{{"ber", "بر"}, {"per", "ڤر"}, {"ter", "تر"}, {"ke", "ک"}, {"se", "س"}, {"di", "د"}} {
		stem, ok := strings.CutPrefix(s, beginning[0])
		if !ok || syllables(stem) < 2 || beginning[0] == "di" && syllables(stem) < 3 {
			continue
		}
		if len(beginning[0]) == 2 {
			return beginning[1] + afterBeginning(stem)
		}
		return beginning[1] + jawiWord(stem)
	}
	return jawiStem(s)
}

// afterBeginning spells what comes after di, ke and se: a vowel there is on a
// hamza.
func afterBeginning(stem string) string {
	rest := jawiWord(stem)
	if after, ok := strings.CutPrefix(rest, "ا"); ok {
		return "أ" + after
	}
	return rest
}

func isJawiVowel(c byte) bool { return strings.IndexByte("aeiou", c) >= 0 }

func syllables(s string) int {
	n := 0
	for i := range len(s) {
		if isJawiVowel(s[i]) {
			n++
		}
	}
	return n
}

// jawiStem spells letter by letter. Of the vowels, i, o and u are written, e
// is not, and a is where a word begins, in an open syllable before the last,
// after another vowel, and at the end after l, r, w and ng.
func jawiStem(s string) string {
	var out strings.Builder
	left := syllables(s)
	for i := 0; i < len(s); {
		if isJawiVowel(s[i]) {
			left--
			out.WriteString(jawiVowel(s, i, left))
			i++
			continue
		}
		n := 1
		if i+1 < len(s) && jawiLetters[s[i:i+2]] != "" {
			n = 2
		}
		if s[i] == 'k' && i+1 == len(s) {
			out.WriteString("ق")
		} else {
			out.WriteString(jawiLetters[s[i:i+n]])
		}
		i += n
	}
	return out.String()
}

// jawiVowel spells the vowel at i, with so many syllables left after it.
func jawiVowel(s string, i, left int) string {
	first, afterVowel := i == 0, i > 0 && isJawiVowel(s[i-1])
	beforeVowel := i+1 < len(s) && isJawiVowel(s[i+1])
	letter := ""
	switch s[i] {
	case 'i':
		letter = "ي"
	case 'o', 'u':
		letter = "و"
	case 'a':
		last := i == len(s)-1
		open := left == 1 && (beforeVowel || openAfter(s[i+1:]))
		if first || open || afterVowel && !last || beforeVowel || last && (afterVowel && s[i-1] == 'u' || strings.ContainsAny(s[max(0, i-1):i], "lrw") || strings.HasSuffix(s[:i], "ng")) {
			letter = "ا"
		}
		return letter
	}
	if first {
		return "ا" + letter
	}
	return letter
}

// openAfter reports that one consonant stands before the next vowel.
func openAfter(rest string) bool {
	n := 0
	for n < len(rest) && !isJawiVowel(rest[n]) {
		n++
	}
	return n == 1 || n == 2 && jawiLetters[rest[:2]] != ""
}
