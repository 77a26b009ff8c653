package engine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"google.golang.org/grpc/status"
)

// A fileError is an error that names its file and says what to do.
type fileError struct {
	path string
	err  error
	todo string
}

func (e *fileError) Error() string {
	if e.todo == "" {
		return fmt.Sprintf("%s: %v", e.path, e.err)
	}
	return fmt.Sprintf("%s cannot be read: %v: %s", e.path, e.err, e.todo)
}

func (e *fileError) Unwrap() error { return e.err }

func damaged(path string, err error) error {
	var named *fileError
	var newer newerFormatError
	if _, answer := status.FromError(err); answer { // nil, or meant for the caller
		return err
	}
	switch {
	case errors.As(err, &named):
		return err
	case errors.As(err, &newer) || diskFull(err):
		return &fileError{path: path, err: err}
	}
	return &fileError{path, err, "restore the data folder from a backup, or move it away and ingest again"}
}

// guardFile runs read, which reads the file at path, and gives back its error
// with the file's name. Panics and memory faults, which is how bbolt and mmap
// tell about damaged files, become errors too.
func guardFile(path string, read func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = damaged(path, fmt.Errorf("%v", r))
		}
	}()
	return damaged(path, read())
}

// checkLength refuses a bbolt file that is shorter than its own header says:
// reading past the end of a mapped file kills the process.
func checkLength(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil || st.Size() == 0 {
		return err
	}
	const metaSize = 80 // bbolt's page header and meta
	page := make([]byte, metaSize)
	if _, err := io.ReadFull(f, page); err != nil {
		return fmt.Errorf("the file is cut short at %d bytes", st.Size())
	}
	pageSize := int64(binary.LittleEndian.Uint32(page[24:]))
	var need int64
	for i := int64(0); i < 2 && pageSize >= 512 && pageSize <= 1<<20; i++ {
		if _, err := f.ReadAt(page, i*pageSize); err != nil {
			return fmt.Errorf("the file is cut short at %d bytes", st.Size())
		}
		if binary.LittleEndian.Uint32(page[16:]) == boltMagic {
			need = max(need, pageSize*int64(binary.LittleEndian.Uint64(page[56:])))
		}
	}
	if st.Size() < need {
		return fmt.Errorf("the file is cut short: %d bytes of %d", st.Size(), need)
	}
	return nil
}

const boltMagic = 0xED0CDAED
