package metric

import "fmt"

// Answers is exact match or F1 of short answers as a Text metric: the mean over
// the answers, in percent, as the SQuAD script prints it.
type Answers struct {
	Profile Profile
	Lang    string
	Exact   bool // exact match, in place of F1
}

// Name returns "EM" or "F1".
func (m Answers) Name() string {
	if m.Exact {
		return "EM"
	}
	return "F1"
}

// Count returns the score of the answer, and a one.
func (m Answers) Count(hyp string, refs []string) []float64 {
	if m.Exact {
		return []float64{m.Profile.ExactMatch(hyp, refs, m.Lang), 1}
	}
	return []float64{m.Profile.F1(hyp, refs, m.Lang), 1}
}

// Score returns the mean in percent.
func (m Answers) Score(sums []float64) float64 { return percent(sums) }

// Signature says how the score was made.
func (m Answers) Signature(refs int) string {
	s := fmt.Sprintf("nrefs:%s|profile:%s", number(refs), m.Profile)
	if m.Lang != "" {
		s += "|lang:" + m.Lang
	}
	return s
}

// Rouge is ROUGE as a Text metric: the mean over the texts, in percent. Of
// several references the best counts.
type Rouge struct {
	Words RougeWords
	N     int // of the n-grams; 0 is ROUGE-L
}

// Name returns "ROUGE-1", "ROUGE-2" or "ROUGE-L".
func (m Rouge) Name() string {
	if m.N == 0 {
		return "ROUGE-L"
	}
	return fmt.Sprintf("ROUGE-%d", m.N)
}

// Count returns the best score, and a one.
func (m Rouge) Count(hyp string, refs []string) []float64 {
	best := 0.0
	for _, r := range refs {
		if m.N == 0 {
			best = max(best, m.Words.RougeL(hyp, r))
		} else {
			best = max(best, m.Words.RougeN(m.N, hyp, r))
		}
	}
	return []float64{best, 1}
}

// Score returns the mean in percent.
func (m Rouge) Score(sums []float64) float64 { return percent(sums) }

// Signature says how the score was made.
func (m Rouge) Signature(refs int) string {
	return fmt.Sprintf("nrefs:%s|words:%s", number(refs), m.Words)
}

func percent(sums []float64) float64 {
	if sums[1] == 0 {
		return 0
	}
	return 100 * sums[0] / sums[1]
}
