package charset

import (
	"slices"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// A candidate is an encoding that a text may be in, with the languages that
// were written in it.
type candidate struct {
	name      string
	encoding  encoding.Encoding
	languages string
	rare      int // cost of supposing it at all, in half bits
}

// candidates are in the order in which the first wins where two read the same:
// the more common one.
var candidates = []candidate{
	{"windows-1251", charmap.Windows1251, "ru uk be bg mk sr ce", 0},
	{"windows-1252", charmap.Windows1252, "en fr de es pt it nl sv da no fi is fo ga ca gl eu af sq wo br lb oc fur ht gn rm", 0},
	{"windows-1250", charmap.Windows1250, "pl cs sk hu sl hr ro sq de hsb szl", 0},
	{"windows-1254", charmap.Windows1254, "tr ku tk crh", 0},
	{"windows-1256", charmap.Windows1256, "ar fa ur ps sd ckb", 0},
	{"kz-1048", kz1048, "kk", 8},
	{"pt154", pt154, "kk ky tt ba uz-Cyrl az-Cyrl tk-Cyrl mn tg", 8},
	{"ibm866", charmap.CodePage866, "ru uk be bg", 12},
	{"koi8-r", charmap.KOI8R, "ru bg", 8},
	{"koi8-u", charmap.KOI8U, "uk be", 8},
	{"iso-8859-5", charmap.ISO8859_5, "ru uk be bg mk sr", 12},
	{"x-mac-cyrillic", charmap.MacintoshCyrillic, "ru uk be bg mk sr", 8},
	{"iso-8859-2", charmap.ISO8859_2, "pl cs sk hu sl hr ro", 4},
	{"windows-1257", charmap.Windows1257, "lt lv et", 0},
	{"windows-1258", charmap.Windows1258, "vi", 8},
	{"viscii", viscii, "vi", 20},
	{"tcvn3", tcvn3, "vi", 16},
	{"windows-1253", charmap.Windows1253, "el", 0},
	{"windows-1255", charmap.Windows1255, "he", 0},
	{"iso-8859-6", charmap.ISO8859_6, "ar", 8},
	{"windows-874", charmap.Windows874, "th", 0},
	{"gb18030", simplifiedchinese.GB18030, "zh yue", 0},
	{"big5", traditionalchinese.Big5, "yue", 0},
	{"euc-kr", korean.EUCKR, "ko", 0},
	{"shift_jis", japanese.ShiftJIS, "ja", 0},
	{"euc-jp", japanese.EUCJP, "ja", 0},
}

const (
	utf8Name    = "utf-8"
	utf16leName = "utf-16le"
	utf16beName = "utf-16be"
	utf32leName = "utf-32le"
	utf32beName = "utf-32be"
)

// own are encodings that the table of the WHATWG lacks, by the names that
// they go by.
var own = []struct {
	names    string
	encoding encoding.Encoding
}{
	{"kz-1048 kz1048 rk1048 strk1048-2002", kz1048},
	{"pt154 ptcp154 cp154 cyrillic-asian", pt154},
	{"viscii viscii1.1-1 csviscii", viscii},
	{"tcvn3 tcvn5712-3 abc", tcvn3},
	{"ibm437 cp437 437", charmap.CodePage437},
	{"ibm850 cp850 850", charmap.CodePage850},
	{"ibm852 cp852 852", charmap.CodePage852},
	{utf16leName + " ucs-2le", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)},
	{utf16beName + " ucs-2be", unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)},
	{utf32leName + " ucs-4le", utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM)},
	{utf32beName + " ucs-4be", utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM)},
}

// named returns the encoding of a name, such as "cp1251" or "Shift-JIS".
func named(name string) (candidate, bool) {
	name = strings.ToLower(strings.TrimSpace(name))
	for _, o := range own {
		if names := strings.Fields(o.names); slices.Contains(names, name) {
			return candidate{name: names[0], encoding: o.encoding}, true
		}
	}
	e, err := htmlindex.Get(name)
	if err != nil || e == encoding.Replacement {
		return candidate{}, false
	}
	canonical, err := htmlindex.Name(e)
	return candidate{name: canonical, encoding: e}, err == nil
}

// decoder returns what turns bytes into text. Windows-1258 has accents of
// their own, which are joined with their letters.
func (c candidate) decoder() transform.Transformer {
	if c.name == "windows-1258" {
		return transform.Chain(c.encoding.NewDecoder(), norm.NFC)
	}
	return c.encoding.NewDecoder()
}

func (c candidate) decode(data []byte) string {
	text, _, err := transform.Bytes(c.decoder(), data)
	if err != nil {
		return string(text) + "\ufffd" // cut in the middle of a character
	}
	return string(text)
}
