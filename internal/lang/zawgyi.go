package lang

import "strings"

// Much Burmese is typed in Zawgyi, a font that gives the code points of
// Unicode's Myanmar block other meanings and stores what is seen from left to
// right: ေ and ြ come before their consonant, and each shape of a sign has a
// code point of its own.

// IsZawgyi reports whether a text is in Zawgyi: whether more in it is
// impossible in Unicode than in Zawgyi. A word that could be both is not.
// Shan, Mon, Karen and the others who share the block never are, since they
// only write in Unicode what Unicode allows.
func IsZawgyi(text string) bool {
	zawgyi, unicode := zawgyiSigns(text, false)
	return zawgyi > unicode
}

// isBurmeseZawgyi is IsZawgyi for text that is known to be Burmese, where
// fewer words could be both.
func isBurmeseZawgyi(text string) bool {
	zawgyi, unicode := zawgyiSigns(text, true)
	return zawgyi > unicode
}

// zawgyiSigns counts what one of the two encodings does not allow, in Burmese
// or in any of the languages.
func zawgyiSigns(text string, onlyBurmese bool) (zawgyi, unicode int) {
	var before, r rune
	see := func(after rune) {
		switch {
		case isZawgyiSign(before, r, after), onlyBurmese && isZawgyiInBurmese(before, r, after):
			zawgyi++
		case r == 0x103E, r == 0x103A && (after == 0x1038 || after == 0x1037 || after < 0x1000):
			unicode++
		}
		before, r = r, after
	}
	for _, next := range text {
		see(next)
	}
	see(0)
	return zawgyi, unicode
}

func isZawgyiSign(before, r, after rune) bool {
	switch {
	case r == 0x1031, r == 0x103B: // before its consonant, and after none
		return consonantMy(after) && !takesSign(before)
	case r == 0x1039: // the killer, where Unicode stacks consonants
		return !consonantMy(after) && !(after >= 0x1050 && after <= 0x1081)
	case r == 0x103A: // ျ with a vowel
		return consonantMy(before) && (after >= 0x102D && after <= 0x1030 || after == 0x1032)
	case r >= 0x107E && r <= 0x1084: // ြ, but letters of Shan, which has no က
		return burmese(after)
	case r == 0x107D, r >= 0x1087 && r <= 0x108A, r >= 0x1094 && r <= 0x1096: // tones of Shan
		return burmese(before)
	}
	return false
}

// isZawgyiInBurmese reports what other languages have in Unicode: letters of
// their own, and consonants below others.
func isZawgyiInBurmese(before, r, after rune) bool {
	if r == 0x1039 {
		return consonantMy(before) && consonantMy(after) && unstackable(before, after)
	}
	return consonantMy(before) && r >= 0x105A && new(syllable).add(r)
}

// unstackable reports that no word of Burmese has the second consonant below
// the first. Those of one row of the alphabet stack, and some others.
func unstackable(first, second rune) bool {
	row := func(r rune) rune {
		if r > 0x100A {
			r-- // the row of စ has two shapes of its last letter
		}
		return (r - 0x1000) / 5
	}
	switch {
	case first == 0x1004, first == 0x101A, second == 0x1021, second == 0x101E && first != second:
		return true
	}
	return first <= 0x1019 && second <= 0x1018 && row(first) != row(second)
}

// consonantMy reports the letters that carry signs, in either encoding.
func consonantMy(r rune) bool {
	return r >= 0x1000 && r <= 0x102A || r == 0x103F || r == 0x106A || r == 0x106B || r == 0x108F || r == 0x1090
}

// burmese reports the letters that Shan does without.
func burmese(r rune) bool {
	return r >= 0x1000 && r <= 0x1021 && !strings.ContainsRune("\u1004\u1010\u1011\u1015\u1019\u101A\u101B\u101C\u101D\u101E", r)
}

// takesSign reports what ေ or ျ can follow in Unicode.
func takesSign(r rune) bool {
	return consonantMy(r) || r >= 0x103A && r <= 0x103E || r >= 0x1050 && r <= 0x108F && r != 0x1064 && r != 0x105A
}

// FromZawgyi returns a text that is in Zawgyi in Unicode, each syllable's
// signs in Unicode's order. What is not Burmese stays.
func FromZawgyi(text string) string {
	var out strings.Builder
	out.Grow(len(text) + len(text)/8)
	rs := []rune(text)
	for i := 0; i < len(rs); {
		if n := writeSyllable(&out, rs, i); n > 0 {
			i += n
			continue
		}
		r := rs[i]
		if r == 0x1039 {
			r = 0x103A
		}
		out.WriteRune(r)
		i++
	}
	return out.String()
}

// A syllable is a consonant with its signs, in Unicode's order.
type syllable struct {
	kinzi   bool
	base    string
	stacked string
	asat    bool // right after the consonant, before a medial: ယောက်ျား
	medials [4]bool
	e       bool
	upper   rune
	lower   rune
	aa      rune
	dot     [3]bool // ံ ့ း
	killed  bool
}

// writeSyllable writes the syllable at i and returns how long it was in
// Zawgyi, or 0 if none begins there.
func writeSyllable(out *strings.Builder, rs []rune, i int) int {
	var s syllable
	start := i
	for ; i < len(rs); i++ {
		if rs[i] == 0x1031 {
			s.e = true
		} else if zawgyiRa(rs[i]) {
			s.medials[1] = true
		} else {
			break
		}
	}
	if i == len(rs) || !s.setBase(rs, i) {
		return 0
	}
	for i++; i < len(rs) && s.add(rs[i]); i++ {
	}
	s.settle()
	s.write(out)
	return i - start
}

