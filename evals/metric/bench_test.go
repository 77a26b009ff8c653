package metric

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// BenchmarkCorpus scores 100,000 pairs of some twenty words, made of syllables.
func BenchmarkCorpus(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	syllables := strings.Fields("ба ла мек теп ке бар ды күн ай суу тоо жер үй чоң ки чи не кел ген бол гон ал ган ке тет өз дөр")
	word := func() string {
		var w strings.Builder
		for range 1 + rng.IntN(4) {
			w.WriteString(syllables[rng.IntN(len(syllables))])
		}
		return w.String()
	}
	var hyps []string
	var refs [][]string
	for range 100_000 {
		ref := make([]string, 20)
		for i := range ref {
			ref[i] = word()
		}
		hyp := strings.Fields(strings.Join(ref, " "))
		for range 5 {
			hyp[rng.IntN(len(hyp))] = word()
		}
		hyps, refs = append(hyps, strings.Join(hyp, " ")+"."), append(refs, []string{strings.Join(ref, " ") + "."})
	}
	for name, m := range map[string]Text{"chrF++": ChrFPP, "BLEU": BLEU{}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				Corpus(m, hyps, refs)
			}
		})
	}
}
