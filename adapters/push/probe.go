package push

import (
	"context"
	"fmt"
	"math"
	"strings"

	"tilgate/adapters"
	"tilgate/internal/fault"
)

// A Token is one of an answer, and what else might have stood in its place.
type Token struct {
	Text string
	Top  []Logprob // the most likely ones, this one among them if it is
}

// A Logprob is a token with its log-probability, in nats.
type Logprob struct {
	Text    string
	Logprob float64
}

// Evidence is what comparing the answers of two models has shown.
type Evidence struct {
	Prompts    int     `json:"prompts"`
	Compared   int     `json:"compared"`   // log-probabilities
	Difference float64 `json:"difference"` // mean between adapter and base, in nats
	Noise      float64 `json:"noise"`      // the same between two runs of the base
}

// Whether a difference is one. Ollama's noise on a CPU was 0 to 2e-6; servers
// that batch in half precision have more, and it is measured each time. A
// LoRA that moves log-probabilities by less than a thousandth changes nothing
// that anybody would notice.
const (
	overNoise = 4
	least     = 1e-3
)

// Differs reports whether the adapter answers otherwise than its base.
func (e Evidence) Differs() bool { return e.Difference > overNoise*e.Noise+least }

func (e Evidence) String() string {
	return fmt.Sprintf("log-probabilities differ from the base's by %.4f nats in the mean, two runs of the base by %.6f (%d compared, %d prompts)",
		e.Difference, e.Noise, e.Compared, e.Prompts)
}

// sampled is how many tokens of each answer are looked at.
const sampled = 8

// Probe asks the base and what is served on it the same. It fails if the
// answers are equal: then the server answers with the base.
func Probe(ctx context.Context, s Server, base, served string, prompts []string) (Evidence, error) {
	var runs [3][][]Token
	// One model after the other: a server that holds one at a time loads twice.
	for i, model := range []string{base, base, served} {
		for _, prompt := range prompts {
			tokens, err := s.Sample(ctx, model, prompt, sampled)
			if err != nil {
				return Evidence{}, fmt.Errorf("probing %s: %w", served, err)
			}
			runs[i] = append(runs[i], tokens)
		}
	}
	var noise, difference mean
	for i := range prompts {
		noise.compare(runs[0][i], runs[1][i])
		difference.compare(runs[0][i], runs[2][i])
	}
	e := Evidence{Prompts: len(prompts), Compared: difference.n, Difference: difference.value(), Noise: noise.value()}
	switch {
	case e.Compared == 0:
		return e, fault.Unavailable.Errorf("probing %s: the model server gives no log-probabilities, so there is no telling whether it applies the weights", served)
	case !e.Differs():
		return e, fault.Unavailable.Errorf("the server answers with the base: what it says as %s is what %s says (%s); "+
			"either it does not apply the weights, or they do nothing", served, base, e)
	}
	return e, nil
}

// A mean is of absolute differences.
type mean struct {
	sum float64
	n   int
}

func (m *mean) value() float64 { return m.sum / float64(max(m.n, 1)) }

// compare adds two answers, up to the first place where they part: beyond it
// they no longer answer the same.
func (m *mean) compare(a, b []Token) {
	for i := range min(len(a), len(b)) {
		x, y := ranked(a[i].Top), ranked(b[i].Top)
		for token, p := range x {
			m.add(p, y, token)
		}
		for token, p := range y {
			if _, both := x[token]; !both {
				m.add(p, x, token)
			}
		}
		if a[i].Text != b[i].Text {
			return
		}
	}
}

// add adds how far a token's log-probability is from its own among others. If
// it is not there, it is at most that of the least likely one.
func (m *mean) add(p float64, others map[string]float64, token string) {
	q, there := others[token]
	if !there {
		q = p
		for _, other := range others {
			q = min(q, other)
		}
	}
	if d := math.Abs(p - q); !math.IsNaN(d) && !math.IsInf(d, 0) {
		m.sum += d
		m.n++
	}
}

// ranked tells tokens apart that are written the same, as parts of a letter
// are, by how many of them are more likely.
func ranked(top []Logprob) map[string]float64 {
	m := map[string]float64{}
	for _, l := range top {
		name := l.Text
		for _, taken := m[name]; taken; _, taken = m[name] {
			name += "\x00"
		}
		m[name] = l.Logprob
	}
	return m
}

// Prompts returns texts in the adapter's language to probe it with.
func Prompts(a *adapters.Adapter) []string {
	const most = 300 // letters; a long prompt shows no more and takes time
	texts := []string{a.System, a.Say.NotFound, a.Say.Blocked, a.Say.Handover}
	for i, t := range texts {
		letters := []rune(strings.TrimSpace(t))
		texts[i] = string(letters[:min(len(letters), most)])
	}
	return texts
}