func zawgyiRa(r rune) bool { return r == 0x103B || r >= 0x107E && r <= 0x1084 }

// zawgyiBases are letters that Zawgyi has more shapes of, or wrote as one.
var zawgyiBases = map[rune]string{
	0x106A: "ဉ", 0x106B: "ည", 0x108F: "န", 0x1090: "ရ", 0x1086: "ဿ",
	0x106E: "ဍ္ဍ", 0x106F: "ဍ္ဎ", 0x1091: "ဏ္ဍ", 0x1092: "ဋ္ဌ", 0x1097: "ဋ္ဋ",
}

// setBase takes the consonant at i. People type the digit ၀ for the letter ဝ,
// which looks the same.
func (s *syllable) setBase(rs []rune, i int) bool {
	r := rs[i]
	var after, before rune
	if i > 0 {
		before = rs[i-1]
	}
	if i+1 < len(rs) {
		after = rs[i+1]
	}
	switch base, ok := zawgyiBases[r]; {
	case ok:
		s.base = base
	case r == 0x1040 && (s.e || (before < 0x1040 || before > 0x1049) && (consonantMy(after) || after >= 0x102B && after <= 0x103D || zawgyiRa(after))):
		s.base = "ဝ"
	case r >= 0x1000 && r <= 0x102A || r == 0x103F:
		s.base = string(r)
	default:
		return false
	}
	return true
}

// zawgyiStacked are the consonants below another.
var zawgyiStacked = map[rune]rune{
	0x1060: 'က', 0x1061: 'ခ', 0x1062: 'ဂ', 0x1063: 'ဃ', 0x1065: 'စ', 0x1066: 'ဆ', 0x1067: 'ဆ', 0x1068: 'ဇ', 0x1069: 'ဈ',
	0x106C: 'ဋ', 0x106D: 'ဌ', 0x1070: 'ဏ', 0x1071: 'တ', 0x1072: 'တ', 0x1073: 'ထ', 0x1074: 'ထ', 0x1075: 'ဒ', 0x1076: 'ဓ',
	0x1077: 'န', 0x1078: 'ပ', 0x1079: 'ဖ', 0x107A: 'ဗ', 0x107B: 'ဘ', 0x1093: 'ဘ', 0x107C: 'မ', 0x1085: 'လ', 0x1096: 'တ',
}

// add takes a sign, and reports false for what is none. A sign that is typed
// twice shows once.
func (s *syllable) add(r rune) bool {
	if stacked, ok := zawgyiStacked[r]; ok {
		if s.stacked == "" {
			s.stacked = "\u1039" + string(stacked)
		}
		s.medials[2] = s.medials[2] || r == 0x1096
		return true
	}
	switch r {
	case 0x1064:
		s.kinzi = true
	case 0x108B, 0x108C:
		s.kinzi, s.upper = true, r-0x108B+0x102D
	case 0x108D:
		s.kinzi, s.dot[0] = true, true
	case 0x103A, 0x107D:
		s.medials[0] = true
		s.asat, s.killed = s.asat || s.killed, false
	case 0x103C:
		s.medials[2] = true
	case 0x103D, 0x1087:
		s.medials[3] = true
	case 0x108A:
		s.medials[2], s.medials[3] = true, true
	case 0x1088, 0x1089:
		s.medials[3], s.lower = true, r-0x1088+0x102F
	case 0x102F, 0x1030:
		s.lower = r
	case 0x1033, 0x1034:
		s.lower = r - 0x1033 + 0x102F
	case 0x102D, 0x102E, 0x1032:
		s.upper = r
	case 0x108E:
		s.upper, s.dot[0] = 0x102D, true
	case 0x102B, 0x102C:
		s.aa = r
	case 0x105A:
		s.aa, s.killed = 0x102B, true
	case 0x1039:
		s.killed = true
	case 0x1036, 0x1037, 0x1038:
		s.dot[r-0x1036] = true
	case 0x1094, 0x1095:
		s.dot[1] = true
	default:
		return false
	}
	return true
}

// settle finds the letters that Zawgyi put together from others: ဉ of ဥ, ဦ of
// ဥ and ီ, ဈ of စ and ျ, ဩ and ဪ of သ and ြ.
func (s *syllable) settle() {
	switch {
	case s.base == "ဥ" && s.upper == 0x102E:
		s.base, s.upper = "ဦ", 0
	case s.base == "ဥ" && (s.killed || s.aa != 0):
		s.base = "ဉ"
	case s.base == "စ" && s.medials[0] && !s.asat:
		s.base, s.medials[0] = "ဈ", false
	case s.base == "သ" && s.medials[1] && s.e && s.aa != 0 && s.killed:
		*s = syllable{base: "ဪ", dot: s.dot}
	case s.base == "သ" && s.medials == [4]bool{1: true} && !s.e && s.upper+s.lower+s.aa == 0:
		s.base, s.medials[1] = "ဩ", false
	}
}

func (s *syllable) write(out *strings.Builder) {
	if s.kinzi {
		out.WriteString("\u1004\u103A\u1039")
	}
	out.WriteString(s.base)
	out.WriteString(s.stacked)
	if s.asat {
		out.WriteRune(0x103A)
	}
	for i, has := range s.medials {
		if has {
			out.WriteRune(0x103B + rune(i))
		}
	}
	if s.e {
		out.WriteRune(0x1031)
	}
	for _, r := range []rune{s.upper, s.lower, s.aa} {
		if r != 0 {
			out.WriteRune(r)
		}
	}
	for i, has := range s.dot {
		if i == 2 && s.killed { // after ့, as NFC has it
			out.WriteRune(0x103A)
		}
		if has {
			out.WriteRune(0x1036 + rune(i))
		}
	}
}
