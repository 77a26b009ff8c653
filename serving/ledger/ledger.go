// Package ledger keeps what operators want to know later: usage by day, what
// the knowledge base could not answer, feedback, and how far the audit log had
// come. It is the only home of SQL: SQLite, or Postgres by its address.
//
// The one thing to know before changing it is the way of what is recorded. It
// is first added up in memory; a writer takes that every 25 ms and appends it as
// one batch to a file, the spill; an applier reads the spill, and brings its
// batches into the database. So nobody who records ever waits for the database,
// and whether that is quick, slow or down makes no difference to what is lost
// when the process is killed: what the last 100 ms brought, or in durable mode
// nothing.
//
// Each batch has the name of its writer and a number, and the database knows the
// last number of each writer that it has, noted in the transaction that brought
// it. That is why a batch counts once, however often it is read again.
package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"tilgate/internal/fault"
	"tilgate/internal/outbound"
	"tilgate/serving"
)

// Options of a Ledger. Folder is needed.
type Options struct {
	Folder     string        // where SQLite's file lies, and what waits for the database
	Address    string        // of Postgres: postgres://user@host:port/name; empty is SQLite
	Password   string        // for Postgres, in place of the address's
	Way        outbound.Way  // to Postgres
	Durable    bool          // Keep returns when its record is on disk
	SpillBytes int64         // that may wait for the database; 0 means 64 MiB
	KeepCases  time.Duration // of handover; 0 means 30 days
	Log        *slog.Logger  // nil means slog.Default()
}

const defaultSpill = 64 << 20

// A Ledger records and reads. It is safe for concurrent use.
type Ledger struct {
	*Reader
	opts   Options
	secret []byte // that makes signatures of questions

	mu     sync.Mutex // never held while anything waits
	next   gathered
	closed bool

	wake    chan struct{} // closed to end the writer
	urgent  chan struct{} // somebody waits for what is gathered
	written chan struct{} // closed when the writer has ended
	applied chan struct{} // closed when the applier has ended

	spill  *spill
	writer string
	number int64  // of the writer's last batch
	kept   int64  // of its last that is not lost
	held   *batch // that nothing takes just now; mostly nil
	direct chan directly
	// unsynced are batches that are in the spill and must be on disk.
	unsynced chan appended
	hurry    context.Context // done when the applier must end
	room     chan struct{}   // for feedback and cases that are on their way

	progress
	spilled atomic.Int64
	dropped atomic.Int64
}

// Open opens the ledger in a folder, and its database. One that is of a newer
// schema, or that will not let us in, is an error; one that is down is not: what
// is recorded waits for it.
func Open(ctx context.Context, o Options) (*Ledger, error) {
	if o.SpillBytes == 0 {
		o.SpillBytes = defaultSpill
	}
	if o.KeepCases == 0 {
		o.KeepCases = keepCases
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if err := os.MkdirAll(o.Folder, 0o700); err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	secret, err := secretIn(o.Folder)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	db, err := openStore(o)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	l := &Ledger{Reader: &Reader{db}, opts: o, secret: secret, wake: make(chan struct{}, 1), urgent: make(chan struct{}, 1),
		written: make(chan struct{}), applied: make(chan struct{}), direct: make(chan directly), unsynced: make(chan appended, mostUnsynced), room: make(chan struct{}, mostFeedback), writer: newWriter()}
	l.has, l.changed = -1, make(chan struct{})
	if err := l.begin(ctx); err != nil {
		db.Close()
		return nil, fmt.Errorf("ledger: %w", err)
	}
	return l, nil
}

// patience is how long the start waits for a database, and the end too.
const patience = 5 * time.Second

func (l *Ledger) begin(ctx context.Context) (err error) {
	prepared, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err = l.db.migrate(prepared)
	if err != nil && !isDown(err) {
		return err
	}
	ready := err == nil
	l.report(err)
	if l.spill, err = openSpill(l.opts.Folder, l.writer, l.opts.SpillBytes); err != nil {
		return err
	}
	hurry, end := context.WithCancel(context.WithoutCancel(ctx))
	l.hurry = hurry
	go l.write()
	go l.apply(ready, end)
	return nil
}

// Record counts an exchange. It never waits.
func (l *Ledger) Record(_ context.Context, x serving.Exchange) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.add(&x)
}

// Keep counts an exchange, and in durable mode returns when that is on disk, or
// why it is not.
func (l *Ledger) Keep(x serving.Exchange) error {
	if !l.opts.Durable {
		l.Record(context.Background(), x)
		return nil
	}
	return fault.Unavailable.Wrap(l.wait(context.Background(), func() { l.add(&x) }).err, "usage cannot be recorded, as it must be here")
}

// wait gathers something, and waits until the batch with it is on disk.
func (l *Ledger) wait(ctx context.Context, gather func()) written {
	done := make(chan written, 1)
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return written{err: errClosed}
	}
	gather()
	l.next.waiting = append(l.next.waiting, done)
	l.signal()
	l.mu.Unlock()
	poke(l.urgent)
	select {
	case w := <-done:
		return w
	case <-ctx.Done():
		return written{err: ctx.Err()}
	}
}

var errClosed = fault.Unavailable.Errorf("the server is shutting down; ask again")

// signal tells the writer that something is gathered. l.mu is held.
func (l *Ledger) signal() {
	if !l.closed {
		poke(l.wake)
	}
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Spilled returns how many rows had to wait for a database that was down.
func (l *Ledger) Spilled() int64 { return l.spilled.Load() }

// Dropped returns how many rows are lost.
func (l *Ledger) Dropped() int64 { return l.dropped.Load() }

// Close brings what is gathered into the database. What is not there after some
// seconds waits in the spill for the next start.
func (l *Ledger) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.closed = true
	close(l.wake)
	l.mu.Unlock()
	<-l.written
	<-l.applied
	return errors.Join(l.spill.close(), l.db.Close())
}
