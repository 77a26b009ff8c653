package rag

import (
	"math"
	"slices"
	"unicode/utf8"

	"github.com/zeebo/xxh3"

	"tilgate/internal/lang"
)

// An Analyzer turns text of one language into the terms of its lexical
// vector: whole words, and character n-grams of words padded with a space at
// both ends. Nothing is stemmed: on sixteen languages, n-grams did what
// stemmers do, and did it also where no stemmer exists.
type Analyzer struct {
	Name  string // as `tilgate lang show` prints it
	Words bool   // index whole words
	Pairs bool   // index pairs of neighbouring words, at half weight
	Grams []Gram // character n-grams, the shortest first
}

// A Gram is a length of n-gram, in code points, and its weight beside words.
type Gram struct {
	N      int
	Weight float32
}

// The analyzers, chosen by measuring (nDCG@10 on questions about paragraphs):
// four letters suit alphabets and Indic scripts; the consonant scripts gain
// from threes as well; in Ethiopic a letter is a whole syllable; where words
// are not spaced, runs of text are phrases, of which only n-grams can match.
var (
	alphabetic = Analyzer{Name: "words+pairs/2+c4", Words: true, Pairs: true, Grams: []Gram{{4, 1}}}
	consonant  = Analyzer{Name: "words+pairs/2+c3+c4", Words: true, Pairs: true, Grams: []Gram{{3, 1}, {4, 1}}}
	syllabic   = Analyzer{Name: "words+c2/2+c3", Words: true, Grams: []Gram{{2, 0.5}, {3, 1}}}
	unspaced   = Analyzer{Name: "c3+c4", Grams: []Gram{{3, 1}, {4, 1}}}
	han        = Analyzer{Name: "c1+c2", Grams: []Gram{{1, 1}, {2, 1}}}
)

var analyzerOf = map[lang.Tag]Analyzer{
	"ar": consonant, "fa": consonant, "ur": consonant, "ps": consonant, "sd": consonant, "ug": consonant,
	"ckb": consonant, "he": consonant, "am": syllabic, "ti": syllabic,
	"th": unspaced, "lo": unspaced, "km": unspaced, "my": unspaced, "bo": unspaced, "dz": unspaced,
	"zh": han, "ja": han, "yue": han,
}

// AnalyzerFor returns the analyzer of a language.
func AnalyzerFor(tag lang.Tag) Analyzer {
	if a, ok := analyzerOf[tag.Base()]; ok {
		return a
	}
	return alphabetic
}

// BM25's parameters, and the lengths that it takes for average. The store
// counts document frequencies itself; average lengths are fixed, so that a
// passage's vector does not depend on its neighbours. A wrong average by a
// factor of two costs about two points of recall@1.
const (
	k1       = 0.9
	b        = 0.4
	avgWords = 110.0
	avgGrams = 500.0 // for each length of n-gram
)

// A field is the terms of one kind in a text, hashed, sorted, with repetition.
// BM25 counts the length of each field apart.
type field struct {
	terms  []uint32
	weight float32
	avg    float64 // length
}

// Passage returns the BM25 weights of a passage, without the IDF, which the
// store multiplies in at query time.
func (a Analyzer) Passage(tag lang.Tag, text string) Vector {
	var v Vector
	for _, f := range a.fields(tag, text) {
		norm := k1 * (1 - b + b*float64(len(f.terms))/f.avg)
		runs(f.terms, func(term uint32, n int) {
			tf := float64(n)
			v.add(term, f.weight*float32(tf*(k1+1)/(tf+norm)))
		})
	}
	return v.sorted()
}

// Question returns how often each term stands in a question.
func (a Analyzer) Question(tag lang.Tag, text string) Vector {
	var v Vector
	for _, f := range a.fields(tag, text) {
		runs(f.terms, func(term uint32, n int) { v.add(term, float32(n)) })
	}
	return v.sorted()
}

func (v *Vector) add(term uint32, value float32) {
	v.Indices, v.Values = append(v.Indices, term), append(v.Values, value)
}

