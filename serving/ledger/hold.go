package ledger

import (
	"errors"
	"time"
)

// While neither the spill nor the database takes anything, as when the disk is
// full, the writer holds the batch that it could not bring anywhere, and what
// comes is gathered on: that grows no further than what may be gathered at once.
// Whoever waits is told. The batch keeps its number: a database that has it, and
// could not say so, will not count it twice.

// holdFor is how long it is until a batch that is held is tried again.
const holdFor = time.Second

// holds reports whether a batch that could not be kept is held. The spill's own
// bound is there so that what is beyond it is lost.
func (l *Ledger) holds(err error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.closed && !errors.Is(err, errFull)
}

// hold holds a batch, without what somebody waits for, who is told.
func (l *Ledger) hold(b batch, err error) {
	told := batch{Feedback: b.Feedback, Cases: b.Cases}
	b.Feedback, b.Cases = nil, nil
	l.held = &b
	l.lose(told.rows(), err)
	l.tryLater()
}

func (l *Ledger) tryLater() {
	time.AfterFunc(holdFor, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.signal()
	})
}

// tryHeld tries a batch again that is held, and reports whether it is gone.
func (l *Ledger) tryHeld() bool {
	if l.held == nil {
		return true
	}
	_, err := l.keep(*l.held)
	if err == nil {
		l.kept = l.held.Seq
		l.held = nil
		return true
	}
	if !l.holds(err) {
		l.lose(l.held.rows(), err)
		l.held = nil
		return true
	}
	l.refuse(err)
	l.tryLater()
	return false
}

// refuse tells everybody who waits that nothing can be kept now, and gathers the
// rest on.
func (l *Ledger) refuse(err error) {
	l.mu.Lock()
	told := batch{Feedback: l.next.feedback, Cases: l.next.cases}
	waiting := gathered{waiting: l.next.waiting}
	l.next.feedback, l.next.cases, l.next.waiting = nil, nil, nil
	if most := len(l.next.heads) - mostHeads; most > 0 {
		l.next.heads = l.next.heads[most:]
	}
	l.mu.Unlock()
	l.lose(told.rows(), err)
	waiting.tell(written{err: err})
}

// mostHeads are gathered; a later one stands for those before it.
const mostHeads = 16
