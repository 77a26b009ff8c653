package rag

import (
	"cmp"
	"math"
	"slices"

	"tilgate/internal/lang"
)

// A Quote is a sentence of a passage, as it stands there.
type Quote struct {
	Passage  int // index into the passages that were given
	Sentence int // its place in the passage, from 0
	Text     string
	Score    float64
}

// What a sentence is worth beside its own terms: its passage's score, and a
// share of its neighbours' worth, since an answer often stands next to the
// sentence that repeats the question. Measured with gold answers on questions
// in Arabic, Hindi, Thai, English and Amharic; the optimum is flat.
const neighbourShare = 0.2

// Quotes returns the n sentences of the passages that most likely answer q,
// best first. How rare a term is, is counted among the sentences themselves,
// which separated them better than counts over the whole collection.
func Quotes(q Query, passages []Passage, n int) []Quote {
	var sentences []sentence
	said := map[[2]string]bool{} // passages that follow each other share sentences
	for i, p := range passages {
		n := 0
		for text := range lang.Sentences(p.Lang, p.Text) {
			if key := [2]string{p.Doc, text}; !said[key] {
				said[key] = true
				sentences = append(sentences, sentence{i, n, text, AnalyzerFor(p.Lang).fields(p.Lang, text)})
			}
			n++
		}
	}
	own := make([]float64, len(sentences))
	for i, f := range AnalyzerFor(q.Lang).fields(q.Lang, q.Text) {
		addScores(own, f, sentences, i)
	}

	quotes := make([]Quote, len(sentences))
	for i, s := range sentences {
		quotes[i] = Quote{Passage: s.passage, Sentence: s.n, Text: s.text, Score: own[i] + passages[s.passage].Score}
		for _, j := range []int{i - 1, i + 1} {
			if j >= 0 && j < len(sentences) && sentences[j].passage == s.passage {
				quotes[i].Score += neighbourShare * own[j]
			}
		}
	}
	outrank(quotes, passages)
	slices.SortStableFunc(quotes, func(a, b Quote) int { return cmp.Compare(b.Score, a.Score) })
	return quotes[:min(n, len(quotes))]
}

// outrank lets no sentence of a superseded passage be worth as much as the best
// one of the document that took its place: they are alike, but for what has
// changed.
func outrank(quotes []Quote, passages []Passage) {
	best := make([]float64, len(passages))
	for _, q := range quotes {
		best[q.Passage] = max(best[q.Passage], q.Score)
	}
	most := slices.Repeat([]float64{math.Inf(1)}, len(passages))
	for i, old := range passages {
		for j, p := range passages {
			if old.SupersededBy.of(old, p) && (math.IsInf(most[i], 1) || best[j] > most[i]) {
				most[i] = best[j]
			}
		}
	}
	for i, q := range quotes {
		if q.Score >= most[q.Passage] {
			quotes[i].Score = math.Nextafter(most[q.Passage], math.Inf(-1))
		}
	}
}

type sentence struct {
	passage, n int
	text       string
	fields     []field
}

// terms returns field i of a sentence; a passage in another language may have
// fewer.
func (s sentence) terms(i int) []uint32 {
	if i >= len(s.fields) {
		return nil
	}
	return s.fields[i].terms
}

// addScores adds each sentence's BM25 score for the question's terms in field
// number i.
func addScores(scores []float64, question field, sentences []sentence, i int) {
	total := 0
	for _, s := range sentences {
		total += len(s.terms(i))
	}
	if total == 0 {
		return
	}
	avg, n := float64(total)/float64(len(sentences)), float64(len(sentences))
	tf := make([]int, len(sentences))
	runs(question.terms, func(term uint32, repeated int) {
		df := 0.0
		for k, s := range sentences {
			if tf[k] = occurrences(s.terms(i), term); tf[k] > 0 {
				df++
			}
		}
		idf := float64(repeated) * float64(question.weight) * math.Log((n-df+0.5)/(df+0.5)+1)
		for k, s := range sentences {
			if f := float64(tf[k]); f > 0 {
				scores[k] += idf * f * (k1 + 1) / (f + k1*(1-b+b*float64(len(s.terms(i)))/avg))
			}
		}
	})
}

// occurrences counts a value in a sorted slice.
func occurrences(sorted []uint32, value uint32) int {
	i, _ := slices.BinarySearch(sorted, value)
	n := 0
	for ; i < len(sorted) && sorted[i] == value; i++ {
		n++
	}
	return n
}
