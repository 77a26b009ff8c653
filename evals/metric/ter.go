package metric

import (
	"math"
	"strings"
)

// TER is the translation edit rate (Snover et al. 2006): how many words must
// be inserted, deleted, replaced or moved in a run to make the reference, for
// each word of it, in percent. Finding the least is too hard; runs are moved
// greedily and edits counted within a beam, as Tercom does and sacreBLEU after
// it. Letters are compared in lower case. The zero value is sacreBLEU's
// default.
type TER struct {
	Case      bool // capital and small letters differ
	Normalize bool // ASCII punctuation is cut off from words, and XML entities are read
	NoPunct   bool // . , ? : ; ! " ( ) are left out
	Asian     bool // Normalize cuts Chinese characters apart too, NoPunct leaves out marks such as 。 too
}

// What Tercom bounds.
const (
	maxShift      = 10   // words that are moved together
	maxShiftFar   = 50   // words that they are moved
	maxCandidates = 1000 // moves that are tried
	beam          = 25   // words beside the diagonal
	infinite      = int(1e16)
)

// Name returns "TER".
func (m TER) Name() string { return "TER" }

// Signature says how the score was made.
func (m TER) Signature(refs int) string {
	return signature(refs, caseOf(!m.Case), "tok:tercom", "norm:"+yesNo(m.Normalize), "punct:"+yesNo(!m.NoPunct), "asian:"+yesNo(m.Asian))
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// Count returns the edits to the reference that takes fewest, and the mean
// length of the references.
func (m TER) Count(hyp string, refs []string) []float64 {
	v := vocabulary{}
	h := m.words(hyp, v)
	least, length := infinite, 0
	for _, ref := range refs {
		if m.Normalize { // sacreBLEU normalises references twice, which parts the 's of "cat's." from the cat
			ref = strings.Join(words(m.normal(ref)), " ")
		}
		r := m.words(ref, v)
		least = min(least, edits(h, r))
		length += len(r)
	}
	return []float64{float64(least), float64(length) / float64(len(refs))}
}

func (m TER) words(s string, v vocabulary) []uint32 { return v.symbols(words(m.normal(s))) }

// normal is a text as its words are compared.
func (m TER) normal(s string) string {
	if !m.Case {
		s = lower(s)
	}
	if m.Normalize {
		s = tercom(rstrip(s))
		if m.Asian {
			s = asianApart.ReplaceAllString(s, " $0 ")
		}
	}
	if m.NoPunct {
		s = tercomMarks.Replace(s)
		if m.Asian {
			s = asianMarks.ReplaceAllString(s, "")
		}
	}
	return s
}

// Score returns the rate in percent. Against nothing, any edit is 100.
func (m TER) Score(sums []float64) float64 {
	switch {
	case len(sums) == 0:
		return 0
	case sums[1] > 0:
		return 100 * sums[0] / sums[1]
	case sums[0] > 0:
		return 100
	}
	return 0
}

// edits counts the moves and edits that make ref of hyp.
func edits(hyp, ref []uint32) int {
	if len(ref) == 0 {
		return len(hyp)
	}
	b := newBand(len(hyp), len(ref))
	t := &terSearch{ref: ref, now: newEditTable(ref, b), trial: newEditTable(ref, b)}
	t.now.fill(hyp, 0)
	moves := 0
	for {
		gain, moved := t.bestMove(hyp)
		if t.tried >= maxCandidates || gain <= 0 {
			break
		}
		moves++
		hyp = moved
		t.now.fill(hyp, 0)
	}
	return moves + t.now.distance(len(hyp))
}

// An operation turns a word of hyp into one of ref.
type operation byte

const (
	opNone operation = iota
	opKeep
	opReplace
	opInsert // of a word of ref
	opDelete // of a word of hyp
)

// An editTable holds the least edits between the beginnings of two texts, of
// the cells within the beam only: a text may be a book.
type editTable struct {
	ref   []uint32
	band  *band
	cells []editCell
}

type editCell struct {
	cost int
	op   operation
}

// A band says which cells of each row are within the beam. It depends on the
// lengths of the texts alone.
type band struct {
	first, start []int // column of a row's first cell, and its place among all cells; one row more than there are
}

func newBand(hyp, ref int) *band {
	ratio, wide := 1.0, float64(beam)
	if hyp > 0 {
		ratio = float64(ref) / float64(hyp)
	}
	if beam < ratio/2 {
		wide = math.Ceil(ratio/2 + beam)
	}
	b := &band{first: make([]int, 1, hyp+1), start: make([]int, 2, hyp+2)}
	b.start[1] = ref + 1
	for i := 1; i <= hyp; i++ {
		diagonal := int(math.Floor(float64(i) * ratio))
		first, last := max(0, diagonal-int(wide)), min(ref+1, diagonal+int(wide))
		if i == hyp {
			last = ref + 1
		}
		b.first, b.start = append(b.first, first), append(b.start, b.start[i]+max(0, last-first))
	}
	return b
}

func newEditTable(ref []uint32, b *band) *editTable {
	t := &editTable{ref, b, make([]editCell, b.start[len(b.start)-1])}
	for j := range t.row(0) {
		t.cells[j] = editCell{j, opInsert}
	}
	return t
}

func (t *editTable) row(i int) []editCell { return t.cells[t.band.start[i]:t.band.start[i+1]] }

// at returns a cell, which has no edits but infinitely many beyond the beam.
func (t *editTable) at(i, j int) editCell {
	row, j := t.row(i), j-t.band.first[i]
	if j < 0 || j >= len(row) {
		return editCell{cost: infinite}
	}
	return row[j]
}

func (t *editTable) distance(hyp int) int { return t.at(hyp, len(t.ref)).cost }

// fill computes the rows of hyp after the first from words, which must hold.
func (t *editTable) fill(hyp []uint32, from int) {
	for i := from + 1; i <= len(hyp); i++ {
		row, above, first := t.row(i), t.row(i-1), t.band.first[i]
		aside := first - t.band.first[i-1]
		left, upLeft := infinite, infinite
		if 0 < aside && aside <= len(above) {
			upLeft = above[aside-1].cost
		}
		for k := range row {
			up := infinite
			if k+aside < len(above) {
				up = above[k+aside].cost
			}
			if first+k == 0 {
				row[k] = editCell{up + 1, opDelete}
			} else {
				row[k] = cheapest(upLeft, up, left, hyp[i-1] == t.ref[first+k-1])
			}
			upLeft, left = up, row[k].cost
		}
	}
}

// cheapest returns a cell by the costs of those around it. Among equals a word
// is kept or replaced before it is deleted, and deleted before one is inserted,
// as Tercom has it.
func cheapest(upLeft, up, left int, same bool) editCell {
	c := editCell{upLeft, opKeep}
	if !same {
		c = editCell{upLeft + 1, opReplace}
	}
	if up+1 < c.cost {
		c = editCell{up + 1, opDelete}
	}
	if left+1 < c.cost {
		c = editCell{left + 1, opInsert}
	}
	if c.cost >= infinite {
		return editCell{cost: infinite}
	}
	return c
}

// An alignment says which words are edited, and which word of hyp stands
// where a word of ref does.
type alignment struct {
	hypEdited, refEdited []bool
	toHyp                []int // by words of ref; the word of hyp before, for one that is inserted
}

func (t *editTable) align(hyp int) alignment {
	a := alignment{make([]bool, hyp), make([]bool, len(t.ref)), make([]int, len(t.ref))}
	for i, j := hyp, len(t.ref); i > 0 || j > 0; {
		switch op := t.at(i, j).op; op {
		case opKeep, opReplace:
			i--
			j--
			a.toHyp[j] = i
			a.hypEdited[i], a.refEdited[j] = op == opReplace, op == opReplace
		case opInsert:
			j--
			a.toHyp[j], a.refEdited[j] = i-1, true
		default:
			i--
			a.hypEdited[i] = true
		}
	}
	return a
}
