package audit

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
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
}

// maxRecord is more than any record takes, in bytes.
const maxRecord = 1 << 20

// Verify checks the whole chain in a folder: every record's own hash, that it
// holds that of the one before, also from file to file, that numbers are
// without a gap, and that the chain ends where the head says. An error says
// where it breaks.
func Verify(folder string) (Chain, error) {
	files, err := Files(folder)
	if err != nil {
		return Chain{}, err
	}
	if len(files) == 0 {
		return Chain{}, fmt.Errorf("there is no audit log in %s", folder)
	}
	var c Chain
	var at place
	for _, path := range files {
		if err := c.read(path, &at); err != nil {
			return c, err
		}
		c.Files++
	}
	c.Head = at.hash
	head, err := os.ReadFile(filepath.Join(folder, headFile))
	if err != nil {
		return c, err
	}
	if want := fmt.Sprintf("%d %s\n", at.n, at.hash); string(head) != want {
		return c, fmt.Errorf("the records end with %s, but the head is %s: the end was cut off or added to, or a process that was killed did not come to note it",
			strings.TrimSpace(want), strings.TrimSpace(string(head)))
	}
	return c, nil
}

// Holds reports whether a chain that was verified holds a head that was written
// down elsewhere.
func Holds(folder string, head Hash) (bool, error) {
	files, err := Files(folder)
	if err != nil {
		return false, err
	}
	want := []byte(head.String())
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			return false, err
		}
		if bytes.Contains(text, append(bytes.Clone(hashKey), want...)) {
			return true, nil
		}
	}
	return false, nil
}

func (c *Chain) read(path string, at *place) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(make([]byte, 64<<10), maxRecord)
	number := 0
	for lines.Scan() {
		number++
		l, _, hash, err := parse(lines.Bytes())
		switch {
		case err != nil:
		case c.Records == 0:
			c.First = l.N
		case l.N != at.n+1:
			err = fmt.Errorf("it is number %d after number %d: records were removed, added or moved", l.N, at.n)
		case l.Prev != at.hash.String():
			err = errors.New("it does not follow the record before it, which was changed")
		}
		if err != nil {
			return fmt.Errorf("%s, line %d: %w", path, number, err)
		}
		*at = place{l.N, hash}
		c.Records++
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s, line %d: %w", path, number+1, err)
	}
	return nil
}

// tail finds the last record of a file and cuts off what is half a one. An
// empty file has the place of the one before it, which is looked for.
func tail(path string) (torn int, at place, err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0o600)
	if err != nil {
		return 0, at, err
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		return 0, at, err
	}
	whole := bytes.LastIndexByte(text, '\n') + 1
	if torn = len(text) - whole; torn > 0 {
		if err := f.Truncate(int64(whole)); err != nil {
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
