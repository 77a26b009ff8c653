package translit

import "strings"

// The Korean keyboard writes letters, and the computer joins them into blocks
// of a first consonant, a vowel, and perhaps a last consonant. The lists are
// in the order of Unicode's blocks. Some vowels and last consonants take two
// keys.
var (
	firsts = []rune("ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ")
	middle = []rune("ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ")
	lasts  = []rune("\x00ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")

	twoKeys = strings.Fields("ㅘㅗㅏ ㅙㅗㅐ ㅚㅗㅣ ㅝㅜㅓ ㅞㅜㅔ ㅟㅜㅣ ㅢㅡㅣ ㄳㄱㅅ ㄵㄴㅈ ㄶㄴㅎ ㄺㄹㄱ ㄻㄹㅁ ㄼㄹㅂ ㄽㄹㅅ ㄾㄹㅌ ㄿㄹㅍ ㅀㄹㅎ ㅄㅂㅅ")
)

const firstBlock, lastBlock = 0xAC00, 0xD7A3

func indexIn(list []rune, r rune) int {
	for i, have := range list {
		if have == r {
			return i
		}
	}
	return -1
}

// join returns the letter that two keys make, or 0.
func join(a, b rune) rune {
	for _, s := range twoKeys {
		if rs := []rune(s); rs[1] == a && rs[2] == b {
			return rs[0]
		}
	}
	return 0
}

// composeHangul joins letters into blocks as a keyboard does: a consonant
// before a vowel begins a block, even if it could end the one before.
func composeHangul(text string) string {
	rs := []rune(text)
	var out strings.Builder
	vowel := func(i int) bool { return i < len(rs) && indexIn(middle, rs[i]) >= 0 }
	for i := 0; i < len(rs); {
		first := indexIn(firsts, rs[i])
		if first < 0 || !vowel(i+1) {
			out.WriteRune(rs[i])
			i++
			continue
		}
		v := rs[i+1]
		i += 2
		if vowel(i) && join(v, rs[i]) != 0 {
			v = join(v, rs[i])
			i++
		}
		last := 0
		if i < len(rs) && indexIn(lasts, rs[i]) > 0 && !vowel(i+1) {
			last = indexIn(lasts, rs[i])
			i++
			if i < len(rs) && !vowel(i+1) {
				if both := join(lasts[last], rs[i]); both != 0 {
					last = indexIn(lasts, both)
					i++
				}
			}
		}
		out.WriteRune(firstBlock + rune((first*len(middle)+indexIn(middle, v))*len(lasts)+last))
	}
	return out.String()
}

// decomposeHangul returns the letters as they are typed, one a key.
func decomposeHangul(text string) string {
	var out strings.Builder
	write := func(r rune) {
		for _, s := range twoKeys {
			if rest, ok := strings.CutPrefix(s, string(r)); ok {
				out.WriteString(rest)
				return
			}
		}
		out.WriteRune(r)
	}
	for _, r := range text {
		if r < firstBlock || r > lastBlock {
			write(r)
			continue
		}
		n := int(r - firstBlock)
		write(firsts[n/len(lasts)/len(middle)])
		write(middle[n/len(lasts)%len(middle)])
		if last := n % len(lasts); last > 0 {
			write(lasts[last])
		}
	}
	return out.String()
}
