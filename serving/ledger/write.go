package ledger

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// linger is how long things are gathered. With the time to append them to the
// spill it is well below the 100 ms that may be lost.
const linger = 25 * time.Millisecond

// written is how a batch came to the disk.
type written struct {
	seq int64
	err error
}

// directly is a batch that the spill could not take, and whom to tell whether
// the database could.
type directly struct {
	batch batch
	done  chan error
}

// write brings what is gathered to the disk, until Close.
func (l *Ledger) write() {
	defer close(l.written)
	for range l.wake {
		l.linger()
		l.flush()
	}
	l.flush()
}

// linger lets more come, unless somebody waits.
func (l *Ledger) linger() {
	l.mu.Lock()
	wanted := l.opts.Durable || len(l.next.waiting) > 0 || l.closed
	l.mu.Unlock()
	if wanted {
		return
	}
	timer := time.NewTimer(linger)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-l.urgent:
	}
}

// flush appends what is gathered to the spill, as one batch.
func (l *Ledger) flush() {
	g := l.take()
	if g.lost > 0 {
		l.lose(g.lost, errors.New("too many questions without an answer at once"))
	}
	b := g.batch(l.secret)
	if b.isEmpty() {
		g.tell(written{seq: l.kept})
		return
	}
	l.number++
	b.Writer, b.Seq = l.writer, l.number
	err := l.keep(b)
	if err != nil {
		l.lose(b.rows(), err)
	} else {
		l.kept = l.number
	}
	g.tell(written{l.number, err})
}

// keep appends a batch to the spill; where that cannot be, the database may
// take it all the same.
func (l *Ledger) keep(b batch) error {
	line, err := b.line()
	if err != nil {
		return err
	}
	err = l.spill.append(line, l.opts.Durable || len(b.Feedback) > 0, b.hasText())
	if err == nil {
		if l.down() != nil {
			l.spilled.Add(b.rows())
		}
		return nil
	}
	if l.down() != nil {
		return err
	}
	d := directly{b, make(chan error, 1)}
	select {
	case l.direct <- d:
		return <-d.done
	case <-l.applied:
		return err
	case <-time.After(patience):
		return err
	}
}

func (b batch) isEmpty() bool {
	return len(b.Usage)+len(b.Questions)+len(b.Feedback)+len(b.Heads) == 0
}

func (g gathered) tell(w written) {
	for _, c := range g.waiting {
		c <- w
	}
}

// lose counts rows that are lost, and says so at once, then every minute.
func (l *Ledger) lose(rows int64, err error) {
	all := l.dropped.Add(rows)
	if now := time.Now(); now.Sub(l.alarmed) > time.Minute {
		l.alarmed = now
		l.opts.Log.Error("the ledger loses rows", "err", err, "rows", rows, "lost", all)
	}
}

// progress is how far the database has come, and whether it answers.
type progress struct {
	broken  atomic.Pointer[error] // why it does not; nil if it does
	alarmed time.Time             // of the writer

	at      sync.Mutex
	has     int64         // number of the writer's last batch in the database
	changed chan struct{} // closed when any of it changes
}

func (p *progress) down() error {
	if err := p.broken.Load(); err != nil {
		return *err
	}
	return nil
}

// reach notes that the database has all up to a batch of this process, and all
// that dead ones left. Before it has that, it has not even come to 0.
func (p *progress) reach(number int64) {
	p.at.Lock()
	defer p.at.Unlock()
	p.has = max(p.has, number)
	p.tell()
}

// note notes how the database is.
func (p *progress) note(err error) (changed bool) {
	p.at.Lock()
	defer p.at.Unlock()
	was := p.broken.Load() != nil
	if err != nil {
		p.broken.Store(&err)
	} else {
		p.broken.Store(nil)
	}
	p.tell()
	return was != (err != nil)
}

// tell wakes who waits. p.at is held.
func (p *progress) tell() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// await returns nil when the database has a batch, or why that takes longer.
func (p *progress) await(ctx context.Context, seq int64) error {
	for {
		p.at.Lock()
		has, changed := p.has >= seq, p.changed
		p.at.Unlock()
		if has {
			return nil
		}
		if err := p.down(); err != nil {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
