package record

import (
	"errors"
	"io"
	"sync"
	"time"
)

// A Buffer writes to a slow writer from the side: one write for all lines of
// a tenth of a second costs a hundredth of one for each. What is lost by
// kill -9 is what the last tenth of a second brought. Nothing is dropped while
// the writer works: when too much waits, Write waits too. It is safe for
// concurrent use.
type Buffer struct {
	mu      sync.Mutex
	room    sync.Cond // signalled when waiting has been taken to be written
	waiting []byte
	spare   []byte
	closed  bool
	lost    int // bytes that the writer did not take

	out  io.Writer
	wake chan struct{}
	done chan struct{}
}

const (
	flushEvery = 100 * time.Millisecond
	flushAt    = 64 << 10 // bytes that are written at once
	mostWaits  = 4 << 20  // bytes that may wait
)

// NewBuffer returns a buffer before out. Close must be called.
func NewBuffer(out io.Writer) *Buffer {
	b := &Buffer{out: out, wake: make(chan struct{}, 1), done: make(chan struct{})}
	b.room.L = &b.mu
	go b.run()
	return b
}

// Write takes p to be written soon.
func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.waiting)+len(p) > mostWaits && len(b.waiting) > 0 && !b.closed {
		b.room.Wait()
	}
	if b.closed {
		return 0, errors.New("the log is closed")
	}
	before := len(b.waiting)
	b.waiting = append(b.waiting, p...)
	if before == 0 || before < flushAt && len(b.waiting) >= flushAt {
		select {
		case b.wake <- struct{}{}:
		default:
		}
	}
	return len(p), nil
}

// run writes what waits, and sleeps while nothing does.
func (b *Buffer) run() {
	defer close(b.done)
	for range b.wake {
		if b.size() < flushAt {
			b.pause()
		}
		b.flush()
	}
	b.flush()
}

// pause waits for more, until there is enough or it is time.
func (b *Buffer) pause() {
	timer := time.NewTimer(flushEvery)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-b.wake:
	}
}

func (b *Buffer) size() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.waiting)
}

func (b *Buffer) flush() {
	b.mu.Lock()
	batch := b.waiting
	b.waiting, b.spare = b.spare[:0], nil
	b.room.Broadcast()
	b.mu.Unlock()
	n, err := b.out.Write(batch)
	b.mu.Lock()
	defer b.mu.Unlock()
	if err != nil {
		b.lost += len(batch) - n
	}
	b.spare = batch[:0]
}

// Lost returns how many bytes the writer did not take: a full disk, say.
func (b *Buffer) Lost() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lost
}

// Close writes what waits. Nothing can be written after it.
func (b *Buffer) Close() error {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return nil
	}
	b.closed = true
	b.room.Broadcast()
	close(b.wake)
	b.mu.Unlock()
	<-b.done
	return nil
}
