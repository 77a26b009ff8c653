package ledger

import (
	"context"
	"time"
)

// Between two tries at a database that does not answer, from the first on.
const (
	firstPause = 50 * time.Millisecond
	mostPause  = 2 * time.Second
)

// mostWait is how long the database may take for a batch before it counts as
// down.
const mostWait = time.Minute

// tidyEvery is how often what is too old is removed.
const tidyEvery = time.Hour

// apply brings what is in the spill into the database, until the writer has
// ended and the spill is empty, or the database has had its time for that.
func (l *Ledger) apply(ready bool, end context.CancelFunc) {
	defer close(l.applied)
	defer end()
	go l.endSoon(end)
	pause, tidied := firstPause, time.Time{}
	for {
		err := l.ready(&ready)
		if err == nil {
			err = l.drain()
		}
		if err == nil && time.Since(tidied) > tidyEvery {
			tidied = time.Now()
			err = l.db.tidy(l.hurry, l.opts.KeepCases)
		}
		l.report(err)
		if l.ended(err) {
			return
		}
		if err == nil {
			pause = firstPause
			l.rest()
			continue
		}
		select {
		case <-time.After(pause):
		case d := <-l.direct:
			d.done <- err
		case <-l.hurry.Done():
		}
		pause = min(2*pause, mostPause)
	}
}

// endSoon gives the database some seconds once the writer has ended.
func (l *Ledger) endSoon(end context.CancelFunc) {
	<-l.written
	poke(l.spill.come)
	select {
	case <-time.After(patience):
		end()
	case <-l.applied:
	}
}

// ended reports whether there is nothing more to do, or no more time for it.
func (l *Ledger) ended(err error) bool {
	select {
	case <-l.written:
		return err != nil || l.spill.isEmpty()
	default:
		return false
	}
}

// ready prepares a database that was down when the ledger was opened.
func (l *Ledger) ready(ready *bool) error {
	if *ready {
		return nil
	}
	ctx, cancel := context.WithTimeout(l.hurry, mostWait)
	defer cancel()
	if err := l.db.migrate(ctx); err != nil {
		return err
	}
	*ready = true
	return nil
}

// rest waits until something is to do, and does what does not go through the
// spill.
func (l *Ledger) rest() {
	select {
	case <-l.spill.come:
	case d := <-l.direct:
		err := l.drain() // its batches come first: numbers only rise
		if err == nil {
			err = l.bring([]batch{d.batch}, false)
		}
		l.report(err)
		d.done <- err
	case <-time.After(tidyEvery):
	case <-l.written:
	}
}

// drain brings everything into the database that waits now.
func (l *Ledger) drain() error {
	late := l.down() != nil
	for len(l.spill.left) > 0 {
		if err := l.drainLeft(l.spill.left[0]); err != nil {
			return err
		}
		l.spill.forget()
	}
	l.reach(0)
	return l.drainOwn(late)
}

// drainLeft brings what a dead process left into the database.
func (l *Ledger) drainLeft(p *part) error {
	for p.done < p.end {
		r, err := p.read(p.done, p.end)
		if err == nil {
			err = l.accept(r, true)
		}
		if err != nil {
			return err
		}
		p.done = r.end
	}
	return nil
}

// drainOwn brings what this process has written into the database. late is set
// when it may have waited long.
func (l *Ledger) drainOwn(late bool) error {
	for {
		r, err := l.spill.read()
		if err != nil || r.end == 0 {
			return err
		}
		if err := l.accept(r, late); err != nil {
			return err
		}
		if err := l.spill.advance(r); err != nil {
			return err
		}
	}
}

// accept brings what was read into the database.
func (l *Ledger) accept(r reading, late bool) error {
	if r.torn > 0 {
		l.opts.Log.Warn("the ledger found batches cut off", "file", r.part.path, "batches", r.torn)
	}
	if len(r.list) == 0 {
		return nil
	}
	return l.bring(r.list, late)
}

// bring brings batches into the database, each of them alone if it takes
// exception to one. What it will never take is lost, and counted.
func (l *Ledger) bring(list []batch, late bool) error {
	ctx, cancel := context.WithTimeout(l.hurry, mostWait)
	defer cancel()
	err := l.db.put(ctx, list, late)
	switch {
	case err == nil:
		l.came(list)
		return nil
	case !isRefusal(err):
		return err
	case len(list) == 1:
		l.dropped.Add(list[0].rows())
		l.opts.Log.Error("the ledger's database refuses a batch, which is lost", "err", err, "rows", list[0].rows())
		l.came(list)
		return nil
	}
	for i := range list {
		if err := l.bring(list[i:i+1], late); err != nil {
			return err
		}
	}
	return nil
}

// came notes which of this process's batches the database has.
func (l *Ledger) came(list []batch) {
	if last := list[len(list)-1]; last.Writer == l.writer {
		l.reach(last.Seq)
	}
}

// report notes how the database is, and says so when that changes.
func (l *Ledger) report(err error) {
	if !l.note(err) {
		return
	}
	if err != nil {
		l.opts.Log.Error("the ledger's database does not answer; what is recorded waits for it in files", "err", err, "folder", l.opts.Folder)
		return
	}
	l.opts.Log.Info("the ledger's database answers again", "waited", l.Spilled(), "lost", l.Dropped())
}
