package gguf

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Limits on what a file may hold. Real ones stay far below: a vocabulary of
// 262 000 tokens makes some 15 MB of keys.
const (
	maxHead    = 256 << 20 // keys and tensors' places, in bytes
	maxKeys    = 1 << 16
	maxTensors = 1 << 17
	maxName    = 1 << 16
	maxAlign   = 1 << 16
)

const magic = "GGUF"

// defaultAlign is what tensors are aligned to when no key says otherwise.
const defaultAlign = 32

// alignKey is the one key that says how to read the file itself.
const alignKey = "general.alignment"

// Read reads the keys and the places of the tensors of a file of size bytes.
func Read(in io.ReaderAt, size int64) (*File, error) {
	d := &decoder{in: bufio.NewReaderSize(io.NewSectionReader(in, 0, size), 1<<16), left: min(size, maxHead)}
	f := &File{in: in, align: defaultAlign}
	tensors, keys := d.opening(f)
	f.keys.start = d.at
	seen := map[string]bool{}
	for range keys {
		k := d.key()
		if seen[k.Name] {
			d.fail("key %q stands there twice", k.Name)
		}
		if d.err != nil {
			return nil, d.err
		}
		seen[k.Name] = true
		f.Keys = append(f.Keys, k)
	}
	f.keys.end = d.at
	clear(seen)
	for range tensors {
		t := d.tensor()
		if seen[t.Name] {
			d.fail("tensor %q stands there twice", t.Name)
		}
		if d.err != nil {
			return nil, d.err
		}
		seen[t.Name] = true
		f.Tensors = append(f.Tensors, t)
	}
	if d.err != nil {
		return nil, d.err
	}
	return f, f.place(d.at, size)
}

// place finds where the data begins after the head, and checks that each
// tensor lies inside the file, aligned, and shares no byte with another.
func (f *File) place(head, size int64) error {
	if v := f.Value(alignKey); v != nil {
		align, ok := v.(uint32)
		if !ok || align == 0 || align > maxAlign || align&(align-1) != 0 {
			return fmt.Errorf("%s is %v; it must be a power of two up to %d", alignKey, v, maxAlign)
		}
		f.align = uint64(align)
	}
	f.start = int64(aligned(uint64(head), f.align))
	if len(f.Tensors) == 0 {
		return nil
	}
	room := uint64(max(0, size-f.start))
	ordered := slices.Clone(f.Tensors)
	slices.SortStableFunc(ordered, func(a, b Tensor) int { return cmp.Compare(a.offset, b.offset) })
	var end uint64
	for i, t := range ordered {
		switch {
		case t.offset%f.align != 0:
			return fmt.Errorf("tensor %q begins at %d, which is not a multiple of %d", t.Name, t.offset, f.align)
		case t.offset > room || t.size > room-t.offset:
			return fmt.Errorf("tensor %q takes %d bytes from %d on, but there are only %d: the file is cut off or lies", t.Name, t.size, t.offset, room)
		case t.offset < end:
			return fmt.Errorf("tensors %q and %q lie in the same place", ordered[i-1].Name, t.Name)
		}
		end = t.offset + t.size
	}
	return nil
}

func aligned(n, to uint64) uint64 { return (n + to - 1) / to * to }

// A decoder reads from the beginning on; after an error it reads nothing more.
type decoder struct {
	in   *bufio.Reader
	at   int64
	left int64 // that the head may still take
	err  error
}

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf(format, args...)
	}
}

// has reports whether n bytes are left: to be asked before they get room.
func (d *decoder) has(n uint64) bool {
	if d.err == nil && n > uint64(d.left) {
		d.fail("%d bytes are announced at byte %d, where %d are left: the file is cut off or lies", n, d.at, d.left)
	}
	return d.err == nil
}

