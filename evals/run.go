package evals

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"tilgate/internal/fault"
)

// A Target is a model somewhere that answers.
type Target interface {
	// Ask puts a case to the model. Errors of the kinds Limited, Unavailable
	// and Timeout are worth another try; others are the case's own.
	Ask(context.Context, Case) (Answer, error)
}

// A Scorer makes scores of an answer: it fills in what Result holds beside
// the answer.
type Scorer interface {
	Score(ctx context.Context, c Case, r *Result) error
}

// A Cache keeps answers by the digest of what was asked of whom.
type Cache interface {
	Get(model, digest string) (Answer, bool)
	Put(model, digest string, a Answer) error
}

// A Run asks models many cases, several at once.
type Run struct {
	Models  []string // in the order they are asked
	Targets map[string]Target
	Scorer  Scorer
	Cache   Cache                           // may be nil
	Done    func(model string, c Case) bool // says what needs no answer any more; may be nil
	Keep    func(Result) error              // gets each result as it is there, one at a time

	Workers int           // asked at once; 0 means 8
	Tries   int           // of a case; 0 means 4
	Pause   time.Duration // before the second try, doubled before each further; 0 means 1 s
}

// Ask asks every model every case, in this order, and hands on each result.
// A case that cannot be answered is a result with an error. Ask ends early
// when ctx does, when Keep fails, or when a target cannot be used: it refuses the
// key, or answers none of many cases.
func (r Run) Ask(whole context.Context, cases []Case) error {
	todo := r.todo(cases) // before Keep changes what is done
	stoppable, stop := context.WithCancelCause(whole)
	defer stop(nil)
	work, ctx := errgroup.WithContext(stoppable)
	work.SetLimit(max(1, or(r.Workers, 8)))
	results, kept := make(chan Result), make(chan error, 1)
	go func() { kept <- r.keep(results, stop) }()
	for _, next := range todo {
		if ctx.Err() != nil {
			break
		}
		work.Go(func() error {
			result, err := r.one(ctx, next.model, next.Case)
			if err != nil {
				return err
			}
			results <- result
			return nil
		})
	}
	err := work.Wait()
	close(results)
	return cmp.Or(<-kept, context.Cause(whole), err)
}

// asked is a case for one of the models.
type asked struct {
	Case
	model string
}

func (r Run) todo(cases []Case) []asked {
	var list []asked
	for _, model := range r.Models {
		for _, c := range cases {
			if r.Done == nil || !r.Done(model, c) {
				list = append(list, asked{c, model})
			}
		}
	}
	return list
}

// keep hands on results. After a failure it stops the run, and drains what is
// still on its way, so that nobody waits.
func (r Run) keep(results <-chan Result, stop context.CancelCauseFunc) error {
	var fault error
	failed := 0 // in a row
	for result := range results {
		if fault != nil {
			continue
		}
		if failed++; result.Error == "" {
			failed = 0
		}
		if fault = r.Keep(result); fault == nil && failed == hopeless {
			fault = fmt.Errorf("%d cases in a row ended in an error, the last (%s of %s) with: %s", failed, result.Key, result.Model, result.Error)
		}
		if fault != nil {
			stop(fault)
		}
	}
	return fault
}

func or[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}

func (r Run) one(ctx context.Context, model string, c Case) (Result, error) {
	result := Result{Model: model, Key: c.Key(), Digest: c.Digest()}
	err := r.answer(ctx, model, c, &result)
	switch {
	case ctx.Err() != nil:
		return result, context.Cause(ctx)
	case fault.Unauthorized.Is(err), fault.Forbidden.Is(err):
		return result, fmt.Errorf("asking %s: %w", model, err)
	case err != nil:
		result.Error = err.Error()
		return result, nil
	}
	if err := r.Scorer.Score(ctx, c, &result); err != nil {
		return result, fmt.Errorf("scoring %s: %w", c.Key(), err)
	}
	return result, nil
}

func (r Run) answer(ctx context.Context, model string, c Case, result *Result) error {
	if r.Cache != nil {
		if result.Answer, result.Cached = r.Cache.Get(model, result.Digest); result.Cached {
			return nil
		}
	}
	pause := or(r.Pause, time.Second)
	for {
		var err error
		result.Tries++
		if result.Answer, err = r.Targets[model].Ask(ctx, c); err == nil {
			break
		}
		if result.Tries >= or(r.Tries, 4) || !again(err) {
			return err
		}
		if err := wait(ctx, max(pause, fault.Again(err))); err != nil {
			return err
		}
		pause *= 2
	}
	if r.Cache == nil {
		return nil
	}
	return r.Cache.Put(model, result.Digest, result.Answer)
}

// hopeless is how many cases in a row may end in an error before a run is
// broken off: the model does not exist, or its server is gone.
const hopeless = 25

// again reports whether an error may be over by the next try.
func again(err error) bool {
	return fault.Limited.Is(err) || fault.Unavailable.Is(err) || fault.Timeout.Is(err)
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
