package pdf

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"tilgate/internal/lang"
	"tilgate/rag/read"
)

// A repair mends the text of a page that was named by its looks.
type repair struct {
	needed func(text string) bool
	line   func(line string) string
	said   string
}

var repairs = [...]repair{
	{lang.IsZawgyi, lang.FromZawgyi, "Burmese in Zawgyi was made Unicode"},
	{paintedSigns, logicalSigns, "vowel signs stood where they are painted, and were put where they are read"},
	{backwards, reversed, "right-to-left letters stood the wrong way round, and were turned"},
}

// repaired mends the pieces of a page, and returns what there is to say about
// it.
func repaired(pieces []piece) []read.Note {
	var all strings.Builder
	for _, p := range pieces {
		all.WriteString(p.text)
		for _, c := range p.cells {
			all.WriteString(" " + c)
		}
		all.WriteByte('\n')
	}
	var notes []read.Note
	for _, r := range repairs {
		if !r.needed(all.String()) {
			continue
		}
		for i := range pieces {
			pieces[i].text = r.line(pieces[i].text)
			for k, c := range pieces[i].cells {
				pieces[i].cells[k] = r.line(c)
			}
		}
		notes = append(notes, read.Note{Kind: read.Encoding, Text: r.said})
	}
	return notes
}

// preBase are the vowel signs that are painted before the consonants that they
// follow.
const preBase = "ि" + "িেৈ" + "ਿ" + "િ" + "େୈ" + "ெேை" + "െേൈ" + "ෙෛ" + "េែៃ" + "ေ"

// viramas join consonants.
const viramas = "्্੍્୍்്්្\u1039"

// rephs are र and its like before a virama, painted above what follows.
var rephs = [...]string{"र्", "র্", "ર્"}

// paintedSigns reports whether signs stand before their consonants: where words
// begin, nothing else explains them.
func paintedSigns(text string) bool {
	first, all := 0, 0
	before := ' '
	for _, r := range text {
		if strings.ContainsRune(preBase, r) {
			all++
			if !unicode.IsLetter(before) && !unicode.IsMark(before) && before != '\u25CC' && before != '\u200D' {
				first++
			}
		}
		before = r
	}
	return first >= 2 && first*20 >= all
}

// logicalSigns puts signs behind their consonants, and the र that is
// painted above a syllable before it.
func logicalSigns(line string) string {
	rs := []rune(line)
	out := make([]rune, 0, len(rs))
	for i := 0; i < len(rs); {
		if strings.ContainsRune(preBase, rs[i]) {
			if end := cluster(rs, i+1); end > i+1 {
				out = append(append(out, rs[i+1:end]...), rs[i])
				i = end
				continue
			}
		}
		if start := syllable(out); start >= 0 && isReph(rs[i:]) {
			out = append(out[:start], append([]rune{rs[i], rs[i+1]}, out[start:]...)...)
			i += 2
			continue
		}
		out = append(out, rs[i])
		i++
	}
	return norm.NFC.String(string(out)) // ে and া are one sign, ো
}

// cluster returns where the consonants end that begin at i.
func cluster(rs []rune, i int) int {
	for i < len(rs) && unicode.IsLetter(rs[i]) && rs[i] > 0x900 {
		i++
		for i < len(rs) && (strings.ContainsRune("़়਼઼଼", rs[i])) {
			i++
		}
		if i+1 >= len(rs) || !strings.ContainsRune(viramas, rs[i]) || !unicode.IsLetter(rs[i+1]) {
			break
		}
		i++
	}
	return i
}

func isReph(rs []rune) bool {
	if len(rs) < 2 {
		return false
	}
	for _, r := range rephs {
		if string(rs[:2]) == r {
			return true
		}
	}
	return false
}

// syllable returns where the last syllable begins, or -1 if the text does not
// end with one that can carry a sign.
func syllable(rs []rune) int {
	i := len(rs) - 1
	for i >= 0 && unicode.IsMark(rs[i]) && !strings.ContainsRune(viramas, rs[i]) {
		i--
	}
	if i < 0 || !unicode.IsLetter(rs[i]) || rs[i] < 0x900 {
		return -1
	}
	for i >= 2 && strings.ContainsRune(viramas, rs[i-1]) && unicode.IsLetter(rs[i-2]) {
		i -= 2
	}
	return i
}

// Letters that end words of Arabic, Persian and Urdu, and never begin one.
const onlyFinal = "ةىےں"

// backwards reports whether words begin with what only ends words.
func backwards(text string) bool {
	begin, end := 0, 0
	for word := range strings.FieldsSeq(text) {
		word = strings.TrimFunc(word, unicode.IsPunct)
		rs := []rune(word)
		if len(rs) < 3 {
			continue
		}
		if strings.ContainsRune(onlyFinal, rs[0]) {
			begin++
		}
		if strings.ContainsRune(onlyFinal, rs[len(rs)-1]) {
			end++
		}
	}
	return begin >= 4 && begin > 3*end
}

// reversed turns around a line that has right-to-left letters.
func reversed(line string) string {
	if !strings.ContainsFunc(line, isRTL) {
		return line
	}
	var units []unit
	for _, r := range line {
		units = append(units, unit{text: string(r), class: classOf(r)})
	}
	var out strings.Builder
	for _, u := range logicalRTL(numbers(units)) {
		out.WriteString(u.text)
	}
	return brackets(out.String())
}
