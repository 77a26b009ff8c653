package audit

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Files lists the files of a log, the oldest first.
func Files(folder string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(folder, filePart+"????-??-??"+fileEnd))
	slices.Sort(files)
	return files, err
}

func dayOf(path string) string {
	return strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), filePart), fileEnd)
}

// A Chain is what Verify found to be whole.
type Chain struct {
	Files   int
	Records int
	First   int // number of the first record; above 1 if older files were removed
	Head    Hash
	Notes   []string // what the log says was wrong with it, each with the number of its record

	from  int   // what the newest of "pruned" says that First is
	noted place // the head as it was noted
}

// maxRecord is more than any record takes, in bytes.
const maxRecord = 1 << 20

// Verify checks the whole chain in a folder: every record's own hash, that it
// holds that of the one before, also from file to file, that numbers are
// without a gap, that no more is gone at the beginning than a record says was
// removed for its age, and that the chain holds the head. An error says where
// it breaks. A log may be verified while it is written.
func Verify(folder string) (Chain, error) {
	head, files, err := parts(folder)
	if err != nil {
		return Chain{}, err
	}
	c := Chain{noted: head}
	var at place
	for i, path := range files {
		if err := c.read(path, &at, i == len(files)-1); err != nil {
			return c, err
		}
		c.Files++
	}
	c.Head = at.hash
	switch {
	case c.First > max(c.from, 1):
		return c, fmt.Errorf("the records before number %d are gone, and no record says that they were removed for their age", c.First)
	case at.n < head.n:
		return c, fmt.Errorf("the records end with %d %s, but the head is %d %s: the end was cut off", at.n, at.hash, head.n, head.hash)
	case at.n > head.n:
		c.Notes = append(c.Notes, fmt.Sprintf("the last %d records came after the head was noted: the log is being written, or its process was killed", at.n-head.n))
	}
	return c, nil
}

// parts returns the head of a log, and its files.
func parts(folder string) (head place, files []string, err error) {
	head, ok := readHead(folder) // first: what is written from here on comes after it
	if files, err = Files(folder); err != nil {
		return head, nil, err
	}
	if len(files) == 0 {
		return head, nil, fmt.Errorf("there is no audit log in %s", folder)
	}
	if !ok {
		return head, nil, fmt.Errorf("the head in %s cannot be read: it was removed or changed", folder)
	}
	return head, files, nil
}

// VerifyTail is Verify of the newest file alone, which is quick also where years
// are kept: its records follow each other, and come up to the head. What is
// older it does not see.
func VerifyTail(folder string) (Chain, error) {
	head, files, err := parts(folder)
	if err != nil {
		return Chain{}, err
	}
	c := Chain{Files: 1, noted: head}
	var at place
	if err := c.read(files[len(files)-1], &at, true); err != nil {
		return c, err
	}
	if c.Head = at.hash; c.Records > 0 && at.n < head.n {
		return c, fmt.Errorf("the records end with %d %s, but the head is %d %s: the end was cut off", at.n, at.hash, head.n, head.hash)
	}
	return c, nil
}

// Holds reports whether a chain that was verified holds a head that was written
// down elsewhere. It looks into the newest file first.
func Holds(folder string, head Hash) (bool, error) {
	files, err := Files(folder)
	if err != nil {
		return false, err
	}
	for _, path := range slices.Backward(files) {
		if ok, err := holds(path, head); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

func holds(path string, head Hash) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	end := fmt.Appendf(nil, "%s%s\"}", hashKey, head)
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxRecord)
	for lines.Scan() {
		if bytes.HasSuffix(lines.Bytes(), end) {
			return true, nil
		}
	}
	return false, lines.Err()
}

func (c *Chain) read(path string, at *place, last bool) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxRecord)
	half := 0
	lines.Split(wholeLines(&half))
	number := 0
	for lines.Scan() {
		number++
		l, e, hash, err := parse(lines.Bytes())
		switch {
		case err != nil:
		case c.Records == 0:
			c.First = l.N
		case l.N != at.n+1:
			err = fmt.Errorf("it is number %d after number %d: records were removed, added or moved", l.N, at.n)
		case l.Prev != at.hash.String():
			err = errors.New("it does not follow the record before it, which was changed")
		case l.N == c.noted.n && hash != c.noted.hash:
			err = fmt.Errorf("it is not the record that was the head, %s: it and those before it were replaced", c.noted.hash)
		}
		if err != nil {
			return fmt.Errorf("%s, line %d: %w", path, number, err)
		}
		*at = place{l.N, hash}
		c.Records++
		c.note(l.N, e)
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s, line %d: %w", path, number+1, err)
	}
	switch {
	case half > 0 && !last:
		return fmt.Errorf("%s, line %d: %w", path, number+1, errNoRecord)
	case half > 0:
		c.Notes = append(c.Notes, "the last line is half a record: the log is being written, or its process was killed")
	}
	return nil
}

// wholeLines splits into lines, and says how many bytes stand behind the last.
func wholeLines(half *int) bufio.SplitFunc {
	return func(data []byte, atEOF bool) (int, []byte, error) {
		if i := bytes.IndexByte(data, '\n'); i >= 0 {
			return i + 1, data[:i], nil
		}
		if atEOF {
			*half = len(data)
			return len(data), nil, nil
		}
		return 0, nil, nil
	}
}

// note takes down what the log says about itself.
func (c *Chain) note(n int, e Entry) {
	switch e.Kind {
	case "pruned":
		c.from = max(c.from, e.From)
	case "torn", "cut", "replaced", "lost", "restored":
		c.Notes = append(c.Notes, fmt.Sprintf("record %d, %s: %s: %s", n, e.Time.UTC().Format(time.DateTime), e.Kind, e.Note))
	}
}
