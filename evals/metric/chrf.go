package metric

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ChrF is the F-score of character n-grams (Popović 2015) and, with Words
// above 0, of word n-grams beside them: chrF++ has 2 (Popović 2017). Recall
// counts Beta times as much as precision. The zero value is chrF2 with
// characters up to 6.
type ChrF struct {
	Chars int // the longest n-gram of characters, up to 6; 0 means 6
	Words int // the longest n-gram of words, up to 4
	Beta  int // 0 means 2
	Lower bool
	Space bool // white space counts as characters
	// Epsilon makes the score the mean of the orders' F-scores, orders that a
	// text is too short for included, as chrF++.py, NLTK and Moses do.
	Epsilon bool
}

// ChrFPP is chrF++.
var ChrFPP = ChrF{Words: 2}

func (m ChrF) chars() int { return orDefault(m.Chars, 6) }
func (m ChrF) beta() int  { return orDefault(m.Beta, 2) }

func orDefault(v, otherwise int) int {
	if v == 0 {
		return otherwise
	}
	return v
}

// Name returns "chrF2" or "chrF2++".
func (m ChrF) Name() string { return "chrF" + strconv.Itoa(m.beta()) + strings.Repeat("+", m.Words) }

// Signature says how the score was made.
func (m ChrF) Signature(refs int) string {
	space := "space:no"
	if m.Space {
		space = "space:yes"
	}
	return signature(refs, caseOf(m.Lower), "eff:"+yesNo(!m.Epsilon), "nc:"+strconv.Itoa(m.chars()), "nw:"+strconv.Itoa(m.Words), space)
}

// spelled is a text as n-grams are counted in it.
type spelled struct{ chars, words []uint32 }

func (m ChrF) spell(s string, v vocabulary) spelled {
	if m.Lower {
		s = lower(s)
	}
	var out spelled
	if m.Space {
		for _, r := range s {
			out.chars = append(out.chars, uint32(r))
		}
	} else {
		out.chars = characters(s)
	}
	if m.Words > 0 {
		out.words = v.symbols(apart(words(s)))
	}
	return out
}

// apart takes one mark of ASCII punctuation off each word, from its end or
// else its beginning.
func apart(words []string) []string {
	out := make([]string, 0, len(words)+4)
	for _, w := range words {
		n := len(w) - 1
		switch {
		case utf8.RuneCountInString(w) == 1:
			out = append(out, w)
		case isPunct(w[n]):
			out = append(out, w[:n], w[n:])
		case isPunct(w[0]):
			out = append(out, w[:1], w[1:])
		default:
			out = append(out, w)
		}
	}
	return out
}

func isPunct(c byte) bool {
	return c < utf8.RuneSelf && (unicode.IsPunct(rune(c)) || unicode.IsSymbol(rune(c)))
}

// Count returns, for each order, the n-grams of hyp, of the reference, and
// those that match. Of several references the one with the best score counts.
func (m ChrF) Count(hyp string, refs []string) []float64 {
	v, counts := vocabulary{}, newGramCount()
	h := m.spell(hyp, v)
	var best []float64
	score := -1.0
	for _, ref := range refs {
		one := m.match(h, m.spell(ref, v), counts)
		if s := m.Score(one); s > score {
			best, score = one, s
		}
	}
	return best
}

func (m ChrF) match(hyp, ref spelled, counts *gramCount) []float64 {
	out := make([]float64, 0, 3*(m.chars()+m.Words))
	order := func(h, r []uint32, n int, bits uint) {
		counts.clear()
		inRef := counts.add(r, n, bits)
		matches := counts.take(h, n, bits)
		inHyp := max(0, len(h)-n+1)
		if inRef == 0 {
			inHyp = 0 // an order that the reference is too short for says nothing
		}
		out = append(out, float64(inHyp), float64(inRef), float64(matches))
	}
	for n := 1; n <= m.chars(); n++ {
		order(hyp.chars, ref.chars, n, charBits)
	}
	for n := 1; n <= m.Words; n++ {
		order(hyp.words, ref.words, n, wordBits)
	}
	return out
}

// Score returns the F-score of the mean precision and the mean recall over
// the orders that both texts are long enough for.
func (m ChrF) Score(sums []float64) float64 {
	if m.Epsilon {
		return m.meanOfOrders(sums)
	}
	var precision, recall, orders float64
	for i := 0; i+2 < len(sums); i += 3 {
		hyp, ref, match := sums[i], sums[i+1], sums[i+2]
		if hyp > 0 && ref > 0 {
			precision += match / hyp
			recall += match / ref
			orders++
		}
	}
	if orders == 0 || precision+recall == 0 {
		return 0
	}
	precision /= orders
	recall /= orders
	f := float64(m.beta() * m.beta())
	return 100 * ((1 + f) * precision * recall / (f*precision + recall))
}

// meanOfOrders is the mean of the orders' F-scores.
func (m ChrF) meanOfOrders(sums []float64) float64 {
	const epsilon = 1e-16
	share := func(match, of float64) float64 {
		if of == 0 {
			return epsilon
		}
		return match / of
	}
	f := float64(m.beta() * m.beta())
	var score float64
	for i := 0; i+2 < len(sums); i += 3 {
		precision, recall := share(sums[i+2], sums[i]), share(sums[i+2], sums[i+1])
		if below := f*precision + recall; below > 0 {
			score += (1 + f) * precision * recall / below
		} else {
			score += epsilon
		}
	}
	return 100 * score / float64(m.chars()+m.Words)
}
