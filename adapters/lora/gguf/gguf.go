// Package gguf reads and writes GGUF, the format of model files that
// llama.cpp and Ollama load: keys, then tensors.
//
// Files come from strangers, and say themselves how long everything in them
// is. So nothing is allocated that the file is too short to hold, and a File
// is returned only once every tensor is known to lie inside it, beside the
// others. Tensors are never loaded: Data gives a reader for one.
//
// The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
package gguf

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// A File is a GGUF file that has been read up to its tensors.
type File struct {
	Version uint32
	Keys    []Key    // in the file's order, each name once
	Tensors []Tensor // in the file's order, each name once

	in     io.ReaderAt
	closer io.Closer
	keys   section // the keys as they are written
	start  int64   // of the tensors' data
	align  uint64
}

// A Key is a name with its value: a bool, a string, a number of 8 to 64 bits,
// or a slice of one of these.
type Key struct {
	Name  string
	Value any
}

// A Tensor is where and what a tensor is.
type Tensor struct {
	Name string
	Dims []uint64 // innermost first
	Type Type

	offset uint64 // from the start of the data
	size   uint64 // bytes
}

// Size returns how many bytes the tensor takes in its file.
func (t Tensor) Size() int64 { return int64(t.size) }

// Row returns how many values a row has, and Rows how many rows there are: the
// values of a row are stored together.
func (t Tensor) Row() int { return int(t.Dims[0]) }

// Rows is explained at Row.
func (t Tensor) Rows() int {
	n := 1
	for _, d := range t.Dims[1:] {
		n *= int(d)
	}
	return n
}

// Open reads the keys and the places of the tensors of a file, which stays
// open.
func Open(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("is not a file")
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	g, err := Read(f, info.Size())
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	g.closer = f
	return g, nil
}

// Close closes the file that Open opened.
func (f *File) Close() error {
	if f.closer == nil {
		return nil
	}
	return f.closer.Close()
}

// Value returns the value of a key, nil if there is none.
func (f *File) Value(name string) any {
	if i := slices.IndexFunc(f.Keys, func(k Key) bool { return k.Name == name }); i >= 0 {
		return f.Keys[i].Value
	}
	return nil
}

// Tensor returns the tensor of a name.
func (f *File) Tensor(name string) (Tensor, bool) {
	if i := slices.IndexFunc(f.Tensors, func(t Tensor) bool { return t.Name == name }); i >= 0 {
		return f.Tensors[i], true
	}
	return Tensor{}, false
}

// Data reads the bytes of one of the file's tensors.
func (f *File) Data(t Tensor) *io.SectionReader {
	return io.NewSectionReader(f.in, f.start+int64(t.offset), int64(t.size))
}

type section struct{ start, end int64 }
