package gateway

import (
	"crypto/sha256"
	"sync"
	"time"
)

// held are the answers of the page that their readers can come back to.
type held struct {
	after time.Duration // an answer ends that nobody listens to
	leave time.Duration // one ends whose page was closed, unless that was only loaded again
	kept  time.Duration // what was said is, after the end
	most  mostHeld

	mu       sync.Mutex
	byName   map[answerName]*ongoing
	over     []*ongoing              // of them, the oldest first
	alone    int                     // of those that are not over, with nobody who listens
	unbegun  map[answerName]struct{} // were stopped before they began
	draining bool

	working sync.WaitGroup
}

// An answerName is what an answer is known by. The page makes up the id, at
// random, before it asks: so it can also come back to an answer whose first
// byte never arrived. It is a secret of the page, and never logged; yet it opens
// nothing without the key that asked.
type answerName struct{ caller, tenant, id string }

// mostHeld bounds what is kept. Beyond it readers who leave are gone for
// good, as they are on the API.
type mostHeld struct {
	bytes int // of one answer: passages are most of it
	all   int // answers
	alone int // of them, those that the model writes for nobody just now
}

const (
	resumeFor = 20 * time.Second
	keptFor   = time.Minute
	leaveFor  = 4 * time.Second
)

func newHeld(after time.Duration) *held {
	return &held{after: after, leave: leaveFor, kept: keptFor,
		byName: map[answerName]*ongoing{}, unbegun: map[answerName]struct{}{},
		most: mostHeld{bytes: 128 << 10, all: 512, alone: 64}}
}

// find returns an answer, or nil. It is an error to ask for it with another
// question.
func (a *held) find(name answerName, asked []byte) (*ongoing, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	o := a.byName[name]
	if o != nil && asked != nil && o.sum != sha256.Sum256(asked) {
		return nil, errOtherQuestion
	}
	return o, nil
}

// open makes room for an answer. It returns nil if there is none, or if the
// answer is there already, or if nobody will come back because the door closes.
// What it returns has to be run.
func (a *held) open(name answerName, asked []byte, work *call) (*ongoing, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, stopped := a.unbegun[name]; stopped {
		return nil, errUnwanted
	}
	if a.draining || a.byName[name] != nil {
		return nil, nil
	}
	if len(a.byName) >= a.most.all && len(a.over) > 0 {
		a.forget(a.over[0])
	}
	if len(a.byName) >= a.most.all {
		return nil, nil
	}
	o := &ongoing{all: a, name: name, sum: sha256.Sum256(asked), work: work, news: make(chan struct{})}
	a.byName[name] = o
	a.working.Add(1)
	return o, nil
}

// attach makes a call the reader of an answer, after n events. Who read it so
// far is sent away: that is a line which nobody knows yet to be broken.
func (a *held) attach(o *ongoing, c *call, n int) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.byName[o.name] != o || n < o.first || n > o.first+len(o.events) {
		return errAnswerGone
	}
	if o.reader != nil {
		o.reader.cancel(errElsewhere)
	}
	a.accompany(o)
	o.reader, o.taken, o.closing = c, n, false
	o.change()
	return nil
}

// accompany notes that an answer is not alone any more. It is said of answers
// that are, or are not.
func (a *held) accompany(o *ongoing) {
	if o.until != nil && !o.over {
		o.until.Stop()
		o.until = nil
		a.alone--
	}
}

// left notes that a reader is gone. The answer goes on for a while, if there
// is room for one more that does.
func (a *held) left(o *ongoing, c *call) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if o.reader != c {
		return
	}
	o.reader = nil
	o.change()
	switch {
	case o.over:
	case a.draining || a.after < 0 || a.alone >= a.most.alone:
		a.end(o, errLeft)
	default:
		a.goOn(o)
	}
}

// goOn lets an answer be alone for a time.
func (a *held) goOn(o *ongoing) {
	a.accompany(o)
	a.alone++
	wait := a.after
	if o.closing {
		wait = min(wait, a.leave)
	}
	var until *time.Timer
	until = time.AfterFunc(wait, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if o.until == until && !o.over {
			a.end(o, errLeft)
		}
	})
	o.until = until
}

// end ends the work, and forgets what was said.
func (a *held) end(o *ongoing, why error) {
	o.work.cancel(why)
	a.forget(o)
}

// finish notes that an answer is over. It is kept for those who have not heard
// its end.
func (a *held) finish(o *ongoing, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.accompany(o)
	o.over, o.err = true, err
	o.change()
	if a.draining {
		a.forget(o)
	}
	if a.byName[o.name] != o {
		return
	}
	a.over = append(a.over, o)
	o.until = time.AfterFunc(a.kept, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.forget(o)
	})
}

// forget takes an answer from the list.
func (a *held) forget(o *ongoing) {
	if a.byName[o.name] != o {
		return
	}
	delete(a.byName, o.name)
	a.accompany(o)
	if !o.over || o.until == nil {
		return
	}
	o.until.Stop()
	for i, other := range a.over {
		if other == o {
			a.over = append(a.over[:i], a.over[i+1:]...)
			break
		}
	}
}

// stop ends an answer at once, or, if its page is only being left, soon. Who
// stops at once may be faster than the question, which came on another line.
func (a *held) stop(name answerName, leaving bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	o := a.byName[name]
	switch {
	case o == nil && leaving:
	case o == nil:
		a.neverBegin(name)
	case !leaving:
		a.end(o, errStopped)
	default:
		o.closing = true
		if o.reader == nil && !o.over {
			a.goOn(o)
		}
	}
}

// neverBegin has an answer refused that is asked for within the time that
// answers are kept. When too many are noted, one begins that nobody wants.
func (a *held) neverBegin(name answerName) {
	if len(a.unbegun) >= a.most.all {
		return
	}
	a.unbegun[name] = struct{}{}
	time.AfterFunc(a.kept, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.unbegun, name)
	})
}

// endCaller ends and forgets all answers to a caller.
func (a *held) endCaller(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, o := range a.byName {
		if o.name.caller == name {
			a.end(o, errRevoked)
		}
	}
}

// drain ends what nobody listens to: nobody can come back any more.
func (a *held) drain() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.draining = true
	for _, o := range a.byName {
		if o.over || o.reader == nil {
			a.end(o, errDraining)
		}
	}
}

// wait waits until no answer is at work, so that each is recorded, but not
// longer than it may take.
func (a *held) wait(most time.Duration) {
	done := make(chan struct{})
	go func() {
		a.working.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(most):
	}
}
