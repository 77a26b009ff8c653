package audit

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"tilgate/internal/fault"
)

// Copy writes the whole log in a folder as a tar archive, while it is written:
// the head, and all records up to it and perhaps a few beyond. It takes no more
// memory for a large one. There may be no log; then the archive is empty.
func Copy(folder string, w io.Writer) error {
	to := tar.NewWriter(w)
	head, ok := readHead(folder) // first: what is written from here on comes after it
	files, err := Files(folder)
	if err != nil {
		return err
	}
	if ok {
		text := head.text()
		err := to.WriteHeader(header(headFile, int64(len(text))))
		if err == nil {
			_, err = to.Write(text)
		}
		if err != nil {
			return err
		}
	}
	begun := false
	for i, path := range files {
		switch err := copyFile(path, to, i == len(files)-1); {
		case err == nil:
			begun = true
		case errors.Is(err, fs.ErrNotExist) && !begun: // it was removed for its age just now
		default:
			return fmt.Errorf("copying %s: %w", path, err)
		}
	}
	return to.Close()
}

// header is one of the same bytes each time.
func header(name string, size int64) *tar.Header {
	return &tar.Header{Name: name, Size: size, Mode: 0o600, ModTime: time.Unix(0, 0), Format: tar.FormatPAX}
}

// copyFile copies a file as long as it is now; of the last one whole lines.
func copyFile(path string, to *tar.Writer, last bool) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	size := info.Size()
	if last {
		if size, err = wholeSize(f, size); err != nil {
			return err
		}
	}
	if err := to.WriteHeader(header(filepath.Base(path), size)); err != nil {
		return err
	}
	_, err = io.Copy(to, io.NewSectionReader(f, 0, size))
	return err
}

// wholeSize is how long a file is up to the end of its last whole line.
func wholeSize(f io.ReaderAt, size int64) (int64, error) {
	for end := size; end > 0; {
		start := max(0, end-64<<10)
		text := make([]byte, end-start)
		if _, err := f.ReadAt(text, start); err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(text, '\n'); i >= 0 {
			return start + int64(i) + 1, nil
		}
		end = start
	}
	return 0, nil
}

var dayFile = regexp.MustCompile(`^` + filePart + `\d{4}-\d{2}-\d{2}` + fileEnd + `$`)

// Extract puts what Copy wrote into a folder that is new, on disk when it
// returns, and checks the chain. Without a log in it there is no folder and no
// chain.
func Extract(r io.Reader, folder string) (c Chain, err error) {
	from, n := tar.NewReader(r), 0
	for ; ; n++ {
		h, err := from.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return c, fault.Invalid.Wrap(err, "the copy of the audit log cannot be read")
		}
		if h.Typeflag != tar.TypeReg || isSparse(h) || h.Name != headFile && !dayFile.MatchString(h.Name) {
			return c, fault.Invalid.Errorf("the copy of the audit log holds %q, which is no file of one", h.Name)
		}
		if err := extractFile(from, filepath.Join(folder, h.Name)); err != nil {
			return c, err
		}
	}
	if _, err := io.Copy(io.Discard, r); err != nil { // whose end may say that it was damaged
		return c, err
	}
	if n == 0 {
		return c, nil
	}
	if err := syncFolder(folder); err != nil {
		return c, err
	}
	return Verify(folder)
}

// isSparse reports whether a file is longer than what the archive holds of it,
// without any bound.
func isSparse(h *tar.Header) bool {
	_, sparse := h.PAXRecords["GNU.sparse.major"]
	_, older := h.PAXRecords["GNU.sparse.map"]
	return sparse || older
}

func extractFile(from io.Reader, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	return errors.Join(err, f.Sync(), f.Close())
}

// Note adds a record of what was done to the log in a folder that nobody
// writes: kind is "restored", say.
func Note(folder, kind, what string) error {
	l, err := Open(folder, Options{Durable: true})
	if err != nil {
		return err
	}
	return errors.Join(l.Record(Entry{Kind: kind, Time: time.Now(), Note: what}), l.Close())
}