func (d *decoder) bytes(n uint64) []byte {
	if !d.has(n) {
		return nil
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(d.in, b); err != nil {
		d.err = err
		return nil
	}
	d.at += int64(n)
	d.left -= int64(n)
	return b
}

func (d *decoder) text(most uint64) string {
	n := number[uint64](d)
	if n > most {
		d.fail("a text of %d bytes at byte %d is longer than %d", n, d.at, most)
	}
	return string(d.bytes(n))
}

// opening reads what comes before the keys.
func (d *decoder) opening(f *File) (tensors, keys uint64) {
	if got := d.bytes(4); d.err != nil || string(got) != magic {
		d.err = errors.New("is not a GGUF file")
		return 0, 0
	}
	f.Version = number[uint32](d)
	switch {
	case d.err != nil:
	case f.Version&0xffff == 0:
		d.fail("is a big-endian GGUF file; only little-endian ones are read")
	case f.Version < 2 || f.Version > 3:
		d.fail("is version %d of GGUF; 2 and 3 are read", f.Version)
	}
	tensors, keys = number[uint64](d), number[uint64](d)
	if keys > maxKeys || tensors > maxTensors {
		d.fail("%d keys and %d tensors are more than %d and %d", keys, tensors, maxKeys, maxTensors)
	}
	if d.err != nil {
		return 0, 0
	}
	return tensors, keys
}

func (d *decoder) key() Key {
	k := Key{Name: d.text(maxName)}
	at := d.at
	kind := number[uint32](d)
	switch {
	case kind == kindList:
		element, n := number[uint32](d), number[uint64](d)
		if int(element) < len(kinds) && kinds[element].list != nil {
			k.Value = kinds[element].list(d, n)
		} else {
			d.fail("key %q is a list of type %d, which no reader takes", k.Name, element)
		}
	case int(kind) < len(kinds):
		k.Value = kinds[kind].one(d)
	default:
		d.fail("key %q is of type %d, which is not known, at byte %d", k.Name, kind, at)
	}
	return k
}

func (d *decoder) tensor() Tensor {
	t := Tensor{Name: d.text(maxName)}
	n := number[uint32](d)
	if n > maxDims {
		d.fail("tensor %q has %d dimensions, more than %d", t.Name, n, maxDims)
	}
	t.Dims = numbers[uint64](d, uint64(n))
	t.Type = Type(number[uint32](d))
	t.offset = number[uint64](d)
	if d.err == nil {
		var err error
		if t.size, err = t.Type.size(t.Dims); err != nil {
			d.fail("tensor %q: %w", t.Name, err)
		}
	}
	return t
}

// kindList is the number of the type that holds values of another.
const kindList = 9

// kinds says how the value of each type is read, by the format's numbers.
var kinds = [...]struct {
	one  func(*decoder) any
	list func(*decoder, uint64) any
}{
	0: of[uint8](), 1: of[int8](), 2: of[uint16](), 3: of[int16](), 4: of[uint32](), 5: of[int32](),
	6: of[float32](), 7: of[bool](),
	8:        {func(d *decoder) any { return d.text(maxHead) }, func(d *decoder, n uint64) any { return d.texts(n) }},
	kindList: {},
	10:       of[uint64](), 11: of[int64](), 12: of[float64](),
}

func of[T any]() struct {
	one  func(*decoder) any
	list func(*decoder, uint64) any
} {
	return struct {
		one  func(*decoder) any
		list func(*decoder, uint64) any
	}{func(d *decoder) any { return number[T](d) }, func(d *decoder, n uint64) any { return numbers[T](d, n) }}
}

func number[T any](d *decoder) (v T) {
	if b := d.bytes(uint64(binary.Size(v))); d.err == nil {
		_, d.err = binary.Decode(b, le, &v)
	}
	return v
}

func numbers[T any](d *decoder, n uint64) []T {
	var v T
	size := uint64(binary.Size(v))
	if n > maxHead || !d.has(n*size) {
		d.fail("a list of %d at byte %d is too long", n, d.at)
		return nil
	}
	list := make([]T, n)
	if b := d.bytes(n * size); d.err == nil && n > 0 {
		_, d.err = binary.Decode(b, le, list)
	}
	return list
}

func (d *decoder) texts(n uint64) []string {
	const least = 8 // the length of an empty one
	if n > maxHead || !d.has(n*least) {
		d.fail("a list of %d texts at byte %d is too long", n, d.at)
		return nil
	}
	list := make([]string, n)
	for i := range list {
		if list[i] = d.text(maxHead); d.err != nil {
			return nil
		}
	}
	return list
}
