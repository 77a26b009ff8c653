package audit

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"time"
)

// tooOld lists the files that are older than Days, never the newest.
func (l *Log) tooOld(now time.Time) (old []string, err error) {
	if l.opts.Days == 0 {
		return nil, nil
	}
	files, err := Files(l.folder)
	if err != nil {
		return nil, err
	}
	oldest := now.UTC().AddDate(0, 0, -l.opts.Days).Format(time.DateOnly)
	for _, path := range files[:max(0, len(files)-1)] {
		if dayOf(path) >= oldest {
			break
		}
		old = append(old, path)
	}
	return old, nil
}

// firstAfter is the number of the first record that is left without the oldest
// files. It is written down before they go, so that no file can go without it.
func (l *Log) firstAfter(old []string) (int, error) {
	files, err := Files(l.folder)
	if err != nil {
		return 0, err
	}
	for _, path := range files[len(old):] {
		n, err := firstOf(path)
		if n > 0 || err != nil {
			return n, err
		}
	}
	return l.at.n + 1, nil
}

// firstOf returns the number of the first record of a file, 0 if it has none.
func firstOf(path string) (int, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxRecord)
	if !lines.Scan() {
		return 0, lines.Err()
	}
	l, _, _, err := parse(lines.Bytes())
	return l.N, err
}

func remove(files []string) error {
	var errs []error
	for _, path := range files {
		if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
