package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
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
	closed sync.Once
	broken atomic.Pointer[error] // why nothing can be written; nil if it can
	lost   atomic.Int64

	// Of the goroutine that writes.
	file *os.File
	day  string
	at   place
}

// A job is a record to be written, and whom to tell.
type job struct {
	entry   Entry
	written chan<- error // nil if nobody waits
}

const (
	mostWait  = 4096 // records; then who records waits too
	mostBatch = 1024
	linger    = 100 * time.Millisecond
	filePart  = "audit-"
	fileEnd   = ".jsonl"
	headFile  = "head"
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

// resume finds the end of the chain, and mends it.
func (l *Log) resume() error {
	files, err := Files(l.folder)
	if err != nil {
		return err
	}
	note := Entry{Kind: "opened", Time: time.Now()}
	if len(files) > 0 {
		last := files[len(files)-1]
		torn, end, err := tail(last)
		if err != nil {
			return fmt.Errorf("the end of %s: %w", last, err)
		}
		l.at = end
		if torn > 0 {
			note.Kind, note.Note = "torn", fmt.Sprintf("%d bytes of half a record were cut off", torn)
		}
		if head, ok := readHead(l.folder); ok && head.n > l.at.n {
			note.Kind, note.Note = "cut", fmt.Sprintf("the head was record %d, %s: those after %d are gone", head.n, head.hash, l.at.n)
		}
	}
	if err := l.write([]job{{entry: note}}, time.Now()); err != nil {
		return errors.Join(err, l.closeFile())
	}
	return nil
}

// Record keeps an entry. It returns an error only in durable mode, when the
// entry could not be kept.
func (l *Log) Record(ctx context.Context, e Entry) error {
	if !l.opts.Durable {
		l.queue <- job{entry: e}
		return nil
	}
	written := make(chan error, 1)
	l.queue <- job{e, written}
	return <-written
}

// Refuse returns why nothing may be answered now: in durable mode, that no
// record can be kept.
func (l *Log) Refuse() error {
	if err := l.broken.Load(); err != nil && l.opts.Durable {
		return fault.Unavailable.Wrap(*err, "answers cannot be recorded, as they must be here")
	}
	return nil
}

// Lost returns how many records could not be kept.
func (l *Log) Lost() int64 { return l.lost.Load() }

// run writes what comes, many at once.
func (l *Log) run() {
	defer close(l.done)
	for first := range l.queue {
		batch := l.gather(first)
		now := time.Now()
		err := l.write(batch, now)
		if err != nil {
			l.lost.Add(int64(len(batch)))
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

// write writes a batch. If it cannot, the chain stands where it stood.
func (l *Log) write(batch []job, now time.Time) error {
	pruned, err := l.open(now)
	if err != nil {
		return err
	}
	batch = append(pruned, batch...)
	at := l.at
	var lines []byte
	for _, j := range batch {
		if lines, err = at.append(lines, j.entry); err != nil {
			return err
		}
	}
	if err := l.add(lines); err != nil {
		err = errors.Join(err, l.file.Close())
		l.file = nil // the next batch opens it anew
		return err
	}
	l.at = at
	return l.writeHead()
}

// add adds lines to the file, all or none.
func (l *Log) add(lines []byte) error {
	before, err := l.file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if _, err = l.file.Write(lines); err == nil && l.opts.Durable {
		err = l.file.Sync()
	}
	if err != nil { // a full disk: what is half written must not stay
		return errors.Join(err, l.file.Truncate(before))
	}
	return nil
}

// open opens the file of the day. What is returned is to be written first.
func (l *Log) open(now time.Time) ([]job, error) {
	day := now.UTC().Format(time.DateOnly)
	if l.file != nil && l.day == day {
		return nil, nil
	}
	if err := l.closeFile(); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(l.folder, filePart+day+fileEnd), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	l.file, l.day = file, day
	return l.prune(now)
}

func (l *Log) closeFile() error {
	if l.file == nil {
		return nil
	}
	err := errors.Join(l.file.Sync(), l.file.Close())
	l.file = nil
	return err
}

// writeHead notes where the chain has come to.
func (l *Log) writeHead() error {
	return os.WriteFile(filepath.Join(l.folder, headFile), fmt.Appendf(nil, "%d %s\n", l.at.n, l.at.hash), 0o600)
}

// readHead reads what writeHead wrote.
func readHead(folder string) (at place, ok bool) {
	text, err := os.ReadFile(filepath.Join(folder, headFile))
	if err != nil {
		return at, false
	}
	var hash string
	if _, err := fmt.Sscanf(string(text), "%d %s\n", &at.n, &hash); err != nil {
		return at, false
	}
	at.hash, err = ParseHash(hash)
	return at, err == nil
}

// prune removes the files that are older than Days, never the newest. The
// chain then begins later, which a record says.
func (l *Log) prune(now time.Time) ([]job, error) {
	files, err := Files(l.folder)
	if err != nil || l.opts.Days == 0 {
		return nil, err
	}
	oldest := now.UTC().AddDate(0, 0, -l.opts.Days).Format(time.DateOnly)
	removed := 0
	for _, path := range files[:max(0, len(files)-1)] {
		if dayOf(path) >= oldest {
			break
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		removed++
	}
	if removed == 0 {
		return nil, nil
	}
	return []job{{entry: Entry{Kind: "pruned", Time: now, Note: fmt.Sprintf("%d files before %s were removed", removed, oldest)}}}, nil
}

// Close writes what waits. Nothing can be recorded after it.
func (l *Log) Close() error {
	var err error
	l.closed.Do(func() {
		close(l.queue)
		<-l.done
		err = errors.Join(l.closeFile(), l.lock.Unlock())
	})
	return err
}
