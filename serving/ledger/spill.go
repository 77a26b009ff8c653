package ledger

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/gofrs/flock"
)

// A spill is the file through which batches go to the database. A process
// writes one of its own, under a lock; those that dead processes left are read
// to their end and removed.
type spill struct {
	path  string
	lock  *flock.Flock
	left  []*spill // by processes that are dead, still to be read
	limit int64
	size  int64         // when it was opened
	come  chan struct{} // something was appended

	mu   sync.Mutex
	file *os.File
	base int64 // bytes in the files of left
	end  int64 // of what is whole
	done int64 // of what the database has
	text bool  // it holds words of people
}

const (
	spillFolder = "ledger-spill"
	spillEnd    = ".jsonl"
	lockEnd     = ".lock"
)

var errFull = errors.New("no more may wait for the database")

// openSpill makes the file of a writer, and takes over those of the dead.
func openSpill(folder, writer string, limit int64) (*spill, error) {
	folder = filepath.Join(folder, spillFolder)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	own, err := lockSpill(filepath.Join(folder, writer+spillEnd))
	if err != nil {
		return nil, err
	}
	own.limit = limit
	others, err := filepath.Glob(filepath.Join(folder, "*"+spillEnd))
	if err != nil {
		return nil, errors.Join(err, own.close())
	}
	for _, path := range others {
		if path == own.path {
			continue
		}
		if s, err := lockSpill(path); err == nil {
			own.left = append(own.left, s)
			own.base += s.size
		} else if !errors.Is(err, errLocked) {
			return nil, errors.Join(err, own.close())
		}
	}
	return own, nil
}

var errLocked = errors.New("another process writes it")

func lockSpill(path string) (*spill, error) {
	lock := flock.New(path + lockEnd)
	if ok, err := lock.TryLock(); err != nil || !ok {
		return nil, errors.Join(err, errLocked)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(err, file.Close(), lock.Unlock())
	}
	return &spill{path: path, lock: lock, file: file, size: info.Size(), end: info.Size(), text: info.Size() > 0, come: make(chan struct{}, 1)}, nil
}

// append adds a line. Where that fails, nothing of it is left.
func (s *spill) append(line []byte, sync, text bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.base+s.end+int64(len(line)) > s.limit {
		return errFull
	}
	_, err := s.file.WriteAt(line, s.end)
	if err == nil && sync {
		err = s.file.Sync()
	}
	if err != nil {
		return errors.Join(err, s.file.Truncate(s.end))
	}
	s.end += int64(len(line))
	s.text = s.text || text
	poke(s.come)
	return nil
}

// mostRead is about how much is brought into the database at once, in bytes.
const mostRead = 1 << 20

// read returns batches that the database may not have yet, and where they stand.
// Lines that are none are counted: the process, or the disk, was cut off there.
func (s *spill) read() (list []batch, start, end int64, torn int, err error) {
	s.mu.Lock()
	start, stop := s.done, s.end
	s.mu.Unlock()
	end = start
	lines := bufio.NewReader(io.NewSectionReader(s.file, start, stop-start))
	for end < stop && end-start < mostRead {
		line, err := lines.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, start, start, 0, fmt.Errorf("reading %s: %w", s.path, err)
		}
		end += int64(len(line))
		b, err := parseLine(line)
		if err != nil {
			torn++
			continue
		}
		list = append(list, b)
	}
	return list, start, end, torn, nil
}

// mostDone is how much of a file may be what the database has.
const mostDone = 256 << 10

// advance notes that the database has all before end, and makes room of that:
// at once when it has all, and otherwise when it is much, since under load the
// database never quite has all.
func (s *spill) advance(end int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done = end
	rest := s.end - s.done
	if rest > 0 && (s.done < mostDone || rest > s.done) {
		return nil
	}
	if err := s.moveUp(rest); err != nil {
		return err
	}
	err := s.wipe(rest)
	s.end, s.done, s.text = rest, 0, s.text && rest > 0
	return err
}

// moveUp copies what the database has not yet to the beginning. Until the file is
// cut off it stands there twice, so that whenever the process is killed it is
// read, and counts once.
func (s *spill) moveUp(rest int64) error {
	if rest == 0 {
		return nil
	}
	if _, err := io.Copy(io.NewOffsetWriter(s.file, 0), io.NewSectionReader(s.file, s.done, rest)); err != nil {
		return err
	}
	return s.file.Sync()
}

// wipe cuts the file off. Words of people are first written over, so that who
// erases them finds none here. s.mu is held.
func (s *spill) wipe(from int64) (err error) {
	if s.text {
		zeros := make([]byte, 64<<10)
		for at := from; at < s.end && err == nil; at += int64(len(zeros)) {
			_, err = s.file.WriteAt(zeros[:min(int64(len(zeros)), s.end-at)], at)
		}
		err = errors.Join(err, s.file.Sync())
	}
	return errors.Join(err, s.file.Truncate(from))
}

// isEmpty reports whether the database has everything.
func (s *spill) isEmpty() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end == 0 && len(s.left) == 0
}

// forget removes the file of a dead process, of which the database has all.
func (s *spill) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	left := s.left[0]
	s.left = s.left[1:]
	s.base -= left.size
	_ = left.close()
}

// close removes the file if nothing waits in it.
func (s *spill) close() error {
	for _, left := range s.left {
		_ = left.close()
	}
	err := s.file.Close()
	if s.end == 0 {
		err = errors.Join(err, os.Remove(s.path), os.Remove(s.path+lockEnd))
	}
	return errors.Join(err, s.lock.Unlock())
}
