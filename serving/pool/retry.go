package pool

import (
	"context"
	"errors"
	"sync"
	"time"

	"tilgate/internal/fault"
	"tilgate/serving"
)

// Most further servers that one request is tried on.
const mostRetries = 2

// A budget bounds what is tried again to a fifth of what is asked, so that an
// outage is not made worse by all who try again.
type budget struct {
	mu   sync.Mutex
	left float64
}

const (
	budgetShare = 0.2
	budgetMost  = 10 // in reserve
)

func (b *budget) earn() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left = min(b.left+budgetShare, budgetMost)
}

func (b *budget) spend() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}

// tries are the servers that one request is tried on, one after another.
type tries struct {
	pool  *Pool
	ctx   context.Context
	want  want
	asked time.Time
	asks  int // so far
	last  error
}

func (p *Pool) tries(ctx context.Context, w want) *tries {
	p.budget.earn()
	return &tries{pool: p, ctx: ctx, want: w, asked: time.Now()}
}

// next goes to the next server that has room.
func (t *tries) next() (*visit, error) {
	for {
		v, err := t.pool.choose(t.ctx, t.want)
		if err != nil {
			if t.last != nil {
				err = t.last // it says more
			}
			return nil, err
		}
		t.want.tried = append(t.want.tried, v.replica)
		if err = v.begin(t.ctx, t.want.model, t.asked); err == nil {
			t.asks++
			return v, nil
		}
		v.end(t.ctx, errLeft) // the server has seen nothing of it
		if t.ctx.Err() != nil {
			return nil, err
		}
		if t.last == nil {
			t.last = err // another may have room
		}
	}
}

// again reports whether a request that failed with err, before anyone saw
// anything of its answer, may be tried on another server.
func (t *tries) again(err error) bool {
	t.last = err
	return t.ctx.Err() == nil && fault.Unavailable.Is(err) && t.asks <= mostRetries && t.pool.budget.spend()
}

// chat yields the answer to a prompt. The error is what came instead, or after
// its beginning.
func (t *tries) chat(prompt serving.Prompt, yield func(serving.Chunk, error) bool) (begun bool, err error) {
	for {
		v, err := t.next()
		if err != nil {
			return false, err
		}
		begun, err := v.chat(prompt, yield)
		v.end(t.ctx, err)
		switch {
		case err == nil || errors.Is(err, errLeft):
			return true, nil
		case begun || !t.again(err):
			return begun, err
		}
	}
}
