// Package limit says whether a caller may ask now.
//
// What counts is requests, characters, tokens, and how many are answered at
// once; by the minute, the day and the month. A request is let in for what is
// known of it, which is the question's characters; the answer's are charged
// when it has been recorded. So a caller can run into debt with one long
// answer, and then waits until that is paid off.
//
// A Memory knows one process. A Redis makes many count as one.
package limit

import (
	"context"
	"sync"
	"time"

	"tilgate/internal/fault"
	"tilgate/serving"
)

// A Memory limits the callers of one process. It is safe for concurrent use.
// The zero value works.
type Memory struct {
	// Most is how many callers are known at once; 0 is all. Who has not asked
	// while half as many others did may be forgotten. It must not be changed
	// once somebody asks.
	Most int

	mu      sync.RWMutex
	callers map[string]*usage
	earlier map[string]*usage // who asked before callers was last full
}

// usage is what one caller has used.
type usage struct {
	mu                      sync.Mutex
	requests, chars, tokens bucket
	live                    int64
	day, month              period
	release                 func() // made once: a request that is let in costs no memory
}

// Admit lets a request with so many characters in, or says when to come again.
func (m *Memory) Admit(_ context.Context, c serving.Caller, chars int) (serving.Grant, error) {
	l := limitsOf(c)
	if l == nil {
		return serving.Grant{}, nil
	}
	now := time.Now()
	u := m.lock(c.Name)
	defer u.mu.Unlock()
	u.turn(now)
	cost := serving.Quota{Requests: 1, Chars: bounded(chars)}
	if err := u.check(l, cost, now); err != nil {
		return serving.Grant{}, err
	}
	u.charge(l, cost, now)
	u.live++
	return serving.Grant{Release: u.release, Limit: l.Requests, Left: u.requests.left(l.Requests, now)}, nil
}

// Record charges what a request turned out to cost.
func (m *Memory) Record(_ context.Context, x serving.Exchange) {
	l := limitsOf(x.Caller)
	if l == nil {
		return
	}
	now := time.Now()
	u := m.lock(x.Caller.Name)
	defer u.mu.Unlock()
	u.turn(now)
	u.charge(l, settled(x), now)
}

// Refund takes back what was charged for a request that was let in here and
// nowhere else.
func (m *Memory) Refund(_ context.Context, c serving.Caller, chars int) {
	l := limitsOf(c)
	if l == nil {
		return
	}
	now := time.Now()
	u := m.lock(c.Name)
	defer u.mu.Unlock()
	u.turn(now)
	u.charge(l, refund(chars), now)
}

func refund(chars int) serving.Quota { return serving.Quota{Requests: -1, Chars: -bounded(chars)} }

// settled is what an exchange cost beyond what was known when it was let in.
func settled(x serving.Exchange) serving.Quota {
	return serving.Quota{Chars: bounded(x.Chars), Tokens: bounded(x.Usage.PromptTokens + x.Usage.CompletionTokens)}
}

// bounded keeps products of costs and minutes from overflowing.
func bounded(n int) int64 { return int64(min(max(n, 0), 1e8)) }

// limitsOf returns what limits a caller; nil if nothing does.
func limitsOf(c serving.Caller) *serving.Limits {
	if c.Scope == nil || c.Scope.Limits == (serving.Limits{}) {
		return nil
	}
	return &c.Scope.Limits
}

// lock returns what a caller has used, locked.
func (m *Memory) lock(name string) *usage {
	m.mu.RLock()
	u := m.callers[name]
	if u != nil {
		u.mu.Lock()
	}
	m.mu.RUnlock()
	if u != nil {
		return u
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if u = m.callers[name]; u == nil {
		u = m.add(name, m.earlier[name])
	}
	u.mu.Lock()
	return u
}

// add puts a caller among those that ask, with what is known already, or nil;
// m is locked.
func (m *Memory) add(name string, u *usage) *usage {
	if m.callers == nil || m.Most > 0 && len(m.callers) >= m.Most/2 {
		m.callers, m.earlier = map[string]*usage{}, m.callers
	}
	if u == nil {
		u = newUsage()
	}
	m.callers[name] = u
	return u
}

func newUsage() *usage {
	u := new(usage)
	u.release = func() {
		u.mu.Lock()
		u.live--
		u.mu.Unlock()
	}
	return u
}

// Used returns what a caller has used of the quotas of the day and the month.
func (m *Memory) Used(_ context.Context, name string) (day, month serving.Quota, err error) {
	m.mu.RLock()
	u := m.callers[name]
	m.mu.RUnlock()
	if u == nil {
		return day, month, nil
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.turn(time.Now())
	return u.day.used, u.month.used, nil
}

// prune forgets callers of whom nothing needs to be known.
func (m *Memory) prune(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for name, u := range m.callers {
		u.mu.Lock()
		u.turn(now)
		if u.live == 0 && u.month.used == (serving.Quota{}) && max(u.requests, u.chars, u.tokens) <= bucket(now.UnixNano()) {
			delete(m.callers, name)
		}
		u.mu.Unlock()
	}
}

// check says what a request runs into.
func (u *usage) check(l *serving.Limits, cost serving.Quota, now time.Time) error {
	if l.Concurrent > 0 && u.live >= l.Concurrent {
		return over(concurrent, l, time.Second)
	}
	cost.Tokens = 1 // nobody knows yet; one must be left
	for _, b := range [...]struct {
		bucket            bucket
		limit, cost, what int64
	}{{u.requests, l.Requests, cost.Requests, requests}, {u.chars, l.Chars, cost.Chars, chars}, {u.tokens, l.Tokens, cost.Tokens, tokens}} {
		if wait := b.bucket.wait(b.limit, b.cost, now); wait > 0 {
			return over(int(b.what), l, wait)
		}
	}
	if what := u.day.over(l.Day, cost); what >= 0 {
		return over(dayRequests+what, l, u.day.end.Sub(now))
	}
	if what := u.month.over(l.Month, cost); what >= 0 {
		return over(monthRequests+what, l, u.month.end.Sub(now))
	}
	return nil
}

func (u *usage) charge(l *serving.Limits, cost serving.Quota, now time.Time) {
	u.requests.charge(l.Requests, cost.Requests, now)
	u.chars.charge(l.Chars, cost.Chars, now)
	u.tokens.charge(l.Tokens, cost.Tokens, now)
	if l.Day != (serving.Quota{}) {
		u.day.charge(cost)
	}
	if l.Day != (serving.Quota{}) || l.Month != (serving.Quota{}) {
		u.month.charge(cost)
	}
}

// What a caller can run into. Redis answers with these numbers too.
const (
	requests = iota
	chars
	tokens
	concurrent
	dayRequests
	dayChars
	dayTokens
	monthRequests
	monthChars
	monthTokens
)

// subject begins the sentence that says what a caller ran into.
const subject = "this key"

// over returns the error of a caller who ran into a limit.
func over(what int, l *serving.Limits, wait time.Duration) error {
	limit := [...]int64{l.Requests, l.Chars, l.Tokens, l.Concurrent, l.Day.Requests, l.Day.Chars, l.Day.Tokens,
		l.Month.Requests, l.Month.Chars, l.Month.Tokens}[what]
	of := [...]string{"requests a minute", "characters a minute", "tokens a minute", "requests at once",
		"requests a day", "characters a day", "tokens a day", "requests a month", "characters a month", "tokens a month"}[what]
	return fault.Limited.After(wait, subject+" may use %d %s, and has; ask again in %v", limit, of, (wait + time.Second - 1).Truncate(time.Second))
}
