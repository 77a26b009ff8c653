package pool

import (
	"context"
	"sync"
	"time"

	"tilgate/adapters"
)

const (
	// canaryPatience is how long a server has for one token.
	canaryPatience = 10 * time.Second
	// silence is after how long without a good answer a server is asked for a
	// token. What it says of its own health is not believed: vLLM's /health has
	// been seen to be good while its engine was dead.
	silence = time.Minute
)

// Watch looks at the servers until ctx ends, so that no request waits for a
// look.
func (p *Pool) Watch(ctx context.Context) {
	var group sync.WaitGroup
	defer group.Wait()
	tick := time.NewTicker(p.opts.Recheck)
	defer tick.Stop()
	for {
		for _, r := range p.all() {
			if r.watching.CompareAndSwap(false, true) { // one that hangs holds up no other
				group.Go(func() {
					defer r.watching.Store(false)
					if p.visit(ctx, r) {
						group.Go(func() { p.canary(ctx, r) }) // which may hang, and looks go on
					}
				})
			}
		}
		p.watched.Store(true)
		select {
		case <-ctx.Done():
			p.watched.Store(false)
			return
		case <-tick.C:
		}
	}
}

// visit looks at a server, and reports whether it is to make a token: after a
// failure or silence.
func (p *Pool) visit(ctx context.Context, r *replica) (ask bool) {
	r.look(ctx, p.opts.Recheck/4, p.opts.Patience) // one that ran out of patience ended just now
	if !r.up() || ctx.Err() != nil {
		return false
	}
	switch r.breaker.state() {
	case halfOpen:
		return true
	case closed:
		// Ollama drops a model that nobody asks for, and a canary would keep it
		// from that; there only failures are looked into.
		quiet := !r.Swaps && r.load() == 0 && r.silent(silence)
		return quiet || r.breaker.failing()
	}
	return false
}

// canary has a server make one token. That it does mends a breaker, that it
// does not breaks it.
func (p *Pool) canary(ctx context.Context, r *replica) {
	if !r.asking.CompareAndSwap(false, true) {
		return
	}
	defer r.asking.Store(false)
	ok, trial := r.breaker.enter()
	if !ok {
		return
	}
	ours, cancel := context.WithTimeout(ctx, canaryPatience)
	defer cancel()
	model := r.Model
	if model == "" || adapters.IsServedName(model) {
		model = first(r.holds())
	}
	err := r.Server.Canary(ours, model)
	o := outcomeOf(ctx, err)
	switch {
	case err == nil:
		r.hears()
		r.breaker.leave(trial, well)
	case o == neither, ours.Err() != nil && r.running.Load() > 0: // it works on something else
		r.breaker.leave(trial, neither)
	default:
		r.breaker.trip()
	}
}

// look makes sure that something is known of every server: of those that
// nobody watches, what is not older than Recheck.
func (p *Pool) look(ctx context.Context) {
	watched := p.watched.Load()
	var stale []*replica
	for _, r := range p.all() {
		if !watched || !r.known() {
			stale = append(stale, r)
		}
	}
	if len(stale) == 1 {
		stale[0].look(ctx, p.opts.Recheck, p.opts.Patience)
		return
	}
	var group sync.WaitGroup
	for _, r := range stale {
		group.Go(func() { r.look(ctx, p.opts.Recheck, p.opts.Patience) })
	}
	group.Wait()
}
