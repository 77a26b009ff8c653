package ledger

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/gofrs/flock"
)

// A part is one file of a spill. Who may change its figures has the spill's lock,
// or the file for itself.
type part struct {
	path string
	lock *flock.Flock
	file *os.File
	size int64 // when it was opened
	end  int64 // of what is whole
	done int64 // of what the database has
	text bool  // it holds words of people

	named bool // the folder, too, is on disk
}

var errLocked = errors.New("another process writes it")

func lockSpill(path string) (*part, error) {
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
	return &part{path: path, lock: lock, file: file, size: info.Size(), end: info.Size(), text: info.Size() > 0}, nil
}

// mostRead is about how much is brought into the database at once, in bytes.
const mostRead = 1 << 20

// A reading is batches that stand in a file, from one byte to another.
type reading struct {
	part       *part
	list       []batch
	start, end int64
	torn       int // lines that are no batch: the process, or the disk, was cut off there
}

// read reads batches between two bytes, or as many as are brought into the
// database at once.
func (p *part) read(from, to int64) (reading, error) {
	r := reading{part: p, start: from, end: from}
	lines := bufio.NewReader(io.NewSectionReader(p.file, from, to-from))
	for r.end < to && r.end-from < mostRead {
		line, err := lines.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return reading{part: p, start: from, end: from}, fmt.Errorf("reading %s: %w", p.path, err)
		}
		r.end += int64(len(line))
		b, err := parseLine(line)
		if err != nil {
			r.torn++
			continue
		}
		r.list = append(r.list, b)
	}
	return r, nil
}

// wipe empties the file. Words of people are first written over, so that who
// erases them finds none here.
func (p *part) wipe(sync func(*os.File) error) (err error) {
	if p.text {
		zeros := make([]byte, 64<<10)
		for at := int64(0); at < p.end && err == nil; at += int64(len(zeros)) {
			_, err = p.file.WriteAt(zeros[:min(int64(len(zeros)), p.end-at)], at)
		}
		err = errors.Join(err, sync(p.file))
	}
	return errors.Join(err, p.file.Truncate(0))
}

// remove removes the file, and gives up its lock.
func (p *part) remove() error {
	return errors.Join(p.file.Close(), os.Remove(p.path), os.Remove(p.path+lockEnd), p.lock.Unlock())
}
