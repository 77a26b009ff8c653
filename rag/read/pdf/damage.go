package pdf

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"tilgate/internal/lang"
	"tilgate/rag/read"
)

// A verdict is what is to be done with the letters of a font on a page.
type verdict uint8

const (
	fine     verdict = iota
	symbols          // marks of lists
	unnamed          // letters without a meaning
	legacy           // letters that mean others
	cyrillic         // letters of Windows-1251 that were taken for those of Latin-1
)

// mend judges each font of a sheet, repairs or leaves out what it paints, and
// returns what there is to say about it.
func (s *sheet) mend() []read.Note {
	var notes []read.Note
	texts := s.byFont()
	verdicts, bars := make([]verdict, len(s.fonts)), make([]bool, len(s.fonts))
	for i, f := range s.fonts {
		verdicts[i], bars[i] = judge(f.name, texts[i]), stretches(texts[i])
		const most = 8 // of a page
		if note, ok := remark(verdicts[i], f.name); ok && len(notes) < most && !slices.Contains(notes, note) {
			notes = append(notes, note)
		}
	}
	kept, unknown := s.glyphs[:0], 0
	for _, g := range s.glyphs {
		switch verdicts[g.font] {
		case unnamed, legacy:
			continue
		case symbols:
			g.text, g.strange = "•", false
		case cyrillic:
			g.text = fromLatin1(g.text)
		}
		if g.strange && !bars[g.font] {
			g.text = "\uFFFD"
			unknown++
		}
		kept = append(kept, g)
	}
	s.glyphs = kept
	if unknown > 0 {
		notes = append(notes, read.Note{Kind: read.Encoding,
			Text: fmt.Sprintf("of %d letters the file does not say which they are; they are shown as \uFFFD", unknown)})
	}
	return notes
}

// byFont returns the text that each font paints, as far as it takes to judge it.
func (s *sheet) byFont() []string {
	const enough = 20_000 // bytes
	texts := make([]strings.Builder, len(s.fonts))
	for i, g := range s.glyphs {
		t := &texts[g.font]
		if t.Len() > enough {
			continue
		}
		if i > 0 && !near(s.glyphs[i-1], g) {
			t.WriteByte(' ')
		}
		t.WriteString(g.text)
	}
	out := make([]string, len(texts))
	for i := range texts {
		out[i] = texts[i].String()
	}
	return out
}

// near reports whether b may be of the same word as a.
func near(a, b glyph) bool {
	return follows(a, b) && max(b.x0-a.x1, a.x0-b.x1) < 0.2*max(a.size, b.size)
}

func remark(v verdict, font string) (read.Note, bool) {
	if font == "" {
		font = "without a name"
	}
	switch v {
	case unnamed:
		return read.Note{Kind: read.LegacyFont, Text: fmt.Sprintf(
			"the file does not say which letters the font %s paints; export it again with Unicode text, or read it with OCR", font)}, true
	case legacy:
		return read.Note{Kind: read.LegacyFont, Text: fmt.Sprintf(
			"the font %s is older than Unicode, so its text means nothing without it; convert the original to Unicode, or read it with OCR", font)}, true
	case cyrillic:
		return read.Note{Kind: read.Encoding, Text: "Cyrillic letters were named as Latin ones, and were mended"}, true
	}
	return read.Note{}, false
}

// judge judges the text that a font paints.
func judge(font, text string) verdict {
	letters, odd, latin, high := 0, 0, 0, 0
	for _, r := range text {
		switch {
		case unicode.IsSpace(r):
			continue
		case strange(r):
			odd++
		case r >= 0xC0 && r <= 0xFF && r != 0xD7 && r != 0xF7:
			high++
			latin++
		case r < 0x250 && unicode.IsLetter(r):
			latin++
		}
		letters++
	}
	switch {
	case letters == 0:
		return fine
	case odd > 0 && isSymbolFont(font):
		return symbols
	case odd == letters && letters < 4 && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.Is(unicode.Co, r) && !unicode.IsSpace(r) }):
		return symbols
	case odd*5 > letters && !stretches(text):
		return unnamed
	case isLegacyFont(font) && latin*2 > letters:
		return legacy
	case high >= 20 && high*10 > latin*7 && latin*2 > letters:
		if isCyrillic(fromLatin1(text)) {
			return cyrillic
		}
		return legacy
	case latin*2 > letters && garbled(text):
		return legacy
	}
	return fine
}

// stretches reports whether the letters without a name are the bars that
// stretch Arabic words: one of them, again and again.
func stretches(text string) bool {
	bar, arabic := rune(0), false
	for _, r := range text {
		switch {
		case isRTL(r):
			arabic = true
		case strange(r) && bar == 0:
			bar = r
		case strange(r) && bar != r:
			return false
		}
	}
	return arabic
}

// fromLatin1 reads letters that were taken for Latin-1, or for what Windows
// makes of it, as Windows-1251.
func fromLatin1(s string) string {
	return strings.Map(func(r rune) rune {
		b, ok := charmap.Windows1252.EncodeRune(r)
		if !ok || b < 0x80 {
			return r
		}
		return charmap.Windows1251.DecodeByte(b)
	}, s)
}

// isCyrillic reports whether a text can be in a language: its letters are
// Cyrillic, a fair part of them vowels, and capitals begin words.
func isCyrillic(text string) bool {
	letters, vowels, inside := 0, 0, 0
	var before rune
	for _, r := range text {
		if unicode.Is(unicode.Cyrillic, r) {
			letters++
			if strings.ContainsRune("аеёиоуыэюяіїє", unicode.ToLower(r)) {
				vowels++
			}
			if unicode.IsUpper(r) && unicode.IsLower(before) {
				inside++
			}
		}
		before = r
	}
	return vowels*100 > letters*28 && vowels*100 < letters*60 && inside*50 < letters
}

// garbled reports whether a text in Latin letters is none: the letters of a font
// older than Unicode that paints others in their place. Its words have no
// vowels, have capitals within, or have what stands between words. So have
// units, formulas and codes, but these repeat, and stand among numbers.
func garbled(text string) bool {
	words, numbers := 0, 0
	count, odd := 0, map[string]bool{}
	for word := range strings.FieldsSeq(text) {
		word = strings.Trim(word, ".,:!?()\"'“”‘’«»")
		letters := 0
		for _, r := range word {
			if unicode.IsLetter(r) {
				letters++
			}
		}
		switch {
		case strings.ContainsAny(word, "0123456789"):
			numbers++
			continue
		case letters < 2, strings.ContainsAny(word, "@."), strings.ToUpper(word) == word, strings.Contains(word, "//"):
			continue // an address, an abbreviation
		}
		words++
		if garbledWord(word) {
			count++
			odd[word] = true
		}
	}
	return len(odd) >= 6 && count*10 > words*4 && numbers*3 < words
}

func garbledWord(word string) bool {
	vowel := false
	var before rune
	for i, r := range word {
		switch {
		case strings.ContainsRune("[]{};=~|\\^<>`§¶†‡", r) && i > 0:
			return true
		case unicode.IsUpper(r) && unicode.IsLower(before):
			return true
		}
		vowel = vowel || isVowel(r)
		before = r
	}
	return !vowel
}

func isVowel(r rune) bool {
	base, _ := utf8.DecodeRuneInString(lang.Fold("en", string(r)))
	return strings.ContainsRune("aeiouywæøœəıʻ", base) || r > 0x17F && unicode.IsLetter(r)
}
