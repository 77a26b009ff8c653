package metric

// Classes is how well labels were told. A prediction that is no label, such
// as one that could not be read out of an answer, is wrong and counts against
// none.
type Classes struct {
	Accuracy   float64
	F1         map[string]float64 // by label
	Macro      float64            // the mean of F1 over labels
	Weighted   float64            // that mean by how often a label is gold
	Unanswered int                // predictions that are no label
}

// Classify compares predictions with gold labels.
func Classify(gold, predicted, labels []string) Classes {
	hits, said, wanted := map[string]float64{}, map[string]float64{}, map[string]float64{}
	known := map[string]bool{}
	for _, l := range labels {
		known[l] = true
	}
	c := Classes{F1: map[string]float64{}}
	right := 0.0
	for i, g := range gold {
		p := predicted[i]
		wanted[g]++
		said[p]++
		if g == p {
			hits[g]++
			right++
		}
		if !known[p] {
			c.Unanswered++
		}
	}
	n := float64(len(gold))
	c.Accuracy = right / n
	for _, l := range labels {
		if all := said[l] + wanted[l]; all > 0 {
			c.F1[l] = 2 * hits[l] / all
		}
		c.Macro += c.F1[l] / float64(len(labels))
		c.Weighted += c.F1[l] * wanted[l] / n
	}
	return c
}

// Likeliest is which of several continuations a model finds likeliest, in the
// ways that lm-evaluation-harness counts: an index each. logs are the
// log-likelihoods of the continuations; alone are those without the question,
// and may be nil.
type Likeliest struct {
	Plain  int // acc
	Chars  int // acc_norm: by character
	Bytes  int // acc_bytes: by byte of UTF-8
	Mutual int // acc_mutual_info: beyond what it is without the question; -1 without alone
}

// Choose returns which is likeliest. Of equals the first counts. An empty
// continuation has length 1.
func Choose(continuations []string, logs, alone []float64) Likeliest {
	by := func(value func(i int) float64) int {
		best := 0
		for i := range continuations {
			if value(i) > value(best) {
				best = i
			}
		}
		return best
	}
	l := Likeliest{
		Plain:  by(func(i int) float64 { return logs[i] }),
		Chars:  by(func(i int) float64 { return logs[i] / float64(max(1, len([]rune(continuations[i])))) }),
		Bytes:  by(func(i int) float64 { return logs[i] / float64(max(1, len(continuations[i]))) }),
		Mutual: -1,
	}
	if alone != nil {
		l.Mutual = by(func(i int) float64 { return logs[i] - alone[i] })
	}
	return l
}
