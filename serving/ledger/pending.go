package ledger

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"tilgate/internal/wholefile"
)

// restoredSpill holds batches that a restore brings.
const restoredSpill = "restored" + spillEnd

// Pending writes the batches that wait in the folder of a ledger for its
// database, while they are written and taken from there. Dump must come after
// it: what has reached the database meanwhile counts once, since a batch has a
// number, and nothing falls between the two.
func Pending(folder string, w io.Writer) (batches int, err error) {
	files, err := filepath.Glob(filepath.Join(folder, spillFolder, "*"+spillEnd))
	if err != nil {
		return 0, err
	}
	for _, path := range files {
		n, err := pendingIn(path, w)
		batches += n
		if err != nil {
			return batches, fmt.Errorf("ledger: reading %s: %w", path, err)
		}
	}
	return batches, nil
}

func pendingIn(path string, w io.Writer) (n int, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) { // the database has all of it by now
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	lines := bufio.NewReaderSize(f, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		// What is no batch is half of one that is being written or moved.
		if _, wrong := parseLine(line); wrong == nil {
			n++
			if line[len(line)-1] != '\n' {
				line = append(line, '\n')
			}
			if _, err := w.Write(line); err != nil {
				return n, err
			}
		}
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

// PutPending has the next Open of the ledger in a folder bring what Pending
// wrote into its database.
func PutPending(folder string, from io.Reader) error {
	if err := os.MkdirAll(filepath.Join(folder, spillFolder), 0o700); err != nil {
		return err
	}
	n, err := wholefile.Private(filepath.Join(folder, spillFolder, restoredSpill), func(w io.Writer) error {
		_, err := io.Copy(w, from)
		return err
	})
	if err == nil && n == 0 {
		err = os.Remove(filepath.Join(folder, spillFolder, restoredSpill))
	}
	return err
}

// InUse reports whether a process keeps the ledger in a folder.
func InUse(folder string) (bool, error) {
	files, err := filepath.Glob(filepath.Join(folder, spillFolder, "*"+spillEnd))
	if err != nil {
		return false, err
	}
	for _, path := range files {
		s, err := lockSpill(path)
		if errors.Is(err, errLocked) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		if err := errors.Join(s.file.Close(), s.lock.Unlock()); err != nil {
			return false, err
		}
	}
	return false, nil
}

// Secret is the name of the file in the folder of a ledger by which questions
// are grouped: what is grouped already stays together only with it.
const Secret = secretFile
