package office

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"tilgate/internal/lang"
	"tilgate/rag/read"
)

// latinFonts draw the letters of another script in the places of Latin ones:
// "fganh" in Kruti Dev is a Hindi word. A name here is the beginning of a
// font's name in small letters.
var latinFonts = []string{
	"kruti dev", "krutidev", "devlys", "chanakya", "walkman-chanakya", "shusha", "shree-dev", "dv-ttyogesh", "dvb-tt", // Hindi, Marathi
	"preeti", "kantipur", "sagarmatha", "himalb", "himalaya tt", "pcs nepali", // Nepali
	"sutonny", "bijoy", "boishakhi", "adarshalipi", // Bengali
	"anmollipi", "gurbaniakhar", "asees", // Punjabi
	"bamini", "vanavil", "tscu", "tam-", "tab-", // Tamil
	"fmabhaya", "fm abhaya", "fm-", "dl-manel", "thibus", // Sinhala
	"lmg-arun", "shree-guj", // Gujarati
	"ml-tt", "nudi ", "brh ", "baraha", // Malayalam, Kannada
	"limon", "abc-text", "abc-zerospace", "khek", // Khmer
	"win innwa", "win---innwa", "win researcher", "winmyanmar", "-win---", // Burmese
	"visual geez", "vg2", "geezedit", "ge'ez-1", "geeznewa", "power geez", "powergeez", "agf-", "washra primary", // Amharic, Tigrinya
	"acadnusx", "acadmtavr", "litnusx", "litmtavr", "chveulebrivi", // Georgian
	"arial armenian", "times armenian", "artarumian", "dallak", // Armenian
	"saysettha lao", "alice0", // Lao
	"vni-", ".vn", // Vietnamese
}

// cyrillicFonts draw the letters that Russian does not have in the places of
// others, such as є or ¬. Text without these others can be read.
var cyrillicFonts = []string{
	"kaz times", "times kaz", "kz times", "kz arial", "arial kaz", "helv kaz", "times_kaz", "arial_kaz", "kz_", // Kazakh
	"a97_oktom", "a97 oktom", "oktom", "kyrgyz times", "times kyrgyz", "janyl", // Kyrgyz
	"times new roman tj", "arial tj", "palatino linotype tj", "times tj", // Tajik
	"arial mon", "times new roman mon", "times mon", // Mongolian
	"panda times uz", "times uz", "baltica uz", "bodo_uzb", "virtec times", // Uzbek
	"tatar times", "times tat", "sl_times", // Tatar
}

func hasPrefix(font string, list []string) bool {
	font = strings.ToLower(font)
	return slices.ContainsFunc(list, func(name string) bool { return strings.HasPrefix(font, name) })
}

func isZawgyiFont(font string) bool { return hasPrefix(font, []string{"zawgyi", "zawuni"}) }

// font notes what a font means for a text that has letters. A font that is
// named for nothing, because the text is in Unicode all the same, means
// nothing.
func (b *block) font(text string, l look) {
	b.zawgyi = b.zawgyi || isZawgyiFont(l.font) || isZawgyiFont(l.complex)
	unicodeFont := strings.Contains(strings.ToLower(l.font), "unicode")
	switch {
	case b.legacy != "" || l.font == "" || unicodeFont:
	case hasPrefix(l.font, latinFonts) && strings.ContainsFunc(text, isLatin) && !strings.ContainsFunc(text, isOther):
		b.legacy = l.font
	case hasPrefix(l.font, cyrillicFonts) && strings.ContainsFunc(text, isMisplaced):
		b.legacy = l.font
	}
}

func isLatin(r rune) bool { return r < 0x250 && unicode.IsLetter(r) }
func isOther(r rune) bool { return r >= 0x370 && unicode.IsLetter(r) }

// isMisplaced reports a character that no language writes beside Russian
// letters and a legacy font draws as something else: letters of Serbian,
// Macedonian and Ukrainian, and what of Latin-1 is a letter in code page 1251.
// Kazakh has і and Uzbek has ў, and their fonts leave both in their places.
func isMisplaced(r rune) bool {
	return strings.ContainsRune("ЂЃѓЉЊЌЋЏђљњќћџЈјҐґЄєЇїѕЅ¤¦¬¶", r) || r >= 0xB5 && r < 0x100 && r != '»' && r != '·'
}

// A loss is what was left out, or mended, because of one font.
type loss struct {
	kind  read.NoteKind
	font  string
	first int // paragraph
	n     int // paragraphs
}

// readable counts a paragraph, and reports whether it has text that means
// something. Zawgyi becomes Unicode.
func (p *paper) readable(b *block) bool {
	p.n++
	text := b.text.String()
	if b.zawgyi && lang.IsZawgyi(text) {
		p.lose(read.Encoding, "Zawgyi")
		b.text.Reset()
		b.text.WriteString(lang.FromZawgyi(text))
	}
	if b.legacy != "" {
		p.lose(read.LegacyFont, b.legacy)
		return false
	}
	return len(text) > 0 || len(b.notes) > 0
}

// maxLost is how many fonts are reported by name.
const maxLost = 20

func (p *paper) lose(kind read.NoteKind, font string) {
	i := slices.IndexFunc(p.lost, func(l loss) bool { return l.font == font })
	if i < 0 {
		if i = len(p.lost); i == maxLost {
			return
		}
		p.lost = append(p.lost, loss{kind, font, p.n, 0})
	}
	p.lost[i].n++
}

func (p *paper) reportLost() {
	for _, l := range p.lost {
		text := fmt.Sprintf("text in the font %q means nothing without it and was left out, in %d paragraphs; convert it to Unicode", l.font, l.n)
		if l.kind == read.Encoding {
			text = fmt.Sprintf("text in %s fonts was converted to Unicode, in %d paragraphs", l.font, l.n)
		}
		p.note(l.kind, fmt.Sprintf("paragraph %d", l.first), text)
	}
}
