package lang

import "strings"

// Direction returns the way a paragraph runs, "rtl" or "ltr", or "" if it has
// no letters: "rtl" if two words in five or more are in a script that runs from
// right to left. Addresses, which are Latin anywhere, count only when there is
// nothing else.
//
// The first strong letter, which Unicode's algorithm goes by, is wrong for a
// Persian question about "iPhone". So is the majority: people who write from
// right to left mix in Latin names in plenty, the others hardly the reverse.
// Two in five is the share that Google's Closure library settled on.
func Direction(text string) string {
	rtl, ltr, addresses := 0, 0, 0
	for word := range strings.FieldsSeq(text) {
		switch {
		case address(word):
			addresses++
		case strings.ContainsFunc(word, rightToLeft):
			rtl++
		case strings.ContainsFunc(word, func(r rune) bool { return scriptIndex(r) >= 0 }):
			ltr++
		}
	}
	switch {
	case rtl > 0 && 5*rtl >= 2*(rtl+ltr):
		return "rtl"
	case ltr+addresses > 0:
		return "ltr"
	}
	return ""
}

func rightToLeft(r rune) bool { return r >= 0x590 && ScriptOfRune(r).RightToLeft() }

// address reports whether a word is an address on the net or of mail, or a
// file's name. Its marks are such that prose has no space beside them.
func address(word string) bool {
	if strings.Contains(word, "://") || strings.Contains(word, "@") || strings.HasPrefix(word, "www.") {
		return true
	}
	before, after, found := strings.Cut(strings.TrimRight(word, ".,;:!?)،؛؟"), ".")
	return found && latin(before) && latin(after)
}

// latin reports whether s begins and ends with an ASCII letter or digit, and
// has such a letter.
func latin(s string) bool {
	letter := func(b byte) bool { return 'a' <= b|0x20 && b|0x20 <= 'z' }
	known := func(b byte) bool { return letter(b) || '0' <= b && b <= '9' }
	return s != "" && known(s[0]) && known(s[len(s)-1]) && strings.ContainsFunc(s, func(r rune) bool { return r < 0x80 && letter(byte(r)) })
}
