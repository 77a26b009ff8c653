package audit

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"

	"tilgate/internal/fault"
)

// Options of a Log. The zero value works.
type Options struct {
	Durable bool // Record returns when its record is on disk
	Days    int  // that files are kept; 0 keeps all
	Log     *slog.Logger
}

// A Log writes the records of one folder. Only one can do so at a time.
type Log struct {
	opts   Options
	folder string
	lock   *flock.Flock

	queue  chan job
	done   chan struct{}
	mu     sync.RWMutex // held to send, so that nobody sends to what is closed
	closed bool
	broken atomic.Pointer[error] // why nothing can be written; nil if it can
	lost   atomic.Int64

	// Of the goroutine that writes.
	file  *os.File
	head  *os.File
	day   string // of the newest file, in which is written
	end   int64  // of what is whole in it
	dirty bool   // something may stand behind end
	at    place
	owed  int // records that were lost, which no record says yet
}

// A job is a record to be written, and whom to tell.
type job struct {
	entry   Entry
	written chan<- error // nil if nobody waits
}

const (
	mostWait   = 4096 // records; then who records waits too
	mostBatch  = 1024
	linger     = 100 * time.Millisecond
	retryEvery = time.Second
	filePart   = "audit-"
	fileEnd    = ".jsonl"
)

// Open opens the log in a folder, which it makes if need be.
func Open(folder string, o Options) (*Log, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	l := &Log{opts: o, folder: folder, lock: flock.New(filepath.Join(folder, "lock")), queue: make(chan job, mostWait), done: make(chan struct{})}
	if ok, err := l.lock.TryLock(); err != nil || !ok {
		return nil, errors.Join(err, fmt.Errorf("the audit log in %s is being written by another process", folder))
	}
	if err := l.resume(); err != nil {
		return nil, errors.Join(err, l.lock.Unlock())
	}
	go l.run()
	return l, nil
}

// Record keeps an entry. It returns an error only in durable mode, when the
// entry could not be kept.
func (l *Log) Record(e Entry) error {
	e.clip()
	j := job{entry: e}
	var written chan error
	if l.opts.Durable {
		written = make(chan error, 1)
		j.written = written
	}
	if !l.send(j) {
		l.lost.Add(1)
		if l.opts.Durable {
			return errClosed
		}
		return nil
	}
	if written == nil {
		return nil
	}
	return <-written
}

var errClosed = fault.Unavailable.Errorf("the server is shutting down; ask again")

// send reports whether the log was still open.
func (l *Log) send(j job) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if !l.closed {
		l.queue <- j
	}
	return !l.closed
}

// Refuse returns why nothing may be answered now: in durable mode, that no
// record can be kept.
func (l *Log) Refuse() error {
	if err := l.broken.Load(); err != nil && l.opts.Durable {
		return fault.Unavailable.Wrap(*err, unrecorded)
	}
	return nil
}

// Lost returns how many records could not be kept.
func (l *Log) Lost() int64 { return l.lost.Load() }

// run writes what comes, many at once. While nothing can be written it tries
// again by itself: in durable mode nobody else would, since nobody is answered.
func (l *Log) run() {
	defer close(l.done)
	for {
		var retry <-chan time.Time
		if l.broken.Load() != nil {
			retry = time.After(retryEvery)
		}
		select {
		case first, ok := <-l.queue:
			if !ok {
				return
			}
			l.keep(l.gather(first))
		case <-retry:
			l.keep(nil)
		}
	}
}

// keep writes a batch, or counts what it lost, and tells who waits.
func (l *Log) keep(batch []job) {
	err := l.write(batch, time.Now())
	if err != nil {
		l.lost.Add(int64(len(batch)))
		l.owed += len(batch)
		if l.broken.Swap(&err) == nil {
			l.opts.Log.Error("the audit log cannot be written", "err", err, "records", len(batch))
		}
	} else if l.broken.Swap(nil) != nil {
		l.opts.Log.Info("the audit log is written again", "lost", l.lost.Load())
	}
	for _, j := range batch {
		if j.written != nil {
			j.written <- err
		}
	}
}

// gather takes what waits. Where nobody waits for it, a little more may come.
func (l *Log) gather(first job) []job {
	batch := []job{first}
	var late <-chan time.Time
	if !l.opts.Durable {
		timer := time.NewTimer(linger)
		defer timer.Stop()
		late = timer.C
	}
	for len(batch) < mostBatch {
		select {
		case j, ok := <-l.queue:
			if !ok {
				return batch
			}
			batch = append(batch, j)
			continue
		default:
		}
		if late == nil {
			return batch
		}
		select {
		case j, ok := <-l.queue:
			if !ok {
				return batch
			}
			batch = append(batch, j)
		case <-late:
			return batch
		}
	}
	return batch
}

// Close writes what waits. What is recorded after it is lost, and counted.
func (l *Log) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.closed = true
	close(l.queue)
	l.mu.Unlock()
	<-l.done
	return errors.Join(l.closeFiles(), l.lock.Unlock())
}
