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

// onDisk returns when a batch is on disk, or in the database.
func (l *Ledger) onDisk(p *part, seq int64) error {
	err := l.spill.keep(p)
	if err == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if l.await(ctx, seq) == nil {
		return nil
	}
	return err
}

// mostUnsynced is how many batches may wait for the disk. Those who wait for
// them give no more until then, so that there are hardly ever so many.
const mostUnsynced = 256

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

// An appended is a batch that is in the spill, and who waits for it to be on
// disk.
type appended struct {
	part    *part
	seq     int64
	waiting []chan written
}

// write brings what is gathered to the spill, until Close.
func (l *Ledger) write() {
	defer close(l.written)
	ends := make(chan struct{})
	go func() {
		defer close(ends)
		l.sync()
	}()
	for range l.wake {
		l.linger()
		l.flush()
	}
	l.flush()
	close(l.unsynced)
	<-ends
}

// sync tells who waits when their batches are on disk, as many at once as came
// while the disk was at it. The writer goes on meanwhile: what it has not yet
// written is what a kill takes.
func (l *Ledger) sync() {
	for first := range l.unsynced {
		all := []appended{first}
		for more := true; more; {
			select {
			case a, open := <-l.unsynced:
				if more = open; open {
					all = append(all, a)
				}
			default:
				more = false
			}
		}
		errs := map[*part]error{}
		for _, a := range all {
			if _, done := errs[a.part]; !done {
				errs[a.part] = l.onDisk(a.part, a.seq)
			}
			gathered{waiting: a.waiting}.tell(written{a.seq, errs[a.part]})
		}
	}
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
	if !l.tryHeld() {
		return
	}
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
	part, err := l.keep(b)
	switch {
	case err != nil && l.holds(err):
		l.hold(b, err)
	case err != nil:
		l.lose(b.rows(), err)
	default:
		l.kept = l.number
		if part != nil && (l.opts.Durable || b.given()) {
			l.unsynced <- appended{part, l.number, g.waiting}
			return
		}
	}
	g.tell(written{l.number, err})
}

// keep appends a batch to the spill, and returns the file that it is in; where
// that cannot be, the database may take it all the same.
func (l *Ledger) keep(b batch) (*part, error) {
	line, err := b.line()
	if err != nil {
		return nil, err
	}
	part, err := l.spill.append(line, b.hasText())
	if err == nil {
		if l.down() != nil {
			l.spilled.Add(b.rows())
		}
		return part, nil
	}
	if l.down() != nil {
		return nil, err
	}
	return nil, l.directly(b, err)
}

// directly has the database take a batch that the spill could not take, for a
// reason that is returned if the database cannot either.
func (l *Ledger) directly(b batch, err error) error {
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
	return len(b.Usage)+len(b.Questions)+len(b.Feedback)+len(b.Cases)+len(b.Heads) == 0
}

func (g gathered) tell(w written) {
	for _, c := range g.waiting {
		c <- w
	}
}

// lose counts rows that are lost, and says so at once, then every minute.
func (l *Ledger) lose(rows int64, err error) {
	all := l.dropped.Add(rows) // none, where all that could not be kept is held
	if now := time.Now(); now.Sub(l.alarmed) > time.Minute {
		l.alarmed = now
		l.opts.Log.Error("the ledger cannot keep what is recorded", "err", err, "rows", rows, "lost", all)
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
