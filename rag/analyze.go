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
	Grams []int  // lengths of the character n-grams, in code points
}

// The analyzers, chosen by measuring (nDCG@10 on questions about paragraphs):
// four letters suit alphabets and Indic scripts; the consonant scripts gain
// from threes as well; in Ethiopic a letter is a whole syllable; where words
// are not spaced, runs of text are phrases, of which only n-grams can match.
var (
	alphabetic = Analyzer{Name: "words+c4", Words: true, Grams: []int{4}}
	consonant  = Analyzer{Name: "words+c3+c4", Words: true, Grams: []int{3, 4}}
	syllabic   = Analyzer{Name: "words+c3", Words: true, Grams: []int{3}}
	unspaced   = Analyzer{Name: "c3+c4", Grams: []int{3, 4}}
	han        = Analyzer{Name: "c1+c2", Grams: []int{1, 2}}
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
	avgGrams = 600.0 // for each length of n-gram
)

// Passage returns the BM25 weights of a passage, without the IDF, which the
// store multiplies in at query time.
func (a Analyzer) Passage(tag lang.Tag, text string) Vector {
	words, grams := a.terms(tag, text)
	var v Vector
	v.addBM25(words, avgWords)
	v.addBM25(grams, avgGrams*float64(len(a.Grams)))
	return v.sorted()
}

// Question returns how often each term stands in a question.
func (a Analyzer) Question(tag lang.Tag, text string) Vector {
	words, grams := a.terms(tag, text)
	var v Vector
	for _, field := range [][]uint32{words, grams} {
		runs(field, func(term uint32, n int) {
			v.Indices, v.Values = append(v.Indices, term), append(v.Values, float32(n))
		})
	}
	return v.sorted()
}

// terms returns the hashed terms of a text with repetition, sorted, in two
// fields whose lengths BM25 counts apart.
func (a Analyzer) terms(tag lang.Tag, text string) (words, grams []uint32) {
	for w := range lang.Words(lang.Fold(tag, text)) {
		if a.Words {
			words = append(words, hashTerm('w', []byte(w)))
		}
		grams = a.appendGrams(grams, w)
	}
	slices.Sort(words)
	slices.Sort(grams)
	return words, grams
}

// appendGrams adds the n-grams of one word. A word that is shorter than n
// counts whole.
func (a Analyzer) appendGrams(grams []uint32, word string) []uint32 {
	if len(a.Grams) == 0 {
		return grams
	}
	var buffer [96]byte
	padded := append(append(append(buffer[:0], ' '), word...), ' ')
	if a.Grams[0] == 1 {
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
	for _, n := range a.Grams {
		if len(starts)-1 <= n {
			grams = append(grams, hashTerm(byte('0'+n), padded))
			continue
		}
		for i := 0; i+n < len(starts); i++ {
			grams = append(grams, hashTerm(byte('0'+n), padded[starts[i]:starts[i+n]]))
		}
	}
	return grams
}

// hashTerm gives a term its index; the field keeps the word "тил" apart from
// the n-gram.
func hashTerm(field byte, term []byte) uint32 {
	return uint32(xxh3.HashSeed(term, uint64(field)))
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

func (v *Vector) addBM25(field []uint32, avg float64) {
	norm := k1 * (1 - b + b*float64(len(field))/avg)
	runs(field, func(term uint32, n int) {
		tf := float64(n)
		v.Indices = append(v.Indices, term)
		v.Values = append(v.Values, float32(tf*(k1+1)/(tf+norm)))
	})
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
