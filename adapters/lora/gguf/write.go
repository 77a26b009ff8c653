package gguf

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
)

// A Writer is a file to be written: its keys, then its tensors, in the order
// in which they were added. The zero value is an empty file.
type Writer struct {
	count uint64
	keys  []byte
	from  *File // whose keys are taken over, byte for byte
	align uint64

	tensors []pending
	data    uint64 // bytes of the tensors so far
	err     error
}

type pending struct {
	Tensor
	write func(io.Writer) error
}

// NewWriter returns a Writer of a file with the keys of another, byte for byte.
func NewWriter(keysOf *File) *Writer {
	return &Writer{from: keysOf, count: uint64(len(keysOf.Keys)), align: keysOf.align}
}

// Key adds a key with a value such as Key describes.
func (w *Writer) Key(name string, value any) {
	kind, ok := kindOf(value)
	if !ok || name == alignKey {
		w.fail(fmt.Errorf("key %s: a %T cannot be written", name, value))
		return
	}
	w.count++
	w.keys = appendText(w.keys, name)
	if v := reflect.ValueOf(value); v.Kind() == reflect.Slice {
		w.keys = le.AppendUint32(w.keys, kindList)
		w.keys = le.AppendUint32(w.keys, kind)
		w.keys = le.AppendUint64(w.keys, uint64(v.Len()))
	} else {
		w.keys = le.AppendUint32(w.keys, kind)
	}
	w.keys = appendValue(w.keys, value)
}

// Tensor adds a tensor. When its turn comes, write is given where to write
// exactly the bytes that its type and measures take.
func (w *Writer) Tensor(name string, typ Type, write func(io.Writer) error, dims ...uint64) {
	size, err := typ.size(dims)
	if err != nil {
		w.fail(fmt.Errorf("tensor %s: %w", name, err))
		return
	}
	w.tensors = append(w.tensors, pending{Tensor{Name: name, Dims: dims, Type: typ, offset: w.data, size: size}, write})
	w.data += aligned(size, w.alignment())
}

// F32 adds a tensor of values.
func (w *Writer) F32(name string, values []float32, dims ...int) {
	var sizes []uint64
	for _, d := range dims {
		sizes = append(sizes, uint64(d))
	}
	w.Tensor(name, F32, func(out io.Writer) error { return Encode(out, F32, values) }, sizes...)
}

// Write writes version 3 of the format.
func (w *Writer) Write(out io.Writer) error {
	if w.err != nil {
		return w.err
	}
	c := &counter{out: bufio.NewWriterSize(out, 1<<16)}
	if err := w.head(c); err != nil {
		return err
	}
	for _, t := range w.tensors {
		begin := c.n
		if err := t.write(c); err != nil {
			return fmt.Errorf("tensor %s: %w", t.Name, err)
		}
		if got := c.n - begin; got != t.size {
			return fmt.Errorf("tensor %s: %d bytes were written, not %d", t.Name, got, t.size)
		}
		if err := c.pad(w.alignment()); err != nil {
			return err
		}
	}
	return c.out.Flush()
}

// head writes all that comes before the tensors' data.
func (w *Writer) head(c *counter) error {
	b := append([]byte(nil), magic...)
	b = le.AppendUint32(b, 3)
	b = le.AppendUint64(b, uint64(len(w.tensors)))
	b = le.AppendUint64(b, w.count)
	if _, err := c.Write(b); err != nil {
		return err
	}
	if w.from != nil {
		keys := io.NewSectionReader(w.from.in, w.from.keys.start, w.from.keys.end-w.from.keys.start)
		if _, err := io.Copy(c, keys); err != nil {
			return err
		}
	}
	b = append(b[:0], w.keys...)
	for _, t := range w.tensors {
		b = appendText(b, t.Name)
		b = le.AppendUint32(b, uint32(len(t.Dims)))
		for _, d := range t.Dims {
			b = le.AppendUint64(b, d)
		}
		b = le.AppendUint32(b, uint32(t.Type))
		b = le.AppendUint64(b, t.offset)
	}
	if _, err := c.Write(b); err != nil {
		return err
	}
	return c.pad(w.alignment())
}

func (w *Writer) alignment() uint64 { return cmp.Or(w.align, defaultAlign) }

func (w *Writer) fail(err error) { w.err = errors.Join(w.err, err) }

// A counter knows how many bytes went through it.
type counter struct {
	out *bufio.Writer
	n   uint64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.out.Write(b)
	c.n += uint64(n)
	return n, err
}

func (c *counter) pad(to uint64) error {
	_, err := c.Write(make([]byte, aligned(c.n, to)-c.n))
	return err
}

// kindOf returns the format's number for the type of v, or of its elements.
func kindOf(v any) (kind uint32, ok bool) {
	switch v.(type) {
	case uint8, []uint8:
		return 0, true
	case int8, []int8:
		return 1, true
	case uint16, []uint16:
		return 2, true
	case int16, []int16:
		return 3, true
	case uint32, []uint32:
		return 4, true
	case int32, []int32:
		return 5, true
	case float32, []float32:
		return 6, true
	case bool, []bool:
		return 7, true
	case string, []string:
		return 8, true
	case uint64, []uint64:
		return 10, true
	case int64, []int64:
		return 11, true
	case float64, []float64:
		return 12, true
	}
	return 0, false
}

func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return appendText(b, v)
	case []string:
		for _, s := range v {
			b = appendText(b, s)
		}
		return b
	}
	b, err := binary.Append(b, le, v)
	if err != nil {
		panic(err) // kindOf knows all that have a fixed size
	}
	return b
}

func appendText(b []byte, s string) []byte {
	return append(le.AppendUint64(b, uint64(len(s))), s...)
}

// Encode writes values, stored as typ, in pieces of moderate size.
func Encode(out io.Writer, typ Type, values []float32) error {
	const piece = 1 << 14 // a multiple of every block
	b := make([]byte, typ.Bytes(min(piece, len(values))))
	for part := range slices.Chunk(values, piece) {
		b := b[:typ.Bytes(len(part))]
		if err := typ.Encode(b, part); err != nil {
			return err
		}
		if _, err := out.Write(b); err != nil {
			return err
		}
	}
	return nil
}
