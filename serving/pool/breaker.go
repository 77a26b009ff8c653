package pool

import (
	"sync"
	"time"
)

// A breaker leaves a server alone that keeps failing: for a second at first,
// then for twice as long each time. After that it lets one request or canary
// through, whose end decides.
type breaker struct {
	mu    sync.Mutex
	fails int           // in a row
	cool  time.Duration // of the last break
	until time.Time     // the break ends; zero if there is none
	trial bool          // one is under way
}

const (
	failsToBreak = 3
	coolFirst    = time.Second
	coolMost     = 30 * time.Second
)

// A state of a breaker.
type state string

const (
	closed   state = "closed"    // all is well
	open     state = "open"      // nothing goes to the server
	halfOpen state = "half_open" // one may try
)

func (b *breaker) state() state {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now()
}

func (b *breaker) now() state {
	switch {
	case b.until.IsZero():
		return closed
	case b.trial || time.Now().Before(b.until):
		return open
	}
	return halfOpen
}

// failing reports whether the last request failed.
func (b *breaker) failing() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.fails > 0
}

// enter reports whether a request may go to the server, and whether it is the
// one trial. After it comes leave.
func (b *breaker) enter() (ok, trial bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch b.now() {
	case open:
		return false, false
	case halfOpen:
		b.trial = true
		return true, true
	}
	return true, false
}

// An outcome is what a request says about its server.
type outcome int

const (
	neither outcome = iota // nothing: the caller left, say
	well                   // it works
	broken                 // it cannot be reached, or broke off
	suspect                // it answered that it failed, be it over this request alone
)

// leave takes what came of a request. It reports whether the server should be
// asked for a token: a failure that the server itself speaks of may be the
// request's fault, so it breaks nothing by itself.
func (b *breaker) leave(trial bool, o outcome) (ask bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if trial {
		b.trial = false
	}
	switch {
	case o == well:
		b.fails, b.cool, b.until = 0, 0, time.Time{}
	case o == neither:
	case !b.until.IsZero():
		if trial {
			b.breakOff()
		}
	default:
		b.fails++
		if o == broken && b.fails >= failsToBreak {
			b.breakOff()
		}
		return o == suspect && b.fails >= failsToBreak
	}
	return false
}

// trip breaks at once: the server has failed over a single token.
func (b *breaker) trip() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fails = max(b.fails, failsToBreak)
	b.trial = false
	b.breakOff()
}

func (b *breaker) breakOff() {
	b.cool = min(max(2*b.cool, coolFirst), coolMost)
	b.until = time.Now().Add(b.cool)
}
