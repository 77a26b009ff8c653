package metric

import (
	"fmt"
	"math"
	"slices"
)

// BLEU is the precision of word n-grams up to four, less a penalty for being
// short (Papineni et al. 2002). The zero value is sacreBLEU's default for a
// corpus.
type BLEU struct {
	Tokenizer Tokenizer // empty means 13a
	Lower     bool
	// Effective leaves out the orders that a text is too short for. It is for
	// single sentences.
	Effective bool
	Smooth    Smoothing // empty means exp
}

// A Smoothing says what becomes of an order without matches, which would make
// all of BLEU 0. They are sacreBLEU's, by its names and with its defaults (Chen
// and Cherry 2014, "A Systematic Comparison of Smoothing Techniques for
// Sentence-Level BLEU").
type Smoothing string

// The smoothings.
const (
	SmoothExp   Smoothing = "exp"   // half a match, and half of that for each further such order, as in mteval
	SmoothFloor Smoothing = "floor" // a tenth of a match
	SmoothAddK  Smoothing = "add-k" // one more match, and one more n-gram, of each order above the first
	SmoothNone  Smoothing = "none"
)

const (
	smoothFloor = .1
	smoothAddK  = 1
)

const bleuOrder = 4

func (m BLEU) tokenizer() Tokenizer {
	if m.Tokenizer == "" {
		return Tok13a
	}
	return m.Tokenizer
}

// Name returns "BLEU".
func (m BLEU) Name() string { return "BLEU" }

// Signature says how the score was made.
func (m BLEU) Signature(refs int) string {
	eff := "eff:no"
	if m.Effective {
		eff = "eff:yes"
	}
	return signature(refs, caseOf(m.Lower), eff, "tok:"+string(m.tokenizer()), "smooth:"+m.smooth())
}

func (m BLEU) smooth() string {
	switch m.Smooth {
	case SmoothFloor:
		return fmt.Sprintf("%s[%.2f]", m.Smooth, smoothFloor)
	case SmoothAddK:
		return fmt.Sprintf("%s[%.2f]", m.Smooth, float64(smoothAddK))
	case "":
		return string(SmoothExp)
	}
	return string(m.Smooth)
}

func (m BLEU) words(s string, v vocabulary) []uint32 {
	if m.Lower {
		s = lower(s)
	}
	return v.symbols(m.tokenizer().Words(rstrip(s)))
}

// Count returns the length of hyp and of the reference nearest in length, then
// the n-grams of each order that match any reference, then those of hyp.
func (m BLEU) Count(hyp string, refs []string) []float64 {
	v := vocabulary{}
	h := m.words(hyp, v)
	out := make([]float64, 2+2*bleuOrder)
	out[0] = float64(len(h))
	var most [bleuOrder]*gramCount
	for i := range most {
		most[i] = newGramCount()
	}
	nearest := -1
	for _, ref := range refs {
		r := m.words(ref, v)
		if far, farthest := abs(len(r)-len(h)), abs(nearest-len(h)); nearest < 0 || far < farthest || far == farthest && len(r) < nearest {
			nearest = len(r)
		}
		for i := range most {
			if len(refs) == 1 {
				most[i].add(r, i+1, wordBits)
			} else {
				most[i].atLeast(r, i+1, wordBits)
			}
		}
	}
	out[1] = float64(nearest)
	for i := range most {
		out[2+i] = float64(most[i].take(h, i+1, wordBits))
		out[2+bleuOrder+i] = float64(max(0, len(h)-i))
	}
	return out
}

func abs(n int) int { return max(n, -n) }

// smoothed adds to sums what the smoothing adds to the counts themselves.
func (m BLEU) smoothed(sums []float64) []float64 {
	if m.Smooth != SmoothAddK || sums[2] == 0 {
		return sums
	}
	sums = slices.Clone(sums)
	for i := 1; i < bleuOrder; i++ {
		sums[2+i] += smoothAddK
		sums[2+bleuOrder+i] += smoothAddK
	}
	return sums
}

// precision returns the precision of each order in percent, smoothed, and how
// many orders count.
func (m BLEU) precision(sums []float64) (p [bleuOrder]float64, orders int) {
	half := 1.0
	orders = bleuOrder
	for i := range p {
		match, total := sums[2+i], sums[2+bleuOrder+i]
		if total == 0 {
			break
		}
		if m.Effective {
			orders = i + 1
		}
		switch {
		case match > 0:
			p[i] = 100 * match / total
		case m.Smooth == SmoothFloor:
			p[i] = 100 * smoothFloor / total
		case m.Smooth == SmoothExp, m.Smooth == "":
			half *= 2
			p[i] = 100 / (half * total)
		}
	}
	return p, orders
}

// Score returns the geometric mean of the precisions, times the penalty.
func (m BLEU) Score(sums []float64) float64 {
	if len(sums) == 0 || sums[2] == 0 { // no word matches, so nothing longer does
		return 0
	}
	p, orders := m.precision(m.smoothed(sums))
	var logs float64
	for _, v := range p[:orders] {
		if v == 0 {
			logs += -9999999999 // as sacreBLEU has it: an order without n-grams makes all of it 0
		} else {
			logs += math.Log(v)
		}
	}
	return penalty(sums) * math.Exp(logs/float64(orders))
}

// BLEUParts is what a BLEU score is made of.
type BLEUParts struct {
	Counts, Totals, Precisions []float64 // of n-grams of one to four words; precisions in percent
	BP                         float64   // brevity penalty
	HypLen, RefLen             int
}

// Parts returns what the score of sums is made of, as sacreBLEU prints it.
func (m BLEU) Parts(sums []float64) BLEUParts {
	sums = m.smoothed(sums)
	p, _ := m.precision(sums)
	parts := BLEUParts{Counts: sums[2 : 2+bleuOrder], Totals: sums[2+bleuOrder : 2+2*bleuOrder], Precisions: p[:], BP: penalty(sums), HypLen: int(sums[0]), RefLen: int(sums[1])}
	if sums[2] == 0 { // sacreBLEU stops before it smooths
		parts.Precisions = make([]float64, bleuOrder)
	}
	return parts
}

// penalty is the brevity penalty.
func penalty(sums []float64) float64 {
	switch hyp, ref := sums[0], sums[1]; {
	case hyp >= ref:
		return 1
	case hyp == 0:
		return 0
	default:
		return math.Exp(1 - ref/hyp)
	}
}
