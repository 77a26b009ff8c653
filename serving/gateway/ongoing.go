package gateway

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime/debug"
	"time"

	"tilgate/serving"
)

// An ongoing is an answer on the page that outlives a connection: on a thin
// network lines break, and the reader who comes back wants the rest of the same
// answer. What was said is kept, as it goes over the wire, and counted, so that
// whoever says how much there was gets what follows, once.
//
// Its fields are guarded by the lock of those that are held.
type ongoing struct {
	all  *held
	name answerName
	sum  [32]byte // of what was asked
	work *call    // of the model; it belongs to no connection

	events [][]byte
	first  int // of events, in the whole answer; those before were dropped
	size   int // of events, in bytes
	over   bool
	err    error         // that ended it
	news   chan struct{} // closed at the next change

	reader  *call // nil while nobody listens
	taken   int   // what the reader was given
	closing bool  // the reader's page is being closed, or loaded again
	until   *time.Timer
}

// errElsewhere is why a stream ends whose answer is read on another connection.
var errElsewhere = errors.New("the answer is read on another connection")

// errStopped is why an answer ends that its reader does not want.
var errStopped = errors.Join(errors.New("the reader stopped it"), context.Canceled)

// change wakes all who wait for news.
func (o *ongoing) change() {
	close(o.news)
	o.news = make(chan struct{})
}

// run has the answer made, until it is over or its work is ended.
func (o *ongoing) run(pieces iter.Seq2[[]byte, error]) {
	defer o.all.working.Done()
	err := o.make(pieces)
	if err == nil {
		err = context.Cause(o.work.ctx)
	}
	if err != nil {
		err = o.work.explain(err)
	}
	o.all.finish(o, err)
	o.work.end()
}

func (o *ongoing) make(pieces iter.Seq2[[]byte, error]) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	for piece, err := range pieces {
		if err != nil {
			return err
		}
		if !o.add(serving.Frame(piece)) {
			return nil
		}
	}
	return nil
}

// add keeps an event. When there is no room, what the reader was given goes,
// and the model waits for a slow one; with nobody there the answer ends. It is
// false when the answer is to end.
func (o *ongoing) add(event []byte) bool {
	a := o.all
	for {
		a.mu.Lock()
		for o.size+len(event) > a.most.bytes && o.reader != nil && o.first < o.taken {
			o.size -= len(o.events[0])
			o.events, o.first = o.events[1:], o.first+1
		}
		fits := o.size+len(event) <= a.most.bytes || len(o.events) == 0
		if fits {
			o.events, o.size = append(o.events, event), o.size+len(event)
			o.change()
		}
		alone, news := o.reader == nil, o.news
		a.mu.Unlock()
		switch {
		case fits:
			return o.work.ctx.Err() == nil
		case alone:
			o.work.cancel(errLeft)
			return false
		}
		select {
		case <-news:
		case <-o.work.ctx.Done():
			return false
		}
	}
}

// read yields to a reader what follows after n events, until the answer is over
// or the reader's call.
func (o *ongoing) read(c *call, n int) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for ; ; n++ {
			event, err := o.wait(c, n)
			switch {
			case err != nil:
				yield(nil, err)
				return
			case event == nil || !yield(event, nil):
				return
			}
		}
	}
}

// wait returns event n once it is there. None and no error mean that there is
// no such event, or that the reader is gone.
func (o *ongoing) wait(c *call, n int) ([]byte, error) {
	for {
		event, over, news, err := o.look(c, n)
		if event != nil || over {
			return event, err
		}
		select {
		case <-news:
		case <-c.ctx.Done():
			return nil, nil
		}
	}
}

func (o *ongoing) look(c *call, n int) (event []byte, over bool, news <-chan struct{}, err error) {
	o.all.mu.Lock()
	defer o.all.mu.Unlock()
	if o.reader != c {
		return nil, true, nil, nil // its call is being ended
	}
	if n > o.taken {
		o.taken = n
		o.change() // there may be room now
	}
	if i := n - o.first; i < len(o.events) {
		return o.events[i], false, nil, nil
	}
	return nil, o.over, o.news, o.err
}