// fields returns the terms of a text, words first if the analyzer has them.
func (a Analyzer) fields(tag lang.Tag, text string) []field {
	fields := make([]field, 0, 2+len(a.Grams))
	if a.Words {
		fields = append(fields, field{weight: 1, avg: avgWords})
	}
	if a.Pairs {
		fields = append(fields, field{weight: 0.5, avg: avgWords})
	}
	for _, g := range a.Grams {
		fields = append(fields, field{weight: g.Weight, avg: avgGrams})
	}
	grams := fields[len(fields)-len(a.Grams):]
	var last uint32
	for w := range lang.Words(lang.Fold(tag, text)) {
		a.appendGrams(grams, w)
		if !a.Words {
			continue
		}
		word := hashTerm('w', []byte(w))
		if n := len(fields[0].terms); a.Pairs && n > 0 {
			fields[1].terms = append(fields[1].terms, hashPair(last, word))
		}
		fields[0].terms, last = append(fields[0].terms, word), word
	}
	for _, f := range fields {
		slices.Sort(f.terms)
	}
	return fields
}

// grams returns the n-grams of a text of every length together, sorted.
func (a Analyzer) grams(tag lang.Tag, text string) []uint32 {
	a.Words, a.Pairs = false, false
	var all []uint32
	for _, f := range a.fields(tag, text) {
		all = append(all, f.terms...)
	}
	slices.Sort(all)
	return all
}

// appendGrams adds the n-grams of one word. A word that is shorter than n
// counts whole.
func (a Analyzer) appendGrams(fields []field, word string) {
	var buffer [96]byte
	padded := append(append(append(buffer[:0], ' '), word...), ' ')
	if len(a.Grams) > 0 && a.Grams[0].N == 1 {
		padded = padded[1 : len(padded)-1] // single characters need no edges
	}
	var places [48]int
	starts := places[:0]
	for i, c := range padded {
		if utf8.RuneStart(c) {
			starts = append(starts, i)
		}
	}
	starts = append(starts, len(padded))
	for k, g := range a.Grams {
		f := &fields[k]
		if len(starts)-1 <= g.N {
			f.terms = append(f.terms, hashTerm(byte('0'+g.N), padded))
			continue
		}
		for i := 0; i+g.N < len(starts); i++ {
			f.terms = append(f.terms, hashTerm(byte('0'+g.N), padded[starts[i]:starts[i+g.N]]))
		}
	}
}

// hashTerm gives a term its index; the field keeps the word "тил" apart from
// the n-gram.
func hashTerm(field byte, term []byte) uint32 {
	return uint32(xxh3.HashSeed(term, uint64(field)))
}

// hashPair gives two neighbouring words their index.
func hashPair(first, second uint32) uint32 {
	return uint32((uint64(first)<<32 | uint64(second)) * 0x9E3779B97F4A7C15 >> 32) // Fibonacci hashing
}

// runs calls f for each distinct value of a sorted slice with its count.
func runs(sorted []uint32, f func(value uint32, n int)) {
	for i := 0; i < len(sorted); {
		j := i + 1
		for j < len(sorted) && sorted[j] == sorted[i] {
			j++
		}
		f(sorted[i], j-i)
		i = j
	}
}

// sorted orders the vector by index. Two terms that hash alike become one.
func (v Vector) sorted() Vector {
	order := make([]uint64, len(v.Indices))
	for i, index := range v.Indices {
		order[i] = uint64(index)<<32 | uint64(math.Float32bits(v.Values[i]))
	}
	slices.Sort(order)
	out := Vector{Indices: v.Indices[:0], Values: v.Values[:0]}
	for _, o := range order {
		index, value := uint32(o>>32), math.Float32frombits(uint32(o))
		if n := len(out.Indices); n > 0 && out.Indices[n-1] == index {
			out.Values[n-1] += value
			continue
		}
		out.Indices, out.Values = append(out.Indices, index), append(out.Values, value)
	}
	return out
}

// letters counts the code points of text.
func letters(text string) int { return utf8.RuneCountInString(text) }
