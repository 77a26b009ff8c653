package ledger

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// A spill is the files through which batches go to the database. A process
// writes its own, under locks; those that dead processes left are read to their
// end and removed.
//
// Whoever appends never waits for the disk to have what was appended before, nor
// for what the database has to be wiped away: what waits to be appended is what
// is lost when the process is killed. So the writer goes on in a new file while
// the one before is read to its end and wiped. Files are named so that they sort
// in the order in which they were begun, since numbers of batches only rise.
type spill struct {
	folder, writer string
	left           []*part // by processes that are dead, still to be read
	limit          int64
	come           chan struct{}        // something was appended
	sync           func(*os.File) error // File.Sync, but in tests

	mu    sync.Mutex // never held while the disk syncs
	parts []*part    // its own, the oldest first; what comes is appended to the last
	begun int        // so many of them
	base  int64      // bytes in the files of left
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
	s := &spill{folder: folder, writer: writer, limit: limit, come: make(chan struct{}, 1), sync: (*os.File).Sync}
	first, err := s.newPart()
	if err != nil {
		return nil, err
	}
	s.parts = []*part{first}
	others, err := filepath.Glob(filepath.Join(folder, "*"+spillEnd))
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	for _, path := range others {
		if path == first.path {
			continue
		}
		if p, err := lockSpill(path); err == nil {
			s.left = append(s.left, p)
			s.base += p.end
		} else if !errors.Is(err, errLocked) {
			return nil, errors.Join(err, s.close())
		}
	}
	return s, nil
}

// newPart makes the next file.
func (s *spill) newPart() (*part, error) {
	s.begun++
	return lockSpill(filepath.Join(s.folder, fmt.Sprintf("%s-%09d%s", s.writer, s.begun, spillEnd)))
}

// append adds a line, and returns the file that it is in. Where that fails,
// nothing of it is left.
func (s *spill) append(line []byte, text bool) (*part, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	waiting := s.base
	for _, p := range s.parts {
		waiting += p.end
	}
	if waiting+int64(len(line)) > s.limit {
		return nil, errFull
	}
	p := s.parts[len(s.parts)-1]
	if _, err := p.file.WriteAt(line, p.end); err != nil {
		return nil, errors.Join(err, p.file.Truncate(p.end))
	}
	p.end += int64(len(line))
	p.text = p.text || text
	poke(s.come)
	return p, nil
}

// keep, which is called by one at a time, returns when what is in a file is on disk, or in the database.
func (s *spill) keep(p *part) error {
	err := s.sync(p.file)
	if err == nil && !p.named { // so that a new file is found again
		if err = syncFolder(s.folder, s.sync); err == nil {
			p.named = true
		}
	}
	if errors.Is(err, os.ErrClosed) { // the database has all of it
		return nil
	}
	return err
}

func syncFolder(folder string, sync func(*os.File) error) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(sync(f), f.Close())
}

// read returns batches that the database may not have yet, and where they stand.
func (s *spill) read() (r reading, err error) {
	s.mu.Lock()
	p := s.parts[0]
	from, to := p.done, p.end
	s.mu.Unlock()
	return p.read(from, to)
}

// mostDone is how much of a file may be what the database has.
const mostDone = 256 << 10

// advance notes that the database has what was read, and makes room of it: at
// once when it has all, and otherwise when it is much, since under load the
// database never quite has all.
func (s *spill) advance(r reading) error {
	p := r.part
	all, err := s.note(p, r.end)
	if err != nil || !all {
		return err
	}
	if err := p.wipe(s.sync); err != nil {
		return err
	}
	return p.remove()
}

// note notes how far the database is with a file. All says that it has all of
// one to which nothing more is appended, and which is no part of the spill any
// more.
func (s *spill) note(p *part, end int64) (all bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.done = end
	last := p == s.parts[len(s.parts)-1]
	if last && p.done == p.end && !p.text {
		p.done, p.end = 0, 0
		return false, p.file.Truncate(0)
	}
	if last && p.done < p.end && p.done < mostDone {
		return false, nil
	}
	if last {
		next, err := s.newPart()
		switch {
		case err == nil:
			s.parts = append(s.parts, next)
		case p.done < p.end:
			return false, nil // it grows
		default: // the disk has no room for another file, say
			if err := p.wipe(s.sync); err != nil {
				return false, err
			}
			p.done, p.end, p.text = 0, 0, false
			return false, nil
		}
	}
	if all = p.done == p.end; all {
		s.parts = s.parts[1:]
	}
	return all, nil
}

// isEmpty reports whether the database has everything.
func (s *spill) isEmpty() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.parts) == 1 && s.parts[0].end == 0 && len(s.left) == 0
}

// forget removes the file of a dead process, of which the database has all.
func (s *spill) forget() {
	s.mu.Lock()
	left := s.left[0]
	s.left = s.left[1:]
	s.base -= left.size
	s.mu.Unlock()
	_ = errors.Join(left.wipe(s.sync), left.remove())
}

// close removes the files in which nothing waits.
func (s *spill) close() error {
	var errs []error
	for _, p := range append(s.left, s.parts...) {
		if p.end == p.done {
			errs = append(errs, p.remove())
		} else {
			errs = append(errs, p.file.Close(), p.lock.Unlock())
		}
	}
	return errors.Join(errs...)
}
