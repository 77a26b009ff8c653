package audit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// resume finds the end of the chain, mends it, and writes down what was wrong.
func (l *Log) resume() error {
	files, err := Files(l.folder)
	if err != nil {
		return err
	}
	now := time.Now()
	var notes []job
	note := func(kind, why string) { notes = append(notes, job{entry: Entry{Kind: kind, Time: now, Note: why}}) }
	if len(files) > 0 {
		last := files[len(files)-1]
		torn, end, err := tail(last)
		if err != nil {
			return fmt.Errorf("the end of %s: %w", last, err)
		}
		l.at, l.day = end, dayOf(last)
		if torn > 0 {
			note("torn", fmt.Sprintf("%d bytes of half a record were cut off", torn))
		}
		kind, why, err := l.compare()
		if err != nil {
			return err
		}
		if kind != "" {
			note(kind, why)
			l.opts.Log.Error("the audit log is not as it was left", "what", kind, "why", why)
		}
	}
	note("opened", "")
	if err := l.write(notes, now); err != nil {
		return errors.Join(err, l.closeFiles())
	}
	return nil
}

// compare says whether the chain still holds the head that was noted last. A
// process that was killed may have written more than it noted.
func (l *Log) compare() (kind, why string, err error) {
	head, ok := readHead(l.folder)
	switch {
	case !ok:
		return "replaced", "there was no head to compare the records with", nil
	case head.n > l.at.n:
		return "cut", fmt.Sprintf("the head was record %d, %s: those after %d are gone", head.n, head.hash, l.at.n), nil
	case head == l.at:
		return "", "", nil
	}
	if ok, err = Holds(l.folder, head.hash); ok || err != nil {
		return "", "", err
	}
	return "replaced", fmt.Sprintf("the head was record %d, %s, which is not among them", head.n, head.hash), nil
}

// tail finds the last record of a file and cuts off what is half a one. An
// empty file has the place of the one before it, which is looked for.
func tail(path string) (torn int, at place, err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0o600)
	if err != nil {
		return 0, at, err
	}
	defer f.Close()
	text, start, err := ending(f)
	if err != nil {
		return 0, at, err
	}
	whole := bytes.LastIndexByte(text, '\n') + 1
	if torn = len(text) - whole; torn > 0 {
		if err := f.Truncate(start + int64(whole)); err != nil {
			return torn, at, err
		}
	}
	text = bytes.TrimSuffix(text[:whole], []byte("\n"))
	if len(text) == 0 {
		at, err = before(path)
		return torn, at, err
	}
	l, _, hash, err := parse(text[bytes.LastIndexByte(text, '\n')+1:])
	if err != nil {
		return torn, at, fmt.Errorf("the last record: %w; tilgate audit verify says more", err)
	}
	return torn, place{l.N, hash}, nil
}

// ending reads the end of a file with at least its last whole line, and says
// where in the file that begins. A day may have gigabytes.
func ending(f *os.File) (text []byte, start int64, err error) {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, 0, err
	}
	for n := int64(64 << 10); ; n *= 4 {
		start = max(0, size-n)
		text = make([]byte, size-start)
		if _, err := f.ReadAt(text, start); err != nil {
			return nil, 0, err
		}
		if start == 0 || bytes.Count(text, []byte("\n")) >= 2 {
			return text, start, nil
		}
	}
}

// before finds the end of the file before one that is empty.
func before(path string) (place, error) {
	files, err := Files(filepath.Dir(path))
	if err != nil {
		return place{}, err
	}
	i := slices.Index(files, path)
	if i <= 0 {
		return place{}, nil
	}
	_, at, err := tail(files[i-1])
	return at, err
}
