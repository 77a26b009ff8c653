package lang

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fold returns the match form of text: what two people who mean the same word
// have in common, however they typed it. It is never shown.
//
// NFKC comes first; then letters that keyboards and habits mix up are made
// one, marks that people leave out are dropped, digits become ASCII, and case
// goes. Folding is by code point: it never joins or splits words, except that
// characters without width vanish. Fold(t, Fold(t, s)) equals Fold(t, s).
func Fold(tag Tag, text string) string {
	base := tag.Base()
	if base == "my" {
		return foldBurmese(text)
	}
	return fold(base, text)
}

// foldBurmese makes one of the two encodings of Burmese. What vanishes in
// folding may have hidden some Zawgyi, so it asks again, of a shorter text.
func foldBurmese(text string) string {
	for range 8 {
		if isBurmeseZawgyi(text) {
			text = FromZawgyi(text)
		}
		if text = fold("my", text); !isBurmeseZawgyi(text) {
			break
		}
	}
	return text
}

func fold(base Tag, text string) string {
	table := foldTable(base)
	if plain(text) {
		folded, _ := foldRunes(base, table, text)
		return string(folded)
	}
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "´", "'") // NFKC has a space in it
	for {
		folded, met := foldRunes(base, table, norm.NFKC.String(text))
		if text = string(folded); !met {
			return text
		}
	}
}

// foldRunes returns the match form of text that NFKC has been through. met
// reports that, in it, characters may have come together that compose.
func foldRunes(base Tag, table *table, text string) (folded []byte, met bool) {
	folded = make([]byte, 0, len(text))
	bits, changed := plainBits(), false
	for _, r := range text {
		f := r
		if r >= int32(len(table)) {
			f = foldRune(base, r)
		} else if f = rune(table[r]); f == dropped {
			f = -1
		}
		if f < 0 {
			changed = true
			continue
		}
		met = met || (changed || f != r) && !plainRune(bits, f)
		changed = f != r
		folded = utf8.AppendRune(folded, f)
	}
	return folded, met
}

// The match form of each code point of the basic plane: text is folded at
// every search and for every passage, so foldRune is asked once for each.
type table [1 << 16]uint16

const dropped = 0xFFFF // no character has this code point

var (
	foldMost    = sync.OnceValue(func() *table { return newTable("und") })
	foldMarked  = sync.OnceValue(func() *table { return newTable("vi") })
	foldAmharic = sync.OnceValue(func() *table { return newTable("am") })
	foldElided  = sync.OnceValue(func() *table { return newTable("tr") })
)

func foldTable(base Tag) *table {
	switch {
	case base == "am":
		return foldAmharic()
	case elided[base]:
		return foldElided()
	case marksMatter[base]:
		return foldMarked()
	}
	return foldMost()
}

func newTable(base Tag) *table {
	t := new(table)
	for r := range rune(len(t)) {
		t[r] = dropped
		if f := foldRune(base, r); f >= 0 {
			t[r] = uint16(f)
		}
	}
	return t
}

// In these languages a letter with another mark is another word, and people
// type the marks: folding them cost Vietnamese 7 points of recall@1.
var marksMatter = map[Tag]bool{"vi": true, "yo": true, "ig": true, "ha": true, "ln": true, "wo": true}

// In these languages an apostrophe stands between two words, or a name and its
// endings: l’eau, İstanbul'da. In the others it is part of a letter or a word.
var elided = map[Tag]bool{"tr": true, "fr": true, "it": true, "ca": true}

// plain reports that NFKC would leave text as it is, because no character of
// it decomposes, composes or is put in order. x/text asks the same more
// exactly, and at five times the cost; most alphabets are plain.
func plain(text string) bool {
	bits := plainBits()
	for _, r := range text {
		if !plainRune(bits, r) {
			return false
		}
	}
	return true
}

func plainRune(bits *[1 << 10]uint64, r rune) bool { return r < 1<<16 && bits[r>>6]&(1<<(r&63)) != 0 }

var plainBits = sync.OnceValue(func() *[1 << 10]uint64 {
	bits := new([1 << 10]uint64)
	for r := range rune(1 << 16) {
		s := string(r)
		if p := norm.NFKC.PropertiesString(s); r != utf8.RuneError && p.CCC() == 0 && p.BoundaryBefore() && norm.NFKC.IsNormalString(s) {
			bits[r>>6] |= 1 << (r & 63)
		}
	}
	return bits
})

// foldRune returns the match form of one code point, or -1 if it has none.
func foldRune(base Tag, r rune) rune {
	switch {
	case apostrophe(r):
		if elided[base] {
			return '\''
		}
		return -1 // o‘zbek, oʻzbek, o'zbek and ozbek are one word
	case r < 0x80:
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	case r >= 0x300 && r <= 0x36F: // marks on Latin and Cyrillic letters
		if marksMatter[base] {
			return r
		}
		return -1
	case invisible(r):
		return -1
	case unicode.Is(unicode.Nd, r):
		return '0' + digitValue(r)
	case unicode.IsUpper(r), unicode.IsTitle(r):
		r = unicode.ToLower(r)
	}
	if f, ok := folds[r]; ok {
		return f
	}
	if f, ok := bare[r]; ok && !marksMatter[base] {
		return f
	}
	if base == "am" && r >= 0x1200 && r <= 0x137F {
		return joinAmharic(r)
	}
	return r
}

