package pdf

import "strings"

// legacyFonts are how the names of fonts begin, in small letters and without
// anything else, that paint letters of other scripts in place of Latin ones.
var legacyFonts = []string{
	// Devanagari: India and Nepal
	"krutidev", "krutipad", "devlys", "chanakya", "walkmanchanakya", "shreedev", "shreelipi", "dvtt", "dvbtt", "apsdv", "apscdv",
	"susha", "shusha", "aakriti", "preeti", "kantipur", "sagarmatha", "himalb", "pcsnepali", "ganess", "navjeevan",
	// Bengali and Assamese
	"sutonny", "bijoy", "bwtt",
	// Gurmukhi, Gujarati, Oriya
	"satluj", "gurmukhilys", "amrlipi", "ghanshyam", "shreeguj", "akruti", "orisarala",
	// Tamil, Telugu, Kannada, Malayalam, Sinhala
	"bamini", "baamini", "vanavil", "tscu", "tamuni", "senthamil", "shreetam", "shreetel", "hemalatha", "nudi", "brhkannada",
	"mltt", "revathi", "thoolika", "fmabhaya", "fmbindumathi", "dlmanel",
	// Burmese, Khmer, Lao
	"winnwa", "winresearcher", "wininnwa", "limon", "abctext", "abczoo",
	// Ethiopic
	"visualgeez", "vg2000", "geez1", "powergeez", "ethiopiaprimary",
	// Vietnamese
	"vntime", "vnarial", "vntimeh", "vnitimes", "vnihelve",
	// Georgian, Armenian
	"acadnusx", "acadmtavr", "litnusx", "geonusx", "artarumian", "arialarmenian", "timesarmenian",
	// Urdu and Sindhi from InPage
	"noorin",
}

func isLegacyFont(name string) bool {
	bare := plainName(name)
	for _, l := range legacyFonts {
		if strings.HasPrefix(bare, l) {
			return true
		}
	}
	return false
}

// isSymbolFont reports the fonts that the marks of lists are from.
func isSymbolFont(name string) bool {
	bare := plainName(name)
	for _, s := range []string{"wingdings", "webdings", "symbol", "zapfdingbats", "opensymbol", "marlett"} {
		if strings.HasPrefix(bare, s) {
			return true
		}
	}
	return false
}

// plainName is the small letters and the digits of a name.
func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		}
		return -1
	}, name)
}
