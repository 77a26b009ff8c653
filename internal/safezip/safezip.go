// Package safezip opens zip files that come from outside, without being harmed
// by them.
//
// What a zip file says about its sizes may be a lie, so every limit is on bytes
// that were really inflated, and the one on all files together counts each read
// again. Names and places are looked at once, on opening; an entry that only
// cannot be read, such as one with a password, is refused when it is opened, so
// that the others still serve. Zip files inside of zip files are bytes like any
// others.
package safezip

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"

	"tilgate/internal/fault"
)

// Limits bound what one archive may cost. A field that is zero has the default.
type Limits struct {
	Entries int   // 10,000
	File    int64 // bytes of one file, inflated: 64 MB
	Total   int64 // bytes of all that is read, inflated: 512 MB
	Ratio   int   // inflated bytes for each byte that is stored, after the first MB: 200
}

// free is how much a file may inflate to, whatever its ratio: a short file of
// blanks harms nobody.
const free = 1 << 20

func (l Limits) orDefaults() Limits {
	if l.Entries <= 0 {
		l.Entries = 10_000
	}
	if l.File <= 0 {
		l.File = 64 << 20
	}
	if l.Total <= 0 {
		l.Total = 512 << 20
	}
	if l.Ratio <= 0 {
		l.Ratio = 200
	}
	return l
}

// An Archive is an open zip file. It may be read by several goroutines at once.
type Archive struct {
	limits Limits
	names  []string
	files  map[string]*zip.File
	read   atomic.Int64 // inflated so far, of all files
}

// Open reads the directory of a zip file of so many bytes.
func Open(r io.ReaderAt, size int64, l Limits) (*Archive, error) {
	l = l.orDefaults()
	// Directories tell of places outside of the file, and archive/zip believes
	// them.
	gate := &gate{ReaderAt: io.NewSectionReader(r, 0, size), left: l.directory()}
	z, err := zip.NewReader(gate, size)
	if err != nil {
		return nil, broken(err)
	}
	gate.open = true
	if len(z.File) > l.Entries {
		return nil, tooMany(l.Entries)
	}
	a := &Archive{limits: l, files: make(map[string]*zip.File, len(z.File))}
	for _, f := range z.File {
		if err := a.add(f); err != nil {
			return nil, err
		}
	}
	if err := apart(z.File, size); err != nil {
		return nil, err
	}
	return a, nil
}

func (a *Archive) add(f *zip.File) error {
	name, err := nameOf(f)
	if err != nil || strings.HasSuffix(name, "/") {
		return err
	}
	if a.files[name] != nil {
		return fault.Invalid.Errorf("the zip file has two files with the name %q; pack it again", name)
	}
	a.files[name] = f
	a.names = append(a.names, name)
	return nil
}

// Names lists the files, without folders, in the order of the archive's
// directory.
func (a *Archive) Names() []string { return slices.Clone(a.names) }

// Has reports whether there is a file of that name.
func (a *Archive) Has(name string) bool { return a.files[name] != nil }

// Open opens a file. Its reader fails with a fault.TooLarge as soon as a limit
// is passed. It must be closed.
func (a *Archive) Open(name string) (io.ReadCloser, error) {
	f := a.files[name]
	if f == nil {
		return nil, fault.NotFound.Errorf("the zip file has no file %q", name)
	}
	if f.Flags&1 != 0 {
		return nil, fault.Invalid.Errorf("%q is encrypted; take its password away and pack it again", name)
	}
	r, err := f.Open()
	if errors.Is(err, zip.ErrAlgorithm) {
		return nil, fault.Invalid.Errorf("%q is compressed by method %d, and only stored and deflated files are read; pack it again", name, f.Method)
	}
	if err != nil {
		return nil, fmt.Errorf("%q: %w", name, broken(err))
	}
	return &reader{ReadCloser: r, archive: a, name: name, dense: a.limits.dense(f)}, nil
}

// dense is what a file may inflate to by the ratio. Its stored bytes cannot
// lie: Open has seen that they stand in the archive and are its own.
func (l Limits) dense(f *zip.File) int64 {
	stored := int64(f.CompressedSize64)
	if stored > l.File/int64(l.Ratio) {
		return l.File
	}
	return free + stored*int64(l.Ratio)
}

// ReadFile reads a whole file.
func (a *Archive) ReadFile(name string) ([]byte, error) {
	r, err := a.Open(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// A reader inflates one file.
type reader struct {
	io.ReadCloser
	archive *Archive
	name    string
	n       int64 // inflated so far
	dense   int64 // that it may inflate to by the ratio
	err     error // which stays
}

func (r *reader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.ReadCloser.Read(p)
	if over := r.over(int64(n)); over != nil {
		r.err = over
		return 0, over
	}
	if err != nil && err != io.EOF {
		err = fmt.Errorf("%q: %w", r.name, broken(err))
	}
	r.err = err
	return n, err
}

// over counts n more bytes, and returns an error if they are too many.
func (r *reader) over(n int64) error {
	r.n += n
	total := r.archive.read.Add(n)
	switch l := r.archive.limits; {
	case r.n > l.File:
		return fault.TooLarge.Errorf("%q inflates to more than %s", r.name, size(l.File))
	case r.n > r.dense:
		return fault.TooLarge.Errorf("%q inflates to more than %d times its size, as zip bombs do", r.name, l.Ratio)
	case total > l.Total:
		return fault.TooLarge.Errorf("the files in the zip file inflate to more than %s together", size(l.Total))
	}
	return nil
}

func size(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%d bytes", n)
	}
	return fmt.Sprintf("%d MB", n>>20)
}
