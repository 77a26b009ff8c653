package metric

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// BenchmarkCorpusChrFPP scores 100,000 pairs of about 20 words. Each text
// differs from its reference in every fifth word or so.
func BenchmarkCorpusChrFPP(b *testing.B) {
	hyps, refs := corpusOf(100_000)
	for b.Loop() {
		if s := Corpus(ChrFPP, hyps, refs); s < 50 || s > 95 {
			b.Fatalf("the score is %v", s)
		}
	}
	b.ReportMetric(float64(len(hyps)*b.N)/b.Elapsed().Seconds(), "pairs/s")
}

func corpusOf(n int) (hyps []string, refs [][]string) {
	words := strings.Fields(`бала мектепке барды жана китеп окуду шаардык китепкана дүйшөмбүдөн ишембиге чейин саат тогуздан
		кечки жетиге ачык жоголгон паспортту калыбына келтирүү төрт жүз сом турат арыз тейлөө борборуна берилет автобустун
		бир жолку билети таза суунун акысы ай сайын эсептегичтин көрсөткүчү боюнча төлөнөт өлкөнүн тоолору бийик, суулары тунук.`)
	rng := rand.New(rand.NewPCG(1, 2))
	for range n {
		ref := make([]string, 15+rng.IntN(11))
		for i := range ref {
			ref[i] = words[rng.IntN(len(words))]
		}
		hyp := make([]string, len(ref))
		for i, w := range ref {
			if hyp[i] = w; rng.IntN(5) == 0 {
				hyp[i] = words[rng.IntN(len(words))]
			}
		}
		hyps, refs = append(hyps, strings.Join(hyp, " ")), append(refs, []string{strings.Join(ref, " ")})
	}
	return hyps, refs
}
