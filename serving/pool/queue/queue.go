// Package queue lets requests wait for one model server, so that it has as
// many as it does well with, each caller gets a fair share of it, and nobody
// waits for what cannot come in time.
//
// A server may hold only so many models in memory. Ollama then loads one anew
// whenever it is asked for another, which takes seconds, and lets requests for
// the one in memory overtake those that wait for the switch: they may wait
// forever. So models take turns here: the requests for a model are gathered,
// and while others wait it keeps the server for one turn at most; then its
// answers on their way come to their end, and the model that had no turn for
// the longest has the next. With A models, turns T and switches that take S,
// nobody waits longer than (A−1)·T + A·S and one answer, as long as the
// requests for each model fit into its turn.
//
// What to do is decided by the line (line.go), which knows no time but what it
// is told, and no goroutines; Queue makes callers wait for it.
package queue

import (
	"cmp"
	"context"
	"sync"
	"time"

	"tilgate/internal/fault"
)

// Options of a Queue. The zero value works.
type Options struct {
	Slots   int           // requests at the server at once, or for each model that takes turns; 0 means 1
	Depth   int           // requests that may wait; 0 means 256
	PerKey  int           // of them, those of one key; 0 means a quarter of Depth
	MaxWait time.Duration // that a request waits; 0 means 1 min
	// Resident is how many models the server holds at once; 0 means as many as
	// are asked for, and no turns.
	Resident int
	Turn     time.Duration // of a model while others wait; 0 means 5 s
}

func (o Options) withDefaults() Options {
	o.Slots = cmp.Or(o.Slots, 1)
	o.Depth = cmp.Or(o.Depth, 256)
	o.PerKey = cmp.Or(o.PerKey, max(1, o.Depth/4))
	o.MaxWait = cmp.Or(o.MaxWait, time.Minute)
	o.Turn = cmp.Or(o.Turn, 5*time.Second)
	return o
}

// A Ticket says who wants what.
type Ticket struct {
	Key   string // whose share of the server it is
	Model string // that is asked
}

// A Queue is safe for concurrent use.
type Queue struct {
	opts Options
	mu   sync.Mutex
	line line
}

// New returns a queue in front of one server.
func New(o Options) *Queue {
	o = o.withDefaults()
	return &Queue{opts: o, line: newLine(o)}
}

// A Pass is leave to ask the server, until Release.
type Pass struct {
	Waited time.Duration // for it
	queue  *Queue
	waiter waiter
}

// Acquire waits for leave to ask the server. It fails at once, with a
// fault.Limited or fault.Unavailable that says when to ask again, if too many
// wait already or the wait would be longer than MaxWait or ctx allow; and
// while it waits when either is over.
func (q *Queue) Acquire(ctx context.Context, t Ticket) (*Pass, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	now := time.Now()
	patience := q.opts.MaxWait
	if end, ok := ctx.Deadline(); ok {
		patience = min(patience, end.Sub(now))
	}
	p := &Pass{queue: q, waiter: waiter{ticket: t, joined: now}}
	w := &p.waiter
	q.mu.Lock()
	granted := q.line.enter(w, now)
	var err error
	if !granted {
		if err = q.line.join(w, now, patience); err == nil {
			q.line.advance(now)
			granted = !w.granted.IsZero()
		}
	}
	q.mu.Unlock()
	if err == nil && !granted {
		err = q.wait(ctx, w)
	}
	if err != nil {
		return nil, err
	}
	p.Waited = w.granted.Sub(now)
	return p, nil
}

// wait waits until w is granted. If it gives up at that very moment, the pass
// goes to the next.
func (q *Queue) wait(ctx context.Context, w *waiter) error {
	patience := time.NewTimer(q.opts.MaxWait)
	defer patience.Stop()
	var why error
	select {
	case <-w.ready:
		return nil
	case <-ctx.Done():
		why = context.Cause(ctx)
	case <-patience.C:
		why = fault.Unavailable.After(q.opts.MaxWait/2, "the model server is busy: no room within %v", q.opts.MaxWait)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if now := time.Now(); w.granted.IsZero() {
		q.line.leave(w)
		q.line.advance(now) // it may have been what a turn was ended for
	} else {
		q.line.release(w, now, false)
		q.line.advance(now)
	}
	return why
}

// Release makes room for the next. It may be called twice.
func (p *Pass) Release() {
	q := p.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	if p.waiter.released {
		return
	}
	now := time.Now()
	q.line.release(&p.waiter, now, true)
	q.line.advance(now)
}

// A Snapshot is how things stand.
type Snapshot struct {
	Running  int
	Waiting  int
	Models   map[string]int // that wait, by model
	Switches int            // between models
	Service  time.Duration  // of a request, as measured lately; 0 if none was
	Switch   time.Duration  // what it costs
}

// Snapshot returns how things stand.
func (q *Queue) Snapshot() Snapshot {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.line.snapshot()
}
