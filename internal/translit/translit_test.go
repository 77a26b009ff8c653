package translit

import (
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"tilgate/internal/lang"
)

func alphabet(t testing.TB, tag lang.Tag, script lang.Script, name string) Alphabet {
	t.Helper()
	for _, a := range Alphabets(tag) {
		if a.Script == script && a.Name == name {
			return a
		}
	}
	t.Fatalf("%s has no %s alphabet %q", tag, script, name)
	return Alphabet{}
}

const (
	cyrillic33 = "а б в г д е ё ж з и й к л м н о п р с т у ф х ц ч ш щ ъ ы ь э ю я "
	latinMost  = "a b d e f g h i j k l m n o p r s t u v y z "
)

// letters are those of the main alphabet, for each alphabet that promises to
// give them back.
var letters = []struct {
	tag     lang.Tag
	script  lang.Script
	name    string
	letters string
}{
	{"ky", "Latn", "turkic", cyrillic33 + "ң ө ү"},
	{"tt", "Latn", "turkic", cyrillic33 + "ә җ ң ө ү һ"},
	{"ba", "Latn", "turkic", cyrillic33 + "ә ғ ҙ ҡ ң ө ҫ ү һ"},
	{"tg", "Latn", "scholarly", cyrillic33 + "ғ ӣ қ ӯ ҳ ҷ"},
	{"mn", "Latn", "standard", cyrillic33 + "ө ү"},
	{"uz", "Cyrl", "1940", latinMost + "q x oʻ gʻ sh ch ʼ"},
	{"az", "Cyrl", "1958", latinMost + "c ç ə ğ x ı ö q ş ü"},
	{"tk", "Cyrl", "1940", "a b ç d e ä f g h i j ž k l m n ň o ö p r s ş t u ü w y ý z"},
	{"ug", "Latn", "uly", "ا ە ب پ ت ج چ خ د ر ز ژ س ش غ ف ق ك گ ڭ ل م ن ھ و ۇ ۆ ۈ ۋ ې ى ي"},
	{"ug", "Cyrl", "1947", "ا ە ب پ ت ج چ خ د ر ز ژ س ش غ ف ق ك گ ڭ ل م ن ھ و ۇ ۆ ۈ ۋ ې ى ي"},
}

// word draws a word of these letters, spelled as words are: a hard or soft sign
// comes after a letter, an apostrophe stands between letters, an Uyghur vowel sits on a consonant or on ئ.
func word(letters string) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		drawn := rapid.SliceOfN(rapid.SampledFrom(strings.Fields(letters)), 3, 14).Draw(t, "letters")
		var b strings.Builder
		last := ""
		for i, s := range drawn {
			if (i == 0 || last == "ъ" || last == "ь") && (s == "ъ" || s == "ь") || s == "ʼ" && (i == 0 || i == len(drawn)-1 || strings.ContainsAny(last, "ʻʼ") || last == "g" || last == "o") {
				s = string([]rune(letters)[:1])
			}
			if isUyghurVowel(s) && (last == "" || isUyghurVowel(last) || rapid.IntRange(0, 20).Draw(t, "hiatus") == 0) {
				b.WriteString("ئ")
			}
			b.WriteString(s)
			last = s
		}
		return b.String()
	})
}

func isUyghurVowel(s string) bool { return s != "" && strings.Contains("اەوۇۆۈېى", s) }

func TestRoundTripWords(t *testing.T) {
	tested := map[string]bool{}
	for _, tt := range letters {
		a := alphabet(t, tt.tag, tt.script, tt.name)
		tested[string(tt.tag)+string(tt.script)+tt.name] = true
		t.Run(string(tt.tag)+"-"+string(tt.script), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				low := word(tt.letters).Draw(t, "word")
				first := []rune(low)
				first[0] = a.write.capitalOf(first[0])
				for _, w := range []string{low, string(first), strings.Map(a.write.capitalOf, low)} {
					if roman(w) || roman(a.Write(w)) {
						continue
					}
					if got := a.Read(a.Write(w)); got != w {
						t.Fatalf("%s is written %s, and that is read %s", w, a.Write(w), got)
					}
				}
			})
		})
	}
	for _, tag := range Tags() {
		for _, a := range Alphabets(tag) {
			if a.RoundTrips != tested[string(tag)+string(a.Script)+a.Name] {
				t.Errorf("%s in %s, %s: RoundTrips is %v, which this test does not show", tag, a.Script, a.Name, a.RoundTrips)
			}
		}
	}
}

func (t *table) capitalOf(r rune) rune {
	if t.dotted && r == 'i' {
		return 'İ'
	}
	return unicode.ToUpper(r)
}

// TestSettles: what an alphabet loses, it loses once. Written, read and
// written again, a word stays as it was first written.
func TestSettles(t *testing.T) {
	for _, tag := range Tags() {
		for _, a := range Alphabets(tag) {
			if a.RoundTrips || a.OneWay {
				continue
			}
			for _, s := range sentences[tag] {
				once := a.Read(a.Write(s))
				if twice := a.Read(a.Write(once)); twice != once {
					t.Errorf("%s in %s, %s: %q becomes %q, and that %q", tag, a.Script, a.Name, s, once, twice)
				}
			}
		}
	}
}

func TestRoundTripSentences(t *testing.T) {
	for _, tag := range Tags() {
		if len(sentences[tag]) == 0 {
			t.Errorf("no sentences in %s", tag)
		}
		for _, a := range Alphabets(tag) {
			for _, s := range sentences[tag] {
				if got := a.Read(a.Write(s)); a.RoundTrips && got != s {
					t.Errorf("%s: %q is written %q, and that is read %q", tag, s, a.Write(s), got)
				}
			}
		}
	}
}
