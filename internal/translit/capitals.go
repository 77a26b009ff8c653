package translit

import (
	"strings"
	"unicode"
)

// capital reports that the letters at i are written as capitals. A soft sign
// has no capital in Latin letters, and goes by those around it.
func (r *run) capital(i, n int) bool {
	for _, c := range r.text[i : i+n] {
		if unicode.IsUpper(c) || unicode.IsTitle(c) {
			return true
		}
		if unicode.IsLower(c) {
			return false
		}
	}
	if !r.latin || i == 0 || !unicode.IsUpper(r.text[i-1]) {
		return false
	}
	for k := i + n; k < min(i+n+3, len(r.text)) && unicode.IsLetter(r.text[k]); k++ {
		if !unicode.Is(unicode.Lm, r.text[k]) {
			return unicode.IsUpper(r.text[k])
		}
	}
	capitals := 0 // at the end of a word, two of them say that all are
	for k := i - 1; k >= max(0, i-4); k-- {
		if unicode.IsUpper(r.text[k]) {
			capitals++
		} else if !unicode.Is(unicode.Lm, r.text[k]) {
			break
		}
	}
	return capitals > 1
}

// capitals returns to with its first letter as a capital, or all of them in a
// word that is written so: Шаар is Şaar or Shaar, ШААР is SHAAR.
func (r *run) capitals(to string, i, n int) string {
	all, next := i > 0 && unicode.IsUpper(r.text[i-1]), i+n // АҚШнинг is AQSHning
	if next < len(r.text) && unicode.IsUpper(r.text[next]) {
		all = true
	}
	for _, c := range r.text[i+1 : next] { // Sh is Ш, and so is SH
		if unicode.IsUpper(c) || unicode.IsLower(c) {
			all = unicode.IsUpper(c)
		}
	}
	var b strings.Builder
	first := true
	for _, c := range to {
		if up := r.upper(c); (all || first) && up != c {
			c, first = up, false
		}
		b.WriteRune(c)
	}
	return b.String()
}

func (t *table) upper(c rune) rune {
	if t.dots && c == 'i' {
		return 'İ'
	}
	return unicode.ToUpper(c)
}
