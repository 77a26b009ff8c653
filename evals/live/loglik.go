package live

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"

	"tilgate/evals"
	"tilgate/internal/fault"
)

// A way is how a server tells log-likelihoods. Servers differ in what they
// take: a list of prompts or one, an answer of no token or of at least one.
type way struct {
	list   bool // all prompts in one request
	tokens int  // to be written, which nobody wants
	forced bool // in Ollama's words
}

// waysOf returns what to try, the best first.
func (a api) waysOf() []way {
	forced := []way{{forced: true}}
	echo := []way{{list: true}, {list: true, tokens: 1}, {}, {tokens: 1}}
	switch a {
	case ollama:
		return forced
	case tilgate:
		return append(echo, forced...)
	}
	return echo
}

// likelihoods returns how likely the model finds each continuation. What
// worked once for a model, or never can, is not looked for again.
func (t target) likelihoods(ctx context.Context, c evals.Case) (evals.Answer, error) {
	if t.own {
		return evals.Answer{}, fault.Invalid.Errorf("log-likelihoods need a plain model; as %s Tilgate answers, with prompts of its own", t.model)
	}
	ways := t.api.waysOf()
	switch known, _ := t.ways.Load(t.model); known := known.(type) {
	case error:
		return evals.Answer{}, known
	case way:
		ways = []way{known}
	}
	var refusals []error
	for _, w := range ways {
		if !w.forced && len(refusals) > 0 && errors.Is(refusals[len(refusals)-1], noEcho) {
			continue // it did all that was asked but the one thing
		}
		begun := time.Now()
		a, err := t.likely(ctx, c, w)
		if err == nil {
			t.ways.Store(t.model, w)
			a.Seconds = time.Since(begun).Seconds()
			return a, nil
		}
		if refusals = append(refusals, err); !otherwise(err) {
			break
		}
	}
	return evals.Answer{}, t.none(refusals)
}

// none returns what to say after refusals: the last if it may be over by the
// next try, else the first, and what came of asking in Ollama's words.
func (t target) none(refusals []error) error {
	first, last := refusals[0], refusals[len(refusals)-1]
	switch {
	case errors.Is(last, noEcho):
		t.ways.Store(t.model, last)
		return last
	case !otherwise(last):
		return last
	case t.api == tilgate && len(refusals) > 1:
		return fmt.Errorf("%w; asked in Ollama's words: %v", first, last)
	}
	return first
}

// otherwise reports whether another way may work where err came of one.
func otherwise(err error) bool {
	var r *refused
	if errors.As(err, &r) && r.status == http.StatusInternalServerError {
		return true // as some do for a list
	}
	return fault.Invalid.Is(err) || fault.NotFound.Is(err)
}

func (t target) likely(ctx context.Context, c evals.Case, w way) (evals.Answer, error) {
	if w.forced {
		return t.forced(ctx, c)
	}
	before, prompts := echoed(c)
	e := &echo{target: t, way: w, answer: evals.Answer{Model: t.model}}
	choices, err := e.ask(ctx, prompts)
	if err != nil {
		return e.answer, err
	}
	if !aligned(choices) {
		if err := e.count(ctx, before); err != nil {
			return e.answer, err
		}
	}
	for i, choice := range choices {
		from, to := e.inside(choice, before, prompts[i])
		sum, err := choice.sum(from, to)
		if err != nil {
			return e.answer, err
		}
		e.answer.LogLiks = append(e.answer.LogLiks, sum)
	}
	return e.answer, nil
}

// echoed returns what comes before each continuation, and the prompts. As in
// lm-evaluation-harness a space stands between the two, unless there is white
// space; that belongs to the continuation, since tokens begin with it.
func echoed(c evals.Case) (before string, prompts []string) {
	begin := c.Context()
	before = strings.TrimRightFunc(begin, unicode.IsSpace)
	if before == begin && begin != "" {
		begin += " "
	}
	for _, text := range c.Continuations {
		prompts = append(prompts, begin+text)
	}
	return before, prompts
}
