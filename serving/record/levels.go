package record

import (
	"github.com/prometheus/client_golang/prometheus"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/serving"
)

// Levels are what an answer is judged by, for the service levels of its
// language.
const (
	levelAnswered = "answered" // it came to its end
	levelLanguage = "language" // it was in the language of the question
	levelGrounded = "grounded" // it rests on passages of the knowledge bases
	levelFull     = "full"     // model and knowledge base were there for it
)

// levels counts answers that keep a service level and those that do not. There
// are few series, and those of a language are there at 0 before its first
// question: Prometheus takes the first value that it sees of a counter for
// nothing new, and would miss the one failure of a language that few ask in.
type levels struct{ *prometheus.CounterVec }

// ready makes sure that the series of a language are there.
func (l levels) ready(language string) {
	for _, level := range []string{levelAnswered, levelLanguage, levelGrounded, levelFull} {
		for _, kept := range []string{"yes", "no"} {
			l.WithLabelValues(language, level, kept)
		}
	}
}

// judge counts an exchange. What is the caller's own doing is no failure of
// ours, and no success.
func (l levels) judge(x serving.Exchange) {
	count := func(level string, kept bool) {
		word := "no"
		if kept {
			word = "yes"
		}
		l.WithLabelValues(languageOf(x), level, word).Inc()
	}
	blocked := fault.Blocked.Is(x.Err) // the model left the language while the reader was reading
	if x.Err != nil && !blocked {
		switch fault.Of(x.Err) {
		case fault.Internal, fault.Unavailable, fault.Timeout:
			count(levelAnswered, false)
		}
		return
	}
	count(levelAnswered, true)
	if !x.Auto {
		return
	}
	p := x.Plan
	count(levelLanguage, !blocked && p.Degraded != serving.OtherLanguage && p.Degraded != serving.Unable)
	if p.Grounded || p.Degraded == serving.NotFound || p.Degraded == serving.NoStore { // else nobody looked
		count(levelGrounded, p.Grounded)
	}
	switch p.Degraded {
	case serving.NoModel, serving.NoStore, serving.OtherModel, serving.ModelLost:
		count(levelFull, false)
	default:
		count(levelFull, true)
	}
}

// languageOf is the language of the question as it is counted; empty for plain
// models.
func languageOf(x serving.Exchange) string {
	if !x.Auto {
		return ""
	}
	return string(heard(x.Plan))
}

// Expect makes sure that languages are counted from 0 on.
func (m *Metrics) Expect(languages ...lang.Tag) {
	for _, tag := range languages {
		m.levels.ready(string(tag.Base()))
	}
}