func apostrophe(r rune) bool {
	switch r {
	case '\'', '`', '‘', '’', 'ʻ', 'ʼ', 'ʹ':
		return true
	}
	return false
}

// invisible reports the characters that have no width or that people leave
// out: joiners, direction marks, tatweel, harakat, the Indic nukta.
func invisible(r rune) bool {
	switch {
	case r >= 0x064B && r <= 0x065F, r == 0x0640, r == 0x0670, r >= 0x06D6 && r <= 0x06ED && r != 0x06E5 && r != 0x06E6:
		return unicode.Is(unicode.Mn, r) || r == 0x0640
	case r == 0x093C, r == 0x09BC, r == 0x0A3C, r == 0x0ABC, r == 0x0B3C, r == 0x0CBC:
		return true
	case r == 0x17DD, r == 0x17D3:
		return true
	}
	return unicode.Is(unicode.Cf, r)
}

// digitValue returns what a decimal digit of any script stands for. Unicode
// keeps each set of ten in order, from a code point that is 0 mod 10 digits
// after the range's start.
func digitValue(r rune) rune {
	for _, rg := range unicode.Nd.R16 {
		if rune(rg.Lo) <= r && r <= rune(rg.Hi) {
			return (r - rune(rg.Lo)) % 10
		}
	}
	for _, rg := range unicode.Nd.R32 {
		if rune(rg.Lo) <= r && r <= rune(rg.Hi) {
			return (r - rune(rg.Lo)) % 10
		}
	}
	return 0
}

// folds makes letters one that are typed for each other. Kyrgyz, Kazakh, Tajik
// and Tatar letters fall to what a Russian keyboard has (ң to н): at no cost on
// clean text, 11 points of recall@1 on text typed that way.
var folds = pairs(
	"өо үу ұу ңн қк ғг һх әа іи ёе ҳх ҷч ӣи ӯу җж ҙз ҫс ҡк ҥн ӊн ӄк ѕс јй ўу",                   // Cyrillic
	"ıi əe łl øo ħh ŋn ɓb ɗd ƙk ƴy æa œo ßs ðd þt ǝe",                                           // Latin
	"أا إا آا ٱا ىي یي ېي ۍي ئي ےي ۓي ێي ؤو ۆو ۇو ۈو ۋو ۉو کك ڪك گك ةه ۀه ەه ہه ھه ۂه ۃه ڵل ڕر", // Arabic
	"ँं ৎত ঁং ਂੰ", // Indic: people mix the two nasal signs
	"ऩन ऱर ऴळ",    // the letters with nukta that NFKC composes
	"ςσ",
)

// bare gives the letter under the marks of a composed one, in its match form:
// é to e, ё to е, ӛ to а. The Cyrillic й is a letter of its own to everyone who
// reads it. The Vietnamese đ goes with the marks, since it is typed with them.
var bare = func() map[rune]rune {
	m := map[rune]rune{'đ': 'd'}
	for _, block := range [][2]rune{{0xC0, 0x24F}, {0x370, 0x4FF}, {0x1E00, 0x1FFF}} {
		for r := block[0]; r <= block[1]; r++ {
			first := []rune(norm.NFD.String(string(r)))[0]
			if first == r || r == 'й' {
				continue
			}
			m[r] = first
			if f, ok := folds[first]; ok {
				m[r] = f
			}
		}
	}
	return m
}()

func pairs(lists ...string) map[rune]rune {
	m := map[rune]rune{}
	for _, list := range lists {
		for _, p := range strings.Fields(list) {
			rs := []rune(p)
			m[rs[0]] = rs[1]
		}
	}
	return m
}

// joinAmharic joins the letters that sound alike in Amharic (not in Tigrinya):
// ሐ ኀ ሀ, ሠ ሰ, ዐ አ, ፀ ጸ, with all their vowels, and ሃ ሀ, ኣ አ.
func joinAmharic(r rune) rune {
	switch {
	case r >= 0x1210 && r <= 0x1216:
		r -= 0x10
	case r >= 0x1280 && r <= 0x1286:
		r -= 0x80
	case r >= 0x1220 && r <= 0x1227:
		r += 0x10
	case r >= 0x12D0 && r <= 0x12D6:
		r -= 0x30
	case r >= 0x1340 && r <= 0x1346:
		r -= 0x08
	}
	switch r {
	case 0x1203:
		return 0x1200
	case 0x12A3:
		return 0x12A0
	}
	return r
}
