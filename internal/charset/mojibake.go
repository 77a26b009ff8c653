package charset

import (
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

const (
	maxWrongs   = 3  // times that a text was read wrongly, one upon the other
	clearBetter = 20 // half bits by which a repaired text must read better at least
	fewLetters  = 12 // below so many strange letters nothing is repaired but UTF-8
)

// Mojibake repairs a text that was once decoded wrongly, such as "ÐÐ°Ð»Ð°" or
// "Ïðèâåò". It does so only where the whole text has one explanation, under
// which it reads clearly better; other text comes back as it is.
func Mojibake(text string) (repaired string, ok bool) {
	for range maxWrongs {
		better, found := once(text)
		if !found {
			break
		}
		text, ok = better, true
	}
	return text, ok
}

func once(text string) (string, bool) {
	for _, wrong := range []*charmap.Charmap{charmap.Windows1252, charmap.Windows1251} {
		data, ok := encoded(wrong, text)
		switch {
		case !ok || ascii(data):
		case count(data) == wholeUTF8:
			if better(text, string(data)) {
				return string(data), true
			}
		case strange(text):
			if v := detect(data); v.plausible() && v.ahead >= clearBetter && v.cost < costOfAny(text)/2 {
				return v.decode(data), true
			}
		}
	}
	return text, false
}

// encoded returns the bytes that were read as text. What an encoding leaves
// without a meaning was read as a control character.
func encoded(wrong *charmap.Charmap, text string) ([]byte, bool) {
	data := make([]byte, 0, len(text))
	for _, r := range text {
		b, ok := wrong.EncodeRune(r)
		if !ok && (r < 0x80 || r > 0xff || wrong == charmap.Windows1251 && r >= 0xa0) {
			return nil, false
		}
		if !ok {
			b = byte(r)
		}
		data = append(data, b)
	}
	return data, true
}

// better reports whether a text that can be read as UTF-8 should be.
func better(text, repaired string) bool {
	return costOfAny(repaired)+clearBetter <= costOfAny(text)
}

// costOfAny returns what a text costs, in half bits, to who reads it best.
func costOfAny(text string) int {
	cost, _ := candidate{}.anyone(string(sample([]byte(text))))
	return cost
}

// strange reports whether hardly a letter of a text is ASCII, and its words
// are in no language that we know. A text in Latin letters, some of them with
// accents, may be in a language that we do not know.
func strange(text string) bool {
	part := string(sample([]byte(text)))
	letters, high := 0, 0
	for _, r := range part {
		if isLetter(r) || r > 0x7f && r < 0xa0 {
			letters++
			if r >= utf8.RuneSelf {
				high++
			}
		}
	}
	if high < fewLetters || high <= letters*2/3 {
		return false
	}
	cost, usual := candidates[0].read(part) // most such text is Russian, which is soon found out
	if cost > usual*5/4+slack {
		cost, usual = candidate{}.anyone(part)
	}
	return cost > usual*5/4+slack
}
