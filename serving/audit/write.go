package audit

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// write writes a batch. If it cannot, the chain stands where it stood.
func (l *Log) write(batch []job, now time.Time) error {
	old, err := l.open(now)
	if err != nil {
		return err
	}
	notes, err := l.notes(old, now)
	if err != nil {
		return err
	}
	at := l.at
	var lines []byte
	for _, j := range append(notes, batch...) {
		if lines, err = at.append(lines, j.entry); err != nil {
			return err
		}
	}
	if err := l.add(lines); err != nil {
		return err
	}
	l.at, l.owed = at, 0
	if err := errors.Join(l.writeHead(), remove(old)); err != nil { // the records are kept all the same
		l.opts.Log.Warn("the folder of the audit log", "err", err)
	}
	return nil
}

// notes are what the log says about itself before the next records.
func (l *Log) notes(old []string, now time.Time) (notes []job, err error) {
	if l.owed > 0 {
		notes = append(notes, job{entry: Entry{Kind: "lost", Time: now, Note: fmt.Sprintf("%d records could not be written", l.owed)}})
	}
	if len(old) > 0 {
		from, err := l.firstAfter(old)
		if err != nil {
			return nil, err
		}
		notes = append(notes, job{entry: Entry{Kind: "pruned", Time: now, From: from,
			Note: fmt.Sprintf("%d files were older than %d days", len(old), l.opts.Days)}})
	}
	return notes, nil
}

// add adds lines to the file, all or none.
func (l *Log) add(lines []byte) error {
	_, err := l.file.WriteAt(lines, l.end)
	if err == nil && l.opts.Durable {
		err = l.file.Sync()
	}
	if err == nil {
		l.end += int64(len(lines))
		return nil
	}
	l.dirty = true // a full disk: what is half written must not stay
	err = errors.Join(err, l.file.Close())
	l.file = nil // the next batch opens it anew
	return err
}

// open opens the file of the day, and lists those that are too old. A clock
// that went back, as that of a machine without a battery does, changes nothing:
// the names of the files say their order.
func (l *Log) open(now time.Time) (old []string, err error) {
	day := max(now.UTC().Format(time.DateOnly), l.day)
	if l.file != nil && l.day == day {
		return nil, nil
	}
	if l.dirty {
		if err := os.Truncate(l.path(l.day), l.end); err != nil {
			return nil, err
		}
		l.dirty = false
	}
	if err := l.closeFile(); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(l.path(day), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	end, err := file.Seek(0, io.SeekEnd)
	if err == nil && l.opts.Durable {
		err = syncFolder(l.folder)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	l.file, l.day, l.end = file, day, end
	return l.tooOld(now)
}

func (l *Log) path(day string) string { return filepath.Join(l.folder, filePart+day+fileEnd) }

// closeFile closes the file, if one is open.
func (l *Log) closeFile() error {
	if l.file == nil {
		return nil
	}
	err := errors.Join(l.file.Sync(), l.file.Close())
	l.file = nil
	return err
}

// syncFolder makes a new file in a folder outlive a power cut.
func syncFolder(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func (l *Log) closeFiles() error {
	err := l.closeFile()
	if l.head != nil {
		err = errors.Join(err, l.head.Close())
		l.head = nil
	}
	return err
}
