package rag

import (
	"math"
	"slices"

	"tilgate/internal/lang"
)

// Relevance is the probability that the best of the hits answers the
// question, from 0 to 1. A search always finds something; this says whether
// it is worth quoting.
//
// It is a logistic regression on six figures that need nothing but the hits
// themselves, so that it works on any store: how much of the question the
// best passage and its best sentence cover, weighted by how rare each n-gram
// is among the hits; how far the best hit stands out; and its score per term
// of the question, relative to the logarithm of the number of passages, since
// that is how IDF grows. The weights were fitted on questions in Arabic,
// Hindi, Thai, English and Amharic with and without the passages that answer
// them, in collections of 12, 48 and 240 documents. Fitted on four of these languages,
// at the threshold that kept 90 % of their answerable questions, it kept 87 to
// 95 % of those in the fifth (Amharic: 73 %) and refused 75 to 88 % of the
// unanswerable ones.
func Relevance(q Query, h Hits) float64 {
	if len(h.Passages) == 0 || h.Passages[0].Score <= 0 {
		return 0
	}
	return logistic(features(q, h))
}

// Hits is what a search found, best first, among N passages of the language.
type Hits struct {
	Passages []Passage
	N        int
}

const nFeatures = 6

// The fit; features in the order of the function below.
var (
	weights = [nFeatures]float64{0.783, 3.605, 1.525, 1.326, 13.409, 0.951}
	bias    = -8.549
)

func logistic(x [nFeatures]float64) float64 {
	z := bias
	for i, w := range weights {
		z += w * x[i]
	}
	return 1 / (1 + math.Exp(-z))
}

// judged is how many hits the figures are taken from.
const judged = 10

func features(q Query, h Hits) [nFeatures]float64 {
	hits := h.Passages[:min(len(h.Passages), judged)]
	analyzer := AnalyzerFor(q.Lang)
	pool := make([][]uint32, len(hits))
	for i, p := range hits {
		pool[i] = analyzer.grams(p.Lang, p.indexed())
	}
	question, terms := weigh(analyzer, q, pool)

	best := 0.0
	for _, p := range hits[:min(len(hits), 3)] {
		for s := range lang.Sentences(p.Lang, p.Text) {
			best = max(best, coverage(question, analyzer.grams(p.Lang, s)))
		}
	}
	first, second, last := hits[0].Score, 0.0, hits[len(hits)-1].Score
	if len(hits) > 1 {
		second = hits[1].Score
	}
	logN := math.Log(1 + float64(max(h.N, len(hits))))
	return [nFeatures]float64{
		coverage(question, pool[0]),
		best,
		(first - second) / first,
		last / first,
		first / terms / logN,
		math.Log(first / logN),
	}
}

// A weighted term is one of the question's n-grams.
type weighted struct {
	term   uint32
	weight float64
}

// weigh returns the question's n-grams with their weight: how often each
// stands in the question, times its IDF among the hits. terms is the length
// of the question in terms of every kind, each by its weight.
func weigh(a Analyzer, q Query, pool [][]uint32) (grams []weighted, terms float64) {
	for _, f := range a.fields(q.Lang, q.Text) {
		terms += float64(f.weight) * float64(len(f.terms))
	}
	n := float64(len(pool))
	runs(a.grams(q.Lang, q.Text), func(term uint32, tf int) {
		df := 0.0
		for _, p := range pool {
			if _, ok := slices.BinarySearch(p, term); ok {
				df++
			}
		}
		grams = append(grams, weighted{term, float64(tf) * math.Log((n-df+0.5)/(df+0.5)+1)})
	})
	return grams, max(1, terms)
}

// coverage returns the share of the question's weight that a text with these
// sorted n-grams has.
func coverage(question []weighted, text []uint32) float64 {
	var have, all float64
	for _, w := range question {
		all += w.weight
		if _, ok := slices.BinarySearch(text, w.term); ok {
			have += w.weight
		}
	}
	if all == 0 {
		return 0
	}
	return have / all
}
